package report

import (
	"fmt"

	"scim-auditor/internal/snapshot"
)

// What stands for an actor that is not known, and why it is not.
const (
	actorNotKnown = "not known"
	noEntry       = "no audit-log entry"
	noEntryFound  = "no audit-log entry found, and some may be missing"
	logNotRead    = "not assessed: the audit log was not read"
)

var changeColumns = []column{
	{"Subject ID", "subject_id"},
	{"Taken at (UTC)", "taken_at"},
	{"Organization", "organization"},
	{"Severity", "severity"},
	{"Kind", "kind"},
	{"Subject type", "subject_type"},
	{"Subject name", "subject_name"},
	{"Field", "field"},
	{"Before", "before"},
	{"Before, label", "before_label"},
	{"After", "after"},
	{"After, label", "after_label"},
	{"Actor ID", "actor_id"},
	{"Actor kind", "actor_principal"},
	{"Actor's action", "actor_action"},
	{"Action at (UTC)", "actor_at"},
	{"Candidate entries", "candidates"},
	{"Note", "note"},
}

func (v *view) changeTable() *table {
	return &table{
		name:    "Changes",
		file:    fileChanges,
		columns: changeColumns,
		rows: rowsOf(v, func(o *Organization) []snapshot.Change { return o.Changes },
			func(i int, o *Organization, c *snapshot.Change) []any { return changeCells(v.label(i), o.AuditLog, c) }),
		remarks: v.changeRemarks(),
	}
}

func changeCells(organization string, log *snapshot.AuditLog, c *snapshot.Change) []any {
	actor, action, at := orText(c.ActorID, actorNotKnown), c.ActorAction, instant(c.ActorAt, "")
	if len(c.Candidates) == 0 && c.ActorID == "" {
		actor, action = whyNoActor(log), ""
	}
	return []any{
		c.SubjectID, c.TakenAt, organization, c.Severity, string(c.Kind), string(c.SubjectType), c.SubjectName, c.Field,
		c.Before, orText(c.BeforeLabel, instantLabel(c.Before)), c.After, orText(c.AfterLabel, instantLabel(c.After)),
		actor, c.ActorPrincipal, action, at, len(c.Candidates), c.Note,
	}
}

// whyNoActor says why a change has no candidate.
func whyNoActor(log *snapshot.AuditLog) string {
	switch {
	case log == nil:
		return logNotRead
	case log.NotAssessed != "":
		return "not assessed: " + log.NotAssessed
	case log.Lacking != "":
		return noEntryFound
	}
	return noEntry
}

// changeRemarks says for each organization what its rows compare, or why it has none.
func (v *view) changeRemarks() []remark {
	var all []remark
	for i, o := range v.each() {
		switch {
		case !o.complete():
			all = append(all, remark{i, v.notComplete(i), true})
		case o.first():
			all = append(all, remark{i, v.label(i) + ": " + baselineText, true})
		case len(o.Changes) == 0:
			all = append(all, remark{i, fmt.Sprintf("%s: no changes%s since the baseline snapshot of %s", v.label(i), o.ofSCIM(), utc(o.Baseline.TakenAt)), false})
		default:
			all = append(all, remark{i, fmt.Sprintf("%s: net change between the snapshots of %s and %s: %s", v.label(i), utc(o.Baseline.TakenAt),
				utc(o.Snapshot.TakenAt), count(len(o.Changes), "row")), false})
		}
		all = append(all, v.notCompared(i)...)
	}
	return all
}

// ofSCIM bounds what "no changes" can say where the SSO configurations were not compared.
func (o *Organization) ofSCIM() string {
	if o.Snapshot.SSONotAssessed != "" || o.SSOBaseline == nil {
		return " of SCIM configurations"
	}
	return ""
}

// notCompared names the parts of a complete snapshot whose changes cannot be told, or that were compared with an older snapshot.
func (v *view) notCompared(organization int) []remark {
	o := &v.Organizations[organization]
	if !o.complete() || o.Baseline == nil {
		return nil
	}
	var all []remark
	for _, part := range []struct {
		what, notAssessed string
		baseline          *snapshot.Snapshot
	}{
		{"SSO configurations", o.Snapshot.SSONotAssessed, o.SSOBaseline},
		{"organization policies", o.Snapshot.PoliciesNotAssessed, o.PoliciesBaseline},
	} {
		label := v.label(organization) + ": "
		switch {
		case part.notAssessed != "":
			all = append(all, remark{organization, label + "changes of " + part.what + " not assessed: " + part.notAssessed, true})
		case part.baseline == nil:
			all = append(all, remark{organization, label + "changes of " + part.what + " not assessed: no earlier snapshot could read them", true})
		case part.baseline.ID != o.Baseline.ID:
			all = append(all, remark{organization, fmt.Sprintf("%s%s compared with the snapshot of %s, the last that could read them",
				label, part.what, utc(part.baseline.TakenAt)), false})
		}
	}
	return all
}

var timelineColumns = []column{
	{"Subject ID", "subject_id"},
	{"Taken at (UTC)", "taken_at"},
	{"Organization", "organization"},
	{"Subject type", "subject_type"},
	{"Subject name", "subject_name"},
	{"Kind", "kind"},
	{"Severity", "severity"},
	{"Field", "field"},
	{"Before", "before"},
	{"After", "after"},
	{"Actor ID", "actor_id"},
	{"Note", "note"},
	{"Snapshot", "snapshot"},
	{"Baseline snapshot", "baseline"},
}

// timelineTable has a row for each transition that complete snapshots have shown, this run's included, oldest first.
func (v *view) timelineTable() *table {
	t := &table{name: "Timeline", file: fileTimeline, columns: timelineColumns}
	t.rows = func(yield func(row) bool) {
		for i := range v.Timeline {
			c := &v.Timeline[i]
			organization, name := runLevel, c.OrganizationID
			if known, ok := v.byID[c.OrganizationID]; ok {
				organization, name = known, v.label(known)
			}
			if !yield(row{organization, []any{
				c.SubjectID, c.TakenAt, name, string(c.SubjectType), c.SubjectName, string(c.Kind), c.Severity, c.Field,
				orText(c.BeforeLabel, orText(instantLabel(c.Before), c.Before)), orText(c.AfterLabel, orText(instantLabel(c.After), c.After)),
				orText(c.ActorID, actorNotKnown), c.Note, int(c.SnapshotID), int(c.BaselineID),
			}}) {
				return
			}
		}
	}
	t.remarks = append(v.lacking(), v.noTransitions()...)
	return t
}

func (v *view) noTransitions() []remark {
	var all []remark
	for i, o := range v.each() {
		seen := false
		for j := range v.Timeline {
			seen = seen || v.Timeline[j].OrganizationID == o.id()
		}
		if o.complete() && !seen {
			all = append(all, remark{i, v.label(i) + ": no transition in any complete snapshot up to " + utc(o.Snapshot.TakenAt), false})
		}
	}
	return all
}
