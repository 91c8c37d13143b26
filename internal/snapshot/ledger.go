package snapshot

import (
	"context"
	"slices"

	"scim-auditor/internal/evidence"
)

// fact is a kind of fact in the ledger.
type fact struct {
	form evidence.Form // of its record
	// table has the columns of the record, and in the column id what row_id of a link refers to.
	table, id string
}

// facts has each kind of fact.
var facts = map[string]fact{
	"database":  {evidence.NewForm("database", databaseColumns...), "databases", "id"},
	"run_start": {evidence.NewForm("run_start", runStartColumns...), "run_starts", "id"},
	"run_end":   {evidence.NewForm("run_end", runEndColumns...), "run_ends", "run_id"},
	"schedule":  {evidence.NewForm("schedule", scheduleColumns...), "schedules", "id"},
	"rule_set":  {evidence.NewForm("rule_set", ruleSetColumns...), "rule_sets", "id"},
	"review":    {evidence.NewForm("review", reviewColumns...), "reviews", "id"},
	// This is not the view snapshots, because SQLite would copy the whole view to join it.
	"snapshot": {evidence.NewForm("snapshot", snapshotColumns...), `(SELECT s.*, (
			SELECT o.id FROM organizations o WHERE o.key = s.organization_key
		) AS organization_id FROM stored_snapshots s)`, "id"},
	"prune": {evidence.NewForm("prune", append(slices.Clone(pruneColumns), "snapshots", "reports")...),
		`(SELECT p.*, coalesce((
			SELECT group_concat(g.snapshot_id, ',' ORDER BY g.snapshot_id)
			FROM pruned_snapshots g
			WHERE g.prune_id = p.id
		), '') AS snapshots, coalesce((
			SELECT group_concat(g.run_id || ' ' || g.folder || ' ' || g.sums_sha256, ',' ORDER BY g.run_id)
			FROM pruned_reports g
			WHERE g.prune_id = p.id
		), '') AS reports FROM prunes p)`, "id"},
}

// link is a link in the ledger. The zero link stands before the first one.
type link struct {
	number int64
	chain  string
}

// lastLink returns the newest link, the zero link if the ledger is empty.
func lastLink(ctx context.Context, tx *transaction) link {
	last, _, err := first(queryAll(ctx, tx, "reading the ledger", func(r *reader) link {
		return link{r.number(), r.text()}
	}, "SELECT number, chain_sha256 FROM ledger ORDER BY number DESC LIMIT 1"))
	tx.fail(err)
	return last
}

// add writes the next link. It is for the fact with this kind and id; values are those of its
// record.
func (l link) add(ctx context.Context, tx *transaction, kind string, id int64, values []any) link {
	next := link{l.number + 1, evidence.Link(l.chain, facts[kind].form, values)}
	insertRows(ctx, tx, "ledger", []string{"number", "kind", "row_id", "chain_sha256"},
		[][]any{{next.number, kind, id, next.chain}})
	return next
}

// recordRow writes the row of a fact, and its link after the newest link. The first value is
// the id.
func recordRow(ctx context.Context, tx *transaction, kind, table string, columns []string, values []any) {
	insertRows(ctx, tx, table, columns, [][]any{values})
	lastLink(ctx, tx).add(ctx, tx, kind, values[0].(int64), values)
}

func nextID(ctx context.Context, tx *transaction, table string) int64 {
	last, _, err := first(queryAll(ctx, tx, "numbering a row of "+table, (*reader).number, "SELECT max(id) FROM "+table))
	tx.fail(err)
	return last + 1
}
