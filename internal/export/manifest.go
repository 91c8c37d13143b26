package export

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"scim-auditor/internal/durable"
	"scim-auditor/internal/snapshot"
)

// manifestFolder has one manifest for each database. Spark, Trino and Athena ignore names that
// begin with an underscore.
const manifestFolder = "_manifest"

// manifest lists what is exported of one database. Files that it does not list are of an export
// that was interrupted; the next export removes them.
type manifest struct {
	DatabaseID    string    `json:"database_id"`
	SchemaVersion int       `json:"schema_version"`
	Partition     Partition `json:"partition"`
	FirstRun      int64     `json:"first_run"`
	LastRun       int64     `json:"last_run"`
	Head          string    `json:"head"` // of the last run
	Files         []file    `json:"files"`
}

// file is a file of the export. FirstRun and LastRun are the runs whose rows it has; 0 for a view
// whose rows do not belong to a night.
type file struct {
	Path      string `json:"path"`
	View      string `json:"view"`
	TakenDate string `json:"taken_date,omitempty"`
	FirstRun  int64  `json:"first_run,omitempty"`
	LastRun   int64  `json:"last_run,omitempty"`
	Rows      int64  `json:"rows"`
	Bytes     int64  `json:"bytes"`
	SHA256    string `json:"sha256"`
}

func manifestPath(dir, id string) string {
	return filepath.Join(dir, manifestFolder, "database="+id+".json")
}

// readManifest returns an empty manifest if the database was not exported before. It reads those of
// the other databases too, because all must have the same schema and partition.
func readManifest(dir, id string, p Partition) (*manifest, error) {
	own := &manifest{DatabaseID: id, SchemaVersion: snapshot.SchemaVersion}
	paths, err := filepath.Glob(filepath.Join(escape(dir), manifestFolder, "database=*.json"))
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		var m manifest
		if err == nil {
			err = json.Unmarshal(text, &m)
		}
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		if m.SchemaVersion != snapshot.SchemaVersion {
			return nil, fmt.Errorf("%w: database %s has schema version %d there, and this program has %d",
				ErrSchema, m.DatabaseID, m.SchemaVersion, snapshot.SchemaVersion)
		}
		if p = cmp.Or(p, m.Partition); m.Partition != p {
			return nil, fmt.Errorf("%w: --partition is %s, and database %s has --partition %s there",
				ErrPartition, p, m.DatabaseID, m.Partition)
		}
		if path == manifestPath(dir, id) {
			own = &m
		}
	}
	own.Partition = cmp.Or(p, ByMonth)
	return own, nil
}

// escape makes a path match itself in filepath.Glob.
func escape(path string) string {
	return strings.NewReplacer("[", "[[]", "*", "[*]", "?", "[?]").Replace(path)
}

func (m *manifest) has(takenDate string) bool {
	return slices.ContainsFunc(m.Files, func(f file) bool { return f.TakenDate == takenDate })
}

func (m *manifest) hasView(name string) bool {
	return slices.ContainsFunc(m.Files, func(f file) bool { return f.View == name })
}

// sumOf returns the SHA-256 of a listed file, empty if it is not listed.
func (m *manifest) sumOf(path string) string {
	if i := slices.IndexFunc(m.Files, func(f file) bool { return f.Path == path }); i >= 0 {
		return m.Files[i].SHA256
	}
	return ""
}

func (m *manifest) write(path string) error {
	slices.SortFunc(m.Files, func(a, b file) int { return strings.Compare(a.Path, b.Path) })
	text, err := json.MarshalIndent(m, "", " ")
	if err == nil {
		err = durable.WriteFile(path, append(text, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("writing the manifest of the export: %w", err)
	}
	return nil
}
