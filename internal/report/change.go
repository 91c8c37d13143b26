package report

import (
	"cmp"

	tables "scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// ChangeColumns are those of a table of changes.
var ChangeColumns = []tables.Column{
	tables.Text("Subject ID", "subject_id"),
	tables.Time("Taken at", "taken_at"),
	tables.Text("Organization", "organization"),
	tables.Text("Severity", "severity"),
	tables.Text("Kind", "kind"),
	tables.Text("Subject type", "subject_type"),
	tables.Text("Subject name", "subject_name"),
	tables.Text("Field", "field"),
	tables.Text("Before", "before"),
	tables.Text("Before, label", "before_label"),
	tables.Text("After", "after"),
	tables.Text("After, label", "after_label"),
	tables.Text("Actor ID", "actor_id"),
	tables.Text("Actor kind", "actor_principal"),
	tables.Text("Actor's action", "actor_action"),
	tables.Time("Action at", "actor_at"),
	tables.Int("Candidate entries", "candidates"),
	tables.Text("Note", "note"),
	tables.Lists("", "candidate_ids").OnlyInJSON(), // of audit-log entries
}

// ChangeCells are the cells of a change; log is how the audit log was read, nil where it was not.
func ChangeCells(organization string, log *snapshot.AuditLog, c *snapshot.Change) []any {
	var actor any = cmp.Or(c.ActorID, actorNotKnown)
	action := c.ActorAction
	if len(c.Candidates) == 0 && c.ActorID == "" {
		actor, action = tables.Why(whyNoActor(log)), ""
	}
	ids := make([]string, len(c.Candidates))
	for i, entry := range c.Candidates {
		ids[i] = entry.ID
	}
	return []any{
		c.SubjectID, c.TakenAt, organization, Word(c.Severity), string(c.Kind), string(c.SubjectType), c.SubjectName,
		c.Field, c.Before, cmp.Or(c.BeforeLabel, instantLabel(c.Before)), c.After,
		cmp.Or(c.AfterLabel, instantLabel(c.After)), actor, c.ActorPrincipal, action, tables.Instant(c.ActorAt, ""),
		len(c.Candidates), c.Note, tables.List{Items: ids},
	}
}
