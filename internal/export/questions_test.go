package export_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/export"
	"scim-auditor/internal/snapshot"
)

// question is a question of docs/fleet.md with its statement for each engine.
type question struct{ text, duckdb, sqlite string }

func readQuestions(t *testing.T) (all []question) {
	t.Helper()
	page := string(must(os.ReadFile("../../docs/fleet.md"))(t))
	_, section, _ := strings.Cut(page, "## Ten questions\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, m := range regexp.MustCompile("(?s)\n([^\n]+\\?)\n\n```sql\n(.*?)```(?:\n```sql\n(.*?)```)?").FindAllStringSubmatch(section, -1) {
		q := question{m[1], m[2], m[2]}
		if m[3] != "" {
			q.sqlite = m[3]
			if !strings.HasPrefix(q.duckdb, "-- DuckDB") || !strings.HasPrefix(q.sqlite, "-- SQLite") {
				t.Errorf("%s: its statements do not name their engines", q.text)
			}
		}
		all = append(all, q)
	}
	if len(all) != 10 {
		t.Fatalf("docs/fleet.md has %d questions", len(all))
	}
	return all
}

// TestTheTenQuestionsHaveTheSameAnswersInDuckDBAndSQLite asks the questions of docs/fleet.md of four shards: of their
// databases, attached in SQLite, and of their export, in DuckDB where it is installed.
func TestTheTenQuestionsHaveTheSameAnswersInDuckDBAndSQLite(t *testing.T) {
	questions, paths, dir := readQuestions(t), fourShards(t), filepath.Join(t.TempDir(), "lake")
	for _, path := range paths {
		exportTo(t, path, dir, export.Options{})
	}
	want := askSQLite(t, paths, questions)
	for i, q := range questions {
		if len(want[i]) == 0 {
			t.Errorf("no rows: %s", q.text)
		}
	}
	got := askDuckDB(t, dir, views(t, paths[0]), questions)
	for i, q := range questions {
		if d := cmp.Diff(want[i], got[i]); d != "" {
			t.Errorf("%s (-SQLite +DuckDB):\n%s", q.text, d)
		}
	}
}

// fourShards makes the databases of four shards. An organization moved from the first to the second, and one is not
// complete in the last night.
func fourShards(t *testing.T) (paths []string) {
	t.Helper()
	last := time.Date(2026, 11, 26, 2, 0, 0, 0, time.UTC)
	var moved *fleet
	for i := range 4 {
		path := filepath.Join(t.TempDir(), fmt.Sprintf("%d.db", i))
		f := newFleet(fmt.Sprintf("shard %d", i), 20, last.AddDate(0, 0, -8))
		f.changing = 10
		switch i {
		case 0:
			moved = f
		case 1:
			f.organizations[0] = moved.organizations[19]
		case 2:
			f.fails = map[int]time.Time{7: last}
		}
		storeFleet(t.Context(), t, path, f, last, 8)
		paths = append(paths, path)
	}
	return paths
}

func askSQLite(t *testing.T, paths []string, questions []question) (all [][]string) {
	t.Helper()
	db := must(sql.Open("sqlite", "file::memory:"))(t)
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	for i, path := range paths {
		_ = must(db.ExecContext(t.Context(), "ATTACH ? AS ?", path, fmt.Sprint("d", i)))(t)
	}
	for _, v := range views(t, paths[0]) {
		var parts []string
		for i := range paths {
			id := fmt.Sprintf("(SELECT database_id FROM d%d.databases) AS database_id, ", i)
			if v.Name == "heads" {
				id = ""
			}
			parts = append(parts, fmt.Sprintf("SELECT %s* FROM d%d.%s", id, i, v.Name))
		}
		_ = must(db.ExecContext(t.Context(), "CREATE TEMP VIEW "+v.Name+" AS "+strings.Join(parts, " UNION ALL ")))(t)
	}
	for _, q := range questions {
		all = append(all, rowsAsText(t, db, q.sqlite))
	}
	return all
}

func rowsAsText(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%v\n%s", err, query)
	}
	defer func() { _ = rows.Close() }()
	var all []string
	for rows.Next() {
		values, pointers := make([]any, len(must(rows.Columns())(t))), []any{}
		for i := range values {
			pointers = append(pointers, &values[i])
		}
		if err := rows.Scan(pointers...); err != nil {
			t.Fatal(err)
		}
		all = append(all, asText(values))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// asText writes a row so that both engines write the same values alike: a time with microseconds in UTC.
func asText(values []any) string {
	var fields []string
	for _, value := range values {
		text := fmt.Sprint(value)
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999-07"} {
			if at, err := time.Parse(layout, text); err == nil {
				text = at.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano)
			}
		}
		fields = append(fields, text)
	}
	return strings.Join(fields, " | ")
}

// inDuckDB prints the rows of each statement as JSON.
const inDuckDB = `
const {DuckDBInstance} = require('@duckdb/node-api');
(async () => {
  const {setup, statements} = JSON.parse(require('fs').readFileSync(0));
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  for (const s of setup) await connection.run(s);
  const all = [];
  for (const s of statements) all.push((await connection.runAndReadAll(s)).getRowsJson());
  console.log(JSON.stringify(all));
})().catch(e => { console.error(e); process.exit(1); });`

func askDuckDB(t *testing.T, dir string, all []snapshot.View, questions []question) (answers [][]string) {
	t.Helper()
	if err := exec.CommandContext(t.Context(), "node", "-e", "require('@duckdb/node-api')").Run(); err != nil {
		t.Skip("no node with the module @duckdb/node-api in NODE_PATH is installed")
	}
	in := struct {
		Setup      []string `json:"setup"`
		Statements []string `json:"statements"`
	}{Setup: []string{"SET TimeZone = 'UTC'"}}
	for _, v := range all {
		files := filepath.ToSlash(filepath.Join(dir, "view="+v.Name)) + "/**/*.parquet"
		in.Setup = append(in.Setup, fmt.Sprintf("CREATE VIEW %s AS SELECT * FROM read_parquet('%s', hive_partitioning = true)", v.Name, files))
	}
	for _, q := range questions {
		in.Statements = append(in.Statements, q.duckdb)
	}
	command := exec.CommandContext(t.Context(), "node", "-e", inDuckDB)
	command.Stdin = strings.NewReader(string(marshal(in)))
	out, err := command.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("%v\n%s", err, exit.Stderr)
	}
	var rows [][][]any
	if err := json.Unmarshal(out, &rows); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, answer := range rows {
		var lines []string
		for _, values := range answer {
			lines = append(lines, asText(values))
		}
		answers = append(answers, lines)
	}
	return answers
}
