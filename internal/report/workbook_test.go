package report

import (
	"archive/zip"
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"scim-auditor/internal/report/reporttest"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

func TestWorkbookHasNeitherFormulaNorLinkNorMacro(t *testing.T) {
	m := example()
	m.Organizations[0].SCIM[0].Name = `=HYPERLINK("https://evil.example")`
	for name, text := range reporttest.Parts(t, workbook(t, m)) {
		if strings.HasPrefix(name, "xl/worksheets/sheet") &&
			(strings.Contains(text, "<f>") || strings.Contains(text, "r:id=\"rIdHyperlink") ||
				strings.Contains(text, "<mergeCell")) {
			t.Errorf("%s has a formula, a hyperlink or merged cells", name)
		}
		if strings.Contains(text, "TargetMode=\"External\"") || strings.Contains(name, "vba") {
			t.Errorf("%s links outside or holds a macro", name)
		}
	}
}

func TestSameModelGivesTheSameBytes(t *testing.T) {
	first := workbook(t, example())
	for range 5 {
		if !bytes.Equal(first, workbook(t, example())) {
			t.Fatal("the workbook differs from the one before")
		}
	}
}

func TestWorkbookIsOfTheRunAndItsTime(t *testing.T) {
	archive := workbook(t, example())
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range r.File {
		if !f.Modified.Equal(tonight) {
			t.Errorf("%s is of %s instead of %s", f.Name, f.Modified, tonight)
		}
		if i > 0 && r.File[i-1].Name >= f.Name {
			t.Errorf("%s stands before %s", r.File[i-1].Name, f.Name)
		}
	}
	properties, err := openWorkbook(t, example()).GetDocProps()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(&excelize.DocProperties{
		Title: reportTitle, Subject: "Run 7 of 2026-11-23 02:00:00 UTC: NOT COMPLETE: 1 of 3 organizations could not be collected: Cedar.",
		Creator: "auditor v1.2.3", LastModifiedBy: "auditor v1.2.3", Identifier: "7", Language: "en",
		Created: "2026-11-23T02:00:00Z", Modified: "2026-11-23T02:00:00Z",
	}, properties); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestDataSheetsAreTablesWithAFrozenHeader(t *testing.T) {
	f := openWorkbook(t, example())
	for _, sheet := range []string{"Changes", "Inventory", "SSO", "Domains", "Findings", "Rules", "Timeline", "Runs",
		"Glossary"} {
		tables, err := f.GetTables(sheet)
		if err != nil || len(tables) != 1 {
			t.Errorf("%s has %d tables (%v)", sheet, len(tables), err)
		}
		if panes, err := f.GetPanes(sheet); err != nil || !panes.Freeze || panes.XSplit != 1 || panes.YSplit != 1 {
			t.Errorf("%s: header and id column are not frozen: %+v (%v)", sheet, panes, err)
		}
		layout, err := f.GetPageLayout(sheet)
		if err != nil || *layout.Orientation != "landscape" || *layout.FitToWidth != 1 {
			t.Errorf("%s is not printed one page wide in landscape (%v)", sheet, err)
		}
	}
}

func TestTableWithoutRowsIsAHeaderAndTheReason(t *testing.T) {
	m := example()
	m.Organizations = m.Organizations[:1]
	m.Organizations[0].Changes, m.Timeline = nil, nil
	f := openWorkbook(t, m)
	if tables, err := f.GetTables("Changes"); err != nil || len(tables) != 0 {
		t.Errorf("Changes has %d tables (%v)", len(tables), err)
	}
	rows := rowsOfSheet(t, f, "Changes")
	if got, want := rows[len(rows)-1][0], "Acme: no changes since the baseline snapshot taken at 2026-11-22 02:00:00 UTC"; got != want || len(rows) != 3 {
		t.Errorf("the last of %d rows says %q instead of %q", len(rows), got, want)
	}
}

func TestTheChartsOfTheSummaryStandBesideEachOther(t *testing.T) {
	drawing := reporttest.Parts(t, workbook(t, example()))["xl/drawings/drawing1.xml"]
	anchors := regexp.MustCompile(`<xdr:from><xdr:col>(\d+)</xdr:col>.*?<xdr:to><xdr:col>(\d+)</xdr:col>`).
		FindAllStringSubmatch(drawing, -1)
	if len(anchors) != 3 {
		t.Fatalf("%d charts", len(anchors))
	}
	for i, anchor := range anchors[1:] {
		from, _ := strconv.Atoi(anchor[1])
		if to, _ := strconv.Atoi(anchors[i][2]); to >= from {
			t.Errorf("chart %d ends in column %d, the next one begins in column %d", i+1, to, from)
		}
	}
}

func TestRunThatIsNotCompleteLeavesAGapInTheTrend(t *testing.T) {
	f := openWorkbook(t, example())
	found := false
	for _, row := range rowsOfSheet(t, f, "Trend") {
		if len(row) > 1 && row[1] == "4: failed" {
			found = true
			if len(row) != 3 || !strings.HasPrefix(row[2], "interrupted: ") {
				t.Errorf("the failed run has numbers, or not why it has none: %q", row)
			}
		}
	}
	if !found {
		t.Error("the failed run is not in the trend")
	}
}

func TestDatesThatExcelCannotCountStayText(t *testing.T) {
	m := example()
	m.Organizations[0].SCIM[0].CreatedAt = time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC)
	f := openWorkbook(t, m)
	column := newReport(m, Options{}).inventory.Column("created_at") + 1
	cell, err := excelize.CoordinatesToCellName(column, 2)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.GetCellValue("Inventory", cell); err != nil || got != "1601-01-01 00:00:00" ||
		cellKind(t, f, "Inventory", cell) != "text" {
		t.Errorf("shown as %q (%v)", got, err)
	}
}

func TestAGapIsARowOfTheRegister(t *testing.T) {
	m := example()
	at := func(day int) time.Time { return time.Date(2026, 11, day, 2, 0, 0, 0, time.UTC) }
	m.Nights = []schedule.Night{
		{ScheduledAt: at(16), Status: schedule.Complete},
		{ScheduledAt: at(17), Last: at(18), Nights: 2, Status: schedule.Missed},
		{ScheduledAt: at(19), Status: schedule.Failed},
		{ScheduledAt: at(20), Status: schedule.Missed},
	}
	for _, wrong := range []bool{false, true} {
		m.Runs = append(m.Runs, snapshot.Run{StartedAt: at(17), ClockWrong: wrong})
		var got []string
		for _, row := range newReport(m, Options{}).runs.Rows {
			if row.Cells[1] == Word(schedule.Missed) {
				got = append(got, table.Shown(row.Cells[4])+" "+table.Shown(row.Cells[11]))
			}
		}
		started := "no run started"
		if wrong {
			started += " by a right and confirmed clock"
		}
		want := []string{
			"2026-11-20 02:00:00 " + started, "2026-11-17 02:00:00 " + started +
				" on 2 nights, the last at 2026-11-18 02:00:00 UTC",
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
}

func TestTenThousandConfigurationsHaveARowEach(t *testing.T) {
	m := example()
	scim := make([]snapshot.SCIMConfiguration, 10_000)
	for i := range scim {
		scim[i] = scimConfiguration(i, fmt.Sprint("configuration ", i), "", tonight)
	}
	m.Organizations[0].SCIM = scim
	sheet := reporttest.Parts(t, workbook(t, m))["xl/worksheets/sheet4.xml"]
	// The header, the rows of Acme, the row of Birch, and two lines about Cedar.
	if n := strings.Count(sheet, "<row "); n != 1+10_000+1+2 {
		t.Errorf("the sheet Inventory has %d rows", n)
	}
}
