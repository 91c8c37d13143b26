package snapshot

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"

	"scim-auditor/internal/evidence"
)

var databaseColumns = []string{"id", "database_id", "earlier_report"}

// identify gives a new database a random id. Its link is the first of the ledger, so that two
// databases never have a link in common.
func (s *Store) identify(ctx context.Context, earlierReport string) error {
	var id [16]byte
	_, _ = rand.Read(id[:]) // it never returns an error: https://pkg.go.dev/crypto/rand#Read
	return s.inTransaction(ctx, "recording the id of the database", func(tx *transaction) {
		recordRow(ctx, tx, "database", "databases", databaseColumns,
			[]any{int64(1), hex.EncodeToString(id[:]), orNull(earlierReport)})
	})
}

// DatabaseID returns the id of the database, 32 hexadecimal digits.
func (s *Store) DatabaseID(ctx context.Context) (string, error) {
	id, _, err := first(queryAll(ctx, s.db, "reading the id of the database", (*reader).text,
		"SELECT database_id FROM databases"))
	return id, err
}

// EarlierReport returns the newest report folder of the runs before a database that was created
// although there was one, else "".
func (s *Store) EarlierReport(ctx context.Context) (string, error) {
	name, _, err := first(queryAll(ctx, s.db, "reading the earlier report", (*reader).text,
		"SELECT earlier_report FROM databases"))
	return name, err
}

// Head returns the head of a run, the zero Head if the run has not ended.
func (s *Store) Head(ctx context.Context, runID int64) (evidence.Head, error) {
	h, _, err := first(queryAll(ctx, s.db, "reading the head of the run", readHead,
		"SELECT database_id, run_id, taken_at, ledger_number, sha256 FROM heads WHERE run_id = ?", runID))
	return h, err
}

// HeadAt returns the head of the last run up to the run upTo that began up to an instant and has
// ended, the zero Head if there is none.
func (s *Store) HeadAt(ctx context.Context, upTo int64, at time.Time) (evidence.Head, error) {
	h, _, err := first(queryAll(ctx, s.db, "reading the head at the end of the period", readHead, `
		SELECT database_id, run_id, taken_at, ledger_number, sha256
		FROM heads
		WHERE run_id = (
		  SELECT max(id) FROM runs WHERE id <= ? AND started_at <= ? AND finished_at IS NOT NULL AND NOT clock_wrong
		)`, upTo, formatSeconds(at)))
	return h, err
}

// LastHead returns the newest link of the ledger, with the newest run that has ended. Run is 0 if
// there is none.
func (s *Store) LastHead(ctx context.Context) (evidence.Head, error) {
	h, _, err := first(queryAll(ctx, s.db, "reading the newest link of the ledger", readHead, `
		SELECT d.database_id, r.id, r.started_at, l.number, l.chain_sha256
		FROM ledger l
		CROSS JOIN databases d
		LEFT JOIN run_starts r ON r.id = (SELECT max(run_id) FROM run_ends)
		ORDER BY l.number DESC
		LIMIT 1`))
	return h, err
}

// RunsAt returns the newest run that had begun when a link of the ledger was written, and the newest
// one that had ended; 0 if there was none.
func (s *Store) RunsAt(ctx context.Context, link int64) (begun, ended int64, err error) {
	err = queryEach(ctx, s.db, "reading the runs up to a link of the ledger", func(r *reader) {
		begun, ended = r.number(), r.number()
	}, `SELECT
		  (SELECT row_id FROM ledger WHERE kind = 'run_start' AND number <= ?1 ORDER BY number DESC LIMIT 1),
		  (SELECT row_id FROM ledger WHERE kind = 'run_end' AND number <= ?1 ORDER BY row_id DESC LIMIT 1)`, link)
	return begun, ended, err
}

func readHead(r *reader) evidence.Head {
	return evidence.Head{
		DatabaseID: r.text(), Run: r.number(), TakenAt: r.instant(), Number: r.number(), SHA256: r.text(),
	}
}

// Lacks says why the history up to a head is not in this database. The reason is empty if the
// ledger has the link, and the run in the head is the one of the link. It does not recompute the
// links before it.
func (s *Store) Lacks(ctx context.Context, h evidence.Head) (reason string, err error) {
	id, err := s.DatabaseID(ctx)
	if err != nil {
		return "", err
	}
	if h.DatabaseID != id {
		return fmt.Sprintf("it is a head of the database %s, and this is the database %s", h.DatabaseID, id), nil
	}
	last, err := s.LastHead(ctx)
	if err != nil {
		return "", err
	}
	if h.Number > last.Number {
		return fmt.Sprintf("the ledger ends with the link %d: later facts were removed", last.Number), nil
	}
	type found struct {
		chain, kind string
		rowID       int64
		startedAt   time.Time // of the run in the head
	}
	at, _, err := first(queryAll(ctx, s.db, "reading the ledger", func(r *reader) found {
		return found{r.text(), r.text(), r.number(), r.instant()}
	}, `SELECT l.chain_sha256, l.kind, l.row_id, (SELECT started_at FROM run_starts WHERE id = ?)
		FROM ledger l
		WHERE l.number = ?`, h.Run, h.Number))
	switch {
	case err != nil:
		return "", err
	case at.chain != h.SHA256:
		return fmt.Sprintf("link %d of the ledger is %s: the history up to it was altered", h.Number, at.chain), nil
	case at.kind == "run_end" && at.rowID != h.Run:
		return fmt.Sprintf("link %d is the end of run %d, not of run %d", h.Number, at.rowID, h.Run), nil
	case h.Run != 0 && at.startedAt.IsZero():
		return fmt.Sprintf("there is no run %d", h.Run), nil
	case !at.startedAt.Equal(h.TakenAt):
		return fmt.Sprintf("run %d began at %s", h.Run, formatSeconds(at.startedAt)), nil
	}
	return "", nil
}
