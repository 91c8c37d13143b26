package reporttest

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"testing"
)

// Parts returns the parts of a workbook by name.
func Parts(t *testing.T, archive []byte) map[string]string {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for _, f := range r.File {
		part, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		all[f.Name] = string(text)
	}
	return all
}

// forbidden are the elements of formulas, links, merged cells and macros.
var forbidden = []string{"f", "hyperlink", "mergeCell", "oleObject", "externalReference", "control"}

// CheckPackage checks that every part of a workbook is XML that the content types name, and that the
// workbook has no formulas, external links or macros.
func CheckPackage(t *testing.T, archive []byte) {
	t.Helper()
	all := Parts(t, archive)
	types := contentTypes(t, all["[Content_Types].xml"])
	for name, text := range all {
		for _, element := range elements(t, name, text) {
			switch {
			case element.Name.Local == "f" && strings.HasPrefix(name, "xl/charts/"): // the cells of a chart's series
			case element.Name.Local == "hyperlink" && attribute(element, "location") != "" &&
				attribute(element, "id") == "": // to a sheet
			case slices.Contains(forbidden, element.Name.Local):
				t.Errorf("%s has a <%s>", name, element.Name.Local)
			case element.Name.Local == "Relationship":
				checkRelationship(t, all, name, element)
			}
		}
		if name != "[Content_Types].xml" && !types(name) {
			t.Errorf("no content type names %s", name)
		}
		if strings.Contains(name, "vba") || strings.Contains(name, "externalLink") || strings.Contains(name, "activeX") {
			t.Errorf("the workbook has the part %s", name)
		}
	}
	for _, text := range strings.Split(all["[Content_Types].xml"], "PartName=\"/")[1:] {
		if name, _, _ := strings.Cut(text, `"`); all[name] == "" {
			t.Errorf("the content types name %s, which is not there", name)
		}
	}
}

// elements returns the elements of a part, and fails if it is not well-formed.
func elements(t *testing.T, name, text string) []xml.StartElement {
	t.Helper()
	var all []xml.StartElement
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if e, ok := token.(xml.StartElement); ok {
			all = append(all, e.Copy())
		}
	}
}

// contentTypes returns a function that reports whether a part has a content type: ECMA-376 Part 2,
// 10.1.2.
func contentTypes(t *testing.T, text string) func(name string) bool {
	t.Helper()
	named := make(map[string]bool)
	for _, e := range elements(t, "[Content_Types].xml", text) {
		named[attribute(e, "PartName")], named["*."+attribute(e, "Extension")] = true, true
	}
	return func(name string) bool {
		// The default for .xml is too general for the parts of a workbook.
		return named["/"+name] || path.Ext(name) != ".xml" && named["*"+path.Ext(name)]
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func checkRelationship(t *testing.T, all map[string]string, name string, e xml.StartElement) {
	t.Helper()
	if attribute(e, "TargetMode") == "External" {
		t.Errorf("%s links to %s", name, attribute(e, "Target"))
	}
	target := attribute(e, "Target")
	if !strings.HasPrefix(target, "/") {
		target = path.Join(path.Dir(path.Dir(name)), target)
	}
	if all[strings.TrimPrefix(target, "/")] == "" {
		t.Errorf("%s names %s, which is not there", name, target)
	}
}
