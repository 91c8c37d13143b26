package main

import (
	"os/exec"
	"regexp"
	"testing"
)

var recipeBlock = regexp.MustCompile("(?s)\n([^\n]+)\n\n```sql\n(.*?)```")

// TestTheQueriesOfTheDocumentation runs each query of docs/sql.md on the database of a demo, also
// with the sqlite3 program where it is installed. Each must return rows.
func TestTheQueriesOfTheDocumentation(t *testing.T) {
	skipIfShort(t)
	folder, _ := playTheDemo(t)
	s := &site{t: t, folder: folder}
	program, _ := exec.LookPath("sqlite3") // empty where it is not installed
	queries := recipeBlock.FindAllStringSubmatch(readPage(t, "docs/sql.md"), -1)
	if len(queries) < 25 {
		t.Errorf("%d queries, want 25 or more", len(queries))
	}
	for _, query := range queries {
		t.Run(query[1], func(t *testing.T) {
			s.t = t
			if rows := s.query(query[2]); len(rows) == 0 {
				t.Error("no rows")
			}
			if program != "" && s.sqlite3(t, program, query[2]) == "" {
				t.Error("no rows of the sqlite3 program")
			}
		})
	}
}
