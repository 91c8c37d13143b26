package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"scim-auditor/internal/snapshot"
)

// manifestSchema is the version of the form of manifest.json.
const manifestSchema = "auditor-manifest/1"

// written is a file as it lies in the folder.
type written struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`   // bytes
	SHA256 string `json:"sha256"` // in hex
}

// manifest says what a report folder holds and of which run it is. It names every file but itself and SHA256SUMS, which names it.
type manifest struct {
	Schema    string    `json:"schema"`
	RunID     int64     `json:"run_id"`
	StartedAt time.Time `json:"started_at"`
	Complete  bool      `json:"complete"`
	// ToolVersion is of the tool that made the run, ReportToolVersion of the one that wrote these files.
	ToolVersion       string             `json:"tool_version"`
	ReportToolVersion string             `json:"report_tool_version"`
	Snapshots         []manifestSnapshot `json:"snapshots"`
	Files             []written          `json:"files"`
}

// manifestSnapshot is what the database holds of one organization; the hashes are empty where its snapshot is not complete.
type manifestSnapshot struct {
	ID             int64            `json:"id"`
	OrganizationID string           `json:"organization_id"`
	Organization   string           `json:"organization"`
	Outcome        snapshot.Outcome `json:"outcome"`
	ContentSHA256  string           `json:"content_sha256"`
	ChainSHA256    string           `json:"chain_sha256"`
}

func (v *view) writeManifest(w io.Writer, files []written) error {
	return encodeManifest(w, manifest{
		Schema:      manifestSchema,
		RunID:       v.Run.ID,
		StartedAt:   v.Run.StartedAt.UTC(),
		Complete:    v.Complete(),
		ToolVersion: v.Run.ToolVersion, ReportToolVersion: v.writer(),
		Snapshots: v.manifestSnapshots(),
		Files:     sorted(files),
	})
}

func encodeManifest(w io.Writer, m any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(m); err != nil {
		return fmt.Errorf("writing %s: %w", fileManifest, err)
	}
	return nil
}

func (v *view) manifestSnapshots() []manifestSnapshot {
	all := []manifestSnapshot{}
	for i, o := range v.each() {
		s := &o.Snapshot
		all = append(all, manifestSnapshot{s.ID, o.id(), v.label(i), s.Outcome, s.ContentSHA256, s.ChainSHA256})
	}
	return all
}

// writeSums writes what sha256sum -c reads: https://www.gnu.org/software/coreutils/manual/html_node/cksum-output-modes.html
func writeSums(w io.Writer, files []written) error {
	for _, f := range sorted(files) {
		if _, err := fmt.Fprintf(w, "%s  %s\n", f.SHA256, f.Name); err != nil {
			return fmt.Errorf("writing %s: %w", fileSums, err)
		}
	}
	return nil
}

func sorted(files []written) []written {
	return slices.SortedFunc(slices.Values(files), func(a, b written) int { return cmp.Compare(a.Name, b.Name) })
}
