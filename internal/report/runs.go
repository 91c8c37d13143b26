package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// RunColumns are the columns of a table of runs.
var RunColumns = columnsOf["Runs"]

// RunCells returns the cells of a run.
func RunCells(r *snapshot.Run) []any {
	return []any{
		int(r.ID), Word(r.Outcome), r.StartedAt, table.Instant(r.FinishedAt, "not finished"),
		table.Instant(r.ScheduledFor, "not scheduled"), r.Trigger, r.CompleteOrganizations, r.FailedOrganizations,
		r.SCIMConfigurations, r.Changes, r.FailedFindings, OneLine(r.Error), r.ToolVersion, r.Host,
	}
}

// missedRule is the rule whose findings are about missed nights. Their subject ids are the
// scheduled times in RFC 3339.
const missedRule = "RUN-002"

// runTable lists the last runs up to this one and the missed nights of the last days, newest first.
func (r *report) runTable() *table.Table {
	type entry struct {
		at    time.Time
		cells []any
	}
	var entries []entry
	for i := range r.Runs {
		entries = append(entries, entry{r.Runs[i].StartedAt, RunCells(&r.Runs[i])})
	}
	for at, organizations := range r.missedNights() {
		reason := "no run started"
		if len(organizations) > 0 {
			reason = "no complete run for: " + strings.Join(organizations, ", ")
		}
		entries = append(entries, entry{at, []any{
			table.Why("none"), Word(schedule.Missed), nil, nil, at, "", nil, nil, nil, nil, nil, reason, "", "",
		}})
	}
	// Nights have different times. A run comes before a night with the same time.
	slices.SortStableFunc(entries, func(a, b entry) int { return b.at.Compare(a.at) })
	t := r.table("Runs")
	for _, e := range entries {
		t.Add(table.RunLevel, e.cells...)
	}
	t.Remark(table.RunLevel, fmt.Sprintf("The last %d runs, and the nights missed since %s. auditor runs lists all.",
		shownRuns, UTC(r.Since())))
	return t
}

// missedNights returns the nights without a run. It also returns the nights in findings of RUN-002,
// with the organizations of this run that missed them. A night with a failed run is not included:
// that run has a row of its own.
func (r *report) missedNights() map[time.Time][]string {
	missed, tried := make(map[time.Time][]string), make(map[time.Time]bool)
	for _, n := range r.Nights {
		at := n.ScheduledAt.UTC()
		if tried[at] = n.Status != schedule.Missed; !tried[at] {
			missed[at] = nil
		}
	}
	for i, o := range r.Organizations {
		for j := range o.Findings {
			f := &o.Findings[j]
			if f.RuleID != missedRule || f.Status != finding.Fail {
				continue
			}
			at, err := time.Parse(time.RFC3339, f.SubjectID)
			if at = at.UTC(); err == nil && !tried[at] && !at.Before(r.Since()) {
				missed[at] = append(missed[at], r.label(i))
			}
		}
	}
	return missed
}

// exchangeTable lists the requests behind the snapshots, in the order of sending.
func (r *report) exchangeTable() *table.Table {
	t := r.table("Evidence")
	t.Key, t.File = "exchanges", "exchanges.csv"
	for i, o := range r.Organizations {
		for j := range o.Exchanges {
			e := &o.Exchanges[j]
			t.Add(i, r.label(i), e.Method, e.Request, e.Number, e.Status, e.SentAt, int(e.Duration.Milliseconds()), e.Records,
				table.List{Items: e.Retries, Separator: "; ", None: "none"}, table.Instant(e.ServerDate, "none sent"),
				int(e.ResponseSize), e.ResponseSHA256)
		}
		if len(o.Exchanges) == 0 {
			t.Missing(i, r.label(i)+": no exchanges are stored")
		}
	}
	return t
}

// auditLogTable lists the stored entries of the audit log, for JSON.
func (r *report) auditLogTable() *table.Table {
	t := table.New("", nil, columnsOf["Audit log"]...)
	t.Key = "audit_log"
	for i, o := range r.Organizations {
		for _, e := range cmp.Or(o.AuditLog, new(snapshot.AuditLog)).Entries {
			t.Add(i, e.ID, e.CreatedAt, e.ActorID, e.ActorPrincipal, e.SubjectID, e.SubjectType, e.Action)
		}
	}
	return t
}
