package snapshot

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"scim-auditor/internal/evidence"
)

// Problem is one thing in the database that is not as auditor stored it.
type Problem struct {
	SnapshotID int64  // 0 where it belongs to no single snapshot
	Subject    string // the row or the value, such as "scim_live row 7d3c…" or "content_sha256"
	Text       string
	// Want is what the database says, Got what it comes to; both empty where the text says it all.
	Want, Got string
}

// Verification is what Verify looked at and what it found.
type Verification struct {
	Runs, Snapshots, Pruned int
	Rows                    int // of configurations, exchanges and findings, live and history
	Responses               int // answers whose bytes were checked
	ResponsesRemoved        int // answers whose bytes retention removed; their hashes are kept
	Views                   int
	Problems                []Problem
}

// Verify recomputes everything that the database says of itself: SQLite's own checks, the schema, each row's check, each snapshot's content,
// records and chain, each answer's hash, the runs' outcomes. It reads one consistent state and writes nothing. What it cannot read is a
// Problem too; the error is for what keeps it from looking at all, a cancelled context among it.
func (s *Store) Verify(ctx context.Context) (*Verification, error) {
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("beginning to verify: %w", err)
	}
	defer rollback(tx)
	v := &verifier{ctx: ctx, tx: tx, found: &Verification{}}
	for _, step := range []struct {
		doing string
		do    func() error
	}{
		{"checking the file", v.checkFile},
		{"checking the schema", v.checkSchema},
		{"reading the views", v.checkViews},
		{"checking the rows", v.checkRows},
		{"checking the runs", v.checkRuns},
		{"checking the snapshots", v.checkSnapshots},
		{"checking the answers", v.checkResponses},
	} {
		if err := step.do(); err != nil {
			if ctx.Err() != nil {
				return nil, fmt.Errorf("verifying: %w", ctx.Err())
			}
			v.problem(Problem{Subject: "database", Text: step.doing + ": " + err.Error()})
		}
	}
	return v.found, nil
}

type verifier struct {
	ctx   context.Context // of the call to Verify, as long as which the verifier lives
	tx    *sql.Tx
	found *Verification
}

func (v *verifier) problem(p Problem) { v.found.Problems = append(v.found.Problems, p) }

// eachRow hands every row of a query, with its columns' names, to do.
func (v *verifier) eachRow(do func(values []any) error, query string, args ...any) (err error) {
	rows, err := v.tx.QueryContext(v.ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // rows.Err below tells what Close would
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		values, err := scanValues(rows, len(columns))
		if err != nil {
			return err
		}
		if err := do(values); err != nil {
			return err
		}
	}
	return rows.Err()
}

// checkFile runs SQLite's own checks: https://www.sqlite.org/pragma.html#pragma_integrity_check
func (v *verifier) checkFile() error {
	err := v.eachRow(func(values []any) error {
		if text := fmt.Sprint(values[0]); text != "ok" {
			v.problem(Problem{Subject: "integrity_check", Text: text})
		}
		return nil
	}, "PRAGMA integrity_check")
	if err != nil {
		return err
	}
	return v.eachRow(func(values []any) error {
		v.problem(Problem{Subject: fmt.Sprint("table ", values[0]), Text: fmt.Sprint("a row refers to a row of ", values[2], " that is not there")})
		return nil
	}, "PRAGMA foreign_key_check")
}

// checkSchema compares the schema, the triggers that guard the past among it, with what the migrations make.
func (v *verifier) checkSchema() error {
	want, err := freshSchema(v.ctx)
	if err != nil {
		return err
	}
	got, err := readSchema(v.ctx, v.tx)
	if err != nil {
		return err
	}
	for _, name := range sortedKeys(want) {
		switch text, found := got[name]; {
		case !found:
			v.problem(Problem{Subject: "schema", Text: name + " is missing"})
		case text != want[name]:
			v.problem(Problem{Subject: "schema", Text: name + " was altered"})
		}
	}
	for _, name := range sortedKeys(got) {
		if _, found := want[name]; !found {
			v.problem(Problem{Subject: "schema", Text: name + " is not auditor's"})
		}
	}
	return nil
}

// checkViews reads every view, as SQLite accepts one over a column that is missing and fails only when it is read. Of those that are hashed
// as well it reads one row.
func (v *verifier) checkViews() error {
	var views []string
	if err := v.eachRow(func(values []any) error {
		views = append(views, values[0].(string))
		return nil
	}, "SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name"); err != nil {
		return err
	}
	for _, name := range views {
		limit := ""
		if _, hashed := hashedViews[name]; hashed {
			limit = " LIMIT 1"
		}
		v.found.Views++
		if err := v.eachRow(func([]any) error { return nil }, "SELECT * FROM "+name+limit); err != nil {
			v.problem(Problem{Subject: "view " + name, Text: err.Error()})
		}
	}
	return nil
}

// checkRows recomputes each row's check, which names the row that was altered where a snapshot's hash only tells that one was.
func (v *verifier) checkRows() error {
	for _, t := range allTables {
		for _, name := range []string{t.live(), t.history()} {
			if err := v.checkTable(t, name); err != nil {
				v.problem(Problem{Subject: "table " + name, Text: err.Error()})
			}
		}
		if err := v.checkValidity(t); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) checkTable(t table, name string) error {
	return v.eachRow(func(values []any) error {
		v.found.Rows++
		want, from := values[0], values[1].(int64)
		if got := t.checkOf(row{values: values[2:]}); want != got {
			v.problem(Problem{SnapshotID: from, Subject: fmt.Sprintf("%s row %v", name, values[2]), Text: "the row was altered",
				Want: fmt.Sprint(want), Got: fmt.Sprint(got)})
		}
		return nil
	}, "SELECT v.row_check, v.valid_from, v.id, "+strings.Join(t.reads, ", ")+" FROM "+name+" v ORDER BY v.organization_key, v.id, v.valid_from")
}

// checkValidity finds rows whose stretch does not begin and end with complete snapshots of their organization.
func (v *verifier) checkValidity(t table) error {
	const stretch = `
		SELECT v.id, v.valid_from
		FROM %s v
		LEFT JOIN organizations o ON o.key = v.organization_key
		LEFT JOIN snapshots f ON f.id = v.valid_from AND f.organization_id = o.id AND f.outcome = 'complete'
		%s
		WHERE f.id IS NULL %s
		ORDER BY v.organization_key, v.id, v.valid_from`
	for name, query := range map[string]string{
		t.live(): fmt.Sprintf(stretch, t.live(), "", ""),
		t.history(): fmt.Sprintf(stretch, t.history(),
			"LEFT JOIN snapshots e ON e.id = v.valid_to AND e.organization_id = o.id AND e.outcome = 'complete'", "OR e.id IS NULL"),
	} {
		if err := v.eachRow(func(values []any) error {
			v.problem(Problem{SnapshotID: values[1].(int64), Subject: fmt.Sprintf("%s row %v", name, values[0]),
				Text: "its validity does not begin and end with complete snapshots of its organization"})
			return nil
		}, query); err != nil {
			return err
		}
	}
	return nil
}

// checkRuns compares each run's outcome with its snapshots'.
func (v *verifier) checkRuns() error {
	return v.eachRow(func(values []any) error {
		v.found.Runs++
		if complete, failed := values[1] == string(Complete), values[2].(int64) > 0; complete && failed {
			v.problem(Problem{Subject: fmt.Sprint("run ", values[0]), Text: "it is called complete and has a failed snapshot"})
		}
		return nil
	}, `SELECT r.id, r.outcome, (SELECT count(*) FROM snapshots s WHERE s.run_id = r.id AND s.outcome <> 'complete')
		FROM runs r
		ORDER BY r.id`)
}

// digestOf is the digest over what a view shows of a snapshot: every column but those that the header has too or that are made of others.
func (v *verifier) digestOf(digest *evidence.Digest, name string, snapshotID int64) (rows int, err error) {
	view := hashedViews[name]
	columns, err := v.hashedColumns(name)
	if err != nil {
		return 0, err
	}
	form := evidence.NewForm(view.kind, columns...)
	err = v.eachRow(func(values []any) error {
		rows++
		digest.Add(form, values)
		return nil
	}, "SELECT "+strings.Join(columns, ", ")+" FROM "+name+" WHERE snapshot_id = ? ORDER BY "+view.order, snapshotID)
	return rows, err
}
