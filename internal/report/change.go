package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// ChangeColumns are the columns of a table of changes.
var ChangeColumns = columnsOf["Changes"]

// ChangeCells returns the cells of a change. log is nil if the audit log was not read.
func ChangeCells(organization string, log *snapshot.AuditLog, c *snapshot.Change) []any {
	actor, action := or(c.ActorID, unknownActor), c.ActorAction
	if len(c.Candidates) == 0 && c.ActorID == "" {
		actor, action = table.Why(noActorReason(log)), ""
	}
	ids := make([]string, len(c.Candidates))
	for i, entry := range c.Candidates {
		ids[i] = entry.ID
	}
	was, now := Readable(c.Before, c.BeforeLabel), Readable(c.After, c.AfterLabel)
	if c.Field == "" {
		was, now = configurationText(c.Before, c.BeforeLabel), configurationText(c.After, c.AfterLabel)
	}
	return []any{
		c.SubjectName, Word(c.Severity), whatChanged(c), was, now,
		byWhom(log, c), c.Note, organization, string(c.Kind), c.Field, string(c.SubjectType),
		c.Before, cmp.Or(c.BeforeLabel, instantLabel(c.Before)), c.After, cmp.Or(c.AfterLabel, instantLabel(c.After)),
		c.ActorName, c.ActorPrincipal, action, table.Instant(c.ActorAt, ""), len(c.Candidates), c.TakenAt, actor, c.SubjectID,
		c.ID(), table.List{Items: ids},
	}
}

// whatChanged returns the kind of a change in words, with the field if the kind does not name it.
func whatChanged(c *snapshot.Change) string {
	text := strings.ReplaceAll(string(c.Kind), "_", " ")
	if c.Kind == diff.FieldChanged || c.Kind == diff.FieldFirstReported {
		text += ": " + c.Field
	}
	if c.SubjectType == diff.SSOConfiguration {
		return "SSO configuration " + text
	}
	return text
}

// byWhom returns the newest audit-log entry that may say who made a change: actor, time and action.
func byWhom(log *snapshot.AuditLog, c *snapshot.Change) string {
	if len(c.Candidates) == 0 && c.ActorID == "" {
		return noActorReason(log)
	}
	kind := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(c.ActorPrincipal, "PRINCIPAL_")), "_", " ")
	actor := cmp.Or(c.ActorID, "an actor who is not known")
	if c.ActorName != "" {
		actor = fmt.Sprintf("%s (%s)", c.ActorName, c.ActorID)
	}
	text := strings.TrimSpace("by " + strings.TrimSpace(kind+" "+actor))
	if !c.ActorAt.IsZero() {
		text += " at " + UTC(c.ActorAt)
	}
	if c.ActorAction != "" {
		text += ": " + diff.Quoted(c.ActorAction)
	}
	if n := len(c.Candidates); n > 1 {
		text += fmt.Sprintf(" (the newest of %d entries)", n)
	}
	return text
}

// noActorReason returns why a change has no candidate entry.
func noActorReason(log *snapshot.AuditLog) string {
	switch {
	case log == nil:
		return "not assessed: the audit log was not read"
	case log.NotAssessed != "":
		return "not assessed: " + log.NotAssessed
	case log.Lacking != "":
		return "no audit-log entry found, but entries may be missing"
	}
	return "no audit-log entry"
}

// changeTable lists the changes of every organization.
func (r *report) changeTable() *table.Table {
	t := r.table("Changes")
	for i, o := range r.Organizations {
		for j := range o.Changes {
			r.add(t, i, func() []any { return ChangeCells(r.label(i), o.AuditLog, &o.Changes[j]) })
		}
	}
	t.Links = map[string]string{"subject_name": "subject_id"}
	r.remarkChanges(t)
	return t
}

// remarkChanges adds for each organization which snapshots were compared, or why it has no
// rows.
func (r *report) remarkChanges(t *table.Table) {
	for i, o := range r.Organizations {
		switch {
		case !o.complete():
			t.Alarm(i, r.notComplete(i))
		case o.first():
			t.Missing(i, r.label(i)+": "+baselineText)
			continue
		case len(o.Changes) == 0:
			t.Remark(i, fmt.Sprintf("%s: no changes%s since the baseline snapshot taken at %s", r.label(i), o.ofSCIM(),
				UTC(o.Baseline.TakenAt)))
		default:
			t.Remark(i, fmt.Sprintf("%s: net change between the snapshots taken at %s and %s: %s", r.label(i),
				UTC(o.Baseline.TakenAt), UTC(o.Snapshot.TakenAt), Count(len(o.Changes), "row")))
		}
		notAssessed, older := o.comparisonNotes()
		for _, text := range notAssessed {
			t.Missing(i, r.label(i)+": "+text)
		}
		for _, text := range older {
			t.Remark(i, r.label(i)+": "+text)
		}
	}
}

// comparisonNotes names the parts of a complete snapshot that are not known, or whose changes
// are not known, and those that were compared with an older snapshot than the baseline.
func (o *Organization) comparisonNotes() (notAssessed, older []string) {
	for _, c := range snapshot.ComparedParts {
		switch why, before := snapshot.NotAssessed(o.Snapshot.Parts(), c.Part), o.comparedWith(c.Part); {
		case o.first() && why != "":
			notAssessed = append(notAssessed, c.Noun+" not assessed: "+why)
		case o.Baseline == nil:
		case why != "":
			notAssessed = append(notAssessed, "changes of "+c.Noun+" not assessed: "+why)
		case before == nil:
			notAssessed = append(notAssessed, "changes of "+c.Noun+" not assessed: "+noEarlier)
		case before.ID != o.Baseline.ID:
			older = append(older, fmt.Sprintf("%s compared with the last snapshot that could read them, taken at %s",
				c.Noun, UTC(before.TakenAt)))
		}
	}
	switch why := o.membersNotCompared(); {
	case !o.membersRequested() && o.MembersBaseline == nil:
	case o.first() && o.Snapshot.MembersNotAssessed != "":
		notAssessed = append(notAssessed, "members not assessed: "+o.Snapshot.MembersNotAssessed)
	case o.first():
	case why != "":
		notAssessed = append(notAssessed, "changes of members not assessed: "+why)
	case o.MembersBaseline.ID != o.Baseline.ID:
		older = append(older, "members compared with the last snapshot that could read them, taken at "+
			UTC(o.MembersBaseline.TakenAt))
	}
	return notAssessed, older
}

// NotCompared returns the parts that a complete snapshot read and whose changes are not known,
// because no snapshot before has them, or has them in the same form.
func (o *Organization) NotCompared() (parts []string) {
	if o.Baseline == nil {
		return nil
	}
	for _, c := range snapshot.ComparedParts {
		if snapshot.NotAssessed(o.Snapshot.Parts(), c.Part) == "" && o.comparedWith(c.Part) == nil {
			parts = append(parts, c.Part)
		}
	}
	if o.membersRequested() && o.Snapshot.MembersNotAssessed == "" && o.membersNotCompared() != "" {
		parts = append(parts, snapshot.PartMembers)
	}
	return parts
}

// timed is a change of an organization of the report.
type timed struct {
	organization int
	*snapshot.Change
}

// timelines returns the changes of all databases, oldest first.
func (r *report) timelines() (all []timed) {
	for _, d := range r.withRun() {
		index := make(map[string]int)
		for i, o := range d.Organizations {
			index[o.id()] = d.first + i
		}
		for i := range d.Timeline {
			all = append(all, timed{index[d.Timeline[i].OrganizationID], &d.Timeline[i]})
		}
	}
	slices.SortStableFunc(all, func(a, b timed) int { return a.TakenAt.Compare(b.TakenAt) })
	return all
}

// timelineTable lists the changes found by complete snapshots in the last days, this run's
// included, oldest first, with the audit-log entries about who gets in.
func (r *report) timelineTable() *table.Table {
	t := r.table("Timeline")
	for _, in := range r.timelines() {
		r.add(t, in.organization, func() []any { return r.timelineCells(in) })
	}
	t.Links = map[string]string{"subject_name": "subject_id"}
	t.Remark(table.RunLevel, fmt.Sprintf("The changes, and what the audit log says about who gets in, in the %d days "+
		"since %s.", shownDays, UTC(r.Since())))
	r.alarm(t)
	for i, o := range r.Organizations {
		if o.complete() && t.Size(i) == 0 {
			t.Remark(i, fmt.Sprintf("%s: no complete snapshot from %s to %s found a change", r.label(i), UTC(r.Since()),
				UTC(o.Snapshot.TakenAt)))
		}
	}
	return t
}

func (r *report) timelineCells(c timed) []any {
	was, now := c.Before, c.After
	if c.Field != "" { // of a whole configuration, the label names only what it links to
		was, now = cmp.Or(c.BeforeLabel, instantLabel(was), was), cmp.Or(c.AfterLabel, instantLabel(now), now)
	}
	return []any{
		c.SubjectName, c.TakenAt, Word(c.Severity), string(c.Kind), c.Field, was, now,
		r.names.Of(c.organization), c.Note, string(c.SubjectType), int(c.SnapshotID), int(c.BaselineID),
		c.ActorName, or(c.ActorID, unknownActor), c.SubjectID, c.ID(),
	}
}
