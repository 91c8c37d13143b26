package report

import (
	"cmp"
	"fmt"
	"strings"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// status returns the first sentences of the report: the headline and the counts.
func (r *report) status() string {
	h, total := r.headline, Count(len(r.Organizations), "organization")
	if !r.Complete() {
		return h.Text + "."
	}
	findings := 0
	for _, j := range r.evaluated {
		findings += j.counts[finding.Fail]
	}
	return fmt.Sprintf("%s. %s; %s; %s.", h.Text, total, h.Changes, Count(findings, "failed finding"))
}

// alarms returns the first lines of a report: why it is not complete, every failed tie-out, and
// that retention removed what it would say.
func (r *report) alarms() []string {
	var all []string
	for _, gap := range r.Gaps {
		all = append(all, NotComplete+": "+gap)
	}
	for n, d := range r.withRun() {
		if d.Run.Outcome != snapshot.Complete && d.Run.Error != "" && d.incomplete() == 0 { // else each organization says why
			all = append(all, fmt.Sprintf("%s: %s: %s", NotComplete, r.names.Of(r.level(n)), OneLine(d.Run.Error)))
		}
	}
	for i, o := range r.Organizations {
		if !o.complete() {
			all = append(all, r.notComplete(i))
		}
	}
	for _, t := range r.ties.Different() {
		all = append(all, t.Alarm(&r.names))
	}
	for _, d := range r.withRun() {
		if d.PrunedAt.IsZero() {
			continue
		}
		of := ""
		if r.Databases != nil {
			of = " of the database " + d.ID
		}
		all = append(all, fmt.Sprintf("Retention removed snapshots%s at %s, after this run. What this report says of earlier "+
			"nights (ages, timeline, trend, differences) can be less than the report of the night says.", of, UTC(d.PrunedAt)))
	}
	return all
}

// notComplete says why an organization is not complete, and what follows.
func (r *report) notComplete(organization int) string {
	return fmt.Sprintf("%s: %s: %s. %s", NotComplete, r.label(organization), r.Organizations[organization].reason(),
		r.nothingKnown(organization))
}

// nothingKnown says what the report lacks of an organization that is not complete.
func (r *report) nothingKnown(organization int) string {
	o := r.Organizations[organization]
	last := "It has no earlier complete snapshot."
	if o.LastComplete != nil {
		last = "Its last complete snapshot was taken at " + UTC(o.LastComplete.TakenAt) + "."
	}
	return "This run has no inventory and no changes for this organization. " + last
}

// alarm adds to a table why organizations without a complete snapshot have no rows.
func (r *report) alarm(t *table.Table) {
	for i, o := range r.Organizations {
		if !o.complete() {
			t.Alarm(i, r.notComplete(i))
		}
	}
}

func (o *Organization) reason() string {
	reason := strings.TrimSuffix(cmp.Or(o.Snapshot.Error, "no reason was recorded"), ".")
	if code := o.Snapshot.ErrorCode; code != "" && !strings.HasSuffix(reason, "("+code+")") {
		reason = code + ": " + reason
	}
	return reason
}

// sentence returns one sentence with the counts of a complete organization.
func (r *report) sentence(organization int) string {
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

// ofSCIM limits the text "no changes" if something else was not compared.
func (o *Organization) ofSCIM() string {
	if notAssessed, _ := o.comparisonNotes(); len(notAssessed) > 0 {
		return " of SCIM configurations"
	}
	return ""
}
