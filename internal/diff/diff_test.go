package diff

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the expected changes in testdata")

// Each case in testdata holds old.json, new.json and the changes between them in diff. A line of
// seen, if that file is there, names a configuration that a snapshot older than the baseline has.
func TestCases(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases in testdata: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { runCase(t, path) })
	}
}

func runCase(t *testing.T, path string) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changes := Compute(parseInventory(t, file(archive, "old.json")), parseInventory(t, file(archive, "new.json")),
		func(subject SubjectType, id string) bool {
			return slices.Contains(strings.Split(string(file(archive, "seen")), "\n"), fmt.Sprintf("%s %s", subject, id))
		})
	got := format(changes)
	if *update {
		i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "diff" })
		archive.Files[i].Data = []byte(got)
		if err := os.WriteFile(path, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := gocmp.Diff(string(file(archive, "diff")), got); d != "" {
		t.Errorf("changes (-want +got):\n%s", d)
	}
}

// file returns the content of a file of the archive, nil if it is not there.
func file(archive *txtar.Archive, name string) []byte {
	for _, f := range archive.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

// format writes changes as the cases show them: a line that says what happened to whom, then a line
// for each value that is not empty.
func format(changes []Change) string {
	var b strings.Builder
	for _, c := range changes {
		fmt.Fprintf(&b, "%s %s: %s %s %q\n", c.Severity, c.Kind, c.SubjectType, c.SubjectID, c.SubjectName)
		for _, line := range []struct{ name, value string }{
			{"field", c.Field},
			{"before", c.Before},
			{"before label", c.BeforeLabel},
			{"after", c.After},
			{"after label", c.AfterLabel},
			{"note", c.Note},
		} {
			if line.value != "" {
				fmt.Fprintf(&b, "\t%s: %s\n", line.name, line.value)
			}
		}
	}
	return b.String()
}

// inOrder compares two changes by the order in which Compute returns them.
func inOrder(x, y Change) int {
	types := []SubjectType{SCIMConfiguration, SSOConfiguration, Organization, Member}
	rank := func(c Change) int {
		return slices.IndexFunc(precedence[c.SubjectType], func(r rule) bool { return r.kind == c.Kind })
	}
	return cmp.Or(
		cmp.Compare(slices.Index(types, x.SubjectType), slices.Index(types, y.SubjectType)),
		cmp.Compare(x.SubjectID, y.SubjectID),
		cmp.Compare(rank(x), rank(y)),
	)
}

func count(changes []Change, t SubjectType, k Kind) int {
	n := 0
	for _, c := range changes {
		if c.SubjectType == t && c.Kind == k {
			n++
		}
	}
	return n
}
