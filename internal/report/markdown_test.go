package report

import (
	"bytes"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"

	"scim-auditor/internal/report/reporttest"
)

// shape counts the nodes of a text in Markdown, and returns the cells of each table row.
func shape(t *testing.T, source []byte) (nodes map[string]int, rows [][]string) {
	t.Helper()
	nodes = reporttest.MarkdownNodes(t, source, func(n ast.Node) {
		if n.Kind() == east.KindTableRow {
			var cells []string
			for cell := n.FirstChild(); cell != nil; cell = cell.NextSibling() {
				cells = append(cells, cellTextOf(cell, source))
			}
			rows = append(rows, cells)
		}
	})
	return nodes, rows
}

// TestGitHubsParserFindsNothingInHostileNamesEither renders the report with the program cmark-gfm.
func TestGitHubsParserFindsNothingInHostileNamesEither(t *testing.T) {
	cmark, err := exec.LookPath("cmark-gfm")
	if err != nil {
		t.Skip("the program cmark-gfm is not installed")
	}
	text := file(t, newReport(hostileModel(), Options{}), MarkdownFile)
	render := exec.CommandContext(t.Context(), cmark, "--unsafe", "-e", "table", "-e", "autolink", "-e", "strikethrough",
		"-e", "tasklist")
	render.Stdin = bytes.NewReader(text)
	html, err := render.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range regexp.MustCompile(`</?([a-z][a-z0-9]*)[^>]*>`).FindAllStringSubmatch(string(html), -1) {
		if !slices.Contains([]string{"h1", "h2", "h3", "p", "strong", "ul", "li", "table", "thead", "tbody", "tr", "th",
			"td"}, tag[1]) {
			t.Errorf("the rendered report has %s", tag[0])
		}
	}
	if cells := strings.Count(string(html), "<td>"); cells < 500 {
		t.Errorf("the rendered report has %d cells", cells)
	}
}

// cellTextOf returns the text that a reader of the rendered cell sees.
func cellTextOf(cell ast.Node, source []byte) string {
	var b strings.Builder
	for n := cell.FirstChild(); n != nil; n = n.NextSibling() {
		if leaf, ok := n.(*ast.Text); ok {
			b.Write(leaf.Segment.Value(source))
			if leaf.SoftLineBreak() {
				b.WriteByte('\n')
			}
		}
	}
	return unescape(b.String())
}

// unescape removes the backslashes that a renderer does not show.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && strings.IndexByte("\\|<>&*_[]!~#`$:.-+)", s[i+1]) >= 0 {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// lineBreaks become spaces in Markdown.
var lineBreaks = strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\v", " ", "\f", " ", "\u0085", " ",
	"\u2028", " ", "\u2029", " ")

// shownInMarkdown returns a name as a cell shows it: with visible characters, and at most 300 of it
// on the complete lists, 160 on the first page.
func shownInMarkdown(name string, onFirstPage bool) string {
	most := 300
	if onFirstPage {
		most = 159
	}
	if runes := []rune(name); len(runes) > most {
		name = string(runes[:most]) + "…"
	}
	return strings.TrimSpace(Visible(lineBreaks.Replace(name)))
}

// TestHostileNamesCannotBreakOutOfMarkdown parses the report. With hostile names it must have the
// same parts as with plain ones, and the cell must show the name with hidden characters made
// visible.
func TestHostileNamesCannotBreakOutOfMarkdown(t *testing.T) {
	render := func(m *Model) []byte { return file(t, newReport(m, Options{}), MarkdownFile) }
	wantNodes, wantRows := shape(t, render(named("plain")))
	for _, name := range reporttest.HostileNames {
		nodes, rows := shape(t, render(named(name)))
		if d := cmp.Diff(wantNodes, nodes); d != "" {
			t.Errorf("%.60q changes the parts of the report (-plain +hostile):\n%s", name, d)
		}
		if len(rows) != len(wantRows) {
			t.Errorf("%.60q: %d rows instead of %d", name, len(rows), len(wantRows))
			continue
		}
		for i := range rows {
			if len(rows[i]) != len(wantRows[i]) {
				t.Errorf("%.60q: %d cells instead of %d in row %d", name, len(rows[i]), len(wantRows[i]), i)
			} else if got := rows[i][0]; wantRows[i][0] == "plain" && got != shownInMarkdown(name, true) &&
				got != shownInMarkdown(name, false) {
				t.Errorf("%.60q reads %.60q", name, rows[i][0])
			}
		}
	}
	// All hostile names at once, with the same organizations.
	m := example()
	for i := range m.Organizations {
		m.Organizations[i].Snapshot.OrganizationName = "plain"
	}
	m.Organizations[0].SCIM = hostileModel().Organizations[0].SCIM
	for i := range m.Organizations[0].SCIM {
		m.Organizations[0].SCIM[i].Name = "plain"
	}
	wantNodes, _ = shape(t, render(m))
	nodes, _ := shape(t, render(hostileModel()))
	if d := cmp.Diff(wantNodes, nodes); d != "" {
		t.Errorf("hostile names everywhere change the parts of the report (-plain +hostile):\n%s", d)
	}
}
