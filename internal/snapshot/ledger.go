package snapshot

import (
	"context"
	"slices"

	"scim-auditor/internal/evidence"
)

// factForms has the form of the records for each kind of fact.
var factForms = map[string]evidence.Form{
	"database":  evidence.NewForm("database", databaseColumns...),
	"run_start": evidence.NewForm("run_start", runStartColumns...),
	"run_end":   evidence.NewForm("run_end", runEndColumns...),
	"snapshot":  evidence.NewForm("snapshot", snapshotColumns...),
	"schedule":  evidence.NewForm("schedule", scheduleColumns...),
	"prune":     evidence.NewForm("prune", append(slices.Clone(pruneColumns), "snapshots")...),
	"rule_set":  evidence.NewForm("rule_set", ruleSetColumns...),
	"review":    evidence.NewForm("review", reviewColumns...),
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
	next := link{l.number + 1, evidence.Link(l.chain, factForms[kind], values)}
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
