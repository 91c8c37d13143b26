package snapshot

import (
	"context"
	"slices"

	"scim-auditor/internal/evidence"
)

// factForms are the forms of the records of facts, by their kind in the ledger.
var factForms = map[string]evidence.Form{
	"run_start": evidence.NewForm("run_start", runStartColumns...),
	"run_end":   evidence.NewForm("run_end", runEndColumns...),
	"snapshot":  evidence.NewForm("snapshot", snapshotColumns...),
	"schedule":  evidence.NewForm("schedule", scheduleColumns...),
	"prune":     evidence.NewForm("prune", append(slices.Clone(pruneColumns), "snapshots")...),
	"rule_set":  evidence.NewForm("rule_set", ruleSetColumns...),
}

// link is a link of the ledger; the zero link comes before the first one.
type link struct {
	number int64
	chain  string
}

// lastLink is the newest link, the head of the ledger.
func lastLink(ctx context.Context, q querier) (link, error) {
	last, _, err := first(queryAll(ctx, q, "reading the ledger", func(r *reader) link {
		return link{r.number(), r.text()}
	}, "SELECT number, chain_sha256 FROM ledger ORDER BY number DESC LIMIT 1"))
	return last, err
}

// add writes the link that follows, of the fact with an id and the values of its record.
func (l link) add(ctx context.Context, tx querier, kind string, id int64, values []any) (link, error) {
	next := link{l.number + 1, evidence.Link(l.chain, factForms[kind], values)}
	_, err := execute(ctx, tx, "INSERT INTO ledger (number, kind, row_id, chain_sha256) VALUES (?, ?, ?, ?)",
		next.number, kind, id, next.chain)
	return next, err
}

// record writes the link of a fact after the newest one.
func record(ctx context.Context, tx querier, kind string, id int64, values []any) error {
	last, err := lastLink(ctx, tx)
	if err != nil {
		return err
	}
	_, err = last.add(ctx, tx, kind, id, values)
	return err
}

// recordRow writes the row of a fact, whose first value is its id, and its link.
func recordRow(ctx context.Context, tx querier, kind, table string, columns []string, values []any) error {
	if err := insertRows(ctx, tx, table, columns, [][]any{values}); err != nil {
		return err
	}
	return record(ctx, tx, kind, values[0].(int64), values)
}

// nextID is the id that follows the newest row of a table.
func nextID(ctx context.Context, tx querier, table string) (int64, error) {
	last, _, err := first(queryAll(ctx, tx, "numbering a row of "+table, (*reader).number, "SELECT max(id) FROM "+table))
	return last + 1, err
}
