package report

import (
	"time"

	"scim-auditor/internal/evidence"
	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// jsonSchema is the version of the form of audit.json. Under one version, fields may be added;
// none is removed or changes its meaning.
const jsonSchema = "auditor-report/3"

// head has the members of audit.json before the arrays. The array runs has more about the run.
type head struct {
	Schema            string       `json:"schema"`
	Headline          Headline     `json:"headline"`
	Status            string       `json:"status"`
	Complete          bool         `json:"complete"`
	Alarms            []string     `json:"alarms"`
	RunID             int64        `json:"run_id"`
	StartedAt         time.Time    `json:"started_at"`
	Trigger           string       `json:"trigger"`
	Outcome           string       `json:"outcome"`
	ToolVersion       string       `json:"tool_version"`
	ReportToolVersion string       `json:"report_tool_version"`
	Host              string       `json:"host"`
	Cells             table.Counts `json:"cells"`
	// Fleet is true if the arrays leave out what is in order. Their remarks say what.
	Fleet bool `json:"fleet,omitzero"`
	// Databases are those of a report over several. RunID is then 0.
	Databases []DatabaseHead `json:"databases,omitempty"`
}

// DatabaseHead says which run of a database a report over several has. A database that lacks the
// night has only DatabaseID and Lacks.
type DatabaseHead struct {
	DatabaseID string         `json:"database_id"`
	RunID      int64          `json:"run_id,omitempty"`
	Shard      string         `json:"shard,omitempty"`
	StartedAt  time.Time      `json:"started_at,omitzero"`
	Outcome    string         `json:"outcome,omitempty"`
	Host       string         `json:"host,omitempty"`
	Head       *evidence.Head `json:"head,omitempty"`
	Lacks      string         `json:"lacks,omitempty"`
}

func (r *report) databaseHeads() (all []DatabaseHead) {
	for _, d := range r.Databases {
		one := DatabaseHead{DatabaseID: d.ID, Lacks: d.Lacks}
		if d.Model != nil {
			one.RunID, one.Shard, one.StartedAt, one.Head = d.Run.ID, d.Run.Shard, d.Run.StartedAt.UTC(), &d.Head
			one.Outcome, one.Host = string(d.Run.Outcome), d.Run.Host
		}
		all = append(all, one)
	}
	return all
}

func (r *report) head() head {
	return head{
		jsonSchema, r.headline, r.status(), r.Complete(), r.alarms(), r.Run.ID, r.Run.StartedAt.UTC(), r.Run.Trigger,
		string(r.Run.Outcome), r.Run.ToolVersion, r.writer(), r.Run.Host, r.cells, r.isFleet(), r.databaseHeads(),
	}
}

// manifest names the run and lists the files of the report. SHA256SUMS lists the manifest.
type manifest struct {
	Schema     string        `json:"schema"`
	DatabaseID string        `json:"database_id"`
	RunID      int64         `json:"run_id"`
	StartedAt  time.Time     `json:"started_at"`            // takenAt of every snapshot
	ClockWrong bool          `json:"clock_wrong,omitempty"` // StartedAt and Written are of a wrong clock
	Head       evidence.Head `json:"head"`
	Written    folder.Origin `json:"written"`
	Complete   bool          `json:"complete"`
	// ToolVersion made the run, ReportToolVersion wrote these files.
	ToolVersion       string `json:"tool_version"`
	ReportToolVersion string `json:"report_tool_version"`
	// Timezone is that of the local times, OwnTemplate the format of the template of the settings,
	// empty if there is none. With both, verify writes the files again.
	Timezone    string `json:"timezone"`
	OwnTemplate Format `json:"own_template,omitempty"`
	// Night and Databases are those of a report over several databases, which has no run of its
	// own.
	Night     string             `json:"night,omitempty"`
	Databases []DatabaseHead     `json:"databases,omitempty"`
	Snapshots []manifestSnapshot `json:"snapshots"`
	Files     []folder.Written   `json:"files"`
}

// manifestSnapshot identifies the snapshot of one organization. A failed one has no hashes.
type manifestSnapshot struct {
	DatabaseID     string           `json:"database_id,omitempty"` // in a report over several
	ID             int64            `json:"id"`
	OrganizationID string           `json:"organization_id"`
	Organization   string           `json:"organization"`
	Outcome        snapshot.Outcome `json:"outcome"`
	ContentSHA256  string           `json:"content_sha256"`
	ChainSHA256    string           `json:"chain_sha256"`
}

func (r *report) manifest(files []folder.Written) any {
	m := manifest{
		"auditor-manifest/2", r.Head.DatabaseID, r.Run.ID, r.Run.StartedAt.UTC(), r.Run.ClockWrong, r.Head, r.Origin,
		r.Complete(), r.Run.ToolVersion, r.writer(), r.Timezone(), r.ownTemplate(), "",
		r.databaseHeads(), []manifestSnapshot{}, files,
	}
	for i, o := range r.Organizations {
		s := &o.Snapshot
		m.Snapshots = append(m.Snapshots,
			manifestSnapshot{r.databaseIDs[i], s.ID, o.id(), r.label(i), s.Outcome, s.ContentSHA256, s.ChainSHA256})
	}
	if r.Databases != nil {
		m.Night = r.Night.Format(time.DateOnly)
	}
	return m
}
