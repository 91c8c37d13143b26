package snapshot

import (
	"cmp"
	"context"

	"scim-auditor/internal/schedule"
)

// Register has what the histories of all organizations need: the runs, the schedules and the rules.
type Register struct {
	Runs      []Run             // oldest first, without their sums
	RuleSets  map[int64]RuleSet // by id
	schedules []recordedSchedule
	reviews   []Review        // in the order of recording
	starts    map[int64]int64 // number of the link of the start of a run, by its id
}

// Register reads the register.
func (r *Reader) Register(ctx context.Context) (*Register, error) {
	register := &Register{RuleSets: make(map[int64]RuleSet), starts: make(map[int64]int64)}
	var runsErr, schedulesErr, reviewsErr error
	register.Runs, runsErr = queryAll(ctx, r.tx, "reading the runs", func(row *reader) Run {
		run := readRun(row)
		run.ToolVersion = row.text()
		register.starts[run.ID] = row.number()
		return run
	}, "SELECT "+runColumns+`, tool_version, number
		FROM runs
		LEFT JOIN (SELECT row_id, number FROM ledger WHERE kind = 'run_start') ON row_id = id
		ORDER BY id`)
	register.schedules, schedulesErr = queryAll(ctx, r.tx, "reading the schedules", func(row *reader) recordedSchedule {
		return recordedSchedule{Period: schedule.Period{Expression: row.text(), From: row.instant()}, link: row.number()}
	}, `SELECT expression, valid_from, number
		FROM schedules
		LEFT JOIN (SELECT row_id, number FROM ledger WHERE kind = 'schedule') ON row_id = id
		ORDER BY id`)
	for i := range register.schedules {
		s := &register.schedules[i]
		for _, run := range register.Runs {
			if register.starts[run.ID] > s.link {
				s.next = run.ID
				break
			}
		}
	}
	register.reviews, reviewsErr = queryReviews(ctx, r.tx, "ORDER BY r.id")
	_, rulesErr := queryAll(ctx, r.tx, "reading the rules", func(row *reader) bool {
		id, thresholds := row.number(), row.text()
		w := Wording{RuleID: row.text(), Title: row.text(), Expected: row.text(), Remedy: row.text(), TurnedOff: row.text()}
		register.RuleSets[id] = RuleSet{Thresholds: thresholds, Wordings: append(register.RuleSets[id].Wordings, w)}
		return true
	}, `SELECT s.id, s.thresholds, w.rule_id, w.title, w.expected, w.remedy, w.turned_off
		FROM rule_sets s
		JOIN rule_wordings w ON w.rule_set_id = s.id
		ORDER BY s.id, w.rule_id`)
	return register, cmp.Or(runsErr, schedulesErr, reviewsErr, rulesErr)
}
