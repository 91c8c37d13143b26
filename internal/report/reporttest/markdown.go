package reporttest

import (
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// MarkdownNodes parses a text as GitHub Flavored Markdown and counts the nodes of each kind except
// texts. It calls each for every node. The only HTML that the text may have is the empty comment
// behind an @.
func MarkdownNodes(t *testing.T, source []byte, each func(ast.Node)) map[string]int {
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
		each(n)
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return nodes
}
