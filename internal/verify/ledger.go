package verify

import (
	"context"
	"fmt"

	"scim-auditor/internal/evidence"
	"scim-auditor/internal/snapshot"
)

// checkLedger recomputes every link, and reports facts that do not have exactly one link.
func (v *verifier) checkLedger(ctx context.Context) (err error) {
	before := len(v.result.Problems)
	defer func() { v.result.ledgerDamaged = err != nil || len(v.result.Problems) > before }()
	for _, kind := range snapshot.FactKinds() {
		links := make(map[int64]int) // number of links, by the id of the fact
		if err := v.rows.Each(ctx, snapshot.Links(kind), func(link snapshot.Row) {
			links[link.Int("row_id")]++
			v.checkLink(kind, link)
		}); err != nil {
			return fmt.Errorf("reading the ledger links of kind %s: %w", kind, err)
		}
		if err := v.rows.Each(ctx, snapshot.Facts(kind), func(fact snapshot.Row) {
			if id := fact.Int("row_id"); links[id] != 1 {
				v.add(Problem{Subject: fmt.Sprintf("%s %d", kind, id)}, "the ledger has %d links for it, not 1", links[id])
			}
		}); err != nil {
			return fmt.Errorf("reading the facts of kind %s: %w", kind, err)
		}
	}
	return v.checkRuleSets(ctx)
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
	if kind == "snapshot" && link.Int("ledger_number") != number {
		v.add(p, "the snapshot refers to link %d instead", link.Int("ledger_number"))
	}
	v.compare(p, link.Text("link"), evidence.Link(link.Text("link_before"), link.Form, link.Record),
		fmt.Sprintf("%s %d, this link or the previous link was altered", kind, id))
}

// checkRuleSets recomputes the hash over the wordings in each rule set.
func (v *verifier) checkRuleSets(ctx context.Context) error {
	var sets []snapshot.Row
	if err := v.rows.Each(ctx, snapshot.RuleSets, func(row snapshot.Row) { sets = append(sets, row) }); err != nil {
		return err
	}
	for _, set := range sets {
		digest := evidence.NewDigest()
		if err := v.rows.Each(ctx, snapshot.RuleWordings, func(row snapshot.Row) {
			digest.Add(row.Form, row.Record)
		}, set.Int("id")); err != nil {
			return err
		}
		v.compare(Problem{Subject: fmt.Sprint("rule set ", set.Int("id"))}, set.Text("sha256"), digest.Sum(),
			"the wording of a rule was altered")
	}
	return nil
}
