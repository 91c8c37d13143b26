package period

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"scim-auditor/internal/evidence"
	"scim-auditor/internal/report"
	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/report/reporttest"
	"scim-auditor/internal/snapshot"
)

func TestPeriodSaysWhatItsNightsFound(t *testing.T) {
	d := readPeriod(t, nightsOfNovember(t), inNovember(6))
	// The links depend on the random id of the database.
	chain := regexp.MustCompile(`[0-9a-f]{64}|[0-9a-f]{32}\b`)
	reporttest.Golden(t, "testdata/period.md", chain.ReplaceAllString(string(file(t, d, "period.md")), "LINK"))
	var b strings.Builder
	for _, name := range []string{"population.csv", "nights.csv", "sample.csv", "findings.csv", "exceptions.csv"} {
		fmt.Fprintf(&b, "-- %s --\n%s", name, file(t, d, name))
	}
	reporttest.Golden(t, "testdata/period.csv.txt", strings.ReplaceAll(b.String(), "\r\n", "\n"))
}

func TestPopulationsOfAPeriodTieOut(t *testing.T) {
	d := readPeriod(t, nightsOfNovember(t), inNovember(6))
	for _, tie := range d.tieOuts() {
		name := d.names.Of(tie.Organization)
		if tie.Verdict == report.DoesNotTie || tie.Verdict == report.NotChecked && name != "=Birch|" {
			t.Errorf("%s: %s: %v, %v: %s %s", name, tie.Check, tie.First, tie.Second, tie.Verdict, tie.Remark)
		}
	}
	want := []string{
		"Acme Nights expected 6", "Acme Nights complete 3", "Acme Nights caught up 1", "Acme Nights failed 1",
		"Acme Nights missed 1",
	}
	counts := rowsOf(d.sheet("Population"), "organization", "population", "item", "count")
	got := slices.DeleteFunc(counts, func(row string) bool { return !strings.HasPrefix(row, "Acme Nights ") })
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// workbook opens the workbook of a period.
func workbook(t *testing.T, d *document) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(file(t, d, "period.xlsx")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestWorkbookOfAPeriodHasTypedCells(t *testing.T) {
	f := workbook(t, readPeriod(t, nightsOfNovember(t), inNovember(6)))
	want := []string{
		"Summary", "Population", "Nights", "Sample", "Net change", "Changes", "Findings", "Exceptions", "Snapshots", "Runs",
		"Reviews", "Evidence", "Glossary",
	}
	if d := cmp.Diff(want, f.GetSheetList()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for _, c := range []struct{ sheet, cell, value string }{
		{"Summary", "A3", "NOT COMPLETE: 2 of 8 expected nights of 2 organizations without a complete snapshot; not assessed in full: SSO in 2 nights."},
		{"Nights", "A2", "2026-11-05 02:00:00"},
		{"Nights", "C2", "=Birch|"},
		{"Nights", "D2", "caught up"},
		{"Population", "E2", "6"},
		{"Population", "E7", "2"},
	} {
		if got, err := f.GetCellValue(c.sheet, c.cell); got != c.value || err != nil {
			t.Errorf("%s!%s is %q, %v, want %q", c.sheet, c.cell, got, err, c.value)
		}
	}
	for _, cell := range []string{"A2", "K2", "M2"} {
		if kind, err := f.GetCellType("Nights", cell); kind != excelize.CellTypeUnset || err != nil {
			t.Errorf("Nights!%s is no number: type %d, %v", cell, kind, err)
		}
	}
}

func TestReportOfAPeriodIsTheSameAtAnyTime(t *testing.T) {
	store := nightsOfNovember(t)
	write := func(now time.Time) map[string]string {
		span := inNovember(6)
		span.Now = now
		path, _, err := Write(t.TempDir(), read(t, store, span), report.Options{Formats: allFormats})
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(path) != "2026-11-01--2026-11-06-period" {
			t.Errorf("folder %s", path)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("folder %v, %v", info.Mode(), err)
		}
		return reporttest.Contents(t, path)
	}
	before := write(november(20))
	visit(t, store, snapshot.Run{StartedAt: november(21), Trigger: "manual"}, acmeWith())
	after := write(november(28))
	after[evidence.SumsFile] = before[evidence.SumsFile] // it has the hash of the manifest
	after[folder.ManifestFile] = strings.Replace(after[folder.ManifestFile], `"ledger_number": 26`, `"ledger_number": 23`,
		1)
	if d := cmp.Diff(before, after); d != "" {
		t.Errorf("(-before +after):\n%s", d)
	}
	for _, name := range []string{
		"period.xlsx", "period.md", "period.json", "period.jsonl", "nights.csv", folder.ManifestFile, evidence.SumsFile,
	} {
		if before[name] == "" {
			t.Errorf("no file %s", name)
		}
	}
}

func TestThePeriodsFilesAreThoseOfTheFormats(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	opts := report.Options{Formats: []report.Format{report.FormatCSV}, Location: zone}
	path, _, err := Write(t.TempDir(), read(t, nightsOfNovember(t), inNovember(6)), opts)
	if err != nil {
		t.Fatal(err)
	}
	files := reporttest.Contents(t, path)
	if files["period.xlsx"] != "" || files["period.json"] != "" {
		t.Errorf("files that are not of the format: %d", len(files))
	}
	nights := files["nights.csv"]
	for _, want := range []string{"night,night_local,", "2026-11-01T02:00:00Z,2026-11-01T03:00:00+01:00,"} {
		if !strings.Contains(nights, want) {
			t.Errorf("no local times in %s", nights)
		}
	}
}

func TestJSONOfAPeriodHasEveryRowAndTheLinesToo(t *testing.T) {
	d := readPeriod(t, nightsOfNovember(t), inNovember(6))
	var report map[string]json.RawMessage
	if err := json.Unmarshal(file(t, d, "period.json"), &report); err != nil {
		t.Fatal(err)
	}
	byType := make(map[string]int)
	for line := range strings.Lines(string(file(t, d, "period.jsonl"))) {
		var l struct{ Type string }
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		byType[l.Type]++
	}
	for _, table := range d.tables {
		var rows []map[string]any
		if err := json.Unmarshal(report[table.Key], &rows); err != nil {
			t.Fatalf("%s: %v", table.Name, err)
		}
		if len(rows) != len(table.Rows) || byType[table.Key] != len(table.Rows) {
			t.Errorf("%s has %d rows, %d in the JSON, %d lines", table.Name, len(table.Rows), len(rows), byType[table.Key])
		}
	}
	var night struct{ Night, Organization, Status string }
	var nights []json.RawMessage
	if err := errors.Join(json.Unmarshal(report["nights"], &nights), json.Unmarshal(nights[0], &night)); err != nil {
		t.Fatal(err)
	}
	if night.Night != "2026-11-05T02:00:00Z" || night.Organization != "=Birch|" || night.Status != "caught_up" {
		t.Errorf("the first night is %+v", night)
	}
}

// TestTheSampleCanBeDrawnAgain repeats the draw from nights.csv as the report describes it.
func TestTheSampleCanBeDrawnAgain(t *testing.T) {
	d := readPeriod(t, nightsOfNovember(t), inNovember(6))
	rows, err := csv.NewReader(bytes.NewReader(file(t, d, "nights.csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.Index(rows[0], "night")
	keys := make(map[string]string)
	for _, row := range rows[1:] {
		sum := sha256.Sum256([]byte(fmt.Sprintf("%d|%s", 2026110120261106, row[at])))
		keys[hex.EncodeToString(sum[:])] = row[at]
	}
	var want []string
	order := make([]string, 0, len(keys))
	for key := range keys {
		order = append(order, key)
	}
	slices.Sort(order)
	for _, key := range order[:3] {
		want = append(want, keys[key]+" "+key)
	}
	if d := cmp.Diff(want, rowsOf(d.sheet("Sample"), "night", "sample_key")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	d.Sample = 100
	if got := len(newDocument(d.Period, d.Options).sheet("Sample").Rows); got != 6 {
		t.Errorf("a sample of 100 from 6 nights has %d", got)
	}
}
