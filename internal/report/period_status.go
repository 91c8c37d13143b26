package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// complete says whether every expected night of the period has a complete snapshot of every organization, and all of them are known.
func (v *periodView) complete() bool { return len(v.gaps()) == 0 }

// gaps is every reason why the report does not cover the whole of the period.
func (v *periodView) gaps() []string {
	var all []string
	if !v.ended() {
		all = append(all, fmt.Sprintf("the period has not ended: this is what was known on %s", utc(v.Now)))
	}
	if v.From.Before(v.Began.Truncate(24 * time.Hour)) {
		all = append(all, fmt.Sprintf("nothing is known from before %s, when the first run of the database began", utc(v.Began)))
	}
	if len(v.Nights) == 0 {
		all = append(all, "no night was expected in the period")
	}
	if len(v.Organizations) == 0 && len(v.Nights) > 0 {
		all = append(all, fmt.Sprintf("no run of the period has a snapshot of any organization: %s", v.runNights()))
	}
	for i, o := range v.each() {
		all = append(all, v.gapsOf(i, o)...)
	}
	if len(v.Organizations) > 0 {
		all = append(all, v.gapsOfNights("expected of none of the organizations", "night", v.unclaimed())...)
	}
	return all
}

// gapsOfNights names the nights that have no complete snapshot, or none yet.
func (v *periodView) gapsOfNights(label, noun string, nights []organizationNight) []string {
	var all []string
	if without := lacking(nights); len(without) > 0 {
		all = append(all, fmt.Sprintf("%s: %d of %s without a complete snapshot: %s", label, len(without), count(len(nights), noun), nightList(without)))
	}
	due := slices.DeleteFunc(slices.Clone(nights), func(n organizationNight) bool { return n.status != schedule.Due })
	if v.ended() && len(due) > 0 { // of a period that has not ended it is told already that it has not
		all = append(all, fmt.Sprintf("%s: of %s nothing was known yet on %s: %s", label, count(len(due), noun), utc(v.Now), nightList(due)))
	}
	return all
}

// nightList tells some nights.
func nightList(nights []organizationNight) string {
	var all []string
	for _, n := range nights[:min(len(nights), shownNights)] {
		all = append(all, fmt.Sprintf("%s (%s)", shown(n.ScheduledAt), word(n.status)))
	}
	text := strings.Join(all, ", ")
	if more := len(nights) - len(all); more > 0 {
		text += fmt.Sprintf(" and %d more in the sheet Nights", more)
	}
	return text
}

// runNights counts what became of the nights for the runs as a whole.
func (v *periodView) runNights() string {
	var parts []string
	for _, status := range nightStatuses {
		if n := v.inPeriod(status); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, word(status)))
		}
	}
	return fmt.Sprintf("%s (%s)", count(len(v.Nights), "night"), strings.Join(parts, ", "))
}

// shownNights is how many nights a sentence names.
const shownNights = 10

func (v *periodView) gapsOf(organization int, o *periodOrganization) []string {
	label := v.labels[organization]
	all := v.gapsOfNights(label, "expected night", o.nights)
	if o.closing == nil {
		last := "it has no complete snapshot at all"
		if o.opening != nil {
			last = "its last complete snapshot is of " + utc(o.opening.TakenAt)
		}
		all = append(all, fmt.Sprintf("%s: nothing is known of its configurations in the period: %s", label, last))
	}
	if pruned := o.pruned(); len(pruned) > 0 {
		all = append(all, fmt.Sprintf("%s: retention removed what %s had, the last of them that of %s: their findings and exceptions are not known any more, nor %s of the period",
			label, count(len(pruned), "snapshot"), utc(pruned[len(pruned)-1].TakenAt), count(o.lostChanges(), "change")))
	}
	return all
}

// status is the sentence that the report opens with.
func (v *periodView) status() string {
	nights := v.total(func(o *periodOrganization) int { return len(o.nights) })
	without := v.total(func(o *periodOrganization) int { return len(lacking(o.nights)) })
	what := fmt.Sprintf("%s of %s", count(nights, "expected night"), count(len(v.Organizations), "organization"))
	rest := ""
	if n := len(v.Absent); n > 0 {
		rest = fmt.Sprintf("; not in the period, and known before: %s", count(n, "organization"))
	}
	if n := len(untied(v.tieOuts())); n > 0 {
		rest += fmt.Sprintf("; tie-outs that do not tie: %d", n)
	}
	if v.complete() {
		return fmt.Sprintf("%s: %s, each with a complete snapshot%s.", wordComplete, what, rest)
	}
	if without > 0 {
		return fmt.Sprintf("%s: %d of %s without a complete snapshot%s.", wordNotComplete, without, what, rest)
	}
	return fmt.Sprintf("%s: %s%s.", wordNotComplete, v.gaps()[0], rest)
}

// alarms is what must stand at the very top: every gap, and every count that does not tie.
func (v *periodView) alarms() []string {
	var all []string
	for _, gap := range v.gaps() {
		all = append(all, wordNotComplete+": "+gap+".")
	}
	for _, t := range untied(v.tieOuts()) {
		all = append(all, t.alarm(v.scope(t.organization)))
	}
	return all
}

// notes is what a reader must know and what is no gap: what could not be assessed, and what the populations rest on.
func (v *periodView) notes() []string {
	var all []string
	days := 0
	for i := range v.Nights {
		if v.Nights[i].expression == "" {
			days++
		}
	}
	if days > 0 {
		all = append(all, fmt.Sprintf("On %s no schedule was in force: each counts as one night, and nothing tells when a run was expected", count(days, "UTC day")))
	}
	for _, s := range v.Absent {
		all = append(all, fmt.Sprintf("%s (%s) is not in the populations: it was known before the period, and no run in it has a snapshot of it; its last complete one is of %s",
			cmp.Or(s.OrganizationName, s.Source), s.OrganizationID, utc(s.TakenAt)))
	}
	for i, o := range v.each() {
		all = append(all, v.notesOf(v.labels[i], o)...)
	}
	return all
}

func (v *periodView) notesOf(label string, o *periodOrganization) []string {
	var all []string
	if o.opening == nil && o.closing != nil {
		all = append(all, fmt.Sprintf("%s: it has no complete snapshot from before the period: its first one, of %s, is what the period is compared with",
			label, utc(o.scimOpening().TakenAt)))
	}
	sso, policies := o.unread(func(s *snapshot.Snapshot) string { return s.SSONotAssessed }), o.unread(func(s *snapshot.Snapshot) string { return s.PoliciesNotAssessed })
	all = append(all, notRead(label, "SSO configurations", sso)...)
	all = append(all, notRead(label, "organization policies", policies)...)
	logs := 0
	for i := range o.changes {
		if l := o.changes[i].log; l == nil || l.NotAssessed != "" {
			logs++
		}
	}
	if logs > 0 {
		all = append(all, fmt.Sprintf("%s: who made %s is not assessed: the audit log was not read", label, count(logs, "change")))
	}
	return all
}

// unread are the complete snapshots of the period that could not read a part.
func (o *periodOrganization) unread(why func(*snapshot.Snapshot) string) []string {
	var all []string
	for i := range o.snapshots {
		if s := &o.snapshots[i]; s.Outcome == snapshot.Complete && why(s) != "" {
			all = append(all, why(s))
		}
	}
	return all
}

func notRead(label, what string, reasons []string) []string {
	if len(reasons) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s: %s not assessed in %s: %s", label, what, count(len(reasons), "complete snapshot"), reasons[len(reasons)-1])}
}
