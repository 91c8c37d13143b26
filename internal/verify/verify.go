// Package verify recomputes the hashes and counts in the database and in the report folders,
// and reports each difference. It changes nothing. The format is in docs/verification.md.
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

	"scim-auditor/internal/evidence"
	"scim-auditor/internal/snapshot"
)

// Problem is one difference from what auditor stored.
type Problem struct {
	OrganizationID string `json:"organization_id,omitempty"`
	SnapshotID     int64  `json:"snapshot_id,omitempty"`
	ReportFolder   string `json:"report_folder,omitempty"`
	Subject        string `json:"subject"` // the row or the value, such as "scim_versions row 7d3c…"
	Text           string `json:"text"`
	// Want is the stored value, Got the computed one; both are empty if Text is sufficient.
	Want string `json:"want,omitempty"`
	Got  string `json:"got,omitempty"`
}

// String returns the problem in one line.
func (p Problem) String() string {
	text := p.Subject + ": " + p.Text
	if p.SnapshotID != 0 {
		text = fmt.Sprintf("snapshot %d: %s", p.SnapshotID, text)
	}
	if p.OrganizationID != "" {
		text = fmt.Sprintf("organization %s: %s", p.OrganizationID, text)
	}
	if p.Want != "" || p.Got != "" {
		text += fmt.Sprintf(" (stored %s, computed %s)", p.Want, p.Got)
	}
	return text
}

// Result counts what was checked, and has the problems that were found.
type Result struct {
	Runs             int `json:"runs"`
	LedgerLinks      int `json:"ledger_links"`
	Snapshots        int `json:"snapshots"`
	PrunedSnapshots  int `json:"pruned_snapshots"`
	Rows             int `json:"rows"` // versions, and rows that belong to one snapshot
	Responses        int `json:"responses"`
	ResponsesRemoved int `json:"responses_removed"` // whose bytes are not stored: retention, redaction
	Views            int `json:"views"`
	ReportFolders    int `json:"report_folders"`
	// OtherReports are the folders of other databases, of which only the files are checked;
	// FleetReports are the reports over several.
	OtherReports     []string      `json:"other_reports,omitempty"`
	FleetReports     []FleetReport `json:"fleet_reports,omitempty"`
	ForeignTables    []string      `json:"foreign_tables,omitempty"` // of Litestream; their content is not checked
	Signatures       int           `json:"signatures"`               // of report folders, valid
	Unsigned         int           `json:"unsigned"`                 // report folders without a signature
	Timestamps       int           `json:"timestamps"`               // of report folders, valid
	WithoutTimestamp int           `json:"without_timestamp"`
	Heads            []Head        `json:"heads,omitempty"`
	// Again is what was done again; nil if only hashes were checked.
	Again    *Again    `json:"again,omitempty"`
	Problems []Problem `json:"problems"`

	ledgerDamaged bool
}

// FleetReport is the folder of a report over several databases. Checked is false if the database is
// none of them, so that only the files were checked.
type FleetReport struct {
	Folder    string   `json:"folder"`
	Databases []string `json:"databases"` // ids; empty for one that did not exist
	Checked   bool     `json:"checked"`
}

// Database checks one consistent state of a database: the file, its schema and views, the
// ledger, every row, every snapshot and every response. Unreadable data is a problem in the
// Result. Database fails only if nothing can be checked, or ctx is canceled.
func Database(ctx context.Context, store *snapshot.Store) (*Result, error) {
	rows, err := store.Reader(ctx)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	v := &verifier{rows: rows, result: &Result{Problems: []Problem{}}}
	for _, step := range []struct {
		doing string
		do    func(context.Context)
	}{
		{"checking the file", v.checkFile},
		{"checking the schema", v.checkSchema},
		{"reading the views", v.checkViews},
		{"checking the ledger", v.checkLedger},
		{"checking the kinds of links", v.checkUnknownLinks},
		{"checking the rules", v.checkRuleSets},
		{"checking the prunes", v.checkPrunes},
		{"checking the runs", v.checkRuns},
		{"checking the organizations", v.checkOrganizations},
		{"checking the responses", v.checkResponses},
	} {
		step.do(ctx)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("verifying: %w", ctx.Err())
		}
		v.addError(Problem{Subject: "database"}, step.doing)
	}
	return v.result, nil
}

type verifier struct {
	rows   *snapshot.Reader
	result *Result
	err    error // the first one since the last call of addError
}

// each calls do for each row of a query. After an error it does nothing.
func (v *verifier) each(ctx context.Context, q snapshot.Query, do func(snapshot.Row), args ...any) {
	if v.err == nil {
		v.err = v.rows.Each(ctx, q, do, args...)
	}
}

// addError adds the error of each, if there is one, as a problem.
func (v *verifier) addError(p Problem, doing string) {
	if v.err != nil {
		v.add(p, "%s: %v", doing, v.err)
		v.err = nil
	}
}

func (v *verifier) add(p Problem, format string, args ...any) { v.result.add(p, format, args...) }

func (r *Result) add(p Problem, format string, args ...any) {
	p.Text = fmt.Sprintf(format, args...)
	r.Problems = append(r.Problems, p)
}

// compare adds a problem if the stored value want differs from the computed value got.
func (v *verifier) compare(p Problem, want, got any, text string) {
	if want != got {
		p.Want, p.Got = fmt.Sprint(want), fmt.Sprint(got)
		v.add(p, "%s", text)
	}
}

func (v *verifier) checkFile(ctx context.Context) {
	v.each(ctx, snapshot.IntegrityProblems, func(row snapshot.Row) {
		v.add(Problem{Subject: "integrity_check"}, "%s", row.Text("problem"))
	})
	v.each(ctx, snapshot.BrokenReferences, func(row snapshot.Row) {
		v.add(Problem{Subject: "table " + row.Text("table")},
			"a row refers to a missing row in %s", row.Text("parent"))
	})
}

func (v *verifier) checkSchema(ctx context.Context) {
	var problems []string
	problems, v.result.ForeignTables, v.err = v.rows.SchemaProblems(ctx)
	for _, text := range problems {
		v.add(Problem{Subject: "schema"}, "%s", text)
	}
}

func (v *verifier) checkViews(ctx context.Context) {
	var views []snapshot.Row
	v.each(ctx, snapshot.Views, func(row snapshot.Row) { views = append(views, row) })
	v.result.Views = len(views)
	for _, view := range views {
		if err := v.rows.Each(ctx, snapshot.ReadView(view), func(snapshot.Row) {}); err != nil {
			v.add(Problem{Subject: "view " + view.Text("name")}, "%v", err)
		}
	}
}

func (v *verifier) checkRuns(ctx context.Context) {
	v.each(ctx, snapshot.Runs, func(row snapshot.Row) {
		v.result.Runs++
		p := Problem{Subject: fmt.Sprint("run ", row.Int("id"))}
		switch {
		case row.Text("outcome") != string(snapshot.Complete):
		case row.Int("snapshots") == 0:
			v.add(p, "its outcome is complete, but it has no snapshots")
		case row.Int("failed") > 0:
			v.add(p, "its outcome is complete, but one of its snapshots failed")
		}
	})
}

// checkResponses recomputes the hash, the size and the CRC of every response whose bytes are
// stored.
func (v *verifier) checkResponses(ctx context.Context) {
	v.each(ctx, snapshot.Responses, func(row snapshot.Row) {
		if row.Null("body") {
			v.result.ResponsesRemoved++
			return
		}
		v.result.Responses++
		p := Problem{Subject: "response " + row.Text("sha256")}
		body := row.Bytes("body")
		v.compare(p, row.Int("body_crc32"), int64(crc32.ChecksumIEEE(body)), "its stored bytes were altered")
		sum, size, err := hashCompressed(body, row.Int("size"))
		if err != nil {
			v.add(p, "its stored bytes cannot be decompressed: %v", err)
			return
		}
		v.compare(p, row.Text("sha256"), sum, "its bytes have a different hash")
		v.compare(p, row.Int("size"), size, "its bytes have a different size")
	})
}

// hashCompressed returns the hash and the size of a decompressed body. It stops one byte after
// the expected size, because an altered body can decompress to any length.
func hashCompressed(body []byte, size int64) (sum string, n int64, err error) {
	r, err := zlib.NewReader(bytes.NewReader(body))
	if err != nil {
		return "", 0, err
	}
	hash := sha256.New()
	n, err = io.Copy(hash, io.LimitReader(r, size+1))
	return hex.EncodeToString(hash.Sum(nil)), n, err
}

// checkLedger recomputes every link, and reports facts that do not have exactly one link.
func (v *verifier) checkLedger(ctx context.Context) {
	before := len(v.result.Problems)
	defer func() { v.result.ledgerDamaged = v.err != nil || len(v.result.Problems) > before }()
	for _, kind := range snapshot.FactKinds() {
		links := make(map[int64]int) // number of links, by the id of the fact
		v.each(ctx, snapshot.Links(kind), func(link snapshot.Row) {
			links[link.Int("row_id")]++
			v.checkLink(kind, link)
		})
		v.each(ctx, snapshot.Facts(kind), func(fact snapshot.Row) {
			if id := fact.Int("row_id"); links[id] != 1 {
				v.add(Problem{Subject: fmt.Sprintf("%s %d", kind, id)}, "the ledger has %d links for it, not 1", links[id])
			}
		})
	}
}

// checkUnknownLinks reports links of a kind that no fact has.
func (v *verifier) checkUnknownLinks(ctx context.Context) {
	v.each(ctx, snapshot.UnknownLinks, func(row snapshot.Row) {
		v.add(Problem{Subject: fmt.Sprint("ledger link ", row.Int("number"))},
			"%q is no kind of fact, so the link records nothing", row.Text("kind"))
	})
}

func (v *verifier) checkLink(kind string, link snapshot.Row) {
	v.result.LedgerLinks++
	number, id := link.Int("number"), link.Int("row_id")
	p := Problem{Subject: fmt.Sprint("ledger link ", number)}
	if kind == "snapshot" {
		p.OrganizationID, p.SnapshotID = link.Text("organization_id"), id
	}
	if (number == 1) != (kind == "database") {
		v.add(p, "it records a %s; the first link, and no other, records the id of the database", kind)
	}
	if link.Null("link_before") && number != 1 {
		v.add(p, "link %d before it is missing", number-1)
	}
	if link.Int("has_fact") == 0 {
		v.add(p, "%s %d, which it records, is missing", kind, id)
		return
	}
	if !link.Null("ledger_number") && link.Int("ledger_number") != number {
		v.add(p, "the %s refers to link %d instead", kind, link.Int("ledger_number"))
	}
	v.compare(p, link.Text("link"), evidence.Link(link.Text("link_before"), link.Form, link.Record),
		fmt.Sprintf("%s %d, this link or the previous link was altered", kind, id))
}

// checkPrunes recomputes the hash over what each prune kept of the versions that it removed.
func (v *verifier) checkPrunes(ctx context.Context) {
	var prunes []snapshot.Row
	v.each(ctx, snapshot.Prunes, func(row snapshot.Row) { prunes = append(prunes, row) })
	for _, prune := range prunes {
		digest := evidence.NewDigest()
		v.each(ctx, snapshot.PrunedVersions, func(row snapshot.Row) { digest.Add(row.Form, row.Record) }, prune.Int("id"))
		if v.err != nil {
			return
		}
		v.compare(Problem{Subject: fmt.Sprint("prune ", prune.Int("id"))}, prune.Text("versions_sha256"), digest.Sum(),
			"an id or a token expiry that it kept was altered")
	}
}

// checkRuleSets recomputes the hash over the wordings in each rule set.
func (v *verifier) checkRuleSets(ctx context.Context) {
	var sets []snapshot.Row
	v.each(ctx, snapshot.RuleSets, func(row snapshot.Row) { sets = append(sets, row) })
	for _, set := range sets {
		digest := evidence.NewDigest()
		v.each(ctx, snapshot.RuleWordings, func(row snapshot.Row) { digest.Add(row.Form, row.Record) }, set.Int("id"))
		if v.err != nil {
			return
		}
		v.compare(Problem{Subject: fmt.Sprint("rule set ", set.Int("id"))}, set.Text("sha256"), digest.Sum(),
			"the wording of a rule was altered")
	}
}
