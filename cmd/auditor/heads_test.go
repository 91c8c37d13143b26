package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/snapshot"
)

// head returns the line that the newest run printed last.
func (s *site) head() string {
	s.t.Helper()
	lines := strings.Split(strings.TrimSpace(s.printed.String()), "\n")
	head := lines[len(lines)-1]
	if !strings.HasPrefix(head, "auditor head v1 ") {
		s.t.Fatalf("the last line is %q", head)
	}
	return head
}

// verify runs auditor verify, checks its exit code, and returns what it printed.
func (s *site) verify(want int, args ...string) string {
	s.t.Helper()
	s.printed.Reset()
	if code := s.tonight("verify", args...); code != want {
		s.t.Errorf("verify %q: exit code %d, want %d\n%s", args, code, want, &s.printed)
	}
	return s.printed.String()
}

// threeNights runs three nights, and returns the head of each and a copy of the database after the
// second.
func threeNights(t *testing.T) (s *site, heads []string, backup string) {
	s = newSite(t, nil)
	s.state.SCIM = []demo.Row{configuration(0), configuration(1)}
	backup = s.path("backup.db")
	for night := range 3 {
		s.mustRun()
		heads = append(heads, s.head())
		if night == 1 {
			if err := snapshot.Backup(t.Context(), s.path("auditor.db"), backup); err != nil {
				t.Fatal(err)
			}
		}
	}
	return s, heads, backup
}

func TestTheHeadOfARunIsEverywhere(t *testing.T) {
	s, heads, _ := threeNights(t)
	for _, name := range []string{"head.txt", "manifest.json"} {
		text, err := os.ReadFile(s.report(name))
		if err != nil || !strings.Contains(string(text), heads[2]) {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
	if got := s.query("SELECT head FROM heads ORDER BY run_id"); strings.Join(got, "\n") != strings.Join(heads, "\n") {
		t.Errorf("heads %q, printed %q", got, heads)
	}
	received := make(map[string]string)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		received[r.URL.Path] = string(body)
	}))
	defer server.Close()
	writeText(t, s.path("auditor.yaml"), "notify:\n  - {type: webhook, on: always, url: "+server.URL+"/webhook}\n"+
		"  - {type: slack, on: always, url: "+server.URL+"/slack}\n")
	s.printed.Reset()
	s.mustRun("--json", "--config", s.path("auditor.yaml"))
	head := s.query("SELECT head FROM heads WHERE run_id = 4")[0]
	s.expect(`"head": "` + head + `"`)
	if !strings.Contains(received["/webhook"], `"head":"`+head+`"`) || !strings.Contains(received["/slack"], `\n`+head+`\n`) {
		t.Errorf("a notification has no head %s:\n%s", head, received)
	}
}

func TestVerifySaysWhetherAHistoryIsThere(t *testing.T) {
	skipIfShort(t)
	s, heads, backup := threeNights(t)
	file := s.path("heads")
	writeText(t, file, strings.Join(heads, "\n")+"\n\n")
	text := s.verify(exitComplete, "--head", heads[0], "--head", file, "--head", backup, "--head", filepath.Dir(s.report("head.txt")))
	if strings.Count(text, ": contained\n") != 6 || strings.Contains(text, "NOT CONTAINED") {
		t.Error(text)
	}
	// The backup is the database without the last night.
	if err := os.Rename(backup, s.path("auditor.db")); err != nil {
		t.Fatal(err)
	}
	text = s.verify(exitFailed, "--head", file)
	for _, want := range []string{
		"head of run 2, ledger link 8: contained", "head of run 3, ledger link 11: NOT CONTAINED",
		"auditor: error: head of run 3, ledger link 11: the database does not contain the history up to it: " +
			"the ledger ends with the link 8: later facts were removed",
		"run-3: the database does not contain the history up to its head (run 3): the ledger ends with the link 8",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("nothing says %q:\n%s", want, text)
		}
	}
	other, _, _ := threeNights(t)
	if text := other.verify(exitFailed, "--head", heads[0]); !strings.Contains(text, "it is a head of the database ") {
		t.Error(text)
	}
}

func TestAMalformedHeadIsWrongUsage(t *testing.T) {
	s, heads, _ := threeNights(t)
	writeText(t, s.path("malformed"), heads[0]+"\nauditor head v1 7\n")
	writeText(t, s.path("empty"), "\n")
	writeText(t, s.path("other.db"), "SQLite format 3\x00 and no more")
	for source, want := range map[string]string{
		"auditor head v1 7":  `malformed head "auditor head v1 7"`,
		s.path("malformed"):  "malformed:2: malformed head",
		s.path("empty"):      "has no head",
		s.path("absent"):     "no such file",
		s.path("other.db"):   "not a database of auditor",
		s.path("reports"):    "head.txt",
		heads[0] + " and so": "malformed head",
	} {
		if text := s.verify(exitUsage, "--head", source); !strings.Contains(text, want) || !strings.Contains(text, "hint: --head takes") {
			t.Errorf("%s: %s", source, text)
		}
	}
	writeText(t, s.path("signers"), "nobody\n")
	if text := s.verify(exitUsage, "--signers", s.path("signers")); !strings.Contains(text, "line 1") {
		t.Error(text)
	}
	if text := s.verify(exitUsage, "--timestamp-roots", s.path("signers")); !strings.Contains(text, "has no certificate in PEM") {
		t.Error(text)
	}
}

// freshSums writes SHA256SUMS of a report folder again, as somebody does who changed a file.
func freshSums(t *testing.T, folder string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	sums := ""
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "SHA256SUMS") {
			continue
		}
		sums += sumOf(t, filepath.Join(folder, e.Name())) + "  " + e.Name() + "\n"
	}
	writeText(t, filepath.Join(folder, "SHA256SUMS"), sums)
}

func sumOf(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(content))
}

// replaceIn replaces a text in a file of a report folder.
func replaceIn(t *testing.T, path, old, text string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(content), old) {
		t.Fatalf("%s does not have %q (%v)", path, old, err)
	}
	writeText(t, path, strings.ReplaceAll(string(content), old, text))
}

func TestAReportFolderBelongsToItsRun(t *testing.T) {
	skipIfShort(t)
	s, heads, _ := threeNights(t)
	other, _, _ := threeNights(t)
	s.night++ // the period has ended
	if code := s.tonight("report", "--from", "2026-11-16", "--to", "2026-11-18"); code != exitComplete {
		t.Fatal(&s.printed)
	}
	if text := s.verify(exitComplete); strings.Contains(text, "cannot be written again") || !strings.Contains(text, "4 reports") {
		t.Error(text)
	}
	const first, second, period = "2026-11-16T020000Z-run-1", "2026-11-17T020000Z-run-2", "2026-11-16--2026-11-18-period"
	for name, c := range map[string]struct {
		folder string
		change func(folder string)
		want   string
	}{
		"another night": {second, func(folder string) { copyFolder(t, s.path("reports/"+first), folder) },
			"it is a copy of " + first + " under another name"},
		"another period": {"2026-10-01--2026-10-31-period", func(folder string) { copyFolder(t, s.path("reports/"+period), folder) },
			"it is a copy of " + period + " under another name"},
		"another database": {first, func(folder string) { copyFolder(t, other.path("reports/"+first), folder) },
			"it is a report of the database"},
		"a table with fresh sums": {first, func(folder string) {
			replaceIn(t, filepath.Join(folder, "inventory.csv"), "true", "false")
			freshSums(t, folder)
		}, "inventory.csv has SHA-256 "},
		"a period with fresh sums": {period, func(folder string) {
			file, manifest := filepath.Join(folder, "period.md"), filepath.Join(folder, "manifest.json")
			before := sumOf(t, file)
			replaceIn(t, file, "night", "nacht")
			replaceIn(t, manifest, before, sumOf(t, file))
			freshSums(t, folder)
		}, "the database makes another period.md"},
		"a file that was added with fresh sums": {first, func(folder string) {
			writeText(t, filepath.Join(folder, "more.csv"), "more")
			freshSums(t, folder)
		}, "more.csv is not named in manifest.json"},
		"the head of another run": {first, func(folder string) {
			replaceIn(t, filepath.Join(folder, "manifest.json"), heads[0], heads[1])
			writeText(t, filepath.Join(folder, "head.txt"), heads[1]+"\n")
			freshSums(t, folder)
		}, "its head is of run 2, and manifest.json is of run 1"},
		"another head": {period, func(folder string) {
			altered := heads[2][:len(heads[2])-4] + "0000"
			replaceIn(t, filepath.Join(folder, "manifest.json"), heads[2], altered)
			writeText(t, filepath.Join(folder, "head.txt"), altered+"\n")
			freshSums(t, folder)
		}, "the history up to it was altered"},
		"another head.txt": {first, func(folder string) {
			writeText(t, filepath.Join(folder, "head.txt"), heads[1]+"\n")
			freshSums(t, folder)
		}, "head.txt is "},
		"a malformed head": {first, func(folder string) {
			replaceIn(t, filepath.Join(folder, "manifest.json"), heads[0], "x")
			freshSums(t, folder)
		}, `malformed head "x"`},
		"no manifest": {first, func(folder string) {
			if err := os.Remove(filepath.Join(folder, "manifest.json")); err != nil {
				t.Fatal(err)
			}
			freshSums(t, folder)
		}, "manifest.json is missing"},
		"an empty manifest": {first, func(folder string) {
			writeText(t, filepath.Join(folder, "manifest.json"), "{}")
			freshSums(t, folder)
		}, "it names neither a run nor a night nor a period"},
		"a link": {first, func(folder string) {
			if err := os.RemoveAll(folder); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(s.path("reports/"+second), folder); err != nil {
				t.Skip(err)
			}
		}, "it is not a folder"},
	} {
		t.Run(name, func(t *testing.T) {
			folder, saved := s.path("reports/"+c.folder), s.path("saved")
			copyFolder(t, s.path("reports"), saved)
			c.change(folder)
			if text := s.verify(exitFailed); !strings.Contains(text, "report "+folder+": "+c.want) &&
				!regexp.MustCompile(regexp.QuoteMeta("report "+folder+": ")+".*"+regexp.QuoteMeta(c.want)).MatchString(text) {
				t.Errorf("nothing says %q:\n%s", c.want, text)
			}
			copyFolder(t, saved, s.path("reports"))
		})
	}
}

// copyFolder replaces a folder by a copy of another one.
func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

func TestAKeyThatCannotSignEndsTheRunBeforeItCollects(t *testing.T) {
	s := newSite(t, nil)
	s.fill()
	for key, want := range map[string]string{
		"sign_with: " + s.path("absent"):                                        "auditor.yaml:2:14: evidence: sign_with: ",
		"sign_with: " + s.folder:                                                "is not a regular file",
		"timestamp_url: ftp://example.test":                                     "evidence: timestamp_url: it is not an http or https URL",
		"timestamp_url: https://a:secret@b":                                     "evidence: timestamp_url: it is not an http or https URL",
		"timestamp_url: https://a:1/secret@b":                                   "evidence: timestamp_url: it is not an http or https URL",
		"timestamp_url: https://a.test":                                         "timestamp_roots is missing",
		"timestamp_url: https://a.test\n  timestamp_roots: " + s.path("absent"): "evidence: timestamp_roots: ",
	} {
		s.printed.Reset()
		writeText(t, s.path("auditor.yaml"), "evidence:\n  "+key+"\n")
		for _, command := range [][]string{{"run"}, {"serve", "--schedule", "0 2 * * *"}} {
			s.printed.Reset()
			if code := s.tonight(command[0], append(command[1:], "--config", s.path("auditor.yaml"))...); code != exitUsage {
				t.Errorf("%s, %s: exit code %d", command[0], key, code)
			}
			s.expect(want, "auditor: hint: name ")
		}
		if strings.Contains(s.printed.String(), "secret") {
			t.Errorf("%s: the password is printed\n%s", key, &s.printed)
		}
		if _, err := os.Stat(s.path("auditor.db")); err == nil {
			t.Errorf("%s: the run was recorded", key)
		}
	}
}

func TestPackRefusesWhatItCannotPack(t *testing.T) {
	s, _, _ := threeNights(t)
	writeText(t, s.path("exists.zip"), "text")
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no report named": {[]string{s.path("a.zip")}, exitUsage, "no report is named"},
		"no such run":     {[]string{"--run", "9", s.path("a.zip")}, exitUsage, "run 9: not found"},
		"no such period": {[]string{"--from", "2026-11-16", "--to", "2026-11-17", s.path("a.zip")}, exitFailed,
			`write it with "auditor report --from`},
		"both":             {[]string{"--run", "1", "--from", "2026-11-16", "--to", "2026-11-17", s.path("a.zip")}, exitUsage, "--run cannot be combined"},
		"an existing file": {[]string{"--run", "1", s.path("exists.zip")}, exitUsage, "the file exists already"},
		"no such folder":   {[]string{"--run", "1", s.path("absent/a.zip")}, exitFailed, "no such file"},
	} {
		s.printed.Reset()
		if code := s.tonight("pack", c.args...); code != c.code {
			t.Errorf("%s: exit code %d\n%s", name, code, &s.printed)
		}
		s.expect(c.want)
	}
	writeText(t, s.report("audit.md"), "altered")
	s.printed.Reset()
	if code := s.tonight("pack", "--run", "3", s.path("a.zip")); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	s.expect("audit.md has SHA-256", "nothing was packed")
	if left, _ := filepath.Glob(s.path("*a.zip*")); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	if left, _ := filepath.Glob(s.path(".auditor-pack-*")); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}
