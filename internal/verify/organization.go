package verify

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"scim-auditor/internal/evidence"
	"scim-auditor/internal/snapshot"
)

// The two hashes of a snapshot cover these kinds, in this order. content_sha256 covers the
// versions of contentKinds; records_sha256 covers the versions of recordKinds, then the rows of
// rowKinds.
var (
	contentKinds = []string{"organization", "policy", "scim", "sso", "domain", "member", "member_token"}
	recordKinds  = []string{"finding", "exception", "carried_finding"}
	rowKinds     = []string{"exchange", "change", "audit_log", "audit_log_entry", "candidate"}
)

// countColumns has the column of a header with the number of the rows of a kind.
var countColumns = map[string]string{
	"scim": "scim_configurations", "sso": "sso_configurations", "domain": "domain_verifications",
	"member": "members", "member_token": "member_tokens",
}

// checkOrganizations checks one organization at a time, so that only one is in memory.
func (v *verifier) checkOrganizations(ctx context.Context) {
	var all []snapshot.Row
	v.each(ctx, snapshot.Organizations, func(row snapshot.Row) { all = append(all, row) })
	v.addError(Problem{Subject: "database"}, "reading the organizations")
	for _, row := range all {
		o := &organization{
			verifier: v, key: row.Int("key"), id: row.Text("id"),
			byID: make(map[int64]*header), versions: make(map[string][]version),
		}
		o.check(ctx)
		if ctx.Err() != nil {
			return
		}
		v.addError(Problem{OrganizationID: o.id, Subject: "organization"}, "reading its rows")
	}
}

type organization struct {
	*verifier
	key      int64
	id       string
	headers  []*header // in the order of the ids
	byID     map[int64]*header
	versions map[string][]version // by kind, sorted by id
	hashes   []byte               // buffer that shown reuses
}

// header is the row of a snapshot in the register, with the counts and the hash computed from
// its rows.
type header struct {
	snapshot.Row
	complete, pruned bool
	failed           []version        // findings in a failed snapshot
	counts           map[string]int64 // computed counts, by the column with the stored count
	records          *evidence.Digest
}

// shows reports whether the snapshot shows versions of a kind. It shows no kind that it could
// not assess.
func (h *header) shows(kind string) bool {
	switch kind {
	case "sso":
		return h.complete && h.Null("sso_not_assessed")
	case "policy":
		return h.complete && h.Null("policies_not_assessed")
	case "domain":
		return h.complete && h.Null("domains_not_assessed")
	case "member":
		return h.complete && h.Null("members_not_assessed")
	case "member_token":
		return h.complete && h.Null("member_tokens_not_assessed")
	}
	return h.complete
}

func (o *organization) check(ctx context.Context) {
	o.each(ctx, snapshot.Headers, o.addHeader, o.key)
	for _, kind := range slices.Concat(contentKinds, recordKinds) {
		o.each(ctx, snapshot.Versions(kind), func(row snapshot.Row) { o.addVersion(kind, row) }, o.key)
	}
	o.each(ctx, snapshot.SnapshotRows["finding"], o.addFailed, o.key)
	if o.err == nil {
		for _, h := range o.headers {
			o.checkVersions(h)
		}
	}
	for _, kind := range rowKinds {
		o.each(ctx, snapshot.SnapshotRows[kind], func(row snapshot.Row) { o.addRow(kind, row) }, o.key)
	}
	if o.err == nil {
		for _, h := range o.headers {
			o.checkRecords(h)
		}
	}
}

func (o *organization) problem(snapshotID int64, subject string) Problem {
	return Problem{OrganizationID: o.id, SnapshotID: snapshotID, Subject: subject}
}

func (o *organization) addHeader(row snapshot.Row) {
	h := &header{
		Row: row, complete: row.Text("outcome") == string(snapshot.Complete), pruned: row.Int("pruned") != 0,
		counts: make(map[string]int64), records: evidence.NewDigest(),
	}
	o.result.Snapshots++
	if h.pruned {
		o.result.PrunedSnapshots++
	}
	baseline := o.byID[row.Int("baseline_id")]
	if !row.Null("baseline_id") && (baseline == nil || !baseline.complete) {
		o.add(o.problem(row.Int("id"), "baseline_id"),
			"snapshot %d is not an earlier complete snapshot of the organization", row.Int("baseline_id"))
	}
	o.headers = append(o.headers, h)
	o.byID[row.Int("id")] = h
}

// version is a row in a table of versions. The snapshots from `from` until before `to` show it;
// `to` is 0 for a current version.
type version struct {
	id       string
	from, to int64
	sha256   string
	fails    bool // the row is a finding with the status fail
}

// checkHash recomputes the hash of a row. The snapshot `from` is the first one that shows the
// row.
func (o *organization) checkHash(table string, row snapshot.Row, from int64) version {
	o.result.Rows++
	v := version{
		id: row.Text("id"), from: from, to: row.Int("valid_to"),
		sha256: string(row.Bytes("row_sha256")), fails: row.Text("status") == "fail",
	}
	sum := row.Form.Sum(row.Record)
	p := o.problem(from, table+" row "+v.id)
	o.compare(p, fmt.Sprintf("%x", v.sha256), fmt.Sprintf("%x", sum), "the row was altered")
	return v
}

// addVersion also checks that snapshots that show this kind begin and end the version, and that
// the previous version with the same id ended before it began.
func (o *organization) addVersion(kind string, row snapshot.Row) {
	table := kind + "_versions"
	v := o.checkHash(table, row, row.Int("valid_from"))
	p := o.problem(v.from, table+" row "+v.id)
	for _, column := range []string{"valid_from", "valid_to"} {
		if h := o.byID[row.Int(column)]; !row.Null(column) && (h == nil || !h.shows(kind)) {
			o.add(p, "its %s is %d, which is not a snapshot of the organization that shows this kind", column, row.Int(column))
		}
	}
	if n := len(o.versions[kind]); n > 0 {
		if before := o.versions[kind][n-1]; before.id == v.id && (before.to == 0 || before.to > v.from) {
			o.add(p, "it overlaps the version that begins with snapshot %d", before.from)
		}
	}
	o.versions[kind] = append(o.versions[kind], v)
}

func (o *organization) addFailed(row snapshot.Row) {
	h := o.byID[row.Int("snapshot_id")]
	h.failed = append(h.failed, o.checkHash("failed_findings", row, row.Int("snapshot_id")))
}

// shown returns the hashes of the versions of a kind that a snapshot shows, and how many of
// them are failing findings. The hashes are valid until the next call.
func (o *organization) shown(h *header, kind string) (hashes []byte, fails int64) {
	o.hashes = o.hashes[:0]
	versions := o.versions[kind]
	switch {
	case h.shows(kind):
	case kind == "finding":
		versions = h.failed
	default:
		versions = nil
	}
	for _, v := range versions {
		if id := h.Int("id"); v.from <= id && (v.to == 0 || v.to > id) {
			o.hashes = append(o.hashes, v.sha256...)
			if v.fails {
				fails++
			}
		}
	}
	return o.hashes, fails
}

// checkVersions checks content_sha256, and adds the versions to the digest for records_sha256.
func (o *organization) checkVersions(h *header) {
	if h.pruned {
		return
	}
	content := evidence.NewDigest()
	for _, kind := range contentKinds {
		hashes, _ := o.shown(h, kind)
		content.AddHashes(kind, hashes)
		h.counts[countColumns[kind]] = int64(len(hashes) / sha256.Size)
	}
	if h.complete {
		o.compare(o.problem(h.Int("id"), "content_sha256"), h.Text("content_sha256"), content.Sum(),
			"a configuration, the policies, the organization, a domain verification or a member was altered")
	}
	for _, kind := range recordKinds {
		hashes, fails := o.shown(h, kind)
		h.records.AddHashes(kind, hashes)
		h.counts["failing_findings"] += fails
	}
}

func (o *organization) addRow(kind string, row snapshot.Row) {
	o.result.Rows++
	h := o.byID[row.Int("snapshot_id")]
	h.records.Add(row.Form, row.Record)
	if kind == "change" {
		h.counts["changes"]++
	}
	if h.pruned {
		o.add(o.problem(h.Int("id"), kind), "the snapshot is pruned, but still has a row")
	}
}

func (o *organization) checkRecords(h *header) {
	if h.pruned {
		return
	}
	id := h.Int("id")
	o.compare(o.problem(id, "records_sha256"), h.Text("records_sha256"), h.records.Sum(),
		"an exchange, a change, a finding, an exception or an audit-log entry was altered")
	for _, column := range []string{
		"scim_configurations", "sso_configurations", "domain_verifications", "members", "member_tokens", "changes",
		"failing_findings",
	} {
		p := o.problem(id, column)
		o.compare(p, h.Int(column), h.counts[column], "the count in the header differs from the number of rows")
	}
}
