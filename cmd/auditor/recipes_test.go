package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// fewestRecipes is what docs/database.md promises.
const fewestRecipes = 15

var recipeBlock = regexp.MustCompile("(?s)\n([^\n]+)\n\n```sql\n(.*?)```")

// TestTheRecipesOfTheDocumentation runs each on the database of a demo, with the sqlite3 program where it is installed: each must find
// something there.
func TestTheRecipesOfTheDocumentation(t *testing.T) {
	s := &site{t: t, folder: filepath.Join(t.TempDir(), "demo")}
	if code := run(t.Context(), environment{
		args: []string{"demo", "--dir", s.folder}, getenv: func(string) string { return "" }, stdout: io.Discard, stderr: os.Stderr, now: time.Now,
	}); code != exitComplete {
		t.Fatalf("the demo ended with %d", code)
	}
	content, err := os.ReadFile("../../docs/database.md")
	if err != nil {
		t.Fatal(err)
	}
	program, _ := exec.LookPath("sqlite3") // asked as well where it is installed
	recipes := recipeBlock.FindAllSubmatch(content, -1)
	if len(recipes) < fewestRecipes {
		t.Errorf("%d recipes, want %d or more", len(recipes), fewestRecipes)
	}
	for _, recipe := range recipes {
		t.Run(string(recipe[1]), func(t *testing.T) {
			s.t = t
			if rows := s.query(string(recipe[2])); len(rows) == 0 {
				t.Error("no rows")
			}
			if program != "" && s.sqlite3(t, program, string(recipe[2])) == "" {
				t.Error("no rows of the sqlite3 program")
			}
		})
	}
}
