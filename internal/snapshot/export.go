package snapshot

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
	"unique"
)

// EndedRun is a run that has ended.
type EndedRun struct {
	ID        int64
	StartedAt time.Time
}

// EndedRuns returns the runs up to the last one before which all have ended, oldest first.
func (s *Store) EndedRuns(ctx context.Context) ([]EndedRun, error) {
	return queryAll(ctx, s.db, "reading the runs", func(r *reader) EndedRun {
		return EndedRun{r.number(), r.instant()}
	}, `SELECT id, started_at
		FROM runs
		WHERE id < coalesce((SELECT min(id) FROM runs WHERE outcome = 'running'), id + 1)
		ORDER BY id`)
}

// Nights reads the rows of views that are ByNight. It remembers the rows of the last snapshot of
// each organization, so that it reads them again only when something differs.
type Nights struct {
	reader *Reader
	// begun has the ids of the snapshots, ascending, with which a version of an organization begins
	// or ends, by the key of the organization.
	begun map[int64][]int64
	held  map[string]map[int64]*shownRows // by view and key of the organization
	// listed has the snapshots of the runs from first to last.
	listed      []nightSnapshot
	first, last int64
}

// shownRows are the rows that snapshots of an organization show in a view.
type shownRows struct {
	rows   [][]any
	last   int64 // id of the last of these snapshots
	header []any // what whole_snapshots says of it, without its number and instant
}

// nightSnapshot is a snapshot whose rows are read. header is nil if it is not whole.
type nightSnapshot struct {
	key     int64
	id      any
	takenAt time.Time
	header  []any
}

// Nights prepares to read the snapshots of the runs from first on.
func (r *Reader) Nights(ctx context.Context, first int64) (*Nights, error) {
	n := &Nights{reader: r, begun: make(map[int64][]int64), held: make(map[string]map[int64]*shownRows)}
	tables, err := queryAll(ctx, r.tx, "reading the tables of versions", (*reader).text, `
		SELECT t.name
		FROM sqlite_schema t
		WHERE t.type = 'table' AND EXISTS (SELECT 1 FROM pragma_table_info(t.name) WHERE name = 'valid_to')
		ORDER BY t.name`)
	for _, table := range tables {
		for _, column := range []string{"valid_from", "valid_to"} {
			if err == nil {
				err = queryEach(ctx, r.tx, "reading "+table, func(r *reader) {
					key := r.number()
					n.begun[key] = append(n.begun[key], r.number())
				}, "SELECT DISTINCT organization_key, "+column+" FROM "+table+" WHERE "+column+
					" >= (SELECT min(id) FROM stored_snapshots WHERE run_id >= ?)", first)
			}
		}
	}
	for _, ids := range n.begun {
		slices.Sort(ids)
	}
	return n, err
}

// EachRow calls do for each row of a view in the snapshots of the runs from first to last, by
// organization. The values have the types of the columns, and are valid until do returns.
func (n *Nights) EachRow(ctx context.Context, v View, first, last int64, do func(row []any) error) error {
	if !v.Versions {
		where := " WHERE v." + v.id + " BETWEEN (SELECT min(id) FROM stored_snapshots WHERE run_id >= ?1)" +
			" AND (SELECT max(id) FROM stored_snapshots WHERE run_id BETWEEN ?1 AND ?2)"
		return n.reader.query(ctx, v, where+v.order(v.id, "number", "change_number", "entry_number"), []any{first, last}, do)
	}
	snapshots, err := n.snapshots(ctx, first, last)
	if err != nil {
		return err
	}
	if n.held[v.Name] == nil {
		n.held[v.Name] = make(map[int64]*shownRows)
	}
	for len(snapshots) > 0 {
		var rows []shownRow // of one organization
		for key := snapshots[0].key; len(snapshots) > 0 && snapshots[0].key == key && len(rows) < sortedTogether; {
			one := snapshots[0]
			shown := n.held[v.Name][key]
			if shown == nil || !n.unchanged(shown, one) {
				if shown, err = n.read(ctx, v, one); err != nil {
					return err
				}
			}
			same := 1
			shown.last = one.id.(int64)
			for same < len(snapshots) && snapshots[same].key == key && n.unchanged(shown, snapshots[same]) {
				shown.last = snapshots[same].id.(int64)
				same++
			}
			if one.header != nil {
				n.held[v.Name][key] = shown
			}
			for _, row := range shown.rows {
				rows = append(rows, shownRow{row, snapshots[:same]})
			}
			snapshots = snapshots[same:]
		}
		v.sort(rows)
		if err := v.repeat(rows, do); err != nil {
			return err
		}
	}
	return nil
}

// sortedTogether is the number of rows of an organization from which on the rows of further nights
// are sorted on their own, so that memory does not grow with the nights.
const sortedTogether = 1 << 15

// versionOrder are the columns that say which row is the same in the next snapshot.
var versionOrder = []string{"rule_id", "fingerprint", "id", "number"}

// shownRow is a row and the snapshots that show it.
type shownRow struct {
	row       []any
	snapshots []nightSnapshot
}

// sort makes the rows neighbours that are of one thing in different snapshots.
func (v View) sort(rows []shownRow) {
	var columns []int
	for _, name := range versionOrder {
		if i := v.column(name); i >= 0 {
			columns = append(columns, i)
		}
	}
	slices.SortStableFunc(rows, func(a, b shownRow) int {
		for _, i := range columns {
			if order := compareValues(a.row[i], b.row[i]); order != 0 {
				return order
			}
		}
		return 0
	})
}

func compareValues(a, b any) int {
	switch a := a.(type) {
	case string:
		b, _ := b.(string)
		return cmp.Compare(a, b)
	case int64:
		b, _ := b.(int64)
		return cmp.Compare(a, b)
	}
	return 0
}

func (v View) column(name string) int {
	return slices.IndexFunc(v.Columns, func(c Column) bool { return c.Name == name })
}

// unchanged reports whether a whole snapshot shows the same rows as an earlier one.
func (n *Nights) unchanged(shown *shownRows, s nightSnapshot) bool {
	if s.header == nil || !slices.Equal(shown.header, s.header) {
		return false
	}
	begun := n.begun[s.key]
	next, _ := slices.BinarySearch(begun, shown.last+1)
	return next == len(begun) || begun[next] > s.id.(int64)
}

func (n *Nights) read(ctx context.Context, v View, s nightSnapshot) (*shownRows, error) {
	shown := &shownRows{header: s.header}
	err := n.reader.query(ctx, v, " WHERE v."+v.id+" = ?"+v.order(slices.Clone(versionOrder)...),
		[]any{s.id}, func(row []any) error {
			for i, value := range row {
				if text, ok := value.(string); ok {
					row[i] = unique.Make(text).Value() // most texts are in many rows
				}
			}
			shown.rows = append(shown.rows, slices.Clone(row))
			return nil
		})
	return shown, err
}

// repeat calls do for each row in each of the snapshots that show it.
func (v View) repeat(rows []shownRow, do func(row []any) error) error {
	id, takenAt := v.column(v.id), v.column("taken_at")
	firstSeen, daysOpen := v.column("first_seen"), v.column("days_open")
	for _, shown := range rows {
		row := shown.row
		for _, s := range shown.snapshots {
			row[id] = s.id
			if takenAt >= 0 {
				row[takenAt] = s.takenAt
			}
			if firstSeen >= 0 && daysOpen >= 0 {
				if since, open := row[firstSeen].(time.Time); open {
					row[daysOpen] = int64(s.takenAt.Sub(since) / (24 * time.Hour))
				}
			}
			if err := do(row); err != nil {
				return err
			}
		}
	}
	return nil
}

// snapshots returns the snapshots of runs, by organization and number.
func (n *Nights) snapshots(ctx context.Context, first, last int64) ([]nightSnapshot, error) {
	if n.first == first && n.last == last {
		return n.listed, nil // for another view
	}
	headers := make(map[any][]any) // of whole snapshots, by id
	args := []any{first, last}
	newest := make(map[any][]any) // of each organization
	err := eachRow(ctx, n.reader.tx, "SELECT * FROM whole_snapshots WHERE run_id BETWEEN ? AND ?", args,
		func(columns []string, values []any) error {
			id, header := values[slices.Index(columns, "id")], slices.Clone(values)
			for _, name := range []string{"id", "run_id", "taken_at"} {
				header[slices.Index(columns, name)] = nil
			}
			key := values[slices.Index(columns, "organization_key")]
			if !slices.Equal(header, newest[key]) {
				newest[key] = header
			}
			headers[id] = newest[key]
			return nil
		})
	if err == nil {
		n.listed, err = queryAll(ctx, n.reader.tx, "reading the snapshots of runs", func(r *reader) nightSnapshot {
			s := nightSnapshot{key: r.number(), id: r.number(), takenAt: r.instant()}
			s.header = headers[s.id]
			return s
		}, `SELECT organization_key, id, taken_at
			FROM stored_snapshots
			WHERE run_id BETWEEN ? AND ?
			ORDER BY organization_key, id`, args...)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the snapshots of the runs %d to %d: %w", first, last, explain(err))
	}
	n.first, n.last = first, last
	return n.listed, nil
}
