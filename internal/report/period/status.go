package period

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"scim-auditor/internal/report"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// allGaps returns the reasons why the report is NOT COMPLETE. If no organization has a snapshot
// in the period, it does not list the single nights.
func (d *document) allGaps() []string {
	var all []string
	if !d.ended() {
		all = append(all, d.unended())
	}
	if d.From.Before(d.began.Truncate(24 * time.Hour)) {
		all = append(all, fmt.Sprintf("there is no data before %s, the start of the first run recorded in this database",
			report.UTC(d.began)))
	}
	if len(d.nights) == 0 {
		all = append(all, "no run was scheduled in the period")
	} else if len(d.organizations) == 0 {
		return append(all, "no run in the period has a snapshot of any organization: "+d.runNights())
	}
	for _, o := range d.organizations {
		all = append(all, d.nightGaps(o.name, "expected night", o.nights)...)
		all = append(all, o.organizationGaps()...)
	}
	return append(all, d.nightGaps("nights not assigned to any organization", "night", d.unclaimed)...)
}

func (s *Span) unended() string {
	return "the period has not ended; the report covers it until " + report.UTC(s.Now)
}

// nightGaps returns the gaps for nights without a complete snapshot, and for nights without a
// result if the period has ended.
func (d *document) nightGaps(label, noun string, nights []organizationNight) []string {
	var all, uncovered, due []string
	for _, n := range nights {
		text := fmt.Sprintf("%s (%s)", n.ScheduledAt.UTC().Format(time.DateTime), inWords(n.status))
		if n.isUncovered() {
			uncovered = append(uncovered, text)
		} else if n.status == schedule.Due && d.ended() {
			due = append(due, text)
		}
	}
	if len(uncovered) > 0 {
		all = append(all, fmt.Sprintf("%s: %d of %s without a complete snapshot: %s",
			label, len(uncovered), report.Count(len(nights), noun), listNights(uncovered)))
	}
	if len(due) > 0 {
		all = append(all, fmt.Sprintf("%s: %s had no result yet at %s: %s",
			label, report.Count(len(due), noun), report.UTC(d.Now), listNights(due)))
	}
	return all
}

// listNights returns the first nights, and the number of the others.
func listNights(nights []string) string {
	text := report.FirstOf(nights, listed, ", ")
	if len(nights) > listed {
		text += " in the sheet Nights"
	}
	return text
}

func (o *organization) organizationGaps() []string {
	var all []string
	if o.closing == nil {
		last := "there is none before the period either"
		if o.opening != nil {
			last = "the last one was taken at " + report.UTC(o.opening.TakenAt)
		}
		all = append(all, fmt.Sprintf("%s: there is no complete snapshot in the period; %s", o.name, last))
	}
	if n := len(o.pruned); n > 0 {
		all = append(all, fmt.Sprintf("%s: retention deleted the content of %s (the latest taken at %s). "+
			"Their findings and exceptions, and %s in the period, can no longer be shown", o.name,
			report.Count(n, "snapshot"), report.UTC(o.pruned[n-1].TakenAt), report.Count(o.lost, "change")))
	}
	return all
}

func (d *document) statusText() string {
	nights, uncovered := 0, 0
	for _, o := range d.organizations {
		nights += len(o.nights)
		uncovered += report.CountOf(o.nights, organizationNight.isUncovered)
	}
	what := fmt.Sprintf("%s of %s", report.Count(nights, "expected night"),
		report.Count(len(d.organizations), "organization"))
	rest := ""
	if n := len(d.absent); n > 0 {
		rest = "; " + report.Count(n, "organization") + " known earlier without a snapshot in this period"
	}
	if n := d.failedTieOuts; n > 0 {
		rest += "; " + report.Count(n, "tie-out") + " failed"
	}
	covered, unread := d.coverageText()
	if unread != "" {
		rest += "; not assessed in full: " + unread
	}
	switch {
	case len(d.gaps) == 0 && unread != "":
		return fmt.Sprintf("%s FOR %s ONLY: %s, each with a complete snapshot%s.", report.Complete,
			report.InWords(covered), what, rest)
	case len(d.gaps) == 0:
		return fmt.Sprintf("%s: %s, each with a complete snapshot%s.", report.Complete, what, rest)
	case len(d.databaseGaps) > 0:
		which := strings.Join(d.databaseGaps[:min(len(d.databaseGaps), pageRows)], "; ")
		return fmt.Sprintf("%s: %s; %d of %s without a complete snapshot%s.",
			report.NotComplete, which, uncovered, what, rest)
	case uncovered > 0:
		return fmt.Sprintf("%s: %d of %s without a complete snapshot%s.", report.NotComplete, uncovered, what, rest)
	}
	return fmt.Sprintf("%s: %s%s.", report.NotComplete, d.gaps[0], rest)
}

// findNotes returns what a reader must know beside the gaps: what could not be assessed, and
// how the populations were counted.
func (p *Period) findNotes() []string {
	var all []string
	if days := report.CountOf(p.nights, func(n *night) bool { return n.expression == "" }); days > 0 {
		all = append(all, fmt.Sprintf("No scheduled time was in force on %s: no schedule was set, or it changed on that day. "+
			"Each of these days counts as one expected run at an unknown time.", report.Count(days, "UTC day")))
	}
	var changed []string
	for i, s := range p.schedules {
		if i > 0 && p.contains(s.From) {
			changed = append(changed, fmt.Sprintf("to %s at %s (%s)", s.Expression, report.UTC(s.From), s.Why))
		}
	}
	if len(changed) > 0 {
		all = append(all, "The schedule changed in the period: "+report.FirstOf(changed, maxChanged, "; ")+".")
	}
	if days := p.daysWithoutNight(); days > 0 {
		all = append(all, fmt.Sprintf("The schedule expects no night on %s of the period; Nights says what ran on them.",
			report.Count(days, "UTC day")))
	}
	for _, s := range p.absent {
		all = append(all, fmt.Sprintf("%s (%s) is left out: no run in the period has a snapshot of this organization. "+
			"Its last complete snapshot was taken at %s.",
			cmp.Or(s.OrganizationName, s.Source), s.OrganizationID, report.UTC(s.TakenAt)))
	}
	for _, o := range p.organizations {
		for _, note := range append(o.startNotes(p.contains(o.begins)), o.unreadNotes()...) {
			all = append(all, o.name+": "+note+".")
		}
	}
	return all
}

// maxChanged is how many changes of the schedule a note lists.
const maxChanged = 5

// daysWithoutNight counts the UTC days of the period, since the first run, without an expected night.
func (p *Period) daysWithoutNight() (n int) {
	expected := p.expectedDays()
	for at := p.firstDay(); !at.After(p.lastDay()) && !at.After(p.Now); at = at.Add(day) {
		if !expected[at] && !at.Before(dayOf(p.began)) {
			n++
		}
	}
	return n
}

// startNotes returns the notes for an organization without a complete snapshot before the
// period. startedInPeriod reports whether its first snapshot, complete or not, was taken in the
// period.
func (o *organization) startNotes(startedInPeriod bool) []string {
	var all []string
	if o.opening == nil && o.closing != nil {
		all = append(all, fmt.Sprintf("there is no complete snapshot before the period; "+
			"changes are counted from the first one, taken at %s", report.UTC(o.complete[0].TakenAt)))
	}
	if o.opening == nil && startedInPeriod {
		all = append(all, fmt.Sprintf("the first snapshot was taken at %s; "+
			"earlier nights are not assigned to this organization", report.UTC(o.begins)))
	}
	return all
}

// unreadNotes returns what complete snapshots could not read, and how many changes have no
// author.
func (o *organization) unreadNotes() []string {
	var all []string
	for _, part := range o.parts() {
		unread, latest := 0, ""
		for _, s := range o.snapshots {
			if complete(s) && part.unread(s) != "" {
				unread, latest = unread+1, part.unread(s)
			}
		}
		if unread > 0 {
			all = append(all, fmt.Sprintf("%s could not be read in %s; the latest reason: %s",
				part.name, report.Count(unread, "complete snapshot"), latest))
		}
	}
	withoutLog, latest := 0, ""
	for _, c := range o.changes {
		if log := o.logs[c.SnapshotID]; log == nil || log.NotAssessed != "" {
			withoutLog++
			latest = cmp.Or(cmp.Or(log, new(snapshot.AuditLog)).NotAssessed, latest)
		}
	}
	if withoutLog > 0 {
		text := "the author of %s is unknown, because the audit log was not read; the latest reason: %s"
		all = append(all, fmt.Sprintf(text, report.Count(withoutLog, "change"), cmp.Or(latest, "none was recorded")))
	}
	return all
}
