package verify

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/evidence"
	"scim-auditor/internal/report"
	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/snapshot"
)

// Trust has what signatures and timestamps are checked against. Without it, only their validity for
// the key or the certificate in them is checked.
type Trust struct {
	Signers evidence.Signers
	Roots   *x509.CertPool
}

// AddFolders checks every report folder in a directory: its files against its SHA256SUMS, its
// manifest against the database, its signature and its timestamp.
func (r *Result) AddFolders(ctx context.Context, store *snapshot.Store, directory string, trust Trust) error {
	folders, err := reportFolders(directory)
	for _, f := range folders {
		if err := r.AddFolder(ctx, store, filepath.Join(directory, f.Name()), trust); err != nil {
			return err
		}
	}
	return err
}

// AddFolder checks one report folder. Of the report of other databases, it checks only the files
// against SHA256SUMS.
func (r *Result) AddFolder(ctx context.Context, store *snapshot.Store, path string, trust Trust) error {
	m, unreadable := readManifest(path)
	other := false
	if unreadable == nil {
		var err error
		if other, err = m.ofAnother(ctx, store, path); err != nil {
			return err
		}
	}
	switch {
	case unreadable == nil && m.Databases != nil && m.named(path):
		r.FleetReports = append(r.FleetReports, FleetReport{path, m.databaseIDs(), !other})
	case other:
		r.OtherReports = append(r.OtherReports, path)
	}
	add := func(problems ...string) {
		for _, text := range problems {
			r.Problems = append(r.Problems, Problem{ReportFolder: path, Subject: "report " + path, Text: text})
		}
	}
	if !other {
		r.ReportFolders++
	}
	// A link could lead to a folder elsewhere that is exchanged.
	if info, err := os.Lstat(path); err == nil && !info.IsDir() {
		add("it is not a folder")
		return nil
	}
	sums, problems, err := evidence.CheckFolder(path)
	if err != nil {
		problems = append(problems, err.Error())
	}
	add(problems...)
	switch {
	case other:
		return nil
	case unreadable == nil:
		differing, err := m.compare(ctx, store, path, sums)
		if err != nil {
			return err
		}
		add(differing...)
	case !slices.Contains(problems, folder.ManifestFile+" is missing"):
		add(unreadable.Error())
	}
	add(r.checkSeals(path, trust)...)
	return nil
}

// manifest has the members of manifest.json that the database can confirm, and those that say how
// the report was written. A run has RunID and StartedAt, a period From and To. A report over
// several databases has Databases, and for a night Night.
type manifest struct {
	DatabaseID string           `json:"database_id"`
	RunID      int64            `json:"run_id"`
	StartedAt  time.Time        `json:"started_at"`
	ClockWrong bool             `json:"clock_wrong"`
	From       time.Time        `json:"from"`
	To         time.Time        `json:"to"`
	Head       string           `json:"head"`
	Files      []folder.Written `json:"files"`
	Night      string           `json:"night"` // as 2026-11-23
	Databases  []struct {
		DatabaseID string    `json:"database_id"` // empty if the database did not exist
		RunID      int64     `json:"run_id"`      // 0 in the report of a period
		StartedAt  time.Time `json:"started_at"`  // of the run
		Head       string    `json:"head"`        // empty if the database lacks the night
	} `json:"databases"`

	KnownUntil        time.Time     `json:"known_until"` // of a period
	Sample            int           `json:"sample_size"` // of a period, with the Seed
	Seed              string        `json:"seed"`
	Written           folder.Origin `json:"written"`
	LedgerNumber      int64         `json:"ledger_number"` // the last link that the report of a period reads
	ReportToolVersion string        `json:"report_tool_version"`
	Timezone          string        `json:"timezone"`
	OwnTemplate       report.Format `json:"own_template"`
}

func readManifest(path string) (m manifest, err error) {
	content, err := evidence.ReadFile(filepath.Join(path, folder.ManifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return m, errors.New(folder.ManifestFile + " is missing")
	}
	if err == nil {
		err = json.Unmarshal(content, &m)
	}
	if err == nil && m.RunID == 0 && m.From.IsZero() && m.Night == "" {
		err = errors.New("it names neither a run nor a night nor a period")
	}
	if err != nil {
		return m, fmt.Errorf("reading %s: %w", folder.ManifestFile, err)
	}
	return m, nil
}

// name returns the name of the folder that was written with this manifest.
func (m *manifest) name() string {
	switch night, _ := time.Parse(time.DateOnly, m.Night); {
	case m.RunID != 0:
		return folder.RunName(m.StartedAt, m.RunID)
	case m.Night != "":
		return folder.NightName(night)
	case m.Databases != nil:
		return folder.FleetPeriodName(m.From, m.To)
	}
	return folder.PeriodName(m.From, m.To)
}

// named reports whether a folder has the name that folder.Find returns for the report.
func (m *manifest) named(path string) bool {
	name := filepath.Base(path)
	owner := m.DatabaseID
	if m.Databases != nil {
		owner = folder.FleetID(m.databaseIDs())
	}
	return name == m.name() || name == folder.Suffixed(m.name(), owner)
}

func (m *manifest) databaseIDs() (ids []string) {
	for _, d := range m.Databases {
		ids = append(ids, d.DatabaseID)
	}
	return ids
}

// ofAnother reports whether a folder is the report of another database that writes into the same
// folder of reports. It is not
//   - if a report of this database must have this place, unless both databases wrote into the folder
//     before: then this run was killed and has no report;
//   - if it is older than this database, which does not know it: then this database was put in the
//     place of the other. The times of a run whose clock was wrong do not show which was first.
//
// A report over several databases is of others if this database is none of them.
func (m *manifest) ofAnother(ctx context.Context, store *snapshot.Store, path string) (bool, error) {
	id, err := store.DatabaseID(ctx)
	if m.Databases != nil {
		return err == nil && m.named(path) && !slices.Contains(m.databaseIDs(), id), err
	}
	if err != nil || m.DatabaseID == "" || m.DatabaseID == id || !m.named(path) {
		return false, err
	}
	own, err := store.Run(ctx, m.RunID)
	if err == nil && own.StartedAt.Equal(m.StartedAt) && filepath.Base(path) == m.name() {
		_, err := os.Lstat(filepath.Join(filepath.Dir(path), folder.Suffixed(m.name(), id)))
		return err == nil || m.shared(filepath.Dir(path), id), nil
	}
	earlier, err := store.EarlierReport(ctx)
	if err != nil || earlier != "" || m.ClockWrong {
		return err == nil, err
	}
	begun, err := store.Run(ctx, 1)
	if errors.Is(err, snapshot.ErrNotFound) {
		return false, nil
	}
	return err == nil && (begun.ClockWrong || !m.Written.At.Before(begun.StartedAt)), err
}

// shared reports whether this database and the one of the report had written into the folder of a
// report before it.
func (m *manifest) shared(directory, id string) bool {
	reports, err := folder.Reports(directory, 1)
	before := func(id string) bool {
		return slices.ContainsFunc(reports, func(r folder.Report) bool {
			return r.Run < m.RunID && r.Head.DatabaseID == id
		})
	}
	return err == nil && before(id) && before(m.DatabaseID)
}

// compare compares the manifest with the name of its folder, with SHA256SUMS, with head.txt and
// with the database.
func (m *manifest) compare(ctx context.Context, store *snapshot.Store, path string, sums map[string]string,
) (problems []string, err error) {
	add := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if name := m.name(); !m.named(path) {
		add("it is a copy of %s under another name, as %s says", name, folder.ManifestFile)
	}
	listed := make(map[string]string)
	for _, f := range m.Files {
		listed[f.Name] = f.SHA256
	}
	delete(sums, folder.ManifestFile)
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		if sums[name] != listed[name] && sums != nil {
			add("%s has SHA-256 %s in %s, %s says %q", name, listed[name], folder.ManifestFile, evidence.SumsFile, sums[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		if listed[name] == "" {
			add("%s is not named in %s", name, folder.ManifestFile)
		}
	}
	file, err := evidence.ReadFile(filepath.Join(path, evidence.HeadFile))
	heads := m.heads()
	if err == nil && string(file) != heads || errors.Is(err, fs.ErrNotExist) && heads != "" {
		add("%s is %.200q, %s says %q", evidence.HeadFile, file, folder.ManifestFile, strings.TrimSuffix(heads, "\n"))
	}
	lacks, err := m.lacks(ctx, store)
	if lacks != "" {
		add("%s", lacks)
	}
	return problems, err
}

// heads returns the lines of head.txt.
func (m *manifest) heads() (lines string) {
	all := []string{m.Head}
	for _, d := range m.Databases {
		all = append(all, d.Head)
	}
	for _, line := range all {
		if line != "" {
			lines += line + "\n"
		}
	}
	return lines
}

// ofOne returns what the manifest of a report over several databases says about one of them.
func (m *manifest) ofOne(databaseID string) *manifest {
	for _, d := range m.Databases {
		if d.DatabaseID == databaseID {
			return &manifest{
				DatabaseID: databaseID, RunID: d.RunID, StartedAt: d.StartedAt, Head: d.Head,
				Databases: m.Databases[:0],
			}
		}
	}
	return m
}

// lacks says why the database does not have what the manifest says.
func (m *manifest) lacks(ctx context.Context, store *snapshot.Store) (reason string, err error) {
	id, err := store.DatabaseID(ctx)
	if err != nil {
		return "", err
	}
	if m = m.ofOne(id); m.Databases != nil && m.Head == "" && m.DatabaseID == id {
		return "", nil // the report says that this database lacks the night
	}
	if m.DatabaseID != id && m.Databases != nil {
		return fmt.Sprintf("it is a report over %d databases, and the database %s is none of them", len(m.Databases), id), nil
	}
	if m.DatabaseID != id {
		return fmt.Sprintf("it is a report of the database %q, and this is the database %s", m.DatabaseID, id), nil
	}
	head, err := evidence.ParseHead(m.Head)
	if err != nil {
		return fmt.Sprintf("%s: %v", folder.ManifestFile, err), nil
	}
	if m.RunID != 0 && (head.Run != m.RunID || !head.TakenAt.Equal(m.StartedAt)) {
		return fmt.Sprintf("its head is of run %d, and %s is of run %d at %s",
			head.Run, folder.ManifestFile, m.RunID, m.StartedAt.Format(time.RFC3339)), nil
	}
	if reason, err = store.Lacks(ctx, head); reason != "" {
		reason = fmt.Sprintf("the database does not contain the history up to its head (run %d): %s", head.Run, reason)
	}
	return reason, err
}

// checkSeals checks the signature and the timestamp of a folder, and counts them.
func (r *Result) checkSeals(path string, trust Trust) (problems []string) {
	check := func(name string, valid, none *int, do func(sums, seal []byte) error) {
		seal, err := evidence.ReadFile(filepath.Join(path, name))
		if errors.Is(err, fs.ErrNotExist) {
			*none++
			return
		}
		var sums []byte
		if err == nil {
			sums, err = evidence.ReadFile(filepath.Join(path, evidence.SumsFile))
		}
		if err == nil {
			err = do(sums, seal)
		}
		if err != nil {
			problems = append(problems, fmt.Sprintf("%s: %v", name, err))
			return
		}
		*valid++
	}
	check(evidence.SignatureFile, &r.Signatures, &r.Unsigned, func(sums, seal []byte) error {
		_, err := evidence.CheckSignature(sums, seal, trust.Signers)
		return err
	})
	check(evidence.TimestampFile, &r.Timestamps, &r.WithoutTimestamp, func(sums, seal []byte) error {
		_, err := evidence.CheckTimestamp(sums, seal, trust.Roots)
		return err
	})
	return problems
}
