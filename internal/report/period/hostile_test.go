package period

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// hostileNames try to break out of their cell or line in one of the files.
var hostileNames = []string{
	`=HYPERLINK("https://evil.example","click")`,
	`+1+1`,
	`-2+3`,
	`- an item`,
	`10) of a list`,
	`@SUM(A1)`,
	"\t=1",
	"\r=1",
	"＝1+1",
	"a | b | c",
	"line one\n| forged | row |",
	"line one\r\n## Forged heading",
	"page\u2028separator",
	`<script>alert(1)</script>`,
	`<!-- comment`,
	"`code` ``more``",
	`[click](https://evil.example) ![img](x)`,
	`**bold** __under__ ~~gone~~ # heading`,
	`back\slash \| pipe`,
	"right\u202eto\u2066left",
	"zero\u200bwidth\ufeff\u00ad",
	"_x0041_ and _x005F_x0041_ and _x0041_x0042_",
	"bell\a and null\x00",
	`&amp; &lt;b&gt;`,
	"https://evil.example www.evil.example",
	`'quote "double", comma;`,
	strings.Repeat("long😀", 9_000),
	"\x1b[31mred\x1b[0m \x1b]0;title\a \u009b2J",
	"invalid \xff\xfe UTF-8",
	"</t></is></c><c r=\"A1\"><f>1+1</f></c> ]]> <![CDATA[",
	"a,b;c\td\"e\"",
	"$x^2$ :smile: @team ~~~ ```\n``` <b>1. - + ---",
	"http://evil.example mailto:a@evil.example a@evil.example",
}

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

// shape counts the parts of a Markdown document by their kind. The only HTML it may have is the
// empty comment behind an @.
func shape(t *testing.T, source []byte) map[string]int {
	t.Helper()
	nodes := make(map[string]int)
	document := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	err := ast.Walk(document, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
		case *ast.RawHTML:
			if comment := string(n.Segments.Value(source)); comment != "<!-- -->" {
				t.Errorf("the report has the HTML %s", comment)
			}
		default:
			nodes[n.Kind().String()]++
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return nodes
}

// checkPackage checks that the XML of a workbook has no formulas, external links or macros.
func checkPackage(t *testing.T, workbook []byte) {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(workbook), int64(len(workbook)))
	if err != nil {
		t.Fatal(err)
	}
	forbidden := []string{"f", "hyperlink", "mergeCell", "oleObject", "externalReference", "control"}
	for _, part := range archive.File {
		in, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		for d := xml.NewDecoder(in); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", part.Name, err)
			}
			e, is := token.(xml.StartElement)
			if is && e.Name.Local == "hyperlink" && slices.ContainsFunc(e.Attr, func(a xml.Attr) bool { return a.Name.Local == "location" }) {
				continue // to a sheet
			}
			if is && slices.Contains(forbidden, e.Name.Local) {
				t.Errorf("%s has a <%s>", part.Name, e.Name.Local)
			}
		}
	}
}

func TestHostileNamesCannotBreakOutOfTheFilesOfAPeriod(t *testing.T) {
	p := readPeriod(t, nightsOfNovember(t), inNovember(6)).Period
	named := func(name string) *document {
		p.rename(name)
		return newDocument(p, everyFormat)
	}
	for _, name := range hostileNames {
		plain := strings.Repeat("x", utf8.RuneCountInString(name)) // long names leave room for fewer rows
		want := shape(t, file(t, named(plain), "period.md"))
		d := named(name)
		if d := cmp.Diff(want, shape(t, file(t, d, "period.md"))); d != "" {
			t.Errorf("%.60q changes the parts of the Markdown (-plain +hostile):\n%s", name, d)
		}
		checkPackage(t, file(t, d, "period.xlsx"))
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
