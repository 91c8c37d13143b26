package report

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const exampleFolder = "2026-11-23T020000Z-run-7"

// write writes a report and returns its folder.
func write(t *testing.T, dir string, m *Model, opts Options) string {
	t.Helper()
	path, err := Begin(opts).Write(dir, m)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// contentsOf is what a folder holds: name → bytes as text, the target of a link, or "folder".
func contentsOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case e.Type()&os.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if err != nil {
				t.Fatal(err)
			}
			all[e.Name()] = "-> " + target
		case e.IsDir():
			all[e.Name()] = "folder"
		default:
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			all[e.Name()] = string(data)
		}
	}
	return all
}

func TestReportIsAFolderOfTheRunAndTheLatest(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "reports", "out")
	path := write(t, dir, example(), Options{})
	if want := filepath.Join(dir, exampleFolder); path != want {
		t.Errorf("path %s instead of %s", path, want)
	}
	if d := cmp.Diff(map[string]string{exampleFolder: "folder", "latest": "-> " + exampleFolder, folderLock: ""}, contentsOf(t, dir)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for name := range contentsOf(t, path) {
		info, err := os.Stat(filepath.Join(path, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", name, info.Mode().Perm())
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %o (%v)", info.Mode().Perm(), err)
	}
}

func TestSumsAndManifestNameEveryFile(t *testing.T) {
	path := write(t, t.TempDir(), example(), Options{})
	files := contentsOf(t, path)
	sums := make(map[string]string)
	for s := bufio.NewScanner(strings.NewReader(files[fileSums])); s.Scan(); {
		sum, name, ok := strings.Cut(s.Text(), "  ")
		if !ok {
			t.Fatalf("no line of sha256sum: %q", s.Text())
		}
		sums[name] = sum
	}
	var m manifest
	if err := json.Unmarshal([]byte(files[fileManifest]), &m); err != nil {
		t.Fatal(err)
	}
	listed := make(map[string]string)
	for _, f := range m.Files {
		listed[f.Name] = f.SHA256
		if f.Size != int64(len(files[f.Name])) {
			t.Errorf("the manifest says that %s has %d bytes; it has %d", f.Name, f.Size, len(files[f.Name]))
		}
	}
	want := make(map[string]string)
	for name, data := range files {
		if name != fileSums {
			sum := sha256.Sum256([]byte(data))
			want[name] = hex.EncodeToString(sum[:])
		}
	}
	if d := cmp.Diff(want, sums); d != "" {
		t.Errorf("%s (-want +got):\n%s", fileSums, d)
	}
	delete(want, fileManifest)
	if d := cmp.Diff(want, listed); d != "" {
		t.Errorf("%s (-want +got):\n%s", fileManifest, d)
	}
	if m.Complete || m.RunID != 7 {
		t.Errorf("the manifest says complete %t, run %d", m.Complete, m.RunID)
	}
}

func TestWritingAgainReplacesTheFolderWithTheSameBytes(t *testing.T) {
	dir := t.TempDir()
	first := contentsOf(t, write(t, dir, example(), Options{}))
	stray := filepath.Join(dir, exampleFolder, "stray.txt")
	if err := os.WriteFile(stray, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	second := contentsOf(t, write(t, dir, example(), Options{}))
	for name := range first {
		if first[name] != second[name] {
			t.Errorf("%s differs", name)
		}
	}
	if len(first) != len(second) {
		t.Errorf("the folder holds %d files instead of %d: it was not replaced as a whole", len(second), len(first))
	}
	if n := len(contentsOf(t, dir)); n != 3 {
		t.Errorf("%d entries beside the report, latest and the lock are left", n-3)
	}
}

func TestErrorLeavesTheEarlierReportAsItWas(t *testing.T) {
	dir := t.TempDir()
	before := contentsOf(t, write(t, dir, example(), Options{}))
	// The trial of a template has no run 7.
	_, err := Begin(Options{Template: parsed(t, "{{if eq .RunID 7}}{{.NoSuchField}}{{end}}")}).Write(dir, example())
	if err == nil || !strings.Contains(err.Error(), "NoSuchField") || !strings.Contains(err.Error(), exampleFolder) {
		t.Errorf("the error does not say what is wrong with which report: %v", err)
	}
	if d := cmp.Diff(before, contentsOf(t, filepath.Join(dir, exampleFolder))); d != "" {
		t.Errorf("(-before +after):\n%s", d)
	}
	if n := len(contentsOf(t, dir)); n != 3 {
		t.Errorf("%d temporary entries are left", n-3)
	}
}

func TestUsersTemplateTakesThePlaceOfTheBuiltIn(t *testing.T) {
	path := write(t, t.TempDir(), example(), Options{Template: parsed(t, "{{.Status}}\n{{range .Organizations}}{{.}}\n{{end}}")})
	got := contentsOf(t, path)[MarkdownFile]
	if !strings.HasPrefix(got, "NOT COMPLETE: 1 of 3 organizations could not be collected.\nAcme: complete") || strings.Contains(got, "## ") {
		t.Errorf("the template was not used: %s", got)
	}
}

func TestLatestNeverMovesBack(t *testing.T) {
	dir := t.TempDir()
	latest := func() string {
		t.Helper()
		target, err := os.Readlink(filepath.Join(dir, latestLink))
		if err != nil {
			t.Fatal(err)
		}
		return target
	}
	older, newerRun := example(), example()
	older.Run.ID, older.Run.StartedAt = 6, lastNight
	newerRun.Run.ID = 8
	write(t, dir, example(), Options{})
	write(t, dir, older, Options{})
	if got := latest(); got != exampleFolder {
		t.Errorf("an older run became the latest: %s", got)
	}
	newest := write(t, dir, newerRun, Options{})
	if got := latest(); got != filepath.Base(newest) {
		t.Errorf("a newer run of the same instant did not become the latest: %s", got)
	}
	if err := os.RemoveAll(newest); err != nil {
		t.Fatal(err)
	}
	write(t, dir, example(), Options{})
	if got := latest(); got != exampleFolder {
		t.Errorf("latest points to %s, which is gone", got)
	}
}

func TestLatestIsATextFileWhereThereCanBeNoLink(t *testing.T) {
	dir := t.TempDir()
	// A folder in the way of the link makes it impossible, as some file systems do.
	if err := os.MkdirAll(filepath.Join(dir, latestLink, "occupied"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, dir, example(), Options{})
	older := example()
	older.Run.ID, older.Run.StartedAt = 6, lastNight
	write(t, dir, older, Options{})
	if got := contentsOf(t, dir)[latestText]; got != exampleFolder+"\n" {
		t.Errorf("%s says %q", latestText, got)
	}
}

func TestEveryFileOfTheReportHasItsTable(t *testing.T) {
	var names []string
	for name := range contentsOf(t, write(t, t.TempDir(), example(), Options{})) {
		names = append(names, name)
	}
	slices.Sort(names)
	if d := cmp.Diff([]string{
		fileSums, fileJSON, MarkdownFile, WorkbookFile, fileChanges, fileExceptions, fileExchanges, fileFindings, fileInventory, fileManifest, fileRules, fileRuns,
		fileSSO, fileTimeline,
	}, names); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
