package period

import (
	"fmt"
	"slices"
	"strings"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/report"
	"scim-auditor/internal/snapshot"
)

// The coverage of a part in a night, as items of the sheet Population.
const (
	readInFull = "read in full"
	readInPart = "read only in part"
	notRead    = "not assessed"
	notAsked   = "not asked for"
	notDue     = "not due: a first snapshot has no changes to look up"
	noSnapshot = "no complete snapshot"
)

// coverageItems is the order in which nights are counted. The ones after the third are omitted if
// 0.
var coverageItems = []string{readInFull, notRead, noSnapshot, readInPart, notDue, notAsked}

// partNames returns the names of the parts that the settings asked for in a night of the period.
func (p *Period) partNames() []string {
	if p.ofMembers() {
		return partNamesOf(&snapshot.Snapshot{MembersSetting: snapshot.MembersOn})
	}
	return partNamesOf(new(snapshot.Snapshot))
}

func partNamesOf(s *snapshot.Snapshot) (names []string) {
	for _, part := range s.Parts() {
		names = append(names, part.Name)
	}
	return names
}

// coverage returns the coverage of a part in a night, "" if the night has no result yet.
func (n *organizationNight) coverage(name string) string {
	switch {
	case n.isUncovered():
		return noSnapshot
	case n.snapshot == nil:
		return ""
	}
	parts := n.snapshot.parts
	i := slices.IndexFunc(parts, func(p finding.Part) bool { return p.Name == name })
	if i < 0 {
		return notAsked
	}
	switch part := parts[i]; {
	case part.NotDue:
		return notDue
	case part.NotAssessed != "":
		return notRead
	case part.Lacking != "":
		return readInPart
	}
	return readInFull
}

// unread names the parts that the night's snapshot could not read in full.
func (n *organizationNight) unread() string {
	var names []string
	if n.snapshot == nil {
		return ""
	}
	for _, name := range partNamesOf(n.snapshot.Snapshot) {
		if c := n.coverage(name); c == notRead || c == readInPart {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// countCoverage counts the nights of an organization in which each part was read.
func (d *document) countCoverage(o *organization) {
	parts := partNamesOf(new(snapshot.Snapshot))
	if o.ofMembers() {
		parts = d.partNames()
	}
	for _, name := range parts {
		counts := make(map[string]int)
		for i := range o.nights {
			counts[o.nights[i].coverage(name)]++
		}
		for i, text := range coverageItems {
			if i < 3 || counts[text] > 0 {
				d.count(item{o.index, "Coverage", name + ": " + text, ""}, counts[text], "")
			}
		}
	}
}

// coverageText returns the parts that were read in full in every night with a complete snapshot,
// and in words the number of nights in which the others were not. Nights in which the settings did
// not ask for members count for an organization of which other nights have members.
func (d *document) coverageText() (covered []string, gaps string) {
	var all []string
	for _, name := range d.partNames() {
		n := 0
		for _, o := range d.organizations {
			ofMembers := o.ofMembers()
			for i := range o.nights {
				if c := o.nights[i].coverage(name); c == notRead || c == readInPart || c == notAsked && ofMembers {
					n++
				}
			}
		}
		if n == 0 {
			covered = append(covered, name)
		} else {
			all = append(all, fmt.Sprintf("%s in %s", name, report.Count(n, "night")))
		}
	}
	return covered, strings.Join(all, ", ")
}

// state returns the colour of the report's status.
func (d *document) state() report.State {
	_, unread := d.coverageText()
	switch {
	case len(d.gaps) > 0 || d.failedTieOuts > 0:
		return report.Red
	case unread != "":
		return report.Amber
	}
	return report.Green
}
