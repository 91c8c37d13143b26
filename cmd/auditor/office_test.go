package main

import (
	"context"
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"
)

// TestLibreOfficeReadsTheWorkbook has the demo's newest workbook read by a program that is not
// ours: every sheet is there, with its rows, and dates are dates.
func TestLibreOfficeReadsTheWorkbook(t *testing.T) {
	skipIfShort(t)
	office, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("LibreOffice (soffice) is not installed")
	}
	folder, _ := playTheDemo(t)
	sheets := readByOffice(t, office, filepath.Join(folder, "reports", "latest", "audit.xlsx"))
	for _, name := range []string{"Summary", "Changes", "Inventory", "SSO", "Domains", "Findings", "Rules", "Timeline", "Runs", "Evidence", "Glossary"} {
		if len(sheets[name]) == 0 {
			t.Errorf("the sheet %s is missing or empty", name)
		}
	}
	s := &site{t: t, folder: folder}
	want := s.query("SELECT id FROM scim_configurations WHERE snapshot_id IN (SELECT id FROM snapshots WHERE run_id = 7)")
	inventory := sheets["Inventory"]
	created := slices.Index(inventory[0], "Created at (UTC)")
	if created < 0 {
		t.Fatalf("the header of Inventory is %q", inventory[0])
	}
	date := regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$`)
	var got []string
	for _, row := range inventory[1:] {
		if !slices.Contains(want, row[0]) {
			continue // a remark beneath the table
		}
		got = append(got, row[0])
		if !date.MatchString(row[created]) {
			t.Errorf("%s was created at %q, which is no date", row[0], row[created])
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the Inventory has %d configurations, the database %d", len(got), len(want))
	}
}

// readByOffice has LibreOffice write each sheet of a workbook as a CSV file, with the cells as it
// shows them.
func readByOffice(t *testing.T, office, workbook string) map[string][][]string {
	t.Helper()
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	// The last number of the filter's tokens asks for every sheet:
	// https://help.libreoffice.org/latest/en-US/text/shared/guide/csv_params.html
	convert := exec.CommandContext(ctx, office, "-env:UserInstallation=file://"+filepath.ToSlash(filepath.Join(dir, "profile")), "--headless",
		"--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1", "--outdir", dir, workbook)
	if out, err := convert.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	files, err := filepath.Glob(filepath.Join(dir, "audit-*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatalf("LibreOffice wrote no sheet (error %v)", err)
	}
	sheets := make(map[string][][]string)
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		reader := csv.NewReader(f)
		reader.FieldsPerRecord = -1
		rows, err := reader.ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(file)
		sheets[name[len("audit-"):len(name)-len(".csv")]] = rows
	}
	return sheets
}
