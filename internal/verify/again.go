package verify

import (
	"context"
	"errors"
	"fmt"

	"scim-auditor/internal/fetch"
	"scim-auditor/internal/job"
	"scim-auditor/internal/snapshot"
)

// Again counts what was done again, and has what could not be.
type Again struct {
	Decoded   int `json:"snapshots_decoded"`   // stored responses → configurations
	Compared  int `json:"snapshots_compared"`  // configurations → changes
	Evaluated int `json:"snapshots_evaluated"` // configurations and changes → findings
	Reports   int `json:"reports_written"`     // report folders whose files were compared
	// NotDone is what could not be done again.
	NotDone []NotDone `json:"not_done"`
}

// NotDone is a step that could not be done again for some snapshots or for a report folder.
type NotDone struct {
	Step         string  `json:"step"` // "decode", "compare", "evaluate" or "report"
	Reason       string  `json:"reason"`
	Snapshots    []int64 `json:"snapshots,omitempty"`
	ReportFolder string  `json:"report_folder,omitempty"`
}

// maxDifferences is the highest number of problems that doing a snapshot again adds.
const maxDifferences = 20

// DoAgain does the work of every snapshot again that is not pruned: it decodes the stored responses, compares
// them with the baseline and evaluates the rules, and compares the results with what is stored. toolVersion is
// the version of this program. It must follow Database.
func (r *Result) DoAgain(ctx context.Context, store *snapshot.Store, toolVersion string) error {
	rows, err := store.Reader(ctx)
	if err != nil {
		return err
	}
	defer rows.Close()
	r.Again = &Again{NotDone: []NotDone{}}
	register, err := rows.Register(ctx)
	if err != nil {
		r.add(Problem{Subject: "database"}, "doing the work again: %v", err)
		return ctx.Err()
	}
	w := &work{Result: r, rows: rows, register: register, toolVersion: toolVersion, runs: make(map[int64]snapshot.Run),
		rules: make(map[int64]job.Rules), notDone: make(map[string]int)}
	for _, run := range register.Runs {
		w.runs[run.ID] = run
	}
	for id, set := range register.RuleSets {
		if w.rules[id], err = job.ParseRules(set); err != nil {
			r.add(Problem{Subject: fmt.Sprint("rule set ", id)}, "%v", err)
		}
	}
	var organizations []snapshot.Row
	err = rows.Each(ctx, snapshot.Organizations, func(row snapshot.Row) { organizations = append(organizations, row) })
	for _, o := range organizations {
		if err == nil {
			err = w.organization(ctx, o.Int("key"), o.Text("id"))
		}
	}
	if err != nil && ctx.Err() == nil {
		r.add(Problem{Subject: "database"}, "doing the work again: %v", err)
		return nil
	}
	return ctx.Err()
}

// work is a DoAgain in progress.
type work struct {
	*Result
	rows        *snapshot.Reader
	register    *snapshot.Register
	toolVersion string
	runs        map[int64]snapshot.Run
	rules       map[int64]job.Rules
	notDone     map[string]int // index in Again.NotDone, by step and reason
}

// organization does the work for one organization again, so that only one is in memory.
func (w *work) organization(ctx context.Context, key int64, id string) error {
	history, err := w.rows.History(ctx, w.register, key, id)
	pages := &fetch.Pages{}
	for err == nil && ctx.Err() == nil {
		var at snapshot.Snapshot
		var found bool
		if at, found, err = history.Next(ctx); err != nil || !found {
			return err
		}
		s := &again{work: w, Snapshot: at, history: history}
		switch {
		case !at.PrunedAt.IsZero():
		case at.Outcome == snapshot.Complete:
			err = s.complete(ctx, pages)
		default:
			err = s.failed(ctx)
		}
	}
	return err
}

// again is one snapshot whose work is done again.
type again struct {
	*work
	snapshot.Snapshot
	history *snapshot.History
}

func (s *again) complete(ctx context.Context, pages *fetch.Pages) error {
	answers, err := s.history.Answers(ctx)
	if errors.Is(err, snapshot.ErrPruned) {
		s.cannot("decode", "retention removed the bytes of its responses")
		return nil
	}
	exceptions, exceptionsErr := s.history.Exceptions()
	if err := errors.Join(err, exceptionsErr); err != nil {
		s.problem("%v", err)
		return nil
	}
	a := job.Again{
		Snapshot: s.Snapshot, Answers: answers, Rules: s.rules[s.RuleSetID], Exceptions: exceptions, Past: s.history,
		Pages: pages,
	}
	redone, err := a.Collect(ctx)
	switch {
	case errors.Is(err, job.ErrMissing) && s.version() != s.toolVersion:
		s.cannot("decode", fmt.Sprintf("auditor %s collected it, and this is %s: %v", s.version(), s.toolVersion, err))
		return nil
	case err != nil:
		s.problem("its stored responses are no complete collection: %v", err)
		return ctx.Err()
	}
	s.Again.Decoded++
	s.differences(s.history.CompareContent(redone.Result()))
	if s.history.BaselinePruned() {
		s.cannot("compare", "its baseline is pruned")
		return nil
	}
	if err := redone.Compare(ctx); err != nil {
		s.problem("%v", err)
		return ctx.Err()
	}
	result := redone.Result()
	s.differences(s.history.CompareEvidence(result, answers))
	return s.records(ctx, result)
}

// records compares the changes and, if this version has the same rules, the findings.
func (s *again) records(ctx context.Context, c snapshot.Collected) error {
	compare := s.history.CompareRecords
	switch {
	case s.rules[s.RuleSetID].Other:
		s.cannot("evaluate", s.otherRules())
		compare = s.history.CompareChanges
	case s.history.ScheduleChanged():
		s.cannot("evaluate", "the schedule changed during its run")
		compare = s.history.CompareChanges
	default:
		s.Again.Evaluated++
	}
	s.Again.Compared++
	differences, err := compare(ctx, c)
	s.differences(differences)
	return err
}

func (s *again) failed(ctx context.Context) error {
	if s.rules[s.RuleSetID].Other {
		s.cannot("evaluate", s.otherRules())
		return nil
	}
	s.Again.Evaluated++
	differences, err := s.history.CompareFailed(ctx, job.EvaluateFailed(s.Snapshot))
	s.differences(differences)
	return err
}

func (s *again) otherRules() string {
	return fmt.Sprintf("auditor %s evaluated it with rule set %d, which has other rules than this version",
		s.version(), s.RuleSetID)
}

// version returns the version of auditor that took the snapshot.
func (s *again) version() string { return s.runs[s.RunID].ToolVersion }

// cannot notes a step that cannot be done again.
func (s *again) cannot(step, reason string) {
	at, found := s.notDone[step+reason]
	if !found {
		at = len(s.Again.NotDone)
		s.notDone[step+reason] = at
		s.Again.NotDone = append(s.Again.NotDone, NotDone{Step: step, Reason: reason})
	}
	s.Again.NotDone[at].Snapshots = append(s.Again.NotDone[at].Snapshots, s.ID)
}

func (s *again) problem(format string, args ...any) {
	s.add(Problem{OrganizationID: s.OrganizationID, SnapshotID: s.ID, Subject: "doing the work again"}, format, args...)
}

// differences adds a problem for each difference, up to maxDifferences.
func (s *again) differences(all []snapshot.Difference) {
	for _, d := range all[:min(len(all), maxDifferences)] {
		if s.version() != s.toolVersion {
			d.Text += fmt.Sprintf(" (auditor %s took the snapshot, this is %s)", s.version(), s.toolVersion)
		}
		s.add(Problem{
			OrganizationID: s.OrganizationID, SnapshotID: s.ID, Subject: d.Subject, Want: d.Stored, Got: d.Computed,
		}, "%s", d.Text)
	}
	if more := len(all) - maxDifferences; more > 0 {
		s.problem("there are %d more differences", more)
	}
}
