package folder

import (
	"bufio"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"

	"scim-auditor/internal/evidence"
)

var night = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

const name = "2026-11-23T020000Z-run-7"

// text returns a file with this text.
func text(name, content string) File {
	return File{name, func(w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	}}
}

// database is the id of the database to which the reports belong.
const database = "3f0c9b7d51a2486e8d20c6b1f4a7e915"

type manifest struct {
	DatabaseID string    `json:"database_id"`
	Files      []Written `json:"files"`
}

func list(files []Written) any { return manifest{database, files} }

// writeReport writes a report of two files with a name into dir.
func writeReport(t *testing.T, dir, name string) string {
	t.Helper()
	path, err := Write(dir, name, database, []File{text("b.csv", "b"), text("a.md", "a")}, list, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := SetLatest(dir, name, database, false); err != nil {
		t.Fatal(err)
	}
	return path
}

// contentsOf maps each name in a folder to its text, the target of a link, or "folder".
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

func TestReportIsAFolderThatOnlyItsOwnerReads(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "reports", "out")
	path := writeReport(t, dir, RunName(night, 7))
	want := map[string]string{name: "folder", "latest": "-> " + name, lockFile: ""}
	if d := cmp.Diff(want, contentsOf(t, dir)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for file := range contentsOf(t, path) {
		info, err := os.Stat(filepath.Join(path, file))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o", file, info.Mode().Perm())
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %o (%v)", info.Mode().Perm(), err)
	}
}

func TestSumsAndManifestNameEveryFile(t *testing.T) {
	files := contentsOf(t, writeReport(t, t.TempDir(), name))
	sums := make(map[string]string)
	for s := bufio.NewScanner(strings.NewReader(files[evidence.SumsFile])); s.Scan(); {
		sum, name, ok := strings.Cut(s.Text(), "  ")
		if !ok {
			t.Fatalf("no line of sha256sum: %q", s.Text())
		}
		sums[name] = sum
	}
	var m manifest
	if err := json.Unmarshal([]byte(files[ManifestFile]), &m); err != nil {
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
		if name != evidence.SumsFile {
			sum := sha256.Sum256([]byte(data))
			want[name] = hex.EncodeToString(sum[:])
		}
	}
	if d := cmp.Diff(want, sums); d != "" {
		t.Errorf("%s (-want +got):\n%s", evidence.SumsFile, d)
	}
	delete(want, ManifestFile)
	if d := cmp.Diff(want, listed); d != "" {
		t.Errorf("%s (-want +got):\n%s", ManifestFile, d)
	}
}

func TestWritingAgainReplacesTheFolderAsAWhole(t *testing.T) {
	dir := t.TempDir()
	first := contentsOf(t, writeReport(t, dir, name))
	if err := os.WriteFile(filepath.Join(dir, name, "stray.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(first, contentsOf(t, writeReport(t, dir, name))); d != "" {
		t.Errorf("(-first +second):\n%s", d)
	}
	if n := len(contentsOf(t, dir)); n != 3 {
		t.Errorf("%d entries beside the report, latest and the lock are left", n-3)
	}
}

// A report that differs only in its origin stays, with a signature that proves its age.
func TestTheSameReportIsNotWrittenAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), name)
	write := func(user, content string, sign Sign) map[string]string {
		t.Helper()
		manifest := func(files []Written) any {
			return map[string]any{"written": Origin{User: user}, "files": files}
		}
		if _, err := Write(filepath.Dir(path), name, database, []File{text("a.md", content)}, manifest, sign); err != nil {
			t.Fatal(err)
		}
		return contentsOf(t, path)
	}
	unsigned := write("ann", "a", nil)
	if d := cmp.Diff(unsigned, write("bob", "a", nil)); d != "" {
		t.Errorf("the same report was written again (-first +second):\n%s", d)
	}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		t.Fatal(err)
	}
	keyFile := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(keyFile, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	signer, err := evidence.OpenSigner(keyFile, "")
	if err != nil {
		t.Fatal(err)
	}
	signed := write("bob", "a", signer.Sign)
	if signed[evidence.SignatureFile] == "" || signed[ManifestFile] == unsigned[ManifestFile] {
		t.Error("a report without a signature stays where one is needed")
	}
	if d := cmp.Diff(signed, write("eve", "a", signer.Sign)); d != "" {
		t.Errorf("the same signed report was written again (-first +second):\n%s", d)
	}
	if err := os.WriteFile(filepath.Join(path, evidence.SignatureFile), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if write("eve", "a", signer.Sign)[evidence.SignatureFile] == "x" {
		t.Error("a damaged signature stays")
	}
	if got := write("eve", "b", signer.Sign); got["a.md"] != "b" {
		t.Error("another report is not written")
	}
}

func TestErrorLeavesTheEarlierReportAsItWas(t *testing.T) {
	dir := t.TempDir()
	path := writeReport(t, dir, name)
	before := contentsOf(t, path)
	broken := File{"b.csv", func(io.Writer) error { return errors.New("no such field") }}
	_, err := Write(dir, name, database, []File{text("a.md", "other"), broken}, list, nil)
	if err == nil || !strings.Contains(err.Error(), "b.csv: no such field") || !strings.Contains(err.Error(), name) {
		t.Errorf("the error does not say what is wrong with which report: %v", err)
	}
	if d := cmp.Diff(before, contentsOf(t, path)); d != "" {
		t.Errorf("(-before +after):\n%s", d)
	}
	if n := len(contentsOf(t, dir)); n != 3 {
		t.Errorf("%d temporary entries are left", n-3)
	}
}

func TestLatestNeverMovesBack(t *testing.T) {
	dir := t.TempDir()
	latest := func() string {
		t.Helper()
		return strings.TrimPrefix(contentsOf(t, dir)[latestLink], "-> ")
	}
	writeReport(t, dir, name)
	writeReport(t, dir, RunName(night.AddDate(0, 0, -1), 6))
	if got := latest(); got != name {
		t.Errorf("an older run became the latest: %s", got)
	}
	newest := writeReport(t, dir, RunName(night, 8))
	if got := latest(); got != filepath.Base(newest) {
		t.Errorf("a newer run of the same instant did not become the latest: %s", got)
	}
	if err := os.RemoveAll(newest); err != nil {
		t.Fatal(err)
	}
	writeReport(t, dir, name)
	if got := latest(); got != name {
		t.Errorf("latest points to %s, which is gone", got)
	}
}

func TestLatestOfSeveralDatabasesIsTheNewestNight(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []time.Time{night, night.AddDate(0, 0, -1)} {
		if err := os.Mkdir(filepath.Join(dir, NightName(n)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := SetLatest(dir, NightName(n), "", false); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.TrimPrefix(contentsOf(t, dir)[latestLink], "-> "); got != "2026-11-23-fleet" {
		t.Errorf("an older night became the latest: %s", got)
	}
}

func TestLatestIsATextFileWhereThereCanBeNoLink(t *testing.T) {
	dir := t.TempDir()
	// A folder with the name of the link makes a link impossible, as on some file systems.
	if err := os.MkdirAll(filepath.Join(dir, latestLink, "occupied"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeReport(t, dir, name)
	writeReport(t, dir, RunName(night.AddDate(0, 0, -1), 6))
	if got := contentsOf(t, dir)[latestLink+textSuffix]; got != name+"\n" {
		t.Errorf("the text file says %q", got)
	}
}

func TestNamesOfFolders(t *testing.T) {
	day := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	if got := PeriodName(day, day.AddDate(0, 1, 0).Add(-time.Second)); got != "2026-10-01--2026-10-31-period" {
		t.Error(got)
	}
	if got := PeriodName(day, night); got != "2026-10-01T000000Z--2026-11-23T020000Z-period" {
		t.Error(got)
	}
	for name, want := range map[string]int64{
		name: 7, "2026-10-01--2026-10-31-period": 0, "notes": -1, "2026-11-23T020000Z-run-": -1, "x" + name: -1,
	} {
		run, isReport := Of(name)
		if !isReport {
			run = -1
		}
		if run != want {
			t.Errorf("%s: run %d, want %d", name, run, want)
		}
	}
}
