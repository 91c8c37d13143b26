package verify

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"scim-auditor/internal/evidence"
	"scim-auditor/internal/snapshot"
)

// What the two hashes of a snapshot cover, in this order: content_sha256 the versions of contentKinds,
// records_sha256 those of recordKinds and the rows of rowKinds.
var (
	contentKinds = []string{"organization", "policy", "scim", "sso"}
	recordKinds  = []string{"finding", "exception", "carried_finding"}
	rowKinds     = []string{"exchange", "change", "audit_log", "audit_log_entry", "candidate"}
)

// checkOrganizations checks one organization after the other, and keeps only one in memory.
func (v *verifier) checkOrganizations(ctx context.Context) error {
	var all []snapshot.Row
	err := v.rows.Each(ctx, snapshot.Organizations, func(row snapshot.Row) { all = append(all, row) })
	for _, row := range all {
		o := &organization{
			verifier: v, key: row.Int("key"), id: row.Text("id"),
			byID: make(map[int64]*header), versions: make(map[string][]version),
		}
		if err := o.check(ctx); err != nil {
			v.add(Problem{OrganizationID: o.id, Subject: "organization"}, "its rows cannot be read: %v", err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return err
}

// organization is an organization while it is checked.
type organization struct {
	*verifier
	key      int64
	id       string
	headers  []*header // in the order of the ids
	byID     map[int64]*header
	versions map[string][]version // by kind, sorted by id
	hashes   []byte               // for shown
}

// header is what the register says of a snapshot, and what its rows come to.
type header struct {
	snapshot.Row
	complete, pruned bool
	failed           []version        // findings of a failed snapshot
	counts           map[string]int64 // by the column that counts these rows
	records          *evidence.Digest
}

// shows says whether the snapshot shows versions of a kind: not those that it could not assess.
func (h *header) shows(kind string) bool {
	switch kind {
	case "sso":
		return h.complete && h.Null("sso_not_assessed")
	case "policy":
		return h.complete && h.Null("policies_not_assessed")
	}
	return h.complete
}

func (o *organization) check(ctx context.Context) (err error) {
	read := func(q snapshot.Query, do func(snapshot.Row)) {
		if err == nil {
			err = o.rows.Each(ctx, q, do, o.key)
		}
	}
	read(snapshot.Headers, o.addHeader)
	for _, kind := range slices.Concat(contentKinds, recordKinds) {
		read(snapshot.Versions(kind), func(row snapshot.Row) { o.addVersion(kind, row) })
	}
	read(snapshot.SnapshotRows["finding"], o.addFailed)
	if err != nil {
		return err
	}
	for _, h := range o.headers {
		o.checkVersions(h)
	}
	for _, kind := range rowKinds {
		read(snapshot.SnapshotRows[kind], func(row snapshot.Row) { o.addRow(kind, row) })
	}
	if err != nil {
		return err
	}
	for _, h := range o.headers {
		o.checkRecords(h)
	}
	return nil
}

// problem is a problem about a snapshot of the organization.
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
			"snapshot %d is no earlier complete snapshot of the organization", row.Int("baseline_id"))
	}
	o.headers = append(o.headers, h)
	o.byID[row.Int("id")] = h
}

// version is a row of a table of versions. Snapshots show it from the snapshot from until before to.
type version struct {
	id       string
	from, to int64
	sha256   string
	fails    bool // a finding that fails
}

// checkHash recomputes the hash of a row, which snapshots show since from.
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

// addVersion also checks that a version begins and ends with snapshots that show its kind, and that the
// version before of the same id has ended by then.
func (o *organization) addVersion(kind string, row snapshot.Row) {
	table := kind + "_versions"
	v := o.checkHash(table, row, row.Int("valid_from"))
	p := o.problem(v.from, table+" row "+v.id)
	for _, column := range []string{"valid_from", "valid_to"} {
		if h := o.byID[row.Int(column)]; !row.Null(column) && (h == nil || !h.shows(kind)) {
			o.add(p, "its %s, snapshot %d, is none of the organization that can show it", column, row.Int(column))
		}
	}
	if n := len(o.versions[kind]); n > 0 {
		if before := o.versions[kind][n-1]; before.id == v.id && (before.to == 0 || before.to > v.from) {
			o.add(p, "it overlaps the version since snapshot %d", before.from)
		}
	}
	o.versions[kind] = append(o.versions[kind], v)
}

func (o *organization) addFailed(row snapshot.Row) {
	h := o.byID[row.Int("snapshot_id")]
	h.failed = append(h.failed, o.checkHash("failed_findings", row, row.Int("snapshot_id")))
}

// shown is the hashes of the versions of a kind that a snapshot shows, until the next call, and how many
// of them are findings that fail.
func (o *organization) shown(h *header, kind string) (hashes []byte, fails int64) {
	o.hashes = o.hashes[:0]
	add := func(v version) {
		o.hashes = append(o.hashes, v.sha256...)
		if v.fails {
			fails++
		}
	}
	id := h.Int("id")
	switch {
	case h.shows(kind):
		for _, v := range o.versions[kind] {
			if v.from <= id && (v.to == 0 || v.to > id) {
				add(v)
			}
		}
	case kind == "finding":
		for _, v := range h.failed {
			add(v)
		}
	}
	return o.hashes, fails
}

// checkVersions checks content_sha256, and begins with records_sha256.
func (o *organization) checkVersions(h *header) {
	if h.pruned {
		return
	}
	content := evidence.NewDigest()
	for _, kind := range contentKinds {
		hashes, _ := o.shown(h, kind)
		content.AddHashes(kind, hashes)
		h.counts[kind+"_configurations"] = int64(len(hashes) / sha256.Size)
	}
	if h.complete {
		o.compare(o.problem(h.Int("id"), "content_sha256"), h.Text("content_sha256"), content.Sum(),
			"a configuration, the policies or the organization was altered")
	}
	for _, kind := range recordKinds {
		hashes, fails := o.shown(h, kind)
		h.records.AddHashes(kind, hashes)
		h.counts["failing_findings"] += fails
	}
}

// addRow adds a row that belongs to one snapshot.
func (o *organization) addRow(kind string, row snapshot.Row) {
	o.result.Rows++
	h := o.byID[row.Int("snapshot_id")]
	h.records.Add(row.Form, row.Record)
	if kind == "change" {
		h.counts["changes"]++
	}
	if h.pruned {
		o.add(o.problem(h.Int("id"), kind), "the snapshot is pruned, but has a row")
	}
}

// checkRecords checks records_sha256 and the counts.
func (o *organization) checkRecords(h *header) {
	if h.pruned {
		return
	}
	id := h.Int("id")
	o.compare(o.problem(id, "records_sha256"), h.Text("records_sha256"), h.records.Sum(),
		"an exchange, a change, a finding or what they were judged by was altered")
	for _, column := range []string{"scim_configurations", "sso_configurations", "changes", "failing_findings"} {
		p := o.problem(id, column)
		o.compare(p, h.Int(column), h.counts[column], "the count in the header is not that of the rows")
	}
}
