package snapshot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

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
	err := queryEach(ctx, r.tx, "reading the views", func(r *reader) {
		name := r.text()
		schema[name] = r.text()
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

// setTypes converts the stored values of a row to the Go types of the columns.
func setTypes(columns []Column, row []any) error {
	for i, value := range row {
		ok := value == nil
		switch v := value.(type) {
		case string:
			switch columns[i].Type {
			case TextColumn:
				if ok = true; !utf8.ValidString(v) {
					row[i] = strings.ToValidUTF8(v, "\uFFFD")
				}
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
			if ok = columns[i].Type == IntegerColumn; columns[i].Type == FlagColumn {
				row[i], ok = v == 1, v == 0 || v == 1
			}
		}
		if !ok {
			return fmt.Errorf("%w: column %s: %v has another form than the column", ErrDamaged, columns[i].Name, value)
		}
	}
	return nil
}

func (v View) query() string {
	if v.Name == "heads" {
		return "SELECT * FROM heads v"
	}
	return "SELECT (SELECT database_id FROM databases), v.* FROM " + v.Name + " v"
}

// query calls do for each row of a view, with values of the types of its columns. The row is valid
// until do returns.
func (r *Reader) query(ctx context.Context, v View, where string, args []any, do func(row []any) error) error {
	err := eachRow(ctx, r.tx, v.query()+where, args, func(_ []string, row []any) error {
		if err := setTypes(v.Columns, row); err != nil {
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
