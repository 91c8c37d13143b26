package snapshot

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"strings"
)

// version is a value with the snapshot since which it has been so.
type version[T any] struct {
	value     T
	validFrom int64
}

// asOf reads what a snapshot of the organization shows, sorted by id.
func (k kind[T]) asOf(ctx context.Context, q querier, organizationKey, snapshotID int64) ([]version[T], error) {
	var all []version[T]
	for v, err := range k.eachAsOf(ctx, q, organizationKey, snapshotID) {
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// eachAsOf is asOf for more than fits into memory. An id that is there twice is an error: whoever walks such a list beside another would tell
// of changes that never were.
func (k kind[T]) eachAsOf(ctx context.Context, q querier, organizationKey, snapshotID int64) iter.Seq2[version[T], error] {
	columns := "v.id, v.valid_from, " + strings.Join(k.reads, ", ")
	stored := queryEach(ctx, q, "reading "+k.name+" rows", k.scan,
		"SELECT "+columns+" FROM "+k.live()+" v WHERE v.organization_key = ?1 AND v.valid_from <= ?2"+
			" UNION ALL SELECT "+columns+" FROM "+k.history()+" v WHERE v.organization_key = ?1 AND v.valid_from <= ?2 AND v.valid_to > ?2"+
			" ORDER BY 1", organizationKey, snapshotID)
	return func(yield func(version[T], error) bool) {
		last, n := "", 0
		for v, err := range stored {
			id := k.id(v.value)
			if err == nil && n > 0 && id == last {
				err = fmt.Errorf("the %s row %s is there twice in snapshot %d: %w", k.name, id, snapshotID, ErrDamaged)
			}
			if !yield(v, err) || err != nil {
				return
			}
			last, n = id, n+1
		}
	}
}

func (k kind[T]) scan(rows *sql.Rows) (version[T], error) {
	var id string
	var v version[T]
	dest, value := k.dest(&id)
	if err := rows.Scan(append([]any{&id, &v.validFrom}, dest...)...); err != nil {
		return v, err
	}
	var err error
	v.value, err = value()
	return v, err
}

// rows are the values as rows of the table, in their order.
func (k kind[T]) rows(all []T) listing {
	return func(yield func(row, error) bool) {
		for _, v := range all {
			values := append(make([]any, 0, len(k.columns)+1), k.id(v))
			if !yield(row{values: k.values(values, v)}, nil) {
				return
			}
		}
	}
}
