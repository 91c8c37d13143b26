package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// RunColumns are those of a register of runs.
var RunColumns = []table.Column{
	table.Int("Run", "id"), table.Text("Outcome", "outcome"), table.Time("Started at", "started_at"),
	table.Time("Finished at", "finished_at"), table.Time("Scheduled for", "scheduled_for"),
	table.Text("Trigger", "trigger"), table.Int("Organizations complete", "organizations_complete"),
	table.Int("Organizations failed", "organizations_failed"),
	table.Int("SCIM configurations", "scim_configurations"), table.Int("Changes", "changes"),
	table.Int("Failed findings", "failed_findings"), table.Text("Error", "error"),
	table.Text("Tool version", "tool_version"), table.Text("Host", "host"),
}

// RunCells are the cells of a run.
func RunCells(r *snapshot.Run) []any {
	return []any{
		int(r.ID), Word(r.Outcome), r.StartedAt, table.Instant(r.FinishedAt, "not finished"),
		table.Instant(r.ScheduledFor, "not scheduled"), r.Trigger, r.CompleteOrganizations, r.FailedOrganizations,
		r.SCIMConfigurations, r.Changes, r.FailedFindings, OneLine(r.Error), r.ToolVersion, r.Host,
	}
}

// missedRule is the rule whose findings name missed nights, by their instant in RFC 3339.
const missedRule = "RUN-002"

// runTable has the last runs up to this one, and every night of the last days for which there is no
// complete run, newest first.
func (r *report) runTable() *table.Table {
	type entry struct {
		at    time.Time
		cells []any
	}
	var entries []entry
	for i := range r.Runs {
		entries = append(entries, entry{r.Runs[i].StartedAt, RunCells(&r.Runs[i])})
	}
	for _, night := range r.missedNights() {
		entries = append(entries, entry{night.at, []any{
			table.Why("none"), Word(schedule.Missed), nil, nil, night.at, "", nil, nil, nil, nil, nil, night.why(), "", "",
		}})
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return b.at.Compare(a.at) })
	t := table.New("Runs", r.Zone(), RunColumns...)
	t.Key, t.File = "runs", "runs.csv"
	for _, e := range entries {
		t.Add(table.RunLevel, e.cells...)
	}
	t.Remark(table.RunLevel, fmt.Sprintf("The last %d runs, and the nights missed since %s. auditor runs lists all.",
		shownRuns, UTC(r.Since())))
	return t
}

// missedNight is a night without a complete run.
type missedNight struct {
	at time.Time
	// organizations are those of this run that missed it; none where no run was made.
	organizations []string
}

func (n *missedNight) why() string {
	if len(n.organizations) == 0 {
		return "no run was made"
	}
	return "no complete run for: " + strings.Join(n.organizations, ", ")
}

// missedNights are the nights that the register has no run for, and those that RUN-002 names. A night
// whose run failed has that run's row.
func (r *report) missedNights() []missedNight {
	var nights []missedNight
	tried := make(map[time.Time]bool)
	for _, n := range r.Nights {
		if n.Status == schedule.Missed {
			nights = append(nights, missedNight{at: n.ScheduledAt})
		} else {
			tried[n.ScheduledAt] = true
		}
	}
	for i := range r.Organizations {
		for _, at := range r.Organizations[i].missed() {
			if tried[at] || at.Before(r.Since()) {
				continue // the finding itself stands in the findings
			}
			k := slices.IndexFunc(nights, func(n missedNight) bool { return n.at.Equal(at) })
			if k < 0 {
				k = len(nights)
				nights = append(nights, missedNight{at: at})
			}
			nights[k].organizations = append(nights[k].organizations, r.label(i))
		}
	}
	slices.SortFunc(nights, func(a, b missedNight) int { return b.at.Compare(a.at) })
	return nights
}

// missed are the nights that RUN-002 names for the organization.
func (o *Organization) missed() []time.Time {
	var all []time.Time
	for i := range o.Findings {
		f := &o.Findings[i]
		if f.RuleID != missedRule || f.Status != finding.Fail {
			continue
		}
		if at, err := time.Parse(time.RFC3339, f.SubjectID); err == nil { // else it is of no night
			all = append(all, at.UTC())
		}
	}
	return all
}

// exchangeTable has every request whose answer the run is made of, in the order of sending.
func (r *report) exchangeTable() *table.Table {
	t := table.New("Evidence", r.Zone(), table.Text("Organization", "organization"), table.Text("Method", "method"),
		table.Text("Request body", "request"), table.Int("Number", "number"), table.Int("HTTP status", "status"),
		table.Time("Sent at", "sent_at"), table.Int("Duration (ms)", "duration_ms"), table.Int("Records", "records"),
		table.Lists("Retries", "retries"), table.Time("Server date", "server_date"),
		table.Int("Answer's bytes", "response_size"), table.Text("Answer's SHA-256", "response_sha256"))
	t.Key, t.File = "exchanges", "exchanges.csv"
	for i := range r.Organizations {
		o := &r.Organizations[i]
		for j := range o.Exchanges {
			e := &o.Exchanges[j]
			t.Add(i, r.label(i), e.Method, e.Request, e.Number, e.Status, e.SentAt, int(e.Duration.Milliseconds()), e.Records,
				table.List{Items: e.Retries, Separator: "; ", None: "none"}, table.Instant(e.ServerDate, "none sent"),
				int(e.ResponseSize), e.ResponseSHA256)
		}
		if len(o.Exchanges) == 0 {
			t.Missing(i, r.label(i)+": no exchange is stored")
		}
	}
	return t
}

// auditLogTable has the entries of the audit log that the changes are explained by, for JSON.
func (r *report) auditLogTable() *table.Table {
	t := table.New("", nil, table.Text("ID", "id"), table.Time("Created at", "created_at"), table.Text("Actor ID", "actor_id"),
		table.Text("Actor kind", "actor_principal"), table.Text("Subject ID", "subject_id"),
		table.Text("Subject type", "subject_type"), table.Text("Action", "action"))
	t.Key = "audit_log"
	for i := range r.Organizations {
		log := r.Organizations[i].AuditLog
		if log == nil {
			continue
		}
		for _, e := range log.Entries {
			t.Add(i, e.ID, e.CreatedAt, e.ActorID, e.ActorPrincipal, e.SubjectID, e.SubjectType, e.Action)
		}
	}
	return t
}
