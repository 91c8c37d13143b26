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
)

func TestFormatsAreReadOnceEach(t *testing.T) {
	got, err := ParseFormats(" md, XLSX,md,jsonl")
	if d := cmp.Diff([]Format{FormatMD, FormatXLSX, FormatJSONL}, got); d != "" || err != nil {
		t.Errorf("error %v, (-want +got):\n%s", err, d)
	}
	for _, text := range []string{"", "md,", "pdf", "md json"} {
		if _, err := ParseFormats(text); err == nil || !strings.Contains(err.Error(), "is none of xlsx, md, json, csv, jsonl") {
			t.Errorf("%q gives %v", text, err)
		}
	}
}

func TestReportHasTheFormatsThatWereAskedFor(t *testing.T) {
	for format, want := range map[Format][]string{
		FormatXLSX:  {fileSums, WorkbookFile, fileManifest},
		FormatMD:    {fileSums, MarkdownFile, fileManifest},
		FormatJSON:  {fileSums, fileJSON, fileManifest},
		FormatJSONL: {fileSums, fileJSONLines, fileManifest},
	} {
		var got []string
		files := contentsOf(t, write(t, t.TempDir(), example(), Options{Formats: []Format{format}}))
		for name := range files {
			got = append(got, name)
		}
		slices.Sort(got)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", format, d)
		}
		for name, text := range files {
			for _, other := range []string{WorkbookFile, fileJSON + ",", fileJSONLines, ".csv"} {
				if name != fileManifest && name != fileSums && !slices.Contains(want, other) && strings.Contains(text, other) {
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
	v := newView(example(), Options{Location: berlin})
	var b bytes.Buffer
	if err := v.writeCSV(&b, v.localized(v.changeTable())); err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(&b).ReadAll()
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
	f := openWorkbookOf(t, v, excelRows)
	for cell, want := range map[string]string{
		"B1": "Taken at (UTC)", "C1": "Taken at (Europe/Berlin)", "B2": "2026-11-23 02:00:00", "C2": "2026-11-23 03:00:00",
	} {
		if got, err := f.GetCellValue("Changes", cell); err != nil || got != want {
			t.Errorf("%s is %q instead of %q (%v)", cell, got, want, err)
		}
	}
	if kind := cellKind(t, f, "Changes", "C2"); kind != "date" {
		t.Errorf("the local time is a %s", kind)
	}
	if text := v.markdown().Evidence.String(); !strings.Contains(text, "| Started at (UTC) | 2026-11-23 02:00:00 |\n| run 7 | Started at (Europe/Berlin) | 2026-11-23 03:00:00 |") {
		t.Errorf("the evidence has no local time:\n%s", text)
	}
	for _, table := range v.csvTables() {
		for i, c := range table.columns {
			if strings.HasSuffix(c.title, inUTC) && table.columns[i+1].title != strings.TrimSuffix(c.title, inUTC)+"(Europe/Berlin)" {
				t.Errorf("%s has no local column beside %s", table.file, c.title)
			}
		}
	}
}

func TestJSONLinesHaveWhatTheJSONHas(t *testing.T) {
	v := newView(example(), Options{})
	var whole, lines bytes.Buffer
	if err := v.writeJSON(&whole); err != nil {
		t.Fatal(err)
	}
	if err := v.writeJSONLines(&lines); err != nil {
		t.Fatal(err)
	}
	var report struct {
		Organizations []map[string]any
		Timeline      []any
		Runs          []any
		Rules         []any
		Trend         []any
		TieOuts       []any `json:"tie_outs"`
	}
	if err := json.Unmarshal(whole.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	want := map[string][]any{"timeline": report.Timeline, "run": report.Runs, "rule": report.Rules, "trend": report.Trend, "tie_out": report.TieOuts}
	for _, o := range report.Organizations {
		for list, kind := range map[string]string{
			"scim_configurations": "scim_configuration", "sso_configurations": "sso_configuration", "changes": "change", "findings": "finding",
			"exceptions": "exception", "exchanges": "exchange",
		} {
			items, _ := o[list].([]any)
			want[kind] = append(want[kind], items...)
			delete(o, list)
		}
		if o["audit_log"] != nil {
			want["audit_log"] = append(want["audit_log"], o["audit_log"])
		}
		delete(o, "audit_log")
		want["organization"] = append(want["organization"], o)
	}
	got := make(map[string][]any)
	count := 0
	for line := range strings.Lines(lines.String()) {
		var l jsonLine
		if err := json.Unmarshal([]byte(line), &l); err != nil || l.RunID != 7 {
			t.Fatalf("%v in %s", err, line)
		}
		if l.Type == "end" {
			if d := cmp.Diff(map[string]any{"lines": float64(count)}, l.Data); d != "" || !strings.HasSuffix(lines.String(), line) {
				t.Errorf("the end: %s", d)
			}
			continue
		}
		count++
		if l.Type != "report" {
			got[l.Type] = append(got[l.Type], l.Data)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-JSON +lines):\n%s", d)
	}
}

func TestReportThatIsWrittenAgainNamesTheNewerVersion(t *testing.T) {
	then := contentsOf(t, write(t, t.TempDir(), example(), Options{ToolVersion: "v1.2.3"}))
	now := contentsOf(t, write(t, t.TempDir(), example(), Options{ToolVersion: "v1.3.0"}))
	unnamed := contentsOf(t, write(t, t.TempDir(), example(), Options{}))
	if d := cmp.Diff(unnamed, then); d != "" {
		t.Errorf("the version of then is named: %s", d)
	}
	const again = "written again by auditor v1.3.0"
	if !strings.Contains(now[MarkdownFile], again) || strings.Contains(then[MarkdownFile], "written again") {
		t.Error("the Markdown does not tell who wrote it")
	}
	for _, name := range []string{fileJSON, fileManifest} {
		if !strings.Contains(now[name], `"report_tool_version": "v1.3.0"`) || !strings.Contains(now[name], `"tool_version": "v1.2.3"`) {
			t.Errorf("%s does not tell who wrote it", name)
		}
	}
	for name := range then {
		if strings.HasSuffix(name, ".csv") && then[name] != now[name] {
			t.Errorf("%s differs", name)
		}
	}
}
