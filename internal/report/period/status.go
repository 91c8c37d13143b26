package period

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"scim-auditor/internal/report"
	"scim-auditor/internal/schedule"
)

// findGaps lists every reason why the period is not covered as a whole.
func (d *document) findGaps() []string {
	var all []string
	if !d.ended() {
		all = append(all, "the period has not ended: this is what was known on "+report.UTC(d.Now))
	}
	if d.From.Before(d.began.Truncate(24 * time.Hour)) {
		all = append(all, fmt.Sprintf("nothing is known from before %s, when the first run of the database began",
			report.UTC(d.began)))
	}
	if len(d.nights) == 0 {
		all = append(all, "no night was expected in the period")
	} else if len(d.organizations) == 0 {
		return append(all, "no run of the period has a snapshot of any organization: "+d.runNights())
	}
	for _, o := range d.organizations {
		all = append(all, d.nightGaps(o.name, "expected night", o.nights)...)
		all = append(all, o.gaps()...)
	}
	return append(all, d.nightGaps("expected of none of the organizations", "night", d.unclaimed)...)
}

// nightGaps names the nights that have no complete snapshot, or none yet. That nothing is known yet of
// some nights of a period which has not ended is no gap of its own.
func (d *document) nightGaps(label, noun string, nights []organizationNight) []string {
	var all, lacking, due []string
	for _, n := range nights {
		text := fmt.Sprintf("%s (%s)", n.ScheduledAt.UTC().Format(time.DateTime), inWords(n.status))
		if n.lacks() {
			lacking = append(lacking, text)
		} else if n.status == schedule.Due && d.ended() {
			due = append(due, text)
		}
	}
	if len(lacking) > 0 {
		all = append(all, fmt.Sprintf("%s: %d of %s without a complete snapshot: %s",
			label, len(lacking), report.Count(len(nights), noun), firstTen(lacking)))
	}
	if len(due) > 0 {
		all = append(all, fmt.Sprintf("%s: of %s nothing was known yet on %s: %s",
			label, report.Count(len(due), noun), report.UTC(d.Now), firstTen(due)))
	}
	return all
}

// firstTen lists the first ten of some nights.
func firstTen(nights []string) string {
	text := strings.Join(nights[:min(len(nights), 10)], ", ")
	if more := len(nights) - 10; more > 0 {
		text += fmt.Sprintf(" and %d more in the sheet Nights", more)
	}
	return text
}

// gaps says what is not known of the organization, beside its nights.
func (o *organization) gaps() []string {
	var all []string
	if o.closing == nil {
		last := "it has no complete snapshot at all"
		if o.opening != nil {
			last = "its last complete snapshot is of " + report.UTC(o.opening.TakenAt)
		}
		all = append(all, fmt.Sprintf("%s: nothing is known of its configurations in the period: %s", o.name, last))
	}
	if n := len(o.pruned); n > 0 {
		all = append(all, fmt.Sprintf("%s: retention removed what %s had, the last of them that of %s: "+
			"their findings and exceptions are not known any more, nor %s of the period", o.name,
			report.Count(n, "snapshot"), report.UTC(o.pruned[n-1].TakenAt), report.Count(o.lost, "change")))
	}
	return all
}

// statusText is the sentence that the report opens with.
func (d *document) statusText() string {
	nights, lacking := 0, 0
	for _, o := range d.organizations {
		nights, lacking = nights+len(o.nights), lacking+countOf(o.nights, organizationNight.lacks)
	}
	what := fmt.Sprintf("%s of %s", report.Count(nights, "expected night"),
		report.Count(len(d.organizations), "organization"))
	rest := ""
	if n := len(d.absent); n > 0 {
		rest = "; not in the period, and known before: " + report.Count(n, "organization")
	}
	if n := len(d.alarms) - len(d.gaps); n > 0 {
		rest += fmt.Sprintf("; tie-outs that do not tie: %d", n)
	}
	switch {
	case len(d.gaps) == 0:
		return fmt.Sprintf("%s: %s, each with a complete snapshot%s.", report.Complete, what, rest)
	case lacking > 0:
		return fmt.Sprintf("%s: %d of %s without a complete snapshot%s.", report.NotComplete, lacking, what, rest)
	}
	return fmt.Sprintf("%s: %s%s.", report.NotComplete, d.gaps[0], rest)
}

// findNotes lists what a reader must know and what is no gap: what could not be assessed, and what the
// populations rest on.
func (p *Period) findNotes() []string {
	var all []string
	if days := countOf(p.nights, func(n *night) bool { return n.expression == "" }); days > 0 {
		all = append(all, fmt.Sprintf("On %s no schedule was in force: each counts as one night, "+
			"and nothing says when a run was expected.", report.Count(days, "UTC day")))
	}
	for _, s := range p.absent {
		all = append(all, fmt.Sprintf("%s (%s) is not in the populations: it was known before the period, "+
			"and no run in it has a snapshot of it; its last complete one is of %s.",
			cmp.Or(s.OrganizationName, s.Source), s.OrganizationID, report.UTC(s.TakenAt)))
	}
	for _, o := range p.organizations {
		for _, note := range append(o.startNotes(p.contains(o.begins)), o.unreadNotes()...) {
			all = append(all, o.name+": "+note+".")
		}
	}
	return all
}

// startNotes say how the period of an organization begins that has no complete snapshot from before;
// appears says that it was first tried in the period.
func (o *organization) startNotes(appears bool) []string {
	var all []string
	if o.opening == nil && o.closing != nil {
		all = append(all, fmt.Sprintf("it has no complete snapshot from before the period: its first one, of %s, "+
			"is what the period is compared with", report.UTC(o.complete[0].TakenAt)))
	}
	if o.opening == nil && appears {
		all = append(all, fmt.Sprintf("its first snapshot is of %s; no night before that was expected of it",
			report.UTC(o.begins)))
	}
	return all
}

// unreadNotes say what complete snapshots, and what the changes, could not assess.
func (o *organization) unreadNotes() []string {
	var all []string
	for _, part := range parts {
		unread, why := 0, ""
		for _, s := range o.snapshots {
			if complete(s) && part.unread(s) != "" {
				unread, why = unread+1, part.unread(s)
			}
		}
		if unread > 0 {
			all = append(all, fmt.Sprintf("%s not assessed in %s: %s",
				part.name, report.Count(unread, "complete snapshot"), why))
		}
	}
	logs := countOf(o.changes, func(c change) bool { return c.log == nil || c.log.NotAssessed != "" })
	if logs > 0 {
		all = append(all, fmt.Sprintf("who made %s is not assessed: the audit log was not read",
			report.Count(logs, "change")))
	}
	return all
}
