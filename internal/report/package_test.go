package report

import (
	"encoding/xml"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"testing"

	"scim-auditor/internal/report/reporttest"
)

// hostileModel returns the example with a hostile name in every field that the API sets.
func hostileModel() *Model {
	m := example()
	o := m.Organizations[0]
	o.SCIM = nil
	for i, name := range reporttest.HostileNames {
		c := scimConfiguration(1000+i, name, id(101), tonight)
		o.SCIM = append(o.SCIM, c)
	}
	for i := range o.Changes {
		o.Changes[i].SubjectName, o.Changes[i].BeforeLabel, o.Changes[i].ActorAction = reporttest.HostileNames[i], reporttest.HostileNames[i+4], reporttest.HostileNames[i+8]
	}
	for i := range m.Timeline {
		c := &m.Timeline[i]
		c.SubjectName, c.Before, c.After, c.Note = reporttest.HostileNames[i%len(reporttest.HostileNames)], reporttest.HostileNames[(i+5)%len(reporttest.HostileNames)],
			reporttest.HostileNames[(i+9)%len(reporttest.HostileNames)], reporttest.HostileNames[(i+13)%len(reporttest.HostileNames)]
	}
	for i := range o.Findings {
		o.Findings[i].SubjectName = reporttest.HostileNames[i%len(reporttest.HostileNames)]
	}
	for i := range o.SSO {
		o.SSO[i].DisplayName, o.SSO[i].IssuerURL, o.SSO[i].Claims = reporttest.HostileNames[i+12], reporttest.HostileNames[i+14], map[string]string{reporttest.HostileNames[i+16]: reporttest.HostileNames[i+18]}
	}
	o.Snapshot.OrganizationName, o.Snapshot.Principal = reporttest.HostileNames[7], reporttest.HostileNames[0]
	m.Organizations[1].Snapshot.OrganizationName = reporttest.HostileNames[1]
	m.Organizations[2].Snapshot.Error = strings.Join(reporttest.HostileNames[:20], "; ")
	m.Run.Host, m.Run.Error = reporttest.HostileNames[2], reporttest.HostileNames[3]
	return m
}

// TestEveryPartOfTheWorkbookIsXMLThatTheContentTypesName also checks that the workbook has no
// formulas, external links or macros.
func TestEveryPartOfTheWorkbookIsXMLThatTheContentTypesName(t *testing.T) {
	checkPackage(t, workbook(t, hostileModel()))
}

func checkPackage(t *testing.T, archive []byte) {
	t.Helper()
	all := parts(t, archive)
	types := contentTypes(t, all["[Content_Types].xml"])
	for name, text := range all {
		for _, element := range elements(t, name, text) {
			switch {
			case element.Name.Local == "f" && strings.HasPrefix(name, "xl/charts/"): // the cells of a chart's series
			case element.Name.Local == "hyperlink" && attribute(element, "location") != "" && attribute(element, "id") == "": // to a sheet
			case slices.Contains([]string{"f", "hyperlink", "mergeCell", "oleObject", "externalReference", "control"}, element.Name.Local):
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
