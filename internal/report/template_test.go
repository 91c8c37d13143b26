package report

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"scim-auditor/internal/report/reporttest"
	"scim-auditor/internal/report/table"
)

func parsed(t *testing.T, text string) *Template {
	t.Helper()
	own, err := ParseTemplate("own.md.tmpl", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return own
}

func TestTemplateReadsRowsByTheKeysOfTheirColumns(t *testing.T) {
	v := newReport(example(), Options{ToolVersion: "v2", Template: parsed(t,
		"{{if not .Complete}}{{.RunID}} {{.StartedAt}} {{.ToolVersion}}{{end}}\n"+
			"{{range .Changes.Rows}}{{if eq .severity \"high\"}}- {{.kind}}: {{.subject_name}}\n{{end}}{{end}}"+
			"{{.Changes.Len}} rows, {{len .Changes.Remarks}} remarks\n{{range .Runs.Rows}}{{.outcome}} {{end}}")})
	got := string(file(t, v, MarkdownFile))
	want := "7 2026-11-23 02:00:00 UTC v2\n- removed: Old Okta\n- disabled: Contractors\n4 rows, 3 remarks\nfailed complete complete failed complete complete "
	if got != want {
		t.Errorf("%q instead of %q", got, want)
	}
}

func TestTemplateIsTriedBeforeThereIsAReport(t *testing.T) {
	for text, says := range map[string]string{
		"# Report\n{{.Nope}}":                                   `own.md.tmpl:2:2: executing "own.md.tmpl" at <.Nope>: map has no entry for key "Nope"`,
		"# Report\n\n{{range .Alarms}":                          "own.md.tmpl:3:",
		"{{range .Changes.Rows}}\n{{.nope}}{{end}}":             `own.md.tmpl:2:2: executing "own.md.tmpl" at <.nope>: map has no entry for key "nope"`,
		"{{if .Complete}}\n{{.Nope}}{{end}}":                    "own.md.tmpl:2:",
		"{{if not .Complete}}\n{{.Nope}}{{end}}":                "own.md.tmpl:2:",
		"{{range .Organizations}}{{else}}\n{{.Nope}}{{end}}":    "own.md.tmpl:2:",
		"{{index .Organizations 3}}":                            "own.md.tmpl:1:2: ",
		"{{template \"other\" .}}":                              "own.md.tmpl:1:",
		"{{range .Findings.Remarks}}\n{{.Observed}}{{end}}":     "own.md.tmpl:2:",
		"{{unknown .Changes}}":                                  `own.md.tmpl:1: function "unknown" not defined`,
		"{{define \"row\"}}{{end}}\n{{block \"x\" .}}{{.Nope}}": "own.md.tmpl:2: ",
	} {
		if _, err := ParseTemplate("own.md.tmpl", text, nil); err == nil || !strings.HasPrefix(err.Error(), says) {
			t.Errorf("%q gives %v instead of %s", text, err, says)
		}
	}
}

// TestTheDocumentationHasEveryTableWithItsValues checks the last table in docs/templates.md.
func TestTheDocumentationHasEveryTableWithItsValues(t *testing.T) {
	const path = "../../docs/templates.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const head = "| name | values of a row |\n|---|---|\n"
	before, rest, found := strings.Cut(string(text), head)
	if !found {
		t.Fatal("the document has no table of tables")
	}
	_, after, _ := strings.Cut(rest, "\n\n")
	var b strings.Builder
	r := newReport(&Model{}, Options{})
	m := r.templateData(r.view(FormatMD, markdownRows, fileName))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		markdown, ok := m[name].(table.Markdown)
		if !ok {
			if !strings.Contains(before, "`."+name+"`") {
				t.Errorf("the document does not name .%s", name)
			}
			continue
		}
		keys := slices.Sorted(maps.Keys(markdown.Example().Rows()[0]))
		for i, key := range keys {
			keys[i] = "`." + key + "`"
		}
		fmt.Fprintf(&b, "| `.%s` | %s |\n", name, strings.Join(keys, " "))
	}
	want := before + head + b.String() + "\n" + after
	reporttest.Golden(t, path, want)
}
