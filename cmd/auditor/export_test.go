package main

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
)

// export is the command export as a process of its own.
func (s *site) export(dir string) *exec.Cmd {
	c := exec.CommandContext(s.t.Context(), os.Args[0], "export", "-q", "--db", s.path("auditor.db"), dir)
	c.Env, c.Dir = []string{asCommand + "=1", processClock()}, s.folder
	return c
}

// TestAnExportThatIsKilledIsWholeTheNextTime kills exports of a first night and of further nights, as often as
// AUDITOR_TEST_KILLS says.
func TestAnExportThatIsKilledIsWholeTheNextTime(t *testing.T) {
	skipIfShort(t)
	t.Parallel() // one process at a time leaves a processor idle
	kills := 6
	if text := os.Getenv(killsVariable); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatalf("%s: %v", killsVariable, err)
		}
	}
	s := newSite(t, nil)
	s.fill()
	s.state.SCIM = s.state.SCIM[:40] // every row of every night is read after each kill
	for n := range 5 {
		s.change(func() { s.state.SCIM[n%len(s.state.SCIM)]["name"] = "renamed " + strconv.Itoa(n) })
		s.run("-q")
	}
	start := time.Now()
	if out, err := s.export(s.path("first")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	took := time.Since(start)
	random := rand.New(rand.NewPCG(uint64(kills), 6))
	killed := 0
	for n := range kills {
		dir := s.path("lake " + strconv.Itoa(n/3)) // the second and third kill meet an export that has nights
		if n%3 > 0 {
			s.run("-q")
		}
		c := s.export(dir)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(random.Int64N(int64(took))), func() { _ = c.Process.Kill() })
		if c.Wait() != nil {
			killed++
		}
		timer.Stop()
		rowsOfExport(t, dir)
		if out, err := s.export(dir).CombinedOutput(); err != nil {
			t.Fatalf("the export after kill %d: %v\n%s", n, err, out)
		}
		for view, rows := range rowsOfExport(t, dir) {
			distinct := make(map[string]bool)
			for _, row := range rows {
				distinct[row] = true
			}
			if want := s.query("SELECT count(*) FROM " + view)[0]; strconv.Itoa(len(rows)) != want || len(distinct) != len(rows) {
				t.Errorf("after kill %d, %s has %d rows, %d of them different; the database has %s", n, view, len(rows), len(distinct), want)
			}
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "view=*", "*", ".*")); len(left) > 0 {
			t.Errorf("after kill %d, parts of files were left: %v", n, left)
		}
	}
	t.Logf("%d of %d exports were killed before they ended", killed, kills)
}

// rowsOfExport reads every file that has a final name, and returns the rows of each view as text.
func rowsOfExport(t *testing.T, dir string) map[string][]string {
	t.Helper()
	all := make(map[string][]string)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasPrefix(entry.Name(), "database=") || filepath.Ext(path) != ".parquet" {
			return err
		}
		content, err := os.Open(path)
		if err != nil {
			return err
		}
		defer func() { _ = content.Close() }()
		info, err := content.Stat()
		if err != nil {
			return err
		}
		f, err := parquet.OpenFile(content, info.Size())
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		reader := parquet.NewReader(f)
		defer func() { _ = reader.Close() }()
		for range f.NumRows() {
			rows := make([]parquet.Row, 1)
			if n, err := reader.ReadRows(rows); n != 1 {
				return fmt.Errorf("%s: %w", path, err)
			}
			all[f.Schema().Name()] = append(all[f.Schema().Name()], fmt.Sprintf("%+v", rows[0]))
		}
		return nil
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return all
}
