package snapshot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unique"

	"scim-auditor/internal/ona"
)

// ColumnType is the type of a column of a View.
type ColumnType int

// The types of columns, each with the Go type of its values. A value may also be nil.
const (
	TextColumn    ColumnType = iota // string
	IntegerColumn                   // int64
	FlagColumn                      // bool
	InstantColumn                   // time.Time, UTC
	DayColumn                       // time.Time, midnight UTC
)

// Column is a column of a View.
type Column struct {
	Name string
	Type ColumnType
}

// View is a part of the stable interface of the database: a view, or one of the tables reviews and
// schedules. The id of the database is a column of each.
type View struct {
	Name    string
	Columns []Column
	// ByNight is true if each row belongs to a snapshot. Such rows do not change after the run of
	// the snapshot has ended, except that retention removes them and sets pruned_at in snapshots.
	ByNight bool
	// Versions is true if a view that is ByNight shows the versions that a snapshot shows, so that
	// most rows are in many snapshots.
	Versions bool
	id       string // the column with the id of the snapshot
}

// Views returns every part of the stable interface, sorted by name. The type of a column is in its
// comment in migrations/, as docs/database.md shows it.
func (r *Reader) Views(ctx context.Context) ([]View, error) {
	schema := make(map[string]string)
	_, err := queryAll(ctx, r.tx, "reading the views", func(r *reader) bool {
		name := r.text()
		schema[name] = r.text()
		return true
	}, `SELECT name, sql
		FROM sqlite_schema
		WHERE type = 'view' AND name <> 'whole_snapshots' OR name IN ('reviews', 'schedules')`)
	var all []View
	for name := range schema {
		v, failed := r.view(ctx, name, schema)
		if failed != nil {
			return nil, failed
		}
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b View) int { return strings.Compare(a.Name, b.Name) })
	return all, err
}

// view returns a part of the stable interface. schema has the statement that created each.
func (r *Reader) view(ctx context.Context, name string, schema map[string]string) (v View, err error) {
	v = View{Name: name, id: "snapshot_id", Versions: strings.Contains(schema[name], "_versions")}
	if name == "snapshots" {
		v.id = "id"
	}
	v.Columns, err = queryAll(ctx, r.tx, "reading the columns of "+name, func(r *reader) Column {
		column := Column{Name: r.text()}
		switch r.text() {
		case "INTEGER", "INT", "NUM": // the last two for a CAST
			column.Type = IntegerColumn
		}
		return column
	}, "SELECT name, type FROM pragma_table_info(?) ORDER BY cid", name)
	if err != nil {
		return v, err
	}
	comments := columnComments(schema[name])
	if base, current := strings.CutPrefix(name, "current_"); current {
		comments = columnComments(schema[base])
	} else {
		v.ByNight = v.has(v.id)
	}
	if len(comments) != len(v.Columns) {
		return v, fmt.Errorf("%w: %s has %d columns and %d comments", ErrDamaged, name, len(v.Columns), len(comments))
	}
	for i := range v.Columns {
		v.Columns[i].Type = typeOf(v.Columns[i].Type, comments[i])
	}
	if name != "heads" {
		v.Columns = append([]Column{{Name: "database_id"}}, v.Columns...)
	}
	return v, nil
}

func (v View) has(column string) bool {
	return slices.ContainsFunc(v.Columns, func(c Column) bool { return c.Name == column })
}

// columnComments returns the comments at the ends of the lines of a CREATE statement, without the
// first, which describes the view or table itself.
func columnComments(create string) (comments []string) {
	for line := range strings.Lines(create) {
		if _, comment, found := strings.Cut(line, " -- "); found {
			comments = append(comments, strings.TrimSpace(comment))
		}
	}
	return comments[min(1, len(comments)):]
}

// typeOf returns the type of a column that SQLite declares as INTEGER or as text.
func typeOf(declared ColumnType, comment string) ColumnType {
	begins := func(prefix string) bool { return strings.HasPrefix(comment, prefix) }
	switch {
	case declared == IntegerColumn && (begins("1 if ") || begins("1 or 0") || begins("1, or 0")):
		return FlagColumn
	case declared == TextColumn && strings.Contains(comment, "yyyy-mm-dd"):
		return DayColumn
	case declared == TextColumn && strings.Contains(comment, "RFC 3339"):
		return InstantColumn
	}
	return declared
}

// typed converts the stored values of a row to the Go types of the columns.
func typed(columns []Column, values []any) ([]any, error) {
	row := make([]any, len(values))
	for i, value := range values {
		ok := value == nil
		switch v := value.(type) {
		case string:
			row[i], ok = strings.ToValidUTF8(v, "\uFFFD"), columns[i].Type == TextColumn
			switch columns[i].Type {
			case InstantColumn:
				at, err := time.Parse(ona.TimeLayout, v)
				if err != nil {
					at, err = time.Parse(time.RFC3339, v)
				}
				row[i], ok = at.UTC(), err == nil
			case DayColumn:
				day, err := time.Parse(time.DateOnly, v)
				row[i], ok = day, err == nil
			}
		case int64:
			row[i], ok = v, columns[i].Type == IntegerColumn
			if columns[i].Type == FlagColumn {
				row[i], ok = v == 1, v == 0 || v == 1
			}
		}
		if !ok {
			return nil, fmt.Errorf("%w: column %s: %v has another form than the column", ErrDamaged,
				columns[i].Name, value)
		}
	}
	return row, nil
}

func (v View) query() string {
	if v.Name == "heads" {
		return "SELECT * FROM heads v"
	}
	return "SELECT (SELECT database_id FROM databases), v.* FROM " + v.Name + " v"
}

// query calls do for each row of a view, with values of the types of its columns.
func (r *Reader) query(ctx context.Context, v View, where string, args []any, do func(row []any) error) error {
	err := eachRow(ctx, r.tx, v.query()+where, args, func(_ []string, values []any) error {
		row, err := typed(v.Columns, values)
		if err != nil {
			return err
		}
		return do(row)
	})
	if err != nil {
		return fmt.Errorf("reading %s: %w", v.Name, explain(err))
	}
	return nil
}

// EachRow calls do for each row of a view that is not ByNight. The values have the types of the
// columns.
func (r *Reader) EachRow(ctx context.Context, v View, do func(row []any) error) error {
	return r.query(ctx, v, v.order("organization_id", "run_id", "id", "valid_from"), nil, do)
}

// order returns an ORDER BY of those of the columns that a view has. The same rows then make the
// same file, and rows that are like each other are neighbours.
func (v View) order(columns ...string) string {
	columns = slices.DeleteFunc(columns, func(name string) bool { return !v.has(name) })
	if len(columns) == 0 {
		return ""
	}
	return " ORDER BY v." + strings.Join(columns, ", v.")
}

// EndedRun is a run that has ended.
type EndedRun struct {
	ID        int64
	StartedAt time.Time
}

// EndedRuns returns the runs after a run up to the last one before which all have ended, oldest
// first.
func (s *Store) EndedRuns(ctx context.Context, after int64) ([]EndedRun, error) {
	return queryAll(ctx, s.db, "reading the runs", func(r *reader) EndedRun {
		return EndedRun{r.number(), r.instant()}
	}, `SELECT id, started_at
		FROM runs
		WHERE id > ?1 AND id < coalesce((SELECT min(id) FROM runs WHERE id > ?1 AND outcome = 'running'), id + 1)
		ORDER BY id`, after)
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
				_, err = queryAll(ctx, r.tx, "reading "+table, func(r *reader) bool {
					key := r.number()
					n.begun[key] = append(n.begun[key], r.number())
					return true
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
		one := snapshots[0]
		shown := n.held[v.Name][one.key]
		if shown == nil || !n.unchanged(shown, one) {
			if shown, err = n.read(ctx, v, one); err != nil {
				return err
			}
		}
		same := 1
		shown.last = one.id.(int64)
		for same < len(snapshots) && snapshots[same].key == one.key && n.unchanged(shown, snapshots[same]) {
			shown.last = snapshots[same].id.(int64)
			same++
		}
		if one.header != nil {
			n.held[v.Name][one.key] = shown
		}
		if err := v.repeat(shown.rows, snapshots[:same], do); err != nil {
			return err
		}
		snapshots = snapshots[same:]
	}
	return nil
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
	err := n.reader.query(ctx, v, " WHERE v."+v.id+" = ?"+v.order("rule_id", "number", "id", "fingerprint"),
		[]any{s.id}, func(row []any) error {
			for i, value := range row {
				if text, ok := value.(string); ok {
					row[i] = unique.Make(text).Value() // most texts are in many rows
				}
			}
			shown.rows = append(shown.rows, row)
			return nil
		})
	return shown, err
}

// repeat calls do for each row in each of the snapshots that show it.
func (v View) repeat(rows [][]any, snapshots []nightSnapshot, do func(row []any) error) error {
	column := func(name string) int {
		return slices.IndexFunc(v.Columns, func(c Column) bool { return c.Name == name })
	}
	id, takenAt, firstSeen, daysOpen := column(v.id), column("taken_at"), column("first_seen"), column("days_open")
	for _, row := range rows {
		for _, s := range snapshots {
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
