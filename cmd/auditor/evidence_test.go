package main

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"scim-auditor/internal/demo"
)

// needPrograms skips the test if a program is not installed.
func needPrograms(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("%s is not installed", name)
		}
	}
}

// shell runs a command of bash in a folder.
func shell(t *testing.T, folder, command string) (printed string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "bash", "-c", "set -euo pipefail\n"+command)
	c.Dir = folder
	out, err := c.CombinedOutput()
	return string(out), err
}

func mustShell(t *testing.T, folder, command string) {
	t.Helper()
	if out, err := shell(t, folder, command); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
}

// authority is a timestamp server that answers with openssl ts -reply, and counts the requests.
type authority struct {
	folder, url string
	requests    int
	broken      bool // answers with an HTTP error
}

const authoritySettings = `
[tsa]
default_tsa = server
[server]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
certs = root.pem
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
`

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{folder: t.TempDir()}
	for name, text := range map[string]string{
		"tsa.cnf": authoritySettings, "serial": "01\n", "extensions": "extendedKeyUsage = critical,timeStamping\n",
	} {
		writeText(t, filepath.Join(a.folder, name), text)
	}
	mustShell(t, a.folder, `openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 3650 -subj "/CN=Test root"
		openssl req -new -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj "/CN=Test timestamp server"
		openssl x509 -req -in tsa.csr -CA root.pem -CAkey root.key -CAcreateserial -days 3650 -extfile extensions -out tsa.pem`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.requests++
		query, err := io.ReadAll(r.Body)
		if err != nil || a.broken || r.Header.Get("Content-Type") != "application/timestamp-query" {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		writeText(t, filepath.Join(a.folder, "query"), string(query))
		if out, err := shell(t, a.folder, "openssl ts -reply -config tsa.cnf -section server -queryfile query -out reply"); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		http.ServeFile(w, r, filepath.Join(a.folder, "reply"))
	}))
	t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

func writeText(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// sealedSite is a site whose settings name a key and a timestamp server.
func sealedSite(t *testing.T) (*site, *authority) {
	t.Helper()
	needPrograms(t, "bash", "sha256sum", "ssh-keygen", "openssl", "python3", "sqlite3", "diff")
	skipIfShort(t)
	s, a := newSite(t, nil), newAuthority(t)
	s.state.SCIM = []demo.Row{configuration(0), configuration(1)}
	mustShell(t, s.folder, `ssh-keygen -q -t ed25519 -N "" -C auditor@host -f key
		printf 'auditor %s\n' "$(cat key.pub)" > allowed_signers`)
	writeText(t, s.path("auditor.yaml"), fmt.Sprintf(
		"evidence:\n  sign_with: %s\n  timestamp_url: %s\n  timestamp_roots: %s\n",
		s.path("key"), a.url, filepath.Join(a.folder, "root.pem")))
	return s, a
}

func TestOtherProgramsAcceptASealedReportAndRefuseAChangedOne(t *testing.T) {
	s, a := sealedSite(t)
	s.mustRun("--config", s.path("auditor.yaml"))
	folder := filepath.Dir(s.report("SHA256SUMS"))
	sums := "sha256sum --strict -c SHA256SUMS"
	signature := "ssh-keygen -Y verify -f " + s.path("allowed_signers") + " -I auditor -n auditor -s SHA256SUMS.sig < SHA256SUMS"
	timestamp := "openssl ts -verify -data SHA256SUMS -in SHA256SUMS.tsr -CAfile " + filepath.Join(a.folder, "root.pem")
	verify := []string{
		"--config", s.path("auditor.yaml"), "--signers", s.path("allowed_signers"), "--head", folder, "--head", s.path("auditor.db"),
	}
	for _, command := range []string{sums, signature, timestamp} {
		mustShell(t, folder, command)
	}
	if code := s.tonight("verify", verify...); code != exitComplete {
		t.Fatalf("verify: exit code %d\n%s", code, &s.printed)
	}
	s.expect("1 valid signature\n1 valid timestamp\nhead of run 1, ledger link 5: contained\n")
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		whole := changeByte(t, path)
		refusing := []string{sums}
		switch e.Name() {
		case "SHA256SUMS":
			refusing = []string{sums, signature, timestamp}
		case "SHA256SUMS.sig":
			refusing = []string{signature}
		case "SHA256SUMS.tsr":
			refusing = []string{timestamp}
		}
		for _, command := range refusing {
			if out, err := shell(t, folder, command); err == nil {
				t.Errorf("%s is changed, and this accepts it: %s\n%s", e.Name(), command, out)
			}
		}
		s.printed.Reset()
		if code := s.tonight("verify", verify...); code != exitFailed {
			t.Errorf("%s is changed: exit code %d\n%s", e.Name(), code, &s.printed)
		}
		s.expect("report " + folder + ": " + e.Name())
		writeText(t, path, string(whole))
	}
}

// changeByte changes one byte of a file and returns what it had. A timestamp has certificates in
// the middle that nothing may need, and its signature at the end.
func changeByte(t *testing.T, path string) []byte {
	t.Helper()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(whole)
	at := len(changed) / 2
	if strings.HasSuffix(path, ".tsr") {
		at = len(changed) - 10
	}
	changed[at] ^= 1
	writeText(t, path, string(changed))
	return whole
}

// expect checks that the commands of the night printed a text.
func (s *site) expect(texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		if !strings.Contains(s.printed.String(), text) {
			s.t.Errorf("nothing says %q:\n%s", text, &s.printed)
		}
	}
}

func TestATimestampThatIsMissingIsRequestedByTheNextRun(t *testing.T) {
	s, a := sealedSite(t)
	a.broken = true
	s.mustRun("--config", s.path("auditor.yaml"))
	s.expect("auditor: warning: requesting a timestamp for "+s.path("reports"),
		"the timestamp server answered with HTTP 503 (the next run tries again)")
	a.broken = false
	s.mustRun("--config", s.path("auditor.yaml"))
	stamped, err := filepath.Glob(s.path("reports/2*/SHA256SUMS.tsr"))
	if err != nil || len(stamped) != 2 {
		t.Errorf("timestamps %q (%v)", stamped, err)
	}
	a.requests = 0
	s.printed.Reset()
	s.mustRun("--config", s.path("auditor.yaml"))
	if a.requests != 1 || strings.Contains(s.printed.String(), "warning") {
		t.Errorf("%d requests for one new report\n%s", a.requests, &s.printed)
	}
}

// A report that is written again keeps its signature and the timestamp of its night.
func TestTheSameReportKeepsItsTimestamp(t *testing.T) {
	s, a := sealedSite(t)
	s.mustRun("--config", s.path("auditor.yaml"))
	before, err := os.ReadFile(s.report("SHA256SUMS.tsr"))
	if err != nil {
		t.Fatal(err)
	}
	a.requests = 0
	s.tonight("report", "--config", s.path("auditor.yaml"), "--run", "1")
	if after, err := os.ReadFile(s.report("SHA256SUMS.tsr")); err != nil || !bytes.Equal(before, after) || a.requests != 0 {
		t.Errorf("the timestamp is another one (%v, %d requests)", err, a.requests)
	}
	s.tonight("report", "--config", s.path("auditor.yaml"), "--run", "1", "--formats", "md")
	if after, err := os.ReadFile(s.report("SHA256SUMS.tsr")); err != nil || bytes.Equal(before, after) {
		t.Errorf("other files have the same timestamp (%v)", err)
	}
}

// TestAPackIsCheckedByTheCommandsInIt follows CHECK.md in an empty folder.
func TestAPackIsCheckedByTheCommandsInIt(t *testing.T) {
	s, _ := sealedSite(t)
	s.mustRun("--config", s.path("auditor.yaml"))
	s.mustRun("--config", s.path("auditor.yaml"))
	period := []string{"--from", "2026-11-16", "--to", "2026-11-17"}
	if code := s.tonight("report", append(period, "--config", s.path("auditor.yaml"))...); code != exitComplete {
		t.Fatalf("exit code %d\n%s", code, &s.printed)
	}
	s.mustRun() // neither signed nor timestamped
	for name, c := range map[string]struct {
		args  []string
		steps int // commands in CHECK.md
	}{
		"run":      {[]string{"--run", "2", "--config", s.path("auditor.yaml")}, 10},
		"unsealed": {[]string{"--run", "3"}, 6},
		"period":   {append(period, "--config", s.path("auditor.yaml")), 10},
	} {
		t.Run(name, func(t *testing.T) {
			packed := s.pack(t, append(c.args, s.path(name+".zip"))...)
			commands := commandsOf(t, packed)
			if len(commands) != c.steps {
				t.Errorf("%d commands: %q", len(commands), commands)
			}
			for _, command := range commands {
				mustShell(t, packed, command)
			}
			again := s.pack(t, append(c.args, s.path(name+"-again.zip"))...)
			mustShell(t, packed, "diff -r . "+again)
			checkChanges(t, packed, commands)
		})
	}
}

// pack runs auditor pack, whose last argument is the file, and returns a folder with what it holds.
func (s *site) pack(t *testing.T, args ...string) string {
	t.Helper()
	s.printed.Reset()
	if code := s.tonight("pack", args...); code != exitComplete {
		t.Fatalf("exit code %d\n%s", code, &s.printed)
	}
	archive, err := zip.OpenReader(args[len(args)-1])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = archive.Close() }()
	folder := t.TempDir()
	if err := os.CopyFS(folder, archive); err != nil {
		t.Fatal(err)
	}
	return folder
}

// commandsOf returns the commands in the CHECK.md of a pack.
func commandsOf(t *testing.T, packed string) (commands []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(packed, "CHECK.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		commands = append(commands, strings.Split(strings.TrimSpace(block[1]), "\n")...)
	}
	return commands
}

// checkChanges changes one byte of each file of a pack at a time, also with fresh sums of the pack,
// and expects that one of the commands refuses it.
func checkChanges(t *testing.T, packed string, commands []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(packed, "*"))
	inReport, errReport := filepath.Glob(filepath.Join(packed, "report", "*", "*"))
	if err != nil || errReport != nil || len(inReport) < 10 {
		t.Fatal(err, errReport, inReport)
	}
	for _, path := range append(files, inReport...) {
		name := filepath.Base(path)
		if name == "report" {
			continue
		}
		whole := changeByte(t, path)
		if _, err := shell(t, packed, strings.Join(commands, "\n")); err == nil {
			t.Errorf("%s: a changed byte is not found", path)
		}
		// Only the sums of the pack cover the guide, the script and the certificates themselves.
		if strings.Contains(path, "report"+string(filepath.Separator)) {
			sums, err := os.ReadFile(filepath.Join(packed, "SHA256SUMS"))
			if err != nil {
				t.Fatal(err)
			}
			mustShell(t, packed, `fresh=$(find . -type f ! -path ./SHA256SUMS -printf '%P\n' | xargs sha256sum)
				printf '%s\n' "$fresh" > SHA256SUMS`)
			mustShell(t, packed, commands[0])
			if _, err := shell(t, packed, strings.Join(commands[1:], "\n")); err == nil {
				t.Errorf("%s: a changed byte with fresh sums of the pack is not found", path)
			}
			writeText(t, filepath.Join(packed, "SHA256SUMS"), string(sums))
		}
		writeText(t, path, string(whole))
	}
	mustShell(t, packed, strings.Join(commands, "\n"))
}
