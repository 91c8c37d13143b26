package snapshot

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// difference is what has to be written so that a listing holds: rows that differ or are gone move to the history, rows that are unchanged are
// not touched.
type difference struct {
	table   table
	listing listing
	shapes  *shapes
	retire  []string
	insert  []stretch
	inserts int   // rows of all stretches
	held    []row // these rows, as long as they are few
	size    int   // bytes of their texts
}

// mostHeld bounds the bytes of the rows to insert that a difference holds. With more of them the listing is read once more.
const mostHeld = 8 << 20

// stretch is rows of a listing that follow each other, counted from 0, the last one excluded.
type stretch struct{ from, to int }

// compare walks the listing and the stored rows in lockstep, and hands every row as it will then be stored to each. It writes nothing, and
// holds no more than the ids of rows to retire and a few rows to insert.
//
// It looks at every value and not at row_check alone: whoever can name a configuration can find, in minutes, two names for which eight bytes
// of a hash agree, and a row that was altered in the file is to be found different, too.
func (t table) compare(ctx context.Context, tx *sql.Tx, organizationKey int64, l listing, each func(row)) (difference, error) {
	known, err := t.readShapes(ctx, tx, organizationKey)
	if err != nil {
		return difference{}, err
	}
	c := comparison{difference: difference{table: t, listing: l, shapes: known}, listed: readAhead(l), each: each}
	defer c.listed.close()
	if err := t.walk(ctx, tx, organizationKey, c.meet); err != nil {
		return difference{}, err
	}
	for c.listed.more {
		c.add()
	}
	if c.listed.err != nil {
		return difference{}, fmt.Errorf("reading the listing of %s rows: %w", t.name, c.listed.err)
	}
	return c.difference, nil
}

type comparison struct {
	difference
	listed   *reader
	position int // of the listing's present row
	each     func(row)
}

// meet takes the next stored row.
func (c *comparison) meet(stored row) error {
	for c.listed.more && c.listed.row.id() < stored.id() {
		c.add()
	}
	if c.listed.err != nil {
		return c.listed.err
	}
	if !c.listed.more || c.listed.row.id() != stored.id() {
		c.retire = append(c.retire, strings.Clone(stored.id()))
		return nil
	}
	if err := c.shapes.fill(stored, c.listed.row); err != nil {
		return err
	}
	if c.table.same(stored, c.listed.row) {
		return c.keep(stored)
	}
	c.retire = append(c.retire, c.listed.row.id())
	c.add()
	return nil
}

// keep leaves the stored row, whose JSON may be spelled otherwise than the listing's.
func (c *comparison) keep(stored row) error {
	if raw := c.table.raw + 1; raw > 0 && stored.values[raw] != c.listed.row.values[raw] {
		text, ok := stored.values[raw].(string)
		if !ok {
			return fmt.Errorf("row %s has no JSON: %w", c.listed.row.id(), ErrDamaged)
		}
		c.listed.row.values[raw] = strings.Clone(text)
	}
	c.each(c.listed.row)
	c.advance()
	return nil
}

// add has the listing's present row inserted.
func (c *comparison) add() {
	if last := len(c.insert) - 1; last >= 0 && c.insert[last].to == c.position {
		c.insert[last].to++
	} else {
		c.insert = append(c.insert, stretch{c.position, c.position + 1})
	}
	c.inserts++
	if c.size += c.listed.row.size(); c.size <= mostHeld {
		c.held = append(c.held, c.listed.row)
	} else {
		c.held = nil
	}
	c.shapes.note(c.listed.row)
	c.each(c.listed.row)
	c.advance()
}

func (c *comparison) advance() {
	c.position++
	c.listed.next()
}

// inserted are the rows of the listing to insert.
func (d difference) inserted() listing {
	if len(d.held) == d.inserts {
		return listed(d.held)
	}
	return func(yield func(row, error) bool) {
		position, rest := 0, d.insert
		for r, err := range d.listing {
			if err == nil && position < rest[0].from {
				position++
				continue
			}
			if !yield(r, err) || err != nil {
				return
			}
			if position++; position == rest[0].to {
				if rest = rest[1:]; len(rest) == 0 {
					return
				}
			}
		}
	}
}

func (d difference) write(ctx context.Context, tx *sql.Tx, organizationKey, snapshotID int64) error {
	if err := d.table.retire(ctx, tx, organizationKey, snapshotID, d.retire); err != nil {
		return fmt.Errorf("retiring %s rows: %w", d.table.name, err)
	}
	if err := d.shapes.store(ctx, tx); err != nil {
		return err
	}
	if d.inserts == 0 {
		return nil
	}
	if err := d.table.insertRows(ctx, tx, organizationKey, snapshotID, d); err != nil {
		return fmt.Errorf("inserting %s rows: %w", d.table.name, err)
	}
	return nil
}
