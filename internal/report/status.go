package report

import (
	"cmp"
	"fmt"
	"strings"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// status returns the first sentence of the report.
func (r *report) status() string {
	total, failed := Count(len(r.Organizations), "organization"), r.incomplete()
	switch {
	case r.Complete():
		findings := 0
		for _, j := range r.evaluated {
			findings += j.counts[finding.Fail]
		}
		text := fmt.Sprintf("%s: %s collected, %s, %s", Complete, total, Count(len(r.changes.Rows), "change"),
			Count(findings, "failed finding"))
		if n := len(r.ties.Different()); n > 0 {
			text += ", but " + Count(n, "tie-out") + " failed"
		}
		return text + "."
	case len(r.Organizations) == 0:
		return NotComplete + ": no organization was collected."
	case failed > 0:
		return fmt.Sprintf("%s: %d of %s could not be collected.", NotComplete, failed, total)
	case r.Run.Outcome == snapshot.Running:
		return NotComplete + ": the run has not ended."
	default:
		return NotComplete + ": the run failed after its organizations were collected."
	}
}

// alarms returns the first lines of a report: why it is not complete, and every failed tie-out.
func (r *report) alarms() []string {
	var all []string
	if r.Run.Outcome != snapshot.Complete && r.Run.Error != "" && r.incomplete() == 0 { // else each organization says why
		all = append(all, fmt.Sprintf("%s: run %d: %s", NotComplete, r.Run.ID, OneLine(r.Run.Error)))
	}
	for i, o := range r.Organizations {
		if !o.complete() {
			all = append(all, r.notComplete(i))
		}
	}
	for _, t := range r.ties.Different() {
		all = append(all, t.Alarm(&r.names))
	}
	return all
}

// notComplete returns the alarm for an organization whose snapshot is not complete.
func (r *report) notComplete(organization int) string {
	o := r.Organizations[organization]
	last := "It has no earlier complete snapshot."
	if o.LastComplete != nil {
		last = "Its last complete snapshot was taken at " + UTC(o.LastComplete.TakenAt) + "."
	}
	return fmt.Sprintf("%s: %s: %s. This run has no inventory and no changes for this organization. %s",
		NotComplete, r.label(organization), o.reason(), last)
}

// alarm adds to a table why organizations without a complete snapshot have no rows.
func (r *report) alarm(t *table.Table) {
	for i, o := range r.Organizations {
		if !o.complete() {
			t.Alarm(i, r.notComplete(i))
		}
	}
}

// reason returns why the snapshot is not complete.
func (o *Organization) reason() string {
	reason := strings.TrimSuffix(cmp.Or(o.Snapshot.Error, "no reason was recorded"), ".")
	if o.Snapshot.ErrorCode != "" {
		reason = o.Snapshot.ErrorCode + ": " + reason
	}
	return reason
}

const baselineText = "baseline: first complete snapshot, nothing to compare with"

// headline returns one sentence with the counts of a complete organization.
func (r *report) headline(organization int) string {
	o := r.Organizations[organization]
	sso := Count(len(o.SSO), "SSO configuration")
	if o.Snapshot.SSONotAssessed != "" {
		sso = "SSO configurations not assessed"
	}
	counted := Count(len(o.SCIM), "SCIM configuration") + " and " + sso
	failed := Count(r.evaluated[organization].counts[finding.Fail], "failed finding")
	if o.first() {
		return fmt.Sprintf("%s: %s: %s, %s.", r.label(organization), baselineText, counted, failed)
	}
	changes := "no changes" + o.ofSCIM()
	if len(o.Changes) > 0 {
		changes = Count(len(o.Changes), "change")
	}
	return fmt.Sprintf("%s: complete: %s, %s since the baseline snapshot taken at %s, %s.", r.label(organization), counted,
		changes, UTC(o.Baseline.TakenAt), failed)
}

// ofSCIM limits the text "no changes" if the SSO configurations were not compared.
func (o *Organization) ofSCIM() string {
	if o.Snapshot.SSONotAssessed != "" || o.SSOBaseline == nil {
		return " of SCIM configurations"
	}
	return ""
}
