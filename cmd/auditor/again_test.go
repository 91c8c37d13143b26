package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestAReportIsTheSameFortyTimes writes the report of one run of the demo again and again, also in
// other time zones and locales: each time it is what the run itself wrote, by the hashes of all
// files. Only the manifest differs, because it says who wrote the folder and when.
func TestAReportIsTheSameFortyTimes(t *testing.T) {
	skipIfShort(t)
	folder, _ := playTheDemo(t)
	sums := func(out string) string {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(out, "*-run-5", "SHA256SUMS"))
		if err != nil || len(files) != 1 {
			t.Fatalf("%s has the reports %v (%v)", out, files, err)
		}
		text, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		return regexp.MustCompile("(?m)^.*  manifest.json\n").ReplaceAllString(string(text), "")
	}
	want := sums(filepath.Join(folder, "reports"))
	report := func(out string) []string {
		return []string{"report", "--run", "5", "--db", filepath.Join(folder, "auditor.db"), "--out", out}
	}
	for range 32 {
		out := t.TempDir()
		if code := run(t.Context(), environment{
			args: report(out), getenv: func(string) string { return "" }, stdout: io.Discard, stderr: os.Stderr, now: time.Now,
		}); code != exitComplete {
			t.Fatalf("exit code %d", code)
		}
		if d := cmp.Diff(want, sums(out)); d != "" {
			t.Fatalf("(-run +report):\n%s", d)
		}
	}
	for _, zone := range []string{"America/St_Johns", "Asia/Kolkata", "Pacific/Apia", "UTC"} {
		for _, locale := range []string{"tr_TR.UTF-8", "de_DE.UTF-8"} {
			out := t.TempDir()
			p := newProcess(t, t.TempDir(), []string{"TZ=" + zone, "LANG=" + locale, "LC_ALL=" + locale}, report(out)...)
			if code := p.execute(t); code != exitComplete {
				t.Fatalf("exit code %d\n%s", code, &p.stderr)
			}
			if d := cmp.Diff(want, sums(out)); d != "" {
				t.Errorf("%s, %s (-run +report):\n%s", zone, locale, d)
			}
		}
	}
}

// TestTheDemosReportsAreAsTheirSchemasSay has the schemas in docs hold the JSON of every night and
// of the period.
func TestTheDemosReportsAreAsTheirSchemasSay(t *testing.T) {
	skipIfShort(t)
	folder, _ := playTheDemo(t)
	reports := filepath.Join(folder, "reports")
	if code := run(t.Context(), environment{
		args: []string{
			"report", "--db", filepath.Join(folder, "auditor.db"), "--out", reports, "--from", "2026-11-16", "--to", "2026-11-22", "--formats", "json",
		},
		getenv: func(string) string { return "" }, stdout: io.Discard, stderr: os.Stderr, now: time.Now,
	}); code != exitComplete {
		t.Fatalf("exit code %d", code)
	}
	checkSchema(t, "audit.schema.json", filepath.Join(reports, "2026-*", "audit.json"), 7)
	checkSchema(t, "period.schema.json", filepath.Join(reports, "2026-*", "period.json"), 1)
}

// checkSchema checks the reports at the paths of a pattern, whose number must be this.
func checkSchema(t *testing.T, name, pattern string, count int) {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile("../../docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	reports, err := filepath.Glob(pattern)
	if err != nil || len(reports) != count {
		t.Fatalf("%d reports (%v)", len(reports), err)
	}
	for _, path := range reports {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		report, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(report); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if bytes.Contains(text, []byte("does not tie")) {
			t.Errorf("%s has a count that does not tie", path)
		}
	}
}
