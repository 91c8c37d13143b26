package snapshot

import (
	"cmp"
	"context"

	"scim-auditor/internal/schedule"
)

// Register has what the histories of all organizations need: the runs, the schedules and the rules.
type Register struct {
	Runs     []Run                       // oldest first, without their sums
	RuleSets map[int64]RuleSet           // by id
	periods  map[int64][]schedule.Period // that were in force, by the id of the run, once asked for
}

// Register reads the register.
func (r *Reader) Register(ctx context.Context) (*Register, error) {
	register := &Register{RuleSets: make(map[int64]RuleSet), periods: make(map[int64][]schedule.Period)}
	var runsErr error
	register.Runs, runsErr = queryAll(ctx, r.tx, "reading the runs", func(row *reader) Run {
		run := readRun(row)
		run.ToolVersion = row.text()
		return run
	}, "SELECT "+runColumns+", tool_version FROM runs ORDER BY id")
	_, rulesErr := queryAll(ctx, r.tx, "reading the rules", func(row *reader) bool {
		id, thresholds := row.number(), row.text()
		w := Wording{RuleID: row.text(), Title: row.text(), Expected: row.text(), Remedy: row.text(), TurnedOff: row.text()}
		register.RuleSets[id] = RuleSet{Thresholds: thresholds, Wordings: append(register.RuleSets[id].Wordings, w)}
		return true
	}, `SELECT s.id, s.thresholds, w.rule_id, w.title, w.expected, w.remedy, w.turned_off
		FROM rule_sets s
		JOIN rule_wordings w ON w.rule_set_id = s.id
		ORDER BY s.id, w.rule_id`)
	return register, cmp.Or(runsErr, rulesErr)
}
