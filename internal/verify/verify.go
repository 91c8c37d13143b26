// Package verify recomputes what the database and the report folders say of themselves, and names what
// differs. It changes nothing. The format is in docs/verification.md.
package verify

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"

	"scim-auditor/internal/snapshot"
)

// Problem is one thing that is not as auditor stored it.
type Problem struct {
	OrganizationID string `json:"organization_id,omitempty"`
	SnapshotID     int64  `json:"snapshot_id,omitempty"`
	ReportFolder   string `json:"report_folder,omitempty"`
	Subject        string `json:"subject"` // the row or the value, such as "scim_versions row 7d3c…"
	Text           string `json:"text"`
	// Want is what the database says, Got what it comes to; both empty where the text says it all.
	Want string `json:"want,omitempty"`
	Got  string `json:"got,omitempty"`
}

// String is the problem in one line.
func (p Problem) String() string {
	text := p.Subject + ": " + p.Text
	if p.SnapshotID != 0 {
		text = fmt.Sprintf("snapshot %d: %s", p.SnapshotID, text)
	}
	if p.OrganizationID != "" {
		text = fmt.Sprintf("organization %s: %s", p.OrganizationID, text)
	}
	if p.Want != "" || p.Got != "" {
		text += fmt.Sprintf(" (the database says %s, it comes to %s)", p.Want, p.Got)
	}
	return text
}

// Result is what was checked, and the problems that were found.
type Result struct {
	Runs             int       `json:"runs"`
	LedgerLinks      int       `json:"ledger_links"`
	Snapshots        int       `json:"snapshots"`
	PrunedSnapshots  int       `json:"pruned_snapshots"`
	Rows             int       `json:"rows"` // versions, and rows that belong to one snapshot each
	Responses        int       `json:"responses"`
	ResponsesRemoved int       `json:"responses_removed"` // their hashes are kept
	Views            int       `json:"views"`
	ReportFolders    int       `json:"report_folders"`
	Problems         []Problem `json:"problems"`
}

// Database checks one consistent state of a database: the file, its schema and views, the ledger, every
// row, every snapshot and every answer. What cannot be read is a problem too. The error is for what
// prevents every check, such as a canceled context.
func Database(ctx context.Context, store *snapshot.Store) (*Result, error) {
	rows, err := store.Reader(ctx)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	v := &verifier{rows: rows, result: &Result{Problems: []Problem{}}}
	for _, step := range []struct {
		doing string
		do    func(context.Context) error
	}{
		{"checking the file", v.checkFile},
		{"checking the schema", v.checkSchema},
		{"reading the views", v.checkViews},
		{"checking the ledger", v.checkLedger},
		{"checking the runs", v.checkRuns},
		{"checking the organizations", v.checkOrganizations},
		{"checking the answers", v.checkAnswers},
	} {
		err := step.do(ctx)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("verifying: %w", ctx.Err())
		}
		if err != nil {
			v.add(Problem{Subject: "database"}, "%s: %v", step.doing, err)
		}
	}
	return v.result, nil
}

type verifier struct {
	rows   *snapshot.Reader
	result *Result
}

// add adds a problem with its text.
func (v *verifier) add(p Problem, format string, args ...any) {
	p.Text = fmt.Sprintf(format, args...)
	v.result.Problems = append(v.result.Problems, p)
}

// compare adds a problem where what the database says is not what it comes to.
func (v *verifier) compare(p Problem, want, got any, text string) {
	if want != got {
		p.Want, p.Got = fmt.Sprint(want), fmt.Sprint(got)
		v.add(p, "%s", text)
	}
}

func (v *verifier) checkFile(ctx context.Context) error {
	if err := v.rows.Each(ctx, snapshot.IntegrityProblems, func(row snapshot.Row) {
		v.add(Problem{Subject: "integrity_check"}, "%s", row.Text("problem"))
	}); err != nil {
		return err
	}
	return v.rows.Each(ctx, snapshot.BrokenReferences, func(row snapshot.Row) {
		v.add(Problem{Subject: "table " + row.Text("table")},
			"a row refers to a row of %s that is missing", row.Text("parent"))
	})
}

func (v *verifier) checkSchema(ctx context.Context) error {
	problems, err := v.rows.SchemaProblems(ctx)
	for _, text := range problems {
		v.add(Problem{Subject: "schema"}, "%s", text)
	}
	return err
}

func (v *verifier) checkViews(ctx context.Context) error {
	var views []snapshot.Row
	err := v.rows.Each(ctx, snapshot.Views, func(row snapshot.Row) { views = append(views, row) })
	v.result.Views = len(views)
	for _, view := range views {
		if err := v.rows.Each(ctx, snapshot.ReadView(view), func(snapshot.Row) {}); err != nil {
			v.add(Problem{Subject: "view " + view.Text("name")}, "%v", err)
		}
	}
	return err
}

func (v *verifier) checkRuns(ctx context.Context) error {
	return v.rows.Each(ctx, snapshot.Runs, func(row snapshot.Row) {
		v.result.Runs++
		if row.Text("outcome") == string(snapshot.Complete) && row.Int("failed") > 0 {
			v.add(Problem{Subject: fmt.Sprint("run ", row.Int("id"))}, "its outcome is complete, but a snapshot failed")
		}
	})
}

// checkAnswers recomputes the hash, the size and the CRC of every answer whose bytes are there.
func (v *verifier) checkAnswers(ctx context.Context) error {
	return v.rows.Each(ctx, snapshot.Answers, func(row snapshot.Row) {
		if row.Null("body") {
			v.result.ResponsesRemoved++
			return
		}
		v.result.Responses++
		p := Problem{Subject: "answer " + row.Text("sha256")}
		body := row.Bytes("body")
		v.compare(p, row.Int("body_crc32"), int64(crc32.ChecksumIEEE(body)), "its stored bytes were altered")
		sum, size, err := hashCompressed(body, row.Int("size"))
		if err != nil {
			v.add(p, "its stored bytes cannot be decompressed: %v", err)
			return
		}
		v.compare(p, row.Text("sha256"), sum, "its bytes have another hash")
		v.compare(p, row.Int("size"), size, "its bytes have another size")
	})
}

// hashCompressed stops one byte after the size: an altered body can decompress to any length.
func hashCompressed(body []byte, size int64) (sum string, n int64, err error) {
	r, err := zlib.NewReader(bytes.NewReader(body))
	if err != nil {
		return "", 0, err
	}
	hash := sha256.New()
	n, err = io.Copy(hash, io.LimitReader(r, size+1))
	return hex.EncodeToString(hash.Sum(nil)), n, err
}
