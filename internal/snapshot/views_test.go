package snapshot_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/snapshot"
)

// TestTheTypesOfColumnsStay compares the columns of the views with a list that programs rely on: their types come from
// comments, and a comment is easily reworded.
func TestTheTypesOfColumnsStay(t *testing.T) {
	store, err := snapshot.Open(t.Context(), filepath.Join(t.TempDir(), "auditor.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	reader, err := store.Reader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	views, err := reader.Views(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	types := map[snapshot.ColumnType]string{
		snapshot.TextColumn: "text", snapshot.IntegerColumn: "integer", snapshot.FlagColumn: "boolean",
		snapshot.InstantColumn: "timestamp", snapshot.DayColumn: "date",
	}
	var got strings.Builder
	for _, v := range views {
		for _, c := range v.Columns {
			fmt.Fprintf(&got, "%s.%s %s\n", v.Name, c.Name, types[c.Type])
		}
	}
	const golden = "testdata/columns.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got.String()); d != "" {
		t.Errorf("the columns of the export differ (-want +got); go test -update rewrites them:\n%s", d)
	}
}
