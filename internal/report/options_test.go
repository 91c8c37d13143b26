package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/evidence"
	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/report/reporttest"
	"scim-auditor/internal/report/table"
)

func TestFormatsAreReadOnceEach(t *testing.T) {
	got, err := ParseFormats(" md, XLSX,md,jsonl")
	if d := cmp.Diff([]Format{FormatMD, FormatXLSX, FormatJSONL}, got); d != "" || err != nil {
		t.Errorf("error %v, (-want +got):\n%s", err, d)
	}
	for _, text := range []string{"", "md,", "pdf", "md json"} {
		if _, err := ParseFormats(text); err == nil ||
			!strings.Contains(err.Error(), "is none of xlsx, html, md, json, csv, jsonl, ocsf") {
			t.Errorf("%q gives %v", text, err)
		}
	}
}

func TestReportHasTheFormatsThatWereAskedFor(t *testing.T) {
	for format, want := range map[Format][]string{
		FormatXLSX:  {evidence.SumsFile, WorkbookFile, folder.ManifestFile},
		FormatMD:    {evidence.SumsFile, MarkdownFile, folder.ManifestFile},
		FormatJSON:  {evidence.SumsFile, "audit.json", folder.ManifestFile},
		FormatJSONL: {evidence.SumsFile, "audit.jsonl", folder.ManifestFile},
	} {
		var got []string
		files := reporttest.Contents(t, write(t, t.TempDir(), example(), Options{Formats: []Format{format}}))
		for name := range files {
			got = append(got, name)
		}
		slices.Sort(got)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", format, d)
		}
		for name, text := range files {
			for _, other := range []string{WorkbookFile, "audit.json" + ",", "audit.jsonl", ".csv"} {
				if name != folder.ManifestFile && name != evidence.SumsFile && !slices.Contains(want, other) &&
					strings.Contains(text, other) {
					t.Errorf("%s names %s, which was not written", name, other)
				}
			}
		}
	}
}

func TestZoneAddsAColumnBesideEachInUTC(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	v := newReport(example(), Options{Location: berlin})
	records, err := csv.NewReader(bytes.NewReader(file(t, v, "changes.csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.Index(records[0], "taken_at")
	if d := cmp.Diff([]string{"taken_at", "taken_at_local"}, records[0][at:at+2]); d != "" {
		t.Fatal(d)
	}
	if d := cmp.Diff([]string{"2026-11-23T02:00:00Z", "2026-11-23T03:00:00+01:00"}, records[1][at:at+2]); d != "" {
		t.Error(d)
	}
	f := openWorkbookOf(t, v)
	for cell, want := range map[string]string{
		"B1": "Taken at (UTC)", "C1": "Taken at (Europe/Berlin)", "B2": "2026-11-22 02:00:00", "C2": "2026-11-22 03:00:00",
	} {
		if got, err := f.GetCellValue("Timeline", cell); err != nil || got != want {
			t.Errorf("%s is %q instead of %q (%v)", cell, got, want, err)
		}
	}
	if kind := cellKind(t, f, "Timeline", "C2"); kind != "date" {
		t.Errorf("the local time is a %s", kind)
	}
	const times = "| Started at (UTC) | 2026-11-23 02:00:00 |\n" +
		"| run 7 | Started at (Europe/Berlin) | 2026-11-23 03:00:00 |"
	shown := v.templateData(v.view(FormatMD, markdownRows, fileName))
	if text := shown["Evidence"].(table.Markdown).String(); !strings.Contains(text, times) {
		t.Errorf("the evidence has no local time:\n%s", text)
	}
	for _, one := range v.csvTables() {
		for i, c := range one.Columns {
			name, instants := strings.CutSuffix(c.Title, table.InUTC)
			if instants && one.Columns[i+1].Title != name+"(Europe/Berlin)" {
				t.Errorf("%s has no local column beside %s", one.File, c.Title)
			}
		}
	}
}

func TestJSONLinesHaveWhatTheJSONHas(t *testing.T) {
	r := newReport(example(), Options{})
	var report map[string]any
	if err := json.Unmarshal(file(t, r, "audit.json"), &report); err != nil {
		t.Fatal(err)
	}
	want := make(map[string][]any)
	for key, list := range report {
		if rows, isArray := list.([]any); isArray && key != "alarms" && len(rows) > 0 {
			want[key] = rows
		}
	}
	got := make(map[string][]any)
	for line := range bytes.Lines(file(t, r, "audit.jsonl")) {
		var l struct {
			Type string
			Data map[string]any
		}
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatal(err)
		}
		if l.Type == "report" || l.Type == "end" {
			continue
		}
		if l.Data["run_id"] != float64(7) || l.Data["snapshot_outcome"] == nil {
			t.Errorf("a line does not say its run: %s", line)
		}
		delete(l.Data, "run_id")
		delete(l.Data, "snapshot_outcome")
		got[l.Type] = append(got[l.Type], l.Data)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-JSON +lines):\n%s", d)
	}
}

func TestReportThatIsWrittenAgainNamesTheNewerVersion(t *testing.T) {
	then := reporttest.Contents(t, write(t, t.TempDir(), example(), Options{ToolVersion: "v1.2.3"}))
	now := reporttest.Contents(t, write(t, t.TempDir(), example(), Options{ToolVersion: "v1.3.0"}))
	unnamed := reporttest.Contents(t, write(t, t.TempDir(), example(), Options{}))
	if d := cmp.Diff(unnamed, then); d != "" {
		t.Errorf("the version of then is named: %s", d)
	}
	const again = "auditor v1.3.0 wrote this report again"
	if !strings.Contains(now[MarkdownFile], again) || strings.Contains(then[MarkdownFile], "wrote this report again") {
		t.Error("the Markdown does not tell who wrote it")
	}
	for _, name := range []string{"audit.json", folder.ManifestFile} {
		if !strings.Contains(now[name], `"report_tool_version": "v1.3.0"`) ||
			!strings.Contains(now[name], `"tool_version": "v1.2.3"`) {
			t.Errorf("%s does not tell who wrote it", name)
		}
	}
	for name := range then {
		if strings.HasSuffix(name, ".csv") && then[name] != now[name] {
			t.Errorf("%s differs", name)
		}
	}
}
