package snapshot

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/evidence"
)

// versionTable is a table with one row for each series of consecutive snapshots in which an
// object stays the same.
type versionTable struct {
	name    string
	kind    string   // kind of its records
	columns []string // hashed columns; the first is the id
	raw     int      // index of the column "raw", -1 if there is none
	form    evidence.Form
}

func newVersionTable(name, kind string, columns ...string) *versionTable {
	columns = append([]string{"id"}, columns...)
	return &versionTable{name, kind, columns, slices.Index(columns, "raw"), evidence.NewForm(kind, columns...)}
}

// The tables that hold what complete snapshots show.
var (
	organizationVersions = newVersionTable("organization_versions", "organization",
		"name", "tier", "created_at", "updated_at", "invite_domains", "unknown_fields", "raw")
	policyVersions = newVersionTable("policy_versions", "policy",
		"restrict_account_creation_to_scim", "unknown_fields", "raw")
	scimVersions = newVersionTable("scim_versions", "scim",
		"stated_organization_id", "name", "enabled", "sso_configuration_id", "created_at", "updated_at",
		"token_expires_at", "allow_unverified_email_account_linking", "unknown_fields", "raw")
	ssoVersions = newVersionTable("sso_versions", "sso",
		"stated_organization_id", "display_name", "issuer_url", "provider_type", "state", "client_id", "email_domain",
		"email_domains", "additional_scopes", "claims", "claims_expression", "unknown_fields", "raw")
	domainVersions = newVersionTable("domain_versions", "domain",
		"stated_organization_id", "domain", "state", "verified_at", "unknown_fields", "raw")
	memberVersions = newVersionTable("member_versions", "member",
		"role", "status", "login_provider", "member_since", "full_name", "email", "avatar_url", "unknown_fields", "raw")
	memberTokenVersions = newVersionTable("member_token_versions", "member_token",
		"user_id", "description", "created_at", "expires_at", "last_used", "read_only", "unknown_fields", "raw")
	findingVersions = newVersionTable("finding_versions", "finding",
		"rule_id", "severity", "status", "original_status", "subject_type", "subject_id", "subject_name", "observed",
		"first_seen", "exception_number")
	exceptionVersions = newVersionTable("exception_versions", "exception",
		"rule_id", "subject_id", "accepted_organization_id", "owner", "reason", "ticket", "expires", "in_force", "bearing",
		"findings")
	carriedVersions = newVersionTable("carried_finding_versions", "carried_finding",
		"rule_id", "first_seen", "last_seen")
)

// content_sha256 covers contentTables; records_sha256 covers recordTables first. Both are in
// this order.
var (
	contentTables = []*versionTable{
		organizationVersions, policyVersions, scimVersions, ssoVersions, domainVersions, memberVersions,
		memberTokenVersions,
	}
	recordTables = []*versionTable{findingVersions, exceptionVersions, carriedVersions}
)

// version is a stored row: a value for each of the columns, and the first snapshot that shows
// it.
type version struct {
	values    []any
	validFrom int64
	since     time.Time // taken_at of the snapshot validFrom; only asOf reads it
	sha256    []byte
	object    *any // what readVersions made of the row, once it has; nil if that is not kept
}

// versions has rows of several tables, each sorted by id.
type versions map[*versionTable][]version

func (v version) id() string { return v.values[0].(string) }

// text returns the text in a column of a row, empty for null.
func (t *versionTable) text(v version, column string) string {
	text, _ := v.values[slices.Index(t.columns, column)].(string)
	return text
}

// columnsOf returns the columns to read. The JSON as received is most of a row and often not
// needed.
func (t *versionTable) columnsOf(withRaw bool) string {
	columns := slices.Clone(t.columns)
	if t.raw >= 0 && !withRaw {
		columns[t.raw] = "NULL"
	}
	return strings.Join(columns, ", ")
}

// current returns the current rows of an organization, sorted by id, without their JSON.
func (t *versionTable) current(ctx context.Context, q querier, organizationID string) ([]version, error) {
	return t.query(ctx, q, "SELECT valid_from, NULL, row_sha256, "+t.columnsOf(false)+" FROM "+t.name+
		" WHERE organization_key = "+keyOf+" AND valid_to IS NULL", organizationID)
}

func currentVersions(
	ctx context.Context, q querier, organizationID string, tables []*versionTable,
) (all versions, err error) {
	all = make(versions)
	for _, t := range tables {
		if all[t], err = t.current(ctx, q, organizationID); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// asOf returns the rows that a snapshot shows, sorted by id. Its time grows with the versions
// that ended after the snapshot, not with those that ended before, because each half of the
// query has an index.
func (t *versionTable) asOf(
	ctx context.Context, q querier, organizationID string, snapshotID int64,
) ([]version, error) {
	query := "SELECT valid_from, (SELECT taken_at FROM stored_snapshots s WHERE s.id = valid_from), row_sha256, " +
		t.columnsOf(true) + " FROM " + t.name +
		" WHERE organization_key = " + keyOf + " AND valid_from <= ?2 AND valid_to"
	return t.query(ctx, q, query+" IS NULL UNION ALL "+query+" > ?2", organizationID, snapshotID)
}

// query fails if an id occurs twice, because a comparison would then report false changes.
func (t *versionTable) query(ctx context.Context, q querier, query string, args ...any) ([]version, error) {
	all, err := queryAll(ctx, q, "reading "+t.name, readVersion, query, args...)
	slices.SortFunc(all, func(a, b version) int { return strings.Compare(a.id(), b.id()) })
	for i := 1; i < len(all) && err == nil; i++ {
		if id := all[i].id(); id == all[i-1].id() {
			err = fmt.Errorf("the row %s occurs twice in %s: %w", id, t.name, ErrDamaged)
		}
	}
	return all, err
}

func readVersion(r *reader) version {
	v := version{validFrom: r.number(), since: r.instant()}
	v.sha256, _ = r.value().([]byte)
	v.values = slices.Clone(r.values[r.next:])
	_, hasID := v.values[0].(string)
	hasBytes := slices.ContainsFunc(v.values, func(value any) bool { _, ok := value.([]byte); return ok })
	if !hasID || hasBytes || len(v.sha256) != sha256.Size {
		r.fail(fmt.Errorf("the row %v has a value of a wrong type", v.values[0]))
		v.values[0] = ""
	}
	return v
}

// difference is what to write so that other rows become current.
type difference struct {
	table  *versionTable
	ended  []version // no longer current
	begun  []version // become current
	hashes []byte    // the row_sha256 of every row that is then current, sorted by id
}

// compareTables returns for each table what to write so that the values become current. A table
// without values stays as it is.
func compareTables(
	tables []*versionTable, held versions, values map[*versionTable][][]any,
) (all []difference, err error) {
	for _, t := range tables {
		d := difference{table: t}
		if current, ok := values[t]; ok && err == nil {
			d, err = t.compare(held[t], current)
		}
		all = append(all, d)
	}
	return all, err
}

// compare walks the current rows (held) and the new values (current) in lockstep; both are
// sorted by id. It ignores the column raw, because the API may encode the same object
// differently.
func (t *versionTable) compare(held []version, current [][]any) (difference, error) {
	d := difference{table: t, hashes: make([]byte, 0, sha256.Size*len(current))}
	last := ""
	for i, values := range current {
		id := values[0].(string)
		if id <= last && i > 0 {
			return d, fmt.Errorf("the row %q of %s comes after the row %q", id, t.name, last)
		}
		last = id
		for len(held) > 0 && held[0].id() < id {
			d.ended, held = append(d.ended, held[0]), held[1:]
		}
		if len(held) == 0 || held[0].id() != id {
			d.begin(values)
			continue
		}
		if t.same(held[0].values, values) {
			d.hashes = append(d.hashes, held[0].sha256...)
		} else {
			d.ended = append(d.ended, held[0])
			d.begin(values)
		}
		held = held[1:]
	}
	d.ended = append(d.ended, held...)
	return d, nil
}

func (t *versionTable) same(a, b []any) bool {
	for i := range a {
		if a[i] != b[i] && i != t.raw {
			return false
		}
	}
	return true
}

func (d *difference) begin(values []any) {
	sum := d.table.form.Sum(values)
	d.begun = append(d.begun, version{values: values, sha256: sum[:]})
	d.hashes = append(d.hashes, sum[:]...)
}

// write ends and begins versions with a snapshot. The header of the snapshot must be written
// first.
func (d *difference) write(ctx context.Context, tx *transaction, organizationKey, snapshotID int64) {
	for _, v := range d.ended {
		doing := "closing the row " + v.id() + " of " + d.table.name
		n := tx.execute(ctx, doing, "UPDATE "+d.table.name+
			" SET valid_to = ? WHERE organization_key = ? AND id = ? AND valid_from = ? AND valid_to IS NULL",
			snapshotID, organizationKey, v.id(), v.validFrom)
		if n != 1 {
			tx.fail(fmt.Errorf("%s: %d rows matched, not 1", doing, n))
		}
	}
	rows := make([][]any, len(d.begun))
	for i, v := range d.begun {
		rows[i] = append([]any{organizationKey, snapshotID, v.sha256}, v.values...)
	}
	columns := append([]string{"organization_key", "valid_from", "row_sha256"}, d.table.columns...)
	insertRows(ctx, tx, d.table.name, columns, rows)
}
