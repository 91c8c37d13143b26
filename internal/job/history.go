package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/snapshot"
)

// ErrOlderDatabase means that a report folder has a later history of the database than the database
// itself: an older copy was put in its place.
var ErrOlderDatabase = errors.New("the database does not contain the history of a report that was written from it")

// CheckHistory returns ErrOlderDatabase with the reason if a run would fail with it.
func CheckHistory(ctx context.Context, store *snapshot.Store, reports string) error {
	_, why, err := unknownReport(ctx, store, reports)
	return cmp.Or(err, why)
}

// unknownReport returns the newest report folder in a folder of reports that belongs to the
// database but whose history the database does not contain, and why; empty and nil if there is
// none. It looks at the reports of the newest run in the database and of later ones, so that its
// time does not grow with the nights.
func unknownReport(ctx context.Context, store *snapshot.Store, reports string) (name string, why, err error) {
	last, err := store.LastHead(ctx)
	if err != nil {
		return "", nil, err
	}
	// A folder that cannot be read has no report to compare with; writing the report fails there
	// too.
	known, _ := folder.Reports(reports, max(last.Run, 1))
	for _, r := range known {
		if r.Head.DatabaseID != last.DatabaseID {
			continue
		}
		reason, err := store.Lacks(ctx, r.Head)
		if err != nil {
			return "", nil, err
		}
		if reason != "" {
			return r.Name, fmt.Errorf("%w: report %s: %s", ErrOlderDatabase, r.Name, reason), nil
		}
	}
	return "", nil, nil
}
