package period

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark/ast"

	"scim-auditor/internal/report/reporttest"
)

// rename puts a text in each field that the API or an exception can set.
func (p *Period) rename(text string) {
	for i, o := range p.organizations {
		o.name, p.names.Organizations[i] = text, text
		for j := range o.changes {
			c := &o.changes[j]
			c.SubjectName, c.Before, c.AfterLabel, c.ActorID, c.Note = text, text, text, text, text
		}
		for j := range o.net.changes {
			o.net.changes[j].SubjectName, o.net.changes[j].After = text, text
		}
		for j := range o.findings {
			o.findings[j].SubjectName, o.findings[j].Observed = text, text
		}
		for j := range o.exceptions {
			o.exceptions[j].Owner, o.exceptions[j].Reason, o.exceptions[j].Ticket = text, text, text
		}
		for _, s := range o.snapshots {
			s.ErrorCode, s.Error, s.Principal, s.BaseURL = "", text, text, text
		}
	}
	for _, r := range p.runs {
		r.Error, r.Host = text, text
	}
}

func TestHostileNamesCannotBreakOutOfTheFilesOfAPeriod(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes long under the race detector, and does nothing at the same time")
	}
	p := readPeriod(t, nightsOfNovember(t), inNovember(6)).Period
	named := func(name string) *document {
		p.rename(name)
		return newDocument(p, everyFormat)
	}
	for _, name := range reporttest.HostileNames {
		plain := strings.Repeat("x", utf8.RuneCountInString(name)) // long names leave room for fewer rows
		nodes := func(d *document) map[string]int {
			return reporttest.MarkdownNodes(t, file(t, d, "period.md"), func(ast.Node) {})
		}
		want := nodes(named(plain))
		d := named(name)
		if d := cmp.Diff(want, nodes(d)); d != "" {
			t.Errorf("%.60q changes the parts of the Markdown (-plain +hostile):\n%s", name, d)
		}
		reporttest.CheckPackage(t, file(t, d, "period.xlsx"))
		for _, sheet := range d.tables {
			records, err := csv.NewReader(bytes.NewReader(file(t, d, sheet.File))).ReadAll()
			if err != nil {
				t.Fatalf("%s: %v", sheet.File, err)
			}
			for _, cell := range slices.Concat(records...) {
				if strings.ContainsAny(cell[:min(len(cell), 1)], "=+@\t\r") {
					t.Errorf("%.60q begins a cell of %s: %.60q", name, sheet.File, cell)
				}
			}
		}
	}
}
