package snapshot

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// version is a value with the snapshots between which it was so.
type version[T any] struct {
	value     T
	validFrom int64
}

func (k kind[T]) live() string    { return k.name + "_live" }
func (k kind[T]) history() string { return k.name + "_history" }

// asOf reads what a snapshot of the organization shows, sorted by id.
func (k kind[T]) asOf(ctx context.Context, q querier, organizationKey, snapshotID int64) ([]version[T], error) {
	columns := "id, valid_from, " + strings.Join(k.columns, ", ")
	return queryAll(ctx, q, "reading "+k.name+" rows", k.scan,
		"SELECT "+columns+" FROM "+k.live()+" WHERE organization_key = ?1 AND valid_from <= ?2"+
			" UNION ALL SELECT "+columns+" FROM "+k.history()+" WHERE organization_key = ?1 AND valid_from <= ?2 AND valid_to > ?2"+
			" ORDER BY id", organizationKey, snapshotID)
}

// current reads the rows that hold now, sorted by id.
func (k kind[T]) current(ctx context.Context, q querier, organizationKey int64) ([]version[T], error) {
	return queryAll(ctx, q, "reading "+k.name+" rows", k.scan,
		"SELECT id, valid_from, "+strings.Join(k.columns, ", ")+" FROM "+k.live()+" WHERE organization_key = ? ORDER BY id", organizationKey)
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

// replace makes the listing, sorted by id, what holds from the snapshot on: rows that differ or are gone move to the history, rows that
// are unchanged are not touched. It gives the rows as they are now stored.
func (k kind[T]) replace(ctx context.Context, tx *sql.Tx, organizationKey, snapshotID int64, listing []T) ([]T, error) {
	before, err := k.current(ctx, tx, organizationKey)
	if err != nil {
		return nil, err
	}
	stored := make([]T, 0, len(listing))
	var retire []string
	var insert [][]any
	i, j := 0, 0
	for i < len(before) || j < len(listing) {
		switch {
		case j == len(listing) || i < len(before) && k.id(before[i].value) < k.id(listing[j]):
			retire = append(retire, k.id(before[i].value))
			i++
			continue
		case i < len(before) && k.id(before[i].value) == k.id(listing[j]):
			if k.canonical(before[i].value) == k.canonical(listing[j]) {
				stored = append(stored, before[i].value)
				i, j = i+1, j+1
				continue
			}
			retire = append(retire, k.id(before[i].value))
			i++
		}
		stored = append(stored, listing[j])
		insert = append(insert, append([]any{organizationKey, k.id(listing[j]), snapshotID}, k.values(listing[j])...))
		j++
	}
	if err := k.retire(ctx, tx, organizationKey, snapshotID, retire); err != nil {
		return nil, err
	}
	return stored, insertRows(ctx, tx, k.live(), append([]string{"organization_key", "id", "valid_from"}, k.columns...), insert)
}

// retire moves live rows to the history; they held up to the snapshot.
func (k kind[T]) retire(ctx context.Context, tx *sql.Tx, organizationKey, snapshotID int64, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	columns := strings.Join(k.columns, ", ")
	move, err := tx.PrepareContext(ctx, "INSERT INTO "+k.history()+" (organization_key, valid_to, id, valid_from, "+columns+")"+
		" SELECT organization_key, ?, id, valid_from, "+columns+" FROM "+k.live()+" WHERE organization_key = ? AND id = ?")
	if err != nil {
		return fmt.Errorf("retiring %s rows: %w", k.name, err)
	}
	defer func() { _ = move.Close() }() // ends with the transaction
	drop, err := tx.PrepareContext(ctx, "DELETE FROM "+k.live()+" WHERE organization_key = ? AND id = ?")
	if err != nil {
		return fmt.Errorf("retiring %s rows: %w", k.name, err)
	}
	defer func() { _ = drop.Close() }() // ends with the transaction
	for _, id := range ids {
		if _, err := move.ExecContext(ctx, snapshotID, organizationKey, id); err != nil {
			return fmt.Errorf("retiring %s %s: %w", k.name, id, err)
		}
		result, err := drop.ExecContext(ctx, organizationKey, id)
		if err != nil {
			return fmt.Errorf("retiring %s %s: %w", k.name, id, err)
		}
		if err := expectOneRow(result, fmt.Sprintf("retiring %s %s", k.name, id)); err != nil {
			return err
		}
	}
	return nil
}
