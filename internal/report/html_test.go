package report

import (
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"scim-auditor/internal/report/reporttest"
)

// page returns the parsed HTML file of a model.
func page(t *testing.T, m *Model) *html.Node {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(file(t, newReport(m, Options{}), HTMLFile)))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// countNodes counts the elements by name, and the attributes of all elements.
func countNodes(root *html.Node) map[string]int {
	counts := make(map[string]int)
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			counts[n.Data]++
			for _, a := range n.Attr {
				counts[n.Data+" "+a.Key]++
			}
		}
	}
	return counts
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func textOf(root *html.Node) string {
	var b strings.Builder
	for n := range root.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
	}
	return b.String()
}

func TestPageAsksForNothingAndRunsNothing(t *testing.T) {
	policy := ""
	ids := make(map[string]bool)
	root := page(t, example())
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && attr(n, "id") != "" {
			if ids[attr(n, "id")] {
				t.Errorf("two elements have the id %s", attr(n, "id"))
			}
			ids[attr(n, "id")] = true
		}
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if slices.Contains([]string{"script", "link", "img", "iframe", "object", "embed", "form", "base"}, n.Data) {
			t.Errorf("the page has a <%s>", n.Data)
		}
		if attr(n, "http-equiv") == "Content-Security-Policy" {
			policy = attr(n, "content")
		}
		for _, a := range n.Attr {
			switch {
			case a.Key == "src" || strings.HasPrefix(a.Key, "on") || a.Key == "style":
				t.Errorf("<%s> has %s", n.Data, a.Key)
			case a.Key == "href" && (!strings.HasPrefix(a.Val, "#") || !ids[a.Val[1:]]):
				t.Errorf("a link leads to %s", a.Val)
			}
		}
	}
	if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "script") {
		t.Errorf("the policy is %q", policy)
	}
}

func TestHostileNamesCannotLeaveTheirElement(t *testing.T) {
	want := countNodes(page(t, named("plain")))
	if len(reporttest.HostileNames) < 20 {
		t.Fatalf("%d hostile names", len(reporttest.HostileNames))
	}
	for _, name := range reporttest.HostileNames {
		root := page(t, named(name))
		got := countNodes(root)
		got["td class"] = want["td class"] // a short name has a class
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%.60q changes the elements of the page (-plain +hostile):\n%s", name, d)
		}
		if !strings.Contains(textOf(root), Visible(name)) {
			t.Errorf("the page does not show %.60q", name)
		}
	}
}

func TestPageIsValid(t *testing.T) {
	tidy, err := exec.LookPath("tidy")
	if err != nil {
		t.Skip("the program tidy is not installed")
	}
	for name, m := range map[string]*Model{"example": example(), "hostile": hostileModel(), "empty": {}} {
		check := exec.CommandContext(t.Context(), tidy, "-quiet", "-errors", "--drop-empty-elements", "no")
		check.Stdin = bytes.NewReader(file(t, newReport(m, Options{}), HTMLFile))
		output, err := check.CombinedOutput()
		if err != nil || bytes.Contains(output, []byte("Error:")) {
			t.Errorf("%s: %v\n%s", name, err, output)
		}
	}
}
