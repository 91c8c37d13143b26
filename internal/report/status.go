package report

import (
	"fmt"
	"strings"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/snapshot"
)

// The words that a report opens with.
const (
	wordComplete    = "COMPLETE"
	wordNotComplete = "NOT COMPLETE"
)

// status is the sentence that a report opens with.
func (v *view) status() string {
	total := len(v.Organizations)
	switch failed := v.incomplete(); {
	case v.Complete():
		return fmt.Sprintf("%s: %s collected, %s, %s%s.", wordComplete, count(total, "organization"),
			count(v.total((*Organization).changeCount), "change"), count(v.total((*Organization).failCount), "failed finding"), v.untiedText())
	case total == 0:
		return wordNotComplete + ": no organization was collected."
	case failed > 0:
		return fmt.Sprintf("%s: %d of %s could not be collected.", wordNotComplete, failed, count(total, "organization"))
	case v.Run.Outcome == snapshot.Running:
		return wordNotComplete + ": the run has not ended."
	default:
		return wordNotComplete + ": the run failed after its organizations were collected."
	}
}

// untiedText warns where a complete run has counts that do not tie.
func (v *view) untiedText() string {
	n := len(untied(v.tieOuts()))
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", but tie-outs that do not tie: %d", n)
}

func (v *view) total(of func(*Organization) int) int {
	n := 0
	for _, o := range v.each() {
		n += of(o)
	}
	return n
}

func (o *Organization) changeCount() int { return len(o.Changes) }

func (o *Organization) failCount() int { return o.findings(finding.Fail) }

// alarms is what must stand at the very top of a report: every reason why it is not complete, and every count that does not tie.
func (v *view) alarms() []string {
	var all []string
	if v.Run.Outcome != snapshot.Complete && v.Run.Error != "" && v.incomplete() == 0 { // else each organization says why
		all = append(all, fmt.Sprintf("%s: run %d: %s", wordNotComplete, v.Run.ID, oneLine(v.Run.Error)))
	}
	for i, o := range v.each() {
		if !o.complete() {
			all = append(all, v.notComplete(i))
		}
	}
	for _, t := range untied(v.tieOuts()) {
		all = append(all, t.alarm(v.scope(t.organization)))
	}
	return all
}

// oneLine writes the reasons of a run, a line for each organization, as one line.
func oneLine(reasons string) string { return strings.ReplaceAll(reasons, "\n", "; ") }

// scope names what a row without an organization is about.
func (v *view) scope(organization int) string {
	if organization == runLevel {
		return "run " + fmt.Sprint(v.Run.ID)
	}
	return v.label(organization)
}

// notComplete says why nothing is known about an organization.
func (v *view) notComplete(organization int) string {
	o := &v.Organizations[organization]
	last := "It has no earlier complete snapshot."
	if o.LastComplete != nil {
		last = "Its last complete snapshot is of " + utc(o.LastComplete.TakenAt) + "."
	}
	return fmt.Sprintf("%s: %s: %s. Nothing is said about it in this run: no inventory, no changes. %s",
		wordNotComplete, v.label(organization), o.reason(), last)
}

// reason is why a snapshot is not complete.
func (o *Organization) reason() string {
	reason := strings.TrimSuffix(orText(o.Snapshot.Error, "no reason was stored"), ".")
	if o.Snapshot.ErrorCode != "" {
		reason = o.Snapshot.ErrorCode + ": " + reason
	}
	return reason
}

// headline says in one line how an organization stands.
func (v *view) headline(organization int) string {
	o := &v.Organizations[organization]
	switch {
	case !o.complete():
		return v.notComplete(organization)
	case o.first():
		return fmt.Sprintf("%s: %s: %s, %s.", v.label(organization), baselineText, v.counted(o), count(o.failCount(), "failed finding"))
	default:
		return fmt.Sprintf("%s: complete: %s, %s since the baseline snapshot of %s, %s.", v.label(organization), v.counted(o),
			o.changesText(), utc(o.Baseline.TakenAt), count(o.failCount(), "failed finding"))
	}
}

const baselineText = "baseline: first complete snapshot, nothing to compare with"

func (o *Organization) changesText() string {
	if len(o.Changes) == 0 {
		return "no changes" + o.ofSCIM()
	}
	return count(len(o.Changes), "change")
}

func (v *view) counted(o *Organization) string {
	sso := count(len(o.SSO), "SSO configuration")
	if o.Snapshot.SSONotAssessed != "" {
		sso = "SSO configurations not assessed"
	}
	return count(len(o.SCIM), "SCIM configuration") + " and " + sso
}

// lacking is the remark of every organization about which a table can say nothing.
func (v *view) lacking() []remark {
	var all []remark
	for i, o := range v.each() {
		if !o.complete() {
			all = append(all, remark{i, v.notComplete(i), true})
		}
	}
	return all
}
