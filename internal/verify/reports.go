package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"scim-auditor/internal/evidence"
	"scim-auditor/internal/report"
	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/report/period"
	"scim-auditor/internal/snapshot"
)

// WriteReportsAgain writes the files of every report folder in a directory again and compares the
// bytes. toolVersion is the version of this program. own returns the template of the settings for a
// zone of local times, nil if they have none. It must follow DoAgain.
func (r *Result) WriteReportsAgain(
	ctx context.Context, store *snapshot.Store, directory, toolVersion string,
	own func(*time.Location) (*report.Template, error),
) error {
	folders, err := reportFolders(directory)
	for _, f := range folders {
		if !f.IsDir() {
			continue // AddFolders reports it
		}
		path := filepath.Join(directory, f.Name())
		if err := r.writeAgain(ctx, store, path, toolVersion, own); err != nil {
			return fmt.Errorf("writing the report %s again: %w", path, err)
		}
	}
	return err
}

func (r *Result) writeAgain(
	ctx context.Context, store *snapshot.Store, path, toolVersion string,
	own func(*time.Location) (*report.Template, error),
) error {
	cannot := func(reason string) {
		r.Again.NotDone = append(r.Again.NotDone, NotDone{Step: "report", Reason: reason, ReportFolder: path})
	}
	root, err := os.OpenRoot(path) // no name and no symbolic link can lead out of the folder
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // nothing was written
	m, err := readManifest(path)
	if err != nil {
		cannot(err.Error())
		return nil
	}
	if other, err := m.ofAnother(ctx, store, path); err != nil || other {
		return err
	}
	files, since, err := m.files(ctx, store, path, toolVersion, own)
	why, impossible := errors.AsType[notAgain](err)
	switch {
	case impossible:
		cannot(why.Error())
		return nil
	case errors.Is(err, snapshot.ErrPruned):
		cannot("retention removed a snapshot in it")
		return nil
	case err != nil:
		r.add(Problem{ReportFolder: path, Subject: "report " + path}, "it cannot be written again: %v", err)
		return ctx.Err()
	}
	lastPruned, err := store.LastPruned(ctx)
	if err != nil {
		return err
	}
	for _, f := range files {
		stored, err := evidence.ReadFileIn(root, f.Name)
		if err != nil {
			continue // AddFolders reports a file that is missing
		}
		sum := sha256.New()
		if err := f.Write(sum); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		was, is := fmt.Sprintf("%x", sha256.Sum256(stored)), hex.EncodeToString(sum.Sum(nil))
		switch {
		case was == is:
		case !lastPruned.IsZero() && !lastPruned.Before(since):
			cannot("retention removed snapshots in its reach since, and " + f.Name + " now has other bytes")
			return nil
		case m.OwnTemplate != "" && formatOf(f.Name) == m.OwnTemplate:
			cannot(f.Name + " has a template of its own, which is not the one in the settings")
		default:
			r.add(Problem{ReportFolder: path, Subject: "report " + path, Want: was, Got: is},
				"the database makes another %s", f.Name)
		}
	}
	r.Again.Reports++
	return nil
}

// notAgain is the reason why a report cannot be written again, although nothing is wrong with it.
type notAgain string

func (n notAgain) Error() string { return string(n) }

func notAgainf(format string, args ...any) error { return notAgain(fmt.Sprintf(format, args...)) }

// files returns the files of the report, and since when the database must be whole for them. It fails
// with notAgain if they cannot be written again.
func (m *manifest) files(
	ctx context.Context, store *snapshot.Store, path, toolVersion string,
	own func(*time.Location) (*report.Template, error),
) (files []folder.File, since time.Time, err error) {
	id, err := store.DatabaseID(ctx)
	switch {
	case err != nil:
		return nil, since, err
	case m.Databases != nil:
		return nil, since, notAgainf("it is a report over %d databases; auditor report with all of them writes it again",
			len(m.Databases))
	case m.DatabaseID != id || !m.named(path):
		return nil, since, notAgain("its manifest names another report")
	case m.ReportToolVersion != toolVersion:
		return nil, since, notAgainf("auditor %s wrote it, and this is %s", m.ReportToolVersion, toolVersion)
	}
	options := report.Options{ToolVersion: toolVersion, Formats: formatsOf(m.Files)}
	if options.Location, err = time.LoadLocation(m.Timezone); err != nil {
		return nil, since, notAgainf("its time zone: %v", err)
	}
	if m.OwnTemplate != "" {
		if options.Template, err = own(options.Location); err != nil {
			return nil, since, notAgainf("its template: %v", err)
		}
	}
	if m.RunID == 0 {
		files, err = m.periodFiles(ctx, store, options)
		return files, since, err
	}
	model, err := report.Read(ctx, store, m.RunID)
	if err != nil {
		return nil, since, err
	}
	return report.Files(model, options), model.Reach(), nil
}

// periodFiles returns the files of the report of a period.
func (m *manifest) periodFiles(ctx context.Context, store *snapshot.Store, options report.Options) (
	[]folder.File, error,
) {
	seed, err := strconv.ParseInt(m.Seed, 10, 64)
	switch {
	case err != nil:
		return nil, notAgainf("its seed %q is no number", m.Seed)
	case m.Written.At.IsZero():
		return nil, notAgain("its manifest does not say when it was written")
	case m.Written.At.Before(m.To):
		return nil, notAgain("it was written before its period ended")
	case m.LedgerNumber == 0:
		return nil, notAgain("its manifest does not say up to which link of the ledger it was read")
	}
	begun, ended, err := store.RunsAt(ctx, m.LedgerNumber)
	if err != nil {
		return nil, err
	}
	if begun > ended {
		return nil, notAgainf("it was written before run %d ended", begun)
	}
	read, err := period.Read(ctx, store, period.Span{
		From: m.From, To: m.To, Now: m.Written.At, Link: m.LedgerNumber, Sample: m.Sample, Seed: seed,
	})
	if err != nil {
		return nil, err
	}
	return period.Files(read, options), nil
}

// formatsOf returns the formats of the files in a report.
func formatsOf(files []folder.Written) (formats []report.Format) {
	for _, f := range files {
		format := formatOf(f.Name)
		if !slices.Contains(formats, format) {
			formats = append(formats, format)
		}
	}
	return formats
}

func formatOf(name string) report.Format {
	if strings.HasSuffix(name, ".ocsf.jsonl") {
		return report.FormatOCSF
	}
	name = strings.TrimSuffix(name, report.PackedSuffix)
	return report.Format(strings.TrimPrefix(filepath.Ext(name), "."))
}

// reportFolders returns what has the name of a report folder in a directory, which may be missing.
func reportFolders(directory string) ([]os.DirEntry, error) {
	entries, err := os.ReadDir(directory)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("looking for reports: %w", err)
	}
	return slices.DeleteFunc(entries, func(e os.DirEntry) bool {
		_, isReport := folder.Of(e.Name())
		return !isReport
	}), nil
}
