package snapshot

import (
	"context"
	"fmt"

	"scim-auditor/internal/evidence"
)

// RuleSet has the rules and thresholds that produced the findings of snapshots.
type RuleSet struct {
	Thresholds string    // a JSON object
	Wordings   []Wording // sorted by RuleID
}

// Wording is the text of one rule in a rule set.
type Wording struct {
	RuleID, Title, Expected, Remedy string
	TurnedOff                       string // why the settings turn the rule off; empty if it is evaluated
}

var (
	ruleSetColumns = []string{"id", "thresholds", "sha256"}
	wordingColumns = []string{"rule_id", "title", "expected", "remedy", "turned_off"}
	wordingForm    = evidence.NewForm("rule_wording", wordingColumns...)
)

// RecordRules returns the id of a rule set. It stores the rule set if it differs from the newest one.
func (s *Store) RecordRules(ctx context.Context, set RuleSet) (id int64, err error) {
	digest := evidence.NewDigest()
	var rows [][]any
	for _, w := range set.Wordings {
		values := []any{w.RuleID, w.Title, w.Expected, w.Remedy, orNull(w.TurnedOff)}
		digest.Add(wordingForm, values)
		rows = append(rows, values)
	}
	sum := digest.Sum()
	err = s.inTransaction(ctx, "recording the rules", func(tx *transaction) (err error) {
		id, _, err = first(queryAll(ctx, tx, "reading the rules", (*reader).number,
			"SELECT iif(thresholds = ? AND sha256 = ?, id, 0) FROM rule_sets ORDER BY id DESC LIMIT 1", set.Thresholds, sum))
		if err != nil || id != 0 {
			return err
		}
		if id, err = nextID(ctx, tx, "rule_sets"); err != nil {
			return err
		}
		err = recordRow(ctx, tx, "rule_set", "rule_sets", ruleSetColumns, []any{id, set.Thresholds, sum})
		if err != nil {
			return err
		}
		for i, values := range rows {
			rows[i] = append([]any{id}, values...)
		}
		return insertRows(ctx, tx, "rule_wordings", append([]string{"rule_set_id"}, wordingColumns...), rows)
	})
	return id, err
}

// Rules returns the rule set of a snapshot, or ErrNotFound if none was recorded.
func (s *Store) Rules(ctx context.Context, h Snapshot) (RuleSet, error) {
	thresholds, found, err := first(queryAll(ctx, s.db, "reading the rules", (*reader).text,
		"SELECT thresholds FROM rule_sets WHERE id = ?", h.RuleSetID))
	if err == nil && !found {
		err = fmt.Errorf("the rules of snapshot %d: %w", h.ID, ErrNotFound)
	}
	if err != nil {
		return RuleSet{}, err
	}
	set := RuleSet{Thresholds: thresholds}
	set.Wordings, err = queryAll(ctx, s.db, "reading the rules", func(r *reader) Wording {
		return Wording{RuleID: r.text(), Title: r.text(), Expected: r.text(), Remedy: r.text(), TurnedOff: r.text()}
	}, "SELECT rule_id, title, expected, remedy, turned_off FROM rule_wordings WHERE rule_set_id = ? ORDER BY rule_id",
		h.RuleSetID)
	return set, err
}
