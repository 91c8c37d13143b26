package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"scim-auditor/internal/evidence"
	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/snapshot"
)

// AddFolders checks every report folder in a directory against its SHA256SUMS, and checks that its run is
// in the database.
func (r *Result) AddFolders(ctx context.Context, store *snapshot.Store, directory string) error {
	entries, err := os.ReadDir(directory)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for reports: %w", err)
	}
	for _, e := range entries {
		runID, isReport := folder.Of(e.Name())
		if !isReport || !e.IsDir() {
			continue
		}
		r.ReportFolders++
		folder := filepath.Join(directory, e.Name())
		problems, err := evidence.CheckFolder(folder)
		if err != nil {
			problems = append(problems, err.Error())
		}
		if _, err := store.Run(ctx, runID); runID != 0 && errors.Is(err, snapshot.ErrNotFound) {
			problems = append(problems, fmt.Sprintf("the database has no run %d", runID))
		}
		for _, text := range problems {
			r.Problems = append(r.Problems, Problem{ReportFolder: folder, Subject: "report " + folder, Text: text})
		}
	}
	return nil
}
