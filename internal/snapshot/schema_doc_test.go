package snapshot_test

import (
	"database/sql"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the schema into docs/database.md")

const (
	schemaBegin = "<!-- The rest is generated from the comments in migrations/: go test ./internal/snapshot -run Documentation -update -->\n"
	schemaDocs  = "../../docs/database.md"
)

// TestTheDocumentationDescribesTheSchema compares the reference part of docs/database.md with the comments of the schema.
func TestTheDocumentationDescribesTheSchema(t *testing.T) {
	_, db := filled(t)
	var want strings.Builder
	for _, kind := range []string{"view", "table"} {
		fmt.Fprintf(&want, "\n## The %ss\n", kind)
		for _, name := range texts(t, db, "SELECT name FROM sqlite_schema WHERE type = '"+kind+"' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE 'goose\\_%' ESCAPE '\\' ORDER BY rootpage, rowid") {
			want.WriteString(describe(t, db, name))
		}
	}
	content, err := os.ReadFile(schemaDocs)
	if err != nil {
		t.Fatal(err)
	}
	written, got, found := strings.Cut(string(content), schemaBegin)
	if !found {
		t.Fatalf("%s has no line %s", schemaDocs, schemaBegin)
	}
	if *update {
		if err := os.WriteFile(schemaDocs, []byte(written+schemaBegin+want.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(want.String(), got); d != "" {
		t.Errorf("docs/database.md is not up to date; run this test with -update (-want +got):\n%s", d)
	}
}

// describe is a table or a view as Markdown.
func describe(t *testing.T, db *sql.DB, name string) string {
	t.Helper()
	create := texts(t, db, "SELECT sql FROM sqlite_schema WHERE name = '"+name+"'")[0]
	columns := texts(t, db, "SELECT name FROM pragma_table_info('"+name+"') ORDER BY cid")
	types := texts(t, db, "SELECT type FROM pragma_table_info('"+name+"') ORDER BY cid")
	var comments []string
	for line := range strings.Lines(create) {
		if _, comment, found := strings.Cut(line, " -- "); found {
			comments = append(comments, strings.TrimSpace(comment))
		}
	}
	if len(comments) == 1 && strings.Contains(create, "SELECT c.*") {
		_, from, _ := strings.Cut(create, "JOIN ")
		from, _, _ = strings.Cut(from, " ")
		return fmt.Sprintf("\n### %s\n\n%s Its columns are those of `%s`.\n", name, comments[0], from)
	}
	if len(comments) != len(columns)+1 {
		t.Fatalf("%s has %d comments; it needs one for itself and one for each of its columns %v", name, len(comments), columns)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s\n\n%s\n\n| column | type | what it is |\n|---|---|---|\n", name, comments[0])
	for i, c := range columns {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", c, types[i], strings.ReplaceAll(comments[i+1], "|", "\\|"))
	}
	return b.String()
}
