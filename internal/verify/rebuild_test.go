package verify_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"scim-auditor/internal/evidence"
)

// forger changes a database as someone can who may write the file: it drops the triggers, changes
// rows, computes every hash anew and puts the triggers back.
type forger struct {
	t  *testing.T
	db *sql.DB
}

func forge(t *testing.T, path string, statements ...string) {
	t.Helper()
	f := &forger{t, openRaw(t, path)}
	defer func() { _ = f.db.Close() }()
	triggers := queryTexts(t, f.db, "SELECT sql FROM sqlite_schema WHERE type = 'trigger'")
	for _, name := range queryTexts(t, f.db, "SELECT name FROM sqlite_schema WHERE type = 'trigger'") {
		f.exec("DROP TRIGGER " + name)
	}
	for _, s := range statements {
		f.exec(s)
	}
	f.rebuild()
	for _, trigger := range triggers {
		f.exec(trigger)
	}
}

func (f *forger) exec(statement string, args ...any) {
	f.t.Helper()
	if _, err := f.db.ExecContext(f.t.Context(), statement, args...); err != nil {
		f.t.Fatalf("%s: %v", statement, err)
	}
}

// row is a stored row, by column.
type row map[string]any

func (f *forger) rows(query string, args ...any) (all []row) {
	f.t.Helper()
	rows, err := f.db.QueryContext(f.t.Context(), query, args...)
	if err != nil {
		f.t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	columns, _ := rows.Columns()
	for rows.Next() {
		values, pointers := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			pointers[i] = &values[i]
		}
		if err := rows.Scan(pointers...); err != nil {
			f.t.Fatal(err)
		}
		r := row{}
		for i, c := range columns {
			r[c] = values[i]
		}
		all = append(all, r)
	}
	if err := rows.Err(); err != nil {
		f.t.Fatal(err)
	}
	return all
}

// record returns the form and the values of a row's record.
func (r row) record(kind string, without ...string) (evidence.Form, []any) {
	var columns []string
	var values []any
	for c, v := range r {
		if !slices.Contains(without, c) {
			columns, values = append(columns, c), append(values, v)
		}
	}
	return evidence.NewForm(kind, columns...), values
}

var contentKinds = []string{"organization", "policy", "scim", "sso", "domain", "member", "member_token"}

var showing = []string{"organization_key", "snapshot_id", "valid_from", "valid_to", "row_sha256"}

func (f *forger) rebuild() {
	for _, kind := range slices.Concat(contentKinds, []string{"finding", "exception", "carried_finding"}) {
		f.rehash(kind, kind+"_versions")
	}
	f.rehash("finding", "failed_findings")
	for _, s := range f.rows("SELECT * FROM rule_sets") {
		f.exec("UPDATE rule_sets SET sha256 = ? WHERE id = ?", f.digest("rule_wording",
			f.rows("SELECT * FROM rule_wordings WHERE rule_set_id = ? ORDER BY rule_id", s["id"]), "rule_set_id"), s["id"])
	}
	for _, p := range f.rows("SELECT * FROM prunes") {
		f.exec("UPDATE prunes SET versions_sha256 = ? WHERE id = ?", f.digest("pruned_version", f.rows(
			"SELECT * FROM pruned_versions WHERE prune_id = ? ORDER BY organization_key, kind, id, valid_from", p["id"]),
			"prune_id"), p["id"])
	}
	for _, s := range f.rows("SELECT * FROM stored_snapshots WHERE id NOT IN (SELECT snapshot_id FROM pruned_snapshots)") {
		f.snapshot(s)
	}
	f.ledger()
}

func (f *forger) rehash(kind, table string) {
	for _, r := range f.rows("SELECT * FROM " + table) {
		form, values := r.record(kind, showing...)
		sum := form.Sum(values)
		from := "valid_from"
		if table == "failed_findings" {
			from = "snapshot_id"
		}
		where := " WHERE id = ? AND " + from + " = ?"
		f.exec("UPDATE "+table+" SET row_sha256 = ?"+where, sum[:], r["id"], r[from])
	}
}

func (f *forger) digest(kind string, rows []row, without ...string) string {
	d := evidence.NewDigest()
	for _, r := range rows {
		form, values := r.record(kind, without...)
		d.Add(form, values)
	}
	return d.Sum()
}

func (f *forger) snapshot(s row) {
	hashes := func(kind string) (all []byte) {
		query := "SELECT row_sha256 FROM " + kind + "_versions WHERE organization_key = ? AND valid_from <= ? " +
			"AND (valid_to IS NULL OR valid_to > ?) ORDER BY id"
		args := []any{s["organization_key"], s["id"], s["id"]}
		switch {
		case s["outcome"] != "complete" && kind == "finding":
			query, args = "SELECT row_sha256 FROM failed_findings WHERE snapshot_id = ? ORDER BY id", args[1:2]
		case s["outcome"] != "complete", kind == "sso" && s["sso_not_assessed"] != nil,
			kind == "policy" && s["policies_not_assessed"] != nil, kind == "domain" && s["domains_not_assessed"] != nil,
			kind == "member" && s["members_not_assessed"] != nil, kind == "member_token" && s["member_tokens_not_assessed"] != nil:
			return nil
		}
		for _, r := range f.rows(query, args...) {
			all = append(all, r["row_sha256"].([]byte)...)
		}
		return all
	}
	if s["outcome"] == "complete" {
		content := evidence.NewDigest()
		for _, kind := range contentKinds {
			content.AddHashes(kind, hashes(kind))
		}
		f.exec("UPDATE stored_snapshots SET content_sha256 = ? WHERE id = ?", content.Sum(), s["id"])
	}
	records := evidence.NewDigest()
	for _, kind := range []string{"finding", "exception", "carried_finding"} {
		records.AddHashes(kind, hashes(kind))
	}
	for _, part := range [][2]string{
		{"exchange", "exchanges"}, {"change", "stored_changes"}, {"audit_log", "audit_log_readings"},
		{"audit_log_entry", "audit_log_entries"}, {"candidate", "stored_candidates"},
	} {
		for _, r := range f.rows("SELECT * FROM "+part[1]+" WHERE snapshot_id = ? ORDER BY 1, 2, 3", s["id"]) {
			form, values := r.record(part[0], showing...)
			records.Add(form, values)
		}
	}
	f.exec("UPDATE stored_snapshots SET records_sha256 = ? WHERE id = ?", records.Sum(), s["id"])
}

func (f *forger) ledger() {
	tables := map[string][2]string{
		"database":  {"databases", "id"},
		"run_start": {"run_starts", "id"}, "run_end": {"run_ends", "run_id"}, "snapshot": {"snapshots", "id"},
		"schedule": {"schedules", "id"}, "prune": {"prunes", "id"}, "rule_set": {"rule_sets", "id"},
		"review": {"reviews", "id"},
	}
	chain := ""
	for _, l := range f.rows("SELECT * FROM ledger ORDER BY number") {
		kind := l["kind"].(string)
		fact := f.rows("SELECT * FROM "+tables[kind][0]+" WHERE "+tables[kind][1]+" = ?", l["row_id"])[0]
		if kind == "prune" {
			fact["snapshots"] = strings.Join(queryTexts(f.t, f.db, fmt.Sprintf(
				"SELECT snapshot_id FROM pruned_snapshots WHERE prune_id = %v ORDER BY snapshot_id", l["row_id"])), ",")
			fact["reports"] = strings.Join(queryTexts(f.t, f.db, fmt.Sprintf(
				"SELECT run_id || ' ' || folder || ' ' || sums_sha256 FROM pruned_reports WHERE prune_id = %v ORDER BY run_id", l["row_id"])), ",")
		}
		form, values := fact.record(kind, "chain_sha256", "pruned_at")
		if kind == "prune" {
			form, values = fact.record(kind)
		}
		chain = evidence.Link(chain, form, values)
		f.exec("UPDATE ledger SET chain_sha256 = ? WHERE number = ?", chain, l["number"])
	}
}
