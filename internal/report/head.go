package report

import (
	"time"

	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/snapshot"
)

// jsonSchema is the version of the form of audit.json. Fields may be added under the same version;
// none changes its meaning or goes away.
const jsonSchema = "auditor-report/2"

// head is what the JSON says before its arrays. The run's other facts are its row of runs.
type head struct {
	Schema            string    `json:"schema"`
	Status            string    `json:"status"`
	Complete          bool      `json:"complete"`
	Alarms            []string  `json:"alarms"`
	RunID             int64     `json:"run_id"`
	StartedAt         time.Time `json:"started_at"`
	Trigger           string    `json:"trigger"`
	Outcome           string    `json:"outcome"`
	ToolVersion       string    `json:"tool_version"`
	ReportToolVersion string    `json:"report_tool_version"`
	Host              string    `json:"host"`
	Cells             Cells     `json:"cells"`
}

func (r *report) head() head {
	return head{
		jsonSchema, r.status(), r.Complete(), append([]string{}, r.alarms()...), r.Run.ID, r.Run.StartedAt.UTC(),
		r.Run.Trigger, string(r.Run.Outcome), r.Run.ToolVersion,
		r.writer(), r.Run.Host, r.cells,
	}
}

// manifest says what a report folder holds and of which run it is. It names every file but itself
// and SHA256SUMS, which names it.
type manifest struct {
	Schema    string    `json:"schema"`
	RunID     int64     `json:"run_id"`
	StartedAt time.Time `json:"started_at"`
	Complete  bool      `json:"complete"`
	// ToolVersion is of the tool that made the run, ReportToolVersion of the one that wrote these files.
	ToolVersion       string             `json:"tool_version"`
	ReportToolVersion string             `json:"report_tool_version"`
	Snapshots         []manifestSnapshot `json:"snapshots"`
	Files             []folder.Written   `json:"files"`
}

// manifestSnapshot is what the database holds of one organization; the hashes are empty where its
// snapshot is not complete.
type manifestSnapshot struct {
	ID             int64            `json:"id"`
	OrganizationID string           `json:"organization_id"`
	Organization   string           `json:"organization"`
	Outcome        snapshot.Outcome `json:"outcome"`
	ContentSHA256  string           `json:"content_sha256"`
	ChainSHA256    string           `json:"chain_sha256"`
}

func (r *report) manifest(files []folder.Written) any {
	m := manifest{
		"auditor-manifest/1", r.Run.ID, r.Run.StartedAt.UTC(), r.Complete(), r.Run.ToolVersion, r.writer(),
		[]manifestSnapshot{}, files,
	}
	for i, o := range r.Organizations {
		s := &o.Snapshot
		m.Snapshots = append(m.Snapshots,
			manifestSnapshot{s.ID, o.id(), r.label(i), s.Outcome, s.ContentSHA256, s.ChainSHA256})
	}
	return m
}
