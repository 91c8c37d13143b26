package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

var runColumns = []column{
	{"Run", "id"},
	{"Outcome", "outcome"},
	{"Started at (UTC)", "started_at"},
	{"Finished at (UTC)", "finished_at"},
	{"Scheduled for (UTC)", "scheduled_for"},
	{"Trigger", "trigger"},
	{"Organizations complete", "organizations_complete"},
	{"Organizations failed", "organizations_failed"},
	{"SCIM configurations", "scim_configurations"},
	{"Changes", "changes"},
	{"Failed findings", "failed_findings"},
	{"Error", "error"},
	{"Tool version", "tool_version"},
	{"Host", "host"},
}

// missed is the outcome of a scheduled night that no complete run stands for.
const missed = snapshot.Outcome("missed")

// missedRule is the rule whose findings name such nights, by their instant in RFC 3339.
const missedRule = "RUN-002"

// runTable has every run up to this one and every night that RUN-002 found missed, newest first.
func (v *view) runTable() *table {
	type entry struct {
		at    time.Time
		cells []any
	}
	var entries []entry
	for i := range v.Runs {
		r := &v.Runs[i]
		entries = append(entries, entry{r.StartedAt, runCells(r)})
	}
	for _, night := range v.missedNights() {
		entries = append(entries, entry{night.at, []any{
			"none", missed, nil, nil, night.at, "", nil, nil, nil, nil, nil, night.why(), "", "",
		}})
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return b.at.Compare(a.at) })
	return &table{name: "Runs", file: fileRuns, columns: runColumns, rows: func(yield func(row) bool) {
		for _, e := range entries {
			if !yield(row{runLevel, e.cells}) {
				return
			}
		}
	}}
}

func runCells(r *snapshot.Run) []any {
	return []any{
		int(r.ID), r.Outcome, r.StartedAt, instant(r.FinishedAt, "not finished"), instant(r.ScheduledFor, "not scheduled"), r.Trigger,
		r.CompleteOrganizations, r.FailedOrganizations, r.SCIMConfigurations, r.Changes, r.FailedFindings, oneLine(r.Error), r.ToolVersion, r.Host,
	}
}

// missedNight is a night without a run.
type missedNight struct {
	at time.Time
	// organizations are those of this run that RUN-002 found to miss it; none for a night that an earlier report told.
	organizations []string
}

func (n missedNight) why() string {
	if len(n.organizations) == 0 {
		return "no run was made"
	}
	return "no complete run for: " + strings.Join(n.organizations, ", ")
}

// missedNights are the nights that the register has no run for, and those that RUN-002 names. One that was tried in vain has its run's row.
func (v *view) missedNights() []missedNight {
	var nights []missedNight
	tried := make(map[time.Time]bool)
	for _, n := range v.Nights {
		if tried[n.ScheduledAt] = n.Status != schedule.Missed; !tried[n.ScheduledAt] {
			nights = append(nights, missedNight{at: n.ScheduledAt})
		}
	}
	for i, o := range v.each() {
		for j := range o.Findings {
			f := &o.Findings[j]
			if f.RuleID != missedRule || f.Status != finding.Fail {
				continue
			}
			at, err := time.Parse(time.RFC3339, f.SubjectID)
			if err != nil || tried[at.UTC()] {
				continue // no night, or one with a run; the finding itself stands in the findings
			}
			k := slices.IndexFunc(nights, func(n missedNight) bool { return n.at.Equal(at) })
			if k < 0 {
				k = len(nights)
				nights = append(nights, missedNight{at: at.UTC()})
			}
			nights[k].organizations = append(nights[k].organizations, v.label(i))
		}
	}
	slices.SortFunc(nights, func(a, b missedNight) int { return cmp.Or(b.at.Compare(a.at)) })
	return nights
}

var exchangeColumns = []column{
	{"Organization", "organization"},
	{"Method", "method"},
	{"Request body", "request"},
	{"Number", "number"},
	{"HTTP status", "status"},
	{"Sent at (UTC)", "sent_at"},
	{"Duration (ms)", "duration_ms"},
	{"Records", "records"},
	{"Retries", "retries"},
	{"Server date (UTC)", "server_date"},
	{"Answer's bytes", "response_size"},
	{"Answer's SHA-256", "response_sha256"},
}

// exchangeTable has every request whose answer the run is made of, in the order of sending.
func (v *view) exchangeTable() *table {
	t := &table{
		name:    "Evidence",
		file:    fileExchanges,
		columns: exchangeColumns,
		rows: rowsOf(v, func(o *Organization) []snapshot.Exchange { return o.Exchanges },
			func(i int, _ *Organization, e *snapshot.Exchange) []any {
				return []any{
					v.label(i), e.Method, e.Request, e.Number, e.Status, e.SentAt, int(e.Duration.Milliseconds()), e.Records,
					orText(strings.Join(e.Retries, "; "), "none"), instant(e.ServerDate, "none sent"), int(e.ResponseSize), e.ResponseSHA256,
				}
			}),
	}
	for i, o := range v.each() {
		if len(o.Exchanges) == 0 {
			t.remarks = append(t.remarks, remark{i, v.label(i) + ": no exchange is stored", true})
		}
	}
	return t
}
