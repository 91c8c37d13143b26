package report

import (
	"scim-auditor/internal/diff"
	tables "scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
	"time"
)

const (
	Complete    = wordComplete
	NotComplete = wordNotComplete
)

var SummaryGrid = summaryGrid

const TopRows = topRows
const Unknown = unknown

func DaysBetween(from, to time.Time) int { return daysBetween(from, to) }

var RunColumns = []tables.Column{tables.Int("Run", "id"), tables.Text("Outcome", "outcome"), tables.Time("Started at", "started_at"), tables.Time("Finished at", "finished_at"), tables.Time("Scheduled for", "scheduled_for"), tables.Text("Trigger", "trigger"),
	tables.Int("Organizations complete", "organizations_complete"),
	tables.Int("Organizations failed", "organizations_failed"),
	tables.Int("SCIM configurations", "scim_configurations"),
	tables.Int("Changes", "changes"),
	tables.Int("Failed findings", "failed_findings"),
	tables.Text("Error", "error"),
	tables.Text("Tool version", "tool_version"),
	tables.Text("Host", "host"),
}

func RunCells(r *snapshot.Run) []any {
	return []any{int(r.ID), Word(r.Outcome), r.StartedAt, tables.Instant(r.FinishedAt, "not finished"), tables.Instant(r.ScheduledFor, "not scheduled"), r.Trigger,
		r.CompleteOrganizations, r.FailedOrganizations, r.SCIMConfigurations, r.Changes, r.FailedFindings, oneLine(r.Error), r.ToolVersion, r.Host}
}

type Term struct {
	Word, Subject string
	Severity      diff.Severity
	Meaning       string
}

var Glossary []Term

func TermTable(terms []Term) *tables.Table {
	t := tables.New("Glossary", nil, tables.Text("Word", "word"), tables.Text("Kind of change of", "subject"), tables.Text("Severity", "severity"), tables.Text("Meaning", "meaning"))
	for _, x := range terms {
		t.Add(tables.RunLevel, x.Word, x.Subject, Word(x.Severity), x.Meaning)
	}
	return t
}

const folderPeriod = "-period"
