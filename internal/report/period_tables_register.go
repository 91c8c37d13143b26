package report

import (
	"strings"

	"scim-auditor/internal/snapshot"
)

var snapshotColumns = []column{
	{"Snapshot", "snapshot_id"},
	{"Organization", "organization"},
	{"Outcome", "outcome"},
	{"Taken at (UTC)", "taken_at"},
	{"In the period", "role"},
	{"Run", "run_id"},
	{"Trigger", "trigger"},
	{"Compared with snapshot", "baseline_id"},
	{"Compared with (UTC)", "baseline_taken_at"},
	{"SCIM configurations", "scim_configurations"},
	{"SSO configurations", "sso_configurations"},
	{"Changes", "changes"},
	{"Failed findings", "failed_findings"},
	{"Policies", "policies"},
	{"Removed by retention (UTC)", "pruned_at"},
	{"Error", "error"},
	{"Identity", "identity"},
	{"Base URL", "base_url"},
	{"Tool version", "tool_version"},
	{"content_sha256", "content_sha256"},
	{"chain_sha256", "chain_sha256"},
}

// snapshotTable is the register of snapshots: those of the period, and the opening one of each organization.
func (v *periodView) snapshotTable() *table {
	return &table{
		name: "Snapshots", file: "snapshots.csv", columns: snapshotColumns,
		rows: rowsOfPeriod(v, (*periodOrganization).registered, func(label string, o *periodOrganization, s *snapshot.Snapshot) []any {
			r := v.byID[s.RunID]
			cells := []any{int(s.ID), label, s.Outcome, s.TakenAt, o.role(s), int(s.RunID), r.Trigger}
			if s.Outcome == snapshot.Complete {
				cells = append(cells, o.baselineCells(s)...)
				cells = append(cells, s.SCIMConfigurations, unless(s.SSONotAssessed, s.SSOConfigurations), s.Changes, s.FailingFindings,
					unless(s.PoliciesNotAssessed, "assessed"))
			} else {
				cells = append(cells, make([]any, 7)...)
			}
			reason := strings.TrimPrefix(s.ErrorCode+": "+oneLine(s.Error), ": ")
			return append(cells, instant(s.PrunedAt, ""), reason, strings.TrimSpace(s.Principal+" "+s.PrincipalID), s.BaseURL, r.ToolVersion,
				s.ContentSHA256, s.ChainSHA256)
		}),
	}
}

func (o *periodOrganization) registered() []snapshot.Snapshot {
	if o.opening == nil {
		return o.snapshots
	}
	return append([]snapshot.Snapshot{*o.opening}, o.snapshots...)
}

// role says what a snapshot is for the period.
func (o *periodOrganization) role(s *snapshot.Snapshot) string {
	switch {
	case o.opening != nil && s.ID == o.opening.ID:
		return "opening"
	case o.closing != nil && s.ID == o.closing.ID:
		return "closing"
	}
	return ""
}

func (o *periodOrganization) baselineCells(s *snapshot.Snapshot) []any {
	if s.BaselineID == 0 {
		return []any{"none: first complete snapshot", nil}
	}
	if b := o.byID[s.BaselineID]; b != nil {
		return []any{int(b.ID), b.TakenAt}
	}
	return []any{int(s.BaselineID), nil}
}

// runTable is the run register of the period, oldest first.
func (v *periodView) runTable() *table {
	nights := make(map[int64][]string)
	for i := range v.Nights {
		n := &v.Nights[i]
		if n.run != nil {
			nights[n.run.ID] = append(nights[n.run.ID], shown(n.ScheduledAt))
		}
	}
	return &table{
		name: "Runs", file: fileRuns, columns: append(append([]column{}, runColumns...), column{"Stands for the nights", "nights"}),
		rows: func(yield func(row) bool) {
			for i := range v.Runs {
				r := &v.Runs[i]
				if !yield(row{runLevel, append(runCells(r), orText(strings.Join(nights[r.ID], ", "), "none"))}) {
					return
				}
			}
		},
		remarks: []remark{{runLevel, "Of several runs in one night, the last that is complete stands for it, else the last.", false}},
	}
}
