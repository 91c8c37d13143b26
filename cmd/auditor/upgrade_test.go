package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"scim-auditor/internal/demo"
	"scim-auditor/migrations"
)

// TestTheLastDatabaseOfEachMigrationOpens takes the database that the last program of each migration
// wrote, and does with it what happens after an upgrade.
func TestTheLastDatabaseOfEachMigrationOpens(t *testing.T) {
	skipIfShort(t)
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		t.Run(name, func(t *testing.T) {
			kept := filepath.Join("../../migrations/testdata", strings.TrimSuffix(name, ".sql")+".db.zst")
			if _, err := os.Stat(kept); err != nil {
				if !*update || i < len(names)-1 {
					t.Fatalf("%v: go test ./cmd/auditor -run LastDatabase -update writes that of the newest migration", err)
				}
				keepDatabase(t, kept)
			}
			s := upgradedSite(t, kept)
			head := s.query("SELECT head FROM heads ORDER BY run_id DESC LIMIT 1")[0]
			printed := s.verify(exitComplete, "--head", head)
			if t.Failed() {
				t.Fatalf("If %s never was in a release, remove %s, and let -update write it.", name, kept)
			}
			if !strings.Contains(printed, fmt.Sprint(demo.Nights, " runs")) {
				t.Errorf("verify does not count the nights:\n%s", printed)
			}
			s.mustRun("--config", s.path("auditor.yaml"))
			const compared = "SELECT run_id, outcome, count(*), count(baseline_id) FROM snapshots GROUP BY run_id, outcome ORDER BY run_id DESC LIMIT 1"
			if d := cmp.Diff([]string{"8|complete|4|4"}, s.query(compared)); d != "" {
				t.Errorf("the night after the upgrade, with its baselines (-want +got):\n%s", d)
			}
			for _, command := range []string{
				"report --run 2", "report --from 2026-11-16 --to 2026-11-23", "prune --keep-last 3", "backup " + s.path("copy.db"),
			} {
				args := strings.Fields(command)
				if code := s.tonight(args[0], args[1:]...); code != exitComplete {
					t.Errorf("%s: exit code %d\n%s", command, code, &s.printed)
				}
			}
			s.verify(exitComplete, "--head", head)
		})
	}
}

// upgradedSite is a site with the kept database of a demo, on the night after the demo's last one.
func upgradedSite(t *testing.T, kept string) *site {
	t.Helper()
	story := demo.NewServer()
	story.SetNight(demo.Nights + 1)
	s := newSite(t, func(server *demo.Server) {
		server.Intercept = func(w http.ResponseWriter, r *http.Request, _ string, _ http.Handler) { story.ServeHTTP(w, r) }
	})
	s.night = demo.Nights
	var config strings.Builder
	config.WriteString("organizations:\n")
	s.variables = make(map[string]string)
	for _, o := range story.Organizations() {
		variable := strings.ToUpper(o.Name) + "_TOKEN"
		s.variables[variable] = o.Token
		fmt.Fprintf(&config, "  - name: %s\n    token_env: %s\n", o.Name, variable)
	}
	compressed, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := zstd.NewReader(bytes.NewReader(compressed))
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	file, err := os.OpenFile(s.path("auditor.db"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader.WriteTo(file); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.path("auditor.yaml"), []byte(config.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// keepDatabase writes the database of a demo of the program as it is built, with its version, not as
// it is tested.
func keepDatabase(t *testing.T, kept string) {
	t.Helper()
	folder := t.TempDir()
	program := filepath.Join(folder, "auditor")
	for _, command := range [][]string{
		{"go", "build", "-buildvcs=true", "-o", program, "."}, {program, "demo", "--dir", filepath.Join(folder, "demo")},
	} {
		if out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", command, err, out)
		}
	}
	database, err := os.ReadFile(filepath.Join(folder, "demo", "auditor.db"))
	if err != nil {
		t.Fatal(err)
	}
	writer, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(kept), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(kept, writer.EncodeAll(database, nil), 0o600); err != nil {
		t.Fatal(err)
	}
}
