package snapshot

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"scim-auditor/internal/evidence"
)

// Reader reads one consistent state of the database exactly as stored, for package verify.
type Reader struct {
	tx *transaction
	mu sync.Mutex // several histories use the transaction
}

// Reader begins to read the present state. The caller must close the Reader.
func (s *Store) Reader(ctx context.Context) (*Reader, error) {
	tx, err := s.db.begin(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("beginning to read the database: %w", explain(err))
	}
	return &Reader{tx: tx}, nil
}

// Close ends the read transaction.
func (r *Reader) Close() { _ = r.tx.Rollback() } // nothing was written

// Row is a stored row.
type Row struct {
	columns []string
	values  []any // strings, integers, bytes and nil
	// Form and Record are the form and the values of its record, if the query has a kind.
	Form   evidence.Form
	Record []any
}

// Int returns the integer in a column, 0 for null.
func (r Row) Int(column string) int64 { return valueOf[int64](r, column) }

// Text returns the text in a column, empty for null.
func (r Row) Text(column string) string { return valueOf[string](r, column) }

// Bytes returns the bytes in a column, nil for null.
func (r Row) Bytes(column string) []byte { return valueOf[[]byte](r, column) }

// Null reports whether a column is null or missing.
func (r Row) Null(column string) bool { return valueOf[any](r, column) == nil }

// valueOf returns the zero value if the column is missing or has another type.
func valueOf[T any](r Row, column string) (value T) {
	if i := slices.Index(r.columns, column); i >= 0 {
		value, _ = r.values[i].(T)
	}
	return value
}

// Query is a query for rows. If it has a kind, each row has a record of all columns except
// without, so that the record also includes columns that are added later.
type Query struct {
	kind    string
	without []string
	sql     string
}

// Each calls do for each row of a query.
func (r *Reader) Each(ctx context.Context, q Query, do func(Row), args ...any) error {
	var hashed []int // the columns in the record
	var form evidence.Form
	err := eachRow(ctx, r.tx, q.sql, args, func(columns []string, values []any) error {
		if q.kind != "" && hashed == nil {
			var names []string
			for i, c := range columns {
				if !slices.Contains(q.without, c) {
					hashed, names = append(hashed, i), append(names, c)
				}
			}
			form = evidence.NewForm(q.kind, names...)
		}
		row := Row{columns: columns, values: slices.Clone(values), Form: form, Record: make([]any, len(hashed))}
		for i, column := range hashed {
			row.Record[i] = row.values[column]
		}
		do(row)
		return nil
	})
	if err != nil && q.kind != "" {
		return fmt.Errorf("reading rows of kind %s: %w", q.kind, explain(err))
	}
	return explain(err)
}

// Queries about the database as a whole.
var (
	// IntegrityProblems: https://www.sqlite.org/pragma.html#pragma_integrity_check
	IntegrityProblems = Query{sql: `SELECT integrity_check AS problem FROM pragma_integrity_check
		WHERE integrity_check <> 'ok'`}
	// BrokenReferences has the table and the parent of each row that refers to a missing row.
	BrokenReferences = Query{sql: `SELECT "table", parent FROM pragma_foreign_key_check`}
	// Runs has each run with the number of its snapshots, and of its failed ones.
	Runs = Query{sql: `SELECT r.*, count(s.id) AS snapshots, count(*) FILTER (WHERE s.outcome <> 'complete') AS failed
		FROM runs r
		LEFT JOIN stored_snapshots s ON s.run_id = r.id
		GROUP BY r.id
		ORDER BY r.id`}
	// UnknownLinks are the links of no known kind of fact.
	UnknownLinks = Query{sql: "SELECT number, kind, row_id FROM ledger WHERE kind NOT IN ('" +
		strings.Join(FactKinds(), "', '") + "') ORDER BY number"}
	// Prunes are the prunes, and PrunedVersions what one of them kept.
	Prunes         = Query{sql: "SELECT id, versions_sha256 FROM prunes ORDER BY id"}
	PrunedVersions = Query{
		kind: "pruned_version", without: []string{"prune_id"},
		sql: "SELECT * FROM pruned_versions WHERE prune_id = ? ORDER BY organization_key, kind, id, valid_from",
	}
	// RuleSets are the rule sets.
	RuleSets = Query{sql: "SELECT id, sha256 FROM rule_sets ORDER BY id"}
	// RuleWordings are the wordings in one rule set.
	RuleWordings = Query{
		kind: "rule_wording", without: []string{"rule_set_id"},
		sql: "SELECT * FROM rule_wordings WHERE rule_set_id = ? ORDER BY rule_id",
	}
	// Responses are the responses with their stored bytes.
	Responses = Query{sql: "SELECT * FROM responses ORDER BY id"}
	// Views are the names of the views.
	Views = Query{sql: "SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name"}
	// Organizations has the key of each organization, which is the argument of the queries for
	// one organization. 0 stands for the snapshots that failed before their organization was
	// known.
	Organizations = Query{sql: "SELECT 0 AS key, NULL AS id UNION ALL SELECT key, id FROM organizations ORDER BY key"}
	// Headers are the rows of the snapshots of an organization in the register.
	Headers = Query{sql: `SELECT s.*, s.id IN (SELECT snapshot_id FROM pruned_snapshots) AS pruned
		FROM stored_snapshots s WHERE s.organization_key IS nullif(?, 0) ORDER BY s.id`}
)

// Stretches returns a query that divides the snapshots of each organization, in order, into parts
// that can be worked on at the same time: key and id of the organization, and the ids above after,
// up to up_to.
func Stretches(parts int) Query {
	return Query{sql: fmt.Sprintf(`
		SELECT coalesce(organization_key, 0) AS key, o.id, min(s.id) - 1 AS after, max(s.id) AS up_to
		FROM (
		  SELECT id, organization_key, ntile(%d) OVER (PARTITION BY organization_key ORDER BY id) AS part
		  FROM stored_snapshots
		) s
		LEFT JOIN organizations o ON o.key = s.organization_key
		GROUP BY organization_key, part
		ORDER BY key, after`, parts)}
}

// ReadView returns a query that reads a view, whose rows are checked in their tables. SQLite
// accepts a view over a missing column, and fails only when the view is read.
func ReadView(view Row) Query {
	name := strings.ReplaceAll(view.Text("name"), `"`, `""`)
	return Query{sql: `SELECT * FROM "` + name + `" LIMIT 1`}
}

// FactKinds returns the kinds of facts in the ledger.
func FactKinds() []string { return sortedKeys(facts) }

// Links returns a query for the links to facts of a kind, each with the previous link and the
// fact. has_fact is 0 if the fact is missing.
func Links(kind string) Query {
	table, id := facts[kind].table, facts[kind].id
	without := []string{"number", "row_id", "link", "link_before", "has_fact", "organization_key"}
	return Query{kind: kind, without: without, sql: "SELECT l.number, l.row_id, l.chain_sha256 AS link, " +
		"b.chain_sha256 AS link_before, f." + id + ` IS NOT NULL AS has_fact, f.*
		FROM ledger l
		LEFT JOIN ledger b ON b.number = l.number - 1
		LEFT JOIN ` + table + " f ON f." + id + " = l.row_id WHERE l.kind = '" + kind + "' ORDER BY l.number"}
}

// Facts returns a query for the row_id of every fact of a kind.
func Facts(kind string) Query {
	table, id := facts[kind].table, facts[kind].id
	return Query{sql: "SELECT f." + id + " AS row_id FROM " + table + " f ORDER BY 1"}
}

// showingColumns say which snapshots show a row. They are in no record.
var showingColumns = []string{"organization_key", "snapshot_id", "valid_from", "valid_to", "row_sha256"}

// Versions returns a query for the versions of one kind in an organization.
func Versions(kind string) Query {
	return Query{
		kind: kind, without: showingColumns,
		sql: "SELECT * FROM " + kind + "_versions WHERE organization_key = ? ORDER BY id, valid_from",
	}
}

// SnapshotRows are the rows of an organization that belong to one snapshot each, by their kind.
var SnapshotRows = map[string]Query{
	"finding":         snapshotRows("finding", "failed_findings", "t.id"),
	"exchange":        snapshotRows("exchange", "exchanges", "t.number"),
	"change":          snapshotRows("change", "stored_changes", "t.number"),
	"audit_log":       snapshotRows("audit_log", "audit_log_readings", "t.snapshot_id"),
	"audit_log_entry": snapshotRows("audit_log_entry", "audit_log_entries", "t.number"),
	"candidate":       snapshotRows("candidate", "stored_candidates", "t.change_number, t.entry_number"),
}

func snapshotRows(kind, from, order string) Query {
	return Query{
		kind: kind, without: showingColumns,
		sql: "SELECT t.* FROM stored_snapshots s JOIN " + from + " t ON t.snapshot_id = s.id" +
			" WHERE s.organization_key IS nullif(?, 0) ORDER BY t.snapshot_id, " + order,
	}
}

// foreignTables are the tables that a program for replication adds. They hold nothing of auditor:
// https://github.com/benbjohnson/litestream
var foreignTables = map[string]string{
	"table _litestream_lock": "CREATE TABLE _litestream_lock (id INTEGER)",
	"table _litestream_seq":  "CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)",
}

// SchemaProblems compares the schema, including the triggers, with the one that the migrations
// create. Foreign are the tables of Litestream, which are no problem.
func (r *Reader) SchemaProblems(ctx context.Context) (problems, foreign []string, err error) {
	want, wantErr := freshSchema(ctx)
	got, gotErr := readSchema(ctx, r.tx)
	if err := cmp.Or(wantErr, gotErr); err != nil {
		return nil, nil, err
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(append(sortedKeys(want), sortedKeys(got)...)))) {
		switch {
		case got[name] == "":
			problems = append(problems, name+" is missing")
		case foreignTables[name] != "" && got[name] == foreignTables[name]:
			foreign = append(foreign, name)
		case want[name] == "":
			problems = append(problems, name+" is not part of the schema of auditor")
		case got[name] != want[name]:
			problems = append(problems, name+" was altered")
		}
	}
	return problems, foreign, nil
}

func freshSchema(ctx context.Context) (schema map[string]string, err error) {
	db, err := openDatabase(":memory:")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	if err := applyMigrations(ctx, db.DB); err != nil {
		return nil, err
	}
	return readSchema(ctx, db)
}

// readSchema returns the schema of a database, by type and name, without the internal tables of
// SQLite.
func readSchema(ctx context.Context, q querier) (map[string]string, error) {
	schema := make(map[string]string)
	_, err := queryAll(ctx, q, "reading the schema", func(r *reader) bool {
		name := r.text()
		schema[name] = r.text()
		return true
	}, `SELECT type || ' ' || name, sql
		FROM sqlite_schema
		WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
		ORDER BY 1`)
	return schema, err
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
