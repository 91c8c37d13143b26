package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// unread is something that was not looked at in some organizations.
type unread struct {
	what, lastRead, why string
	organizations       []int
}

// rank orders what was not looked at: whole organizations, their parts, single rules.
func (u *unread) rank() int {
	switch {
	case u.what == everything:
		return 0
	case strings.HasPrefix(u.what, "rule"):
		return 2
	}
	return 1
}

// everything is what was not looked at of an organization that could not be collected.
const everything = "everything"

// notLookedAtTable lists what the run could not read, and the rules that it could not evaluate.
func (r *report) notLookedAtTable() *table.Table {
	var all []*unread
	add := func(organization int, what, lastRead, why string) {
		i := slices.IndexFunc(all, func(u *unread) bool { return u.what == what && u.why == why && u.lastRead == lastRead })
		if i < 0 {
			i, all = len(all), append(all, &unread{what: what, lastRead: lastRead, why: why})
		}
		all[i].organizations = append(all[i].organizations, organization)
	}
	for i, o := range r.Organizations {
		for _, c := range o.Coverage() {
			switch c.Status {
			case NotCollected:
				if c.Part == snapshot.PartSCIM { // the other parts have the same reason
					add(i, everything, lastReadText(c), c.Reason)
				}
			case NotAssessed, NoLongerAsked:
				add(i, c.Part, lastReadText(c), c.Reason)
			case AssessedInPart:
				add(i, "part of the "+c.Part, "", c.Reason)
			}
		}
		for _, rules := range r.evaluated[i].notAssessed() {
			if o.complete() {
				add(i, rules.what, "", rules.why)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *unread) int { return cmp.Compare(a.rank(), b.rank()) })
	var leftOut []*unread
	for _, s := range r.LeftOut {
		one := &unread{what: "organization " + leftOutName(s), why: "the settings no longer have it"}
		if s.Outcome == snapshot.Complete {
			one.lastRead = s.TakenAt.UTC().Format(time.DateOnly)
		}
		leftOut = append(leftOut, one)
	}
	all = append(leftOut, all...)
	t := r.pageTable("Not looked at")
	for _, one := range all[:min(len(all), pageNames)] {
		cells := []any{one.what, one.lastRead}
		switch {
		case len(r.Organizations) == 1:
		case len(one.organizations) == 0: // it is what was not looked at
			cells = append(cells, "")
		case len(one.organizations) == len(r.Organizations):
			cells = append(cells, "all organizations")
		default:
			cells = append(cells, r.named(one.organizations))
		}
		t.Add(table.RunLevel, append(cells, one.why)...)
	}
	t.More(len(all)-len(t.Rows), "Rules and Evidence")
	if len(all) == 0 && len(r.Organizations) > 0 {
		t.Remark(table.RunLevel, "Everything was looked at.")
	}
	return t
}

// lastReadText returns the day on which something was last read.
func lastReadText(c Coverage) string {
	if c.LastRead.IsZero() {
		return "never"
	}
	return c.LastRead.UTC().Format(time.DateOnly)
}

// notAssessed returns the rules that could not be evaluated, those with the same reason together.
func (j *evaluation) notAssessed() []unread {
	var all []unread
	var names []string // of the rules in all
	for _, o := range j.outcomes {
		n, reason := o.counts.of(finding.NotAssessed), o.reason
		if o.status() == finding.NotAssessed && n == 0 {
			reason = "no finding of this rule is stored"
		}
		if reason == "" {
			continue
		}
		name := o.rule.ID
		if n > 1 {
			name += fmt.Sprintf(" (%d of %d)", n, o.subjects)
		}
		i := slices.IndexFunc(all, func(u unread) bool { return u.why == reason })
		if i < 0 {
			all, names = append(all, unread{what: "rule " + name + ": " + o.rule.Title, why: reason}), append(names, name)
			continue
		}
		names[i] += ", " + name
		all[i].what = "rules " + names[i]
	}
	return all
}

// sourceTable says where the report comes from, what it was checked against, and how to check it.
func (r *report) sourceTable() *table.Table {
	t := table.New("", nil, columnsOf["Facts"][1:]...)
	t.Bare = true
	if len(r.Organizations) == 1 {
		r.addSource(t, r.Organizations[0])
	} else {
		t.Add(table.RunLevel, "Source", r.sourcesText())
	}
	for n, d := range r.withRun() {
		if r.Databases == nil {
			r.addRun(t, "Run", d)
			if d.Head.Number > 0 {
				t.Add(table.RunLevel, "Ledger", d.Head.String())
			}
			continue
		}
		if n == pageNames {
			t.Add(table.RunLevel, "Databases", fmt.Sprintf("%d more in Evidence", len(r.withRun())-n))
			break
		}
		r.addRun(t, "Database", d)
	}
	t.Add(table.RunLevel, "Tie-outs", r.ties.Sentence())
	heads := "the database against the line Ledger above, or one that was kept elsewhere."
	if r.Databases != nil {
		heads = "each database against its line in head.txt."
	}
	t.Add(table.RunLevel, "To check it", "sha256sum -c SHA256SUMS in the folder of this file checks the files. "+
		"auditor verify --head LINE checks "+heads)
	return t
}

// addRun adds when, by whom and why a run was made.
func (r *report) addRun(t *table.Table, item string, d *Database) {
	run := &d.Run
	written := ""
	if r.Databases == nil && r.writer() != run.ToolVersion {
		written = "; auditor " + r.writer() + " wrote this report again"
	}
	text := strconv.FormatInt(run.ID, 10)
	if r.Databases != nil {
		text = d.ID + ", run " + text
	}
	if run.Shard != "" {
		text += ", shard " + run.Shard
	}
	t.Add(table.RunLevel, item, fmt.Sprintf("%s, taken at %s, trigger %s, %s, by auditor %s on %s%s", text,
		UTC(run.StartedAt), run.Trigger, scheduledText(run), run.ToolVersion, run.Host, written))
}

// scheduledText says for which night a run was.
func scheduledText(run *snapshot.Run) string {
	if run.ScheduledFor.IsZero() {
		return "not scheduled"
	}
	return "scheduled for " + UTC(run.ScheduledFor)
}

// addSource adds how the snapshot of the only organization was made.
func (r *report) addSource(t *table.Table, o *Organization) {
	s := &o.Snapshot
	organization := cmp.Or(s.OrganizationName, r.label(0))
	for _, part := range []string{"id " + cmp.Or(o.id(), Unknown), "label " + s.Source} {
		organization += ", " + part
	}
	t.Add(0, "Organization", organization)
	t.Add(0, "Source", fmt.Sprintf("%s, read as %s", s.BaseURL, cmp.Or(strings.TrimSpace(s.Principal+" "+s.PrincipalID),
		"an identity that is not known")))
	for _, text := range listingTexts(o.Exchanges) {
		t.Add(0, "Listing", text)
	}
	if !s.TakenAt.Equal(r.Run.StartedAt) {
		t.Add(0, "Taken at", UTC(s.TakenAt))
	}
	if o.complete() {
		t.Add(0, "Content", "SHA-256 "+s.ContentSHA256)
	}
}

// listingTexts names each method that lists configurations, with its first request, its pages and
// its records.
func listingTexts(exchanges []snapshot.Exchange) []string {
	var texts []string
	for _, method := range []string{methodSCIM, methodSSO} {
		request, pages, records := "", 0, 0
		for i := range exchanges {
			if e := &exchanges[i]; strings.HasSuffix(e.Method, method) && e.Status == statusOK {
				request = cmp.Or(request, e.Method+" "+e.Request)
				pages, records = pages+1, records+e.Records
			}
		}
		if pages > 0 {
			texts = append(texts, fmt.Sprintf("%s: %s, %s", request, Count(pages, "page"), Count(records, "record")))
		}
	}
	return texts
}

// sourcesText counts the requests of several organizations.
func (r *report) sourcesText() string {
	var urls []string
	requests, records := 0, 0
	for _, o := range r.Organizations {
		if !slices.Contains(urls, o.Snapshot.BaseURL) && o.Snapshot.BaseURL != "" {
			urls = append(urls, o.Snapshot.BaseURL)
		}
		for i := range o.Exchanges {
			requests, records = requests+1, records+o.Exchanges[i].Records
		}
	}
	more := "Evidence has the identity, the requests and the hashes of each organization."
	if r.isFleet() {
		more = snapshotsSheet + " has the identity and the hashes of each organization, the database its requests."
	}
	return fmt.Sprintf("%s: %s with %s. %s", cmp.Or(FirstOf(urls, pageNames, ", "), noOrganization), Count(requests, "request"),
		Count(records, "record"), more)
}
