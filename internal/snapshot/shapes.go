package snapshot

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// The JSON of most SCIM configurations differs in the values alone, and these are in columns already. So what they have in common is kept
// once, as a shape: the JSON with a control character, which no JSON text has unescaped (RFC 8259, section 7), in the place of each value
// that is written there as its column has it. A row whose JSON nobody shares is stored as it is.

// shapeValues are the columns that a shape has places for; char(i+1) stands for the value of the i-th.
var shapeValues = []string{"id", "stated_organization_id", "name", "sso_configuration_id", "created_at", "updated_at", "token_expires_at"}

// firstShapeTime is the place in shapeValues from which on the columns are instants. An instant stands in the JSON with some of its nine
// digits, which the shape counts.
const firstShapeTime = 4

// shape is a row of raw_shapes without its key.
type shape struct {
	text    string
	lengths [3]int // characters of each instant before its Z
}

func shapedTable(name string, columns ...string) table {
	t := newTable(name, append(columns, "raw_shape")...)
	t.reads[0] = statedOrganization
	t.reads[t.raw] = rawFromShape
	t.reads[len(t.reads)-1] = "NULL" // how a row is stored is no part of what it means
	for _, name := range shapeValues {
		t.shaped = append(t.shaped, slices.Index(columns, name)+1) // the id, which is no column, is the first
	}
	t.pack, t.unpack = t.packConfigurations, t.unpackConfigurations
	return t
}

// statedOrganization is the organization that a configuration itself names, which nearly always is the one that lists it.
const statedOrganization = `coalesce(v.stated_organization_id, (SELECT o.id FROM organizations o WHERE o.key = v.organization_key))`

// rawFromShape is what the views do too.
const rawFromShape = `CASE WHEN v.raw_shape IS NULL THEN v.raw ELSE (
	SELECT replace(replace(replace(replace(replace(replace(replace(p.shape,
		char(1), v.id),
		char(2), ` + statedOrganization + `),
		char(3), v.name),
		char(4), v.sso_configuration_id),
		char(5), coalesce(substr(v.created_at, 1, p.created_at_length) || 'Z', '')),
		char(6), coalesce(substr(v.updated_at, 1, p.updated_at_length) || 'Z', '')),
		char(7), coalesce(substr(v.token_expires_at, 1, p.token_expires_at_length) || 'Z', ''))
	FROM raw_shapes p
	WHERE p.key = v.raw_shape
) END`

// packConfigurations leaves out the organization where it is the one that lists the row, and gives every row whose shape others share, now
// or in the store, the shape's key in place of its JSON.
func (t table) packConfigurations(ctx context.Context, tx *sql.Tx, organizationKey int64, rows []*row) error {
	organization, err := organizationID(ctx, tx, organizationKey)
	if err != nil {
		return err
	}
	keys, err := t.shapeKeys(ctx, tx, rows)
	if err != nil {
		return err
	}
	for i, r := range rows {
		r.stored = slices.Clone(r.values)
		if r.stored[1] == organization {
			r.stored[1] = nil
		}
		if keys[i] != 0 {
			r.stored[t.raw+1], r.stored[len(r.stored)-1] = nil, keys[i]
		}
	}
	return nil
}

// shapeKeys are the keys of the rows' shapes, 0 for a shape that one row alone has.
func (t table) shapeKeys(ctx context.Context, tx *sql.Tx, rows []*row) ([]int64, error) {
	known, err := readShapes(ctx, tx)
	if err != nil {
		return nil, err
	}
	shapes, count := make([]shape, len(rows)), make(map[shape]int)
	for i, r := range rows {
		shapes[i] = t.shapeOf(*r)
		count[shapes[i]]++
	}
	keys := make([]int64, len(rows))
	for i, s := range shapes {
		if known[s] == 0 && count[s] > 1 && s.text != "" {
			if known[s], err = insertShape(ctx, tx, s); err != nil {
				return nil, err
			}
		}
		keys[i] = known[s]
	}
	return keys, nil
}

// placeholders are the characters that stand for shapeValues.
const placeholders = "\x01\x02\x03\x04\x05\x06\x07"

// shapeOf is the shape of a row's JSON; the zero shape where there can be none. What is put in a value's place stands for exactly the text that
// was there, so that expand always gives the JSON back.
func (t table) shapeOf(r row) shape {
	raw, _ := r.values[t.raw+1].(string)
	if strings.ContainsAny(raw, placeholders) {
		return shape{}
	}
	s := shape{text: raw}
	for i, v := range t.shapeTexts(r.values) {
		place := placeholders[i : i+1]
		if i < firstShapeTime {
			if v != "" {
				s.text = strings.Replace(s.text, `"`+v+`"`, `"`+place+`"`, 1)
			}
			continue
		}
		if at, n := findInstant(s.text, v); n > 0 {
			s.text, s.lengths[i-firstShapeTime] = s.text[:at]+place+s.text[at+n+len("Z"):], n
		}
	}
	return s
}

// wholeSecond is as much of an instant as every spelling of it in UTC has.
const wholeSecond = len("2006-01-02T15:04:05")

// findInstant finds where a JSON text has an instant as a string in UTC, with whatever digits, and the length of that up to its Z; 0 where it
// does not.
func findInstant(text, instant string) (at, n int) {
	if instant == "" {
		return 0, 0
	}
	at = strings.Index(text, `"`+instant[:wholeSecond])
	if at < 0 {
		return 0, 0
	}
	at++
	n = strings.IndexByte(text[at:], '"') - len("Z")
	if n < wholeSecond || n > len(instant)-len("Z") || text[at:at+n] != instant[:n] || text[at+n] != 'Z' {
		return 0, 0
	}
	return at, n
}

// shapeTexts are a row's values for shapeValues; empty where absent.
func (t table) shapeTexts(values []any) [len(placeholders)]string {
	var texts [len(placeholders)]string
	for i, c := range t.shaped {
		texts[i], _ = values[c].(string)
	}
	return texts
}

// expand is what rawFromShape gives.
func (s shape) expand(texts [len(placeholders)]string) string {
	var b strings.Builder
	b.Grow(len(s.text) + 256)
	from := 0
	for at := range len(s.text) {
		place := int(s.text[at]) - 1
		if place < 0 || place >= len(placeholders) {
			continue
		}
		b.WriteString(s.text[from:at])
		from = at + 1
		if place < firstShapeTime {
			b.WriteString(texts[place])
			continue
		}
		b.WriteString(texts[place][:s.lengths[place-firstShapeTime]])
		b.WriteByte('Z')
	}
	b.WriteString(s.text[from:])
	return b.String()
}

// unpackConfigurations gives back what packConfigurations left out of the organization's rows.
func (t table) unpackConfigurations(ctx context.Context, tx *sql.Tx, organizationKey int64) (func(values []any), error) {
	organization, err := organizationID(ctx, tx, organizationKey)
	if err != nil {
		return nil, err
	}
	known, err := readShapes(ctx, tx)
	if err != nil {
		return nil, err
	}
	byKey := make(map[int64]shape, len(known))
	for s, key := range known {
		byKey[key] = s
	}
	return func(values []any) {
		if values[1] == nil {
			values[1] = organization
		}
		last := len(values) - 1
		if key, shaped := values[last].(int64); shaped {
			values[t.raw+1], values[last] = byKey[key].expand(t.shapeTexts(values)), nil
		}
	}, nil
}

func organizationID(ctx context.Context, tx *sql.Tx, key int64) (id string, err error) {
	err = tx.QueryRowContext(ctx, "SELECT id FROM organizations WHERE key = ?", key).Scan(&id)
	return id, err
}

func readShapes(ctx context.Context, tx *sql.Tx) (map[shape]int64, error) {
	type keyed struct {
		shape
		key int64
	}
	all, err := queryAll(ctx, tx, "reading shapes", func(row *sql.Rows) (keyed, error) {
		var k keyed
		return k, row.Scan(&k.key, &k.text, &k.lengths[0], &k.lengths[1], &k.lengths[2])
	}, "SELECT key, shape, created_at_length, updated_at_length, token_expires_at_length FROM raw_shapes ORDER BY key")
	known := make(map[shape]int64, len(all))
	for _, k := range all {
		known[k.shape] = k.key
	}
	return known, err
}

func insertShape(ctx context.Context, tx *sql.Tx, s shape) (int64, error) {
	result, err := tx.ExecContext(ctx, `
		INSERT INTO raw_shapes (shape, created_at_length, updated_at_length, token_expires_at_length)
		VALUES (?, ?, ?, ?)`, s.text, s.lengths[0], s.lengths[1], s.lengths[2])
	if err != nil {
		return 0, fmt.Errorf("storing a shape: %w", err)
	}
	return result.LastInsertId()
}
