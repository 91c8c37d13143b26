package verify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"scim-auditor/internal/fetch"
	"scim-auditor/internal/job"
	"scim-auditor/internal/snapshot"
)

// Again counts what was done again, and has what could not be.
type Again struct {
	Decoded   int `json:"snapshots_decoded"`   // all stored responses → configurations
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

// DoAgain does the work of every snapshot again that is not pruned: it decodes the stored
// responses, compares them with the baseline and evaluates the rules, and compares the results with
// what is stored. toolVersion is the version of this program. It must follow Database.
func (r *Result) DoAgain(ctx context.Context, store *snapshot.Store, toolVersion string) error {
	rows, err := store.Reader(ctx)
	if err != nil {
		return err
	}
	defer rows.Close()
	r.Again = &Again{NotDone: []NotDone{}}
	w := &work{rows: rows, toolVersion: toolVersion, runs: make(map[int64]snapshot.Run), rules: make(map[int64]job.Rules)}
	stretches, err := w.prepare(ctx, r)
	if err != nil {
		r.add(Problem{Subject: "database"}, "doing the work again: %v", err)
		return ctx.Err()
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, s := range stretches {
		group.Go(func() error {
			if err := s.do(ctx); err != nil && ctx.Err() == nil {
				s.found.add(Problem{OrganizationID: s.organizationID, Subject: "organization"}, "doing the work again: %v", err)
			}
			return nil
		})
	}
	_ = group.Wait() // no function returns an error: the problems have them
	for _, s := range stretches {
		r.merge(&s.found)
	}
	return ctx.Err()
}

// merge adds what a stretch found.
func (r *Result) merge(found *Result) {
	r.Problems = append(r.Problems, found.Problems...)
	r.Again.Decoded += found.Again.Decoded
	r.Again.Compared += found.Again.Compared
	r.Again.Evaluated += found.Again.Evaluated
	for _, n := range found.Again.NotDone {
		r.Again.cannot(n.Step, n.Reason, n.Snapshots...)
	}
}

// cannot notes a step that could not be done again for some snapshots.
func (a *Again) cannot(step, reason string, snapshots ...int64) {
	i := slices.IndexFunc(a.NotDone, func(n NotDone) bool { return n.Step == step && n.Reason == reason })
	if i < 0 {
		i, a.NotDone = len(a.NotDone), append(a.NotDone, NotDone{Step: step, Reason: reason})
	}
	a.NotDone[i].Snapshots = append(a.NotDone[i].Snapshots, snapshots...)
}

// work is a DoAgain in progress.
type work struct {
	rows        *snapshot.Reader
	register    *snapshot.Register
	toolVersion string
	runs        map[int64]snapshot.Run
	rules       map[int64]job.Rules
}

// stretch is a series of snapshots of one organization. Several stretches are done at the same
// time.
type stretch struct {
	*work
	key            int64
	organizationID string
	after, upTo    int64 // it has the snapshots with an id above after, up to upTo
	found          Result
}

// prepare reads what all stretches need, and returns the stretches in order.
func (w *work) prepare(ctx context.Context, r *Result) (stretches []*stretch, err error) {
	if w.register, err = w.rows.Register(ctx); err != nil {
		return nil, err
	}
	for _, run := range w.register.Runs {
		w.runs[run.ID] = run
	}
	for _, id := range slices.Sorted(maps.Keys(w.register.RuleSets)) {
		if w.rules[id], err = job.ParseRules(w.register.RuleSets[id]); err != nil {
			r.add(Problem{Subject: fmt.Sprint("rule set ", id)}, "%v", err)
		}
	}
	organizations := 0
	if err := w.rows.Each(ctx, snapshot.Organizations, func(snapshot.Row) { organizations++ }); err != nil {
		return nil, err
	}
	// Many organizations keep every processor busy. Each of a few is divided.
	parts := 1
	if organizations <= runtime.GOMAXPROCS(0) {
		parts = runtime.GOMAXPROCS(0)
	}
	return stretches, w.rows.Each(ctx, snapshot.Stretches(parts), func(row snapshot.Row) {
		stretches = append(stretches, &stretch{
			work: w, key: row.Int("key"), organizationID: row.Text("id"), after: row.Int("after"), upTo: row.Int("up_to"),
			found: Result{Again: &Again{}},
		})
	})
}

// do does the work of the stretch again.
func (s *stretch) do(ctx context.Context) error {
	history, err := s.rows.History(ctx, s.register, s.key, s.organizationID)
	pages := &fetch.Pages{}
	for err == nil && ctx.Err() == nil {
		var at snapshot.Snapshot
		var found bool
		if at, found, err = history.Next(ctx); err != nil || !found || at.ID > s.upTo {
			return err
		}
		a := &again{stretch: s, Snapshot: at, history: history}
		switch {
		case at.ID <= s.after, !at.PrunedAt.IsZero():
		case at.Outcome == snapshot.Complete:
			err = a.complete(ctx, pages)
		default:
			err = a.failed(ctx)
		}
	}
	return err
}

// again is one snapshot whose work is done again.
type again struct {
	*stretch
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
		Pages: pages, UnknownReport: s.runs[s.RunID].UnknownReport,
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
	if s.MembersSetting == snapshot.MembersRedacted {
		s.cannot("decode", "its members are redacted, so the responses about them and of the audit log are not stored")
	} else {
		s.found.Again.Decoded++
	}
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
	reason := ""
	approvalPruned, err := s.history.ApprovalPruned(ctx)
	if err != nil {
		return err
	}
	switch {
	case s.rules[s.RuleSetID].Other:
		reason = s.otherRules()
	case approvalPruned:
		reason = "the approved baseline of that time is pruned"
	case s.MembersSetting == snapshot.MembersRedacted && s.AuditLogLacking != "":
		reason = "its members are redacted, so what of the audit log was read in full is not stored"
	}
	compare := s.history.CompareRecords
	if reason == "" {
		s.found.Again.Evaluated++
	} else {
		s.cannot("evaluate", reason)
		compare = s.history.CompareChanges
	}
	s.found.Again.Compared++
	differences, err := compare(ctx, c)
	s.differences(differences)
	return err
}

func (s *again) failed(ctx context.Context) error {
	if s.rules[s.RuleSetID].Other {
		s.cannot("evaluate", s.otherRules())
		return nil
	}
	if s.history.AgesPruned() {
		s.cannot("evaluate", "retention removed since when its findings are open")
		return nil
	}
	s.found.Again.Evaluated++
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
func (s *again) cannot(step, reason string) { s.found.Again.cannot(step, reason, s.ID) }

func (s *again) problem(format string, args ...any) {
	p := Problem{OrganizationID: s.OrganizationID, SnapshotID: s.ID, Subject: "doing the work again"}
	s.found.add(p, format, args...)
}

// differences adds a problem for each difference, up to maxDifferences.
func (s *again) differences(all []snapshot.Difference) {
	for _, d := range all[:min(len(all), maxDifferences)] {
		if s.version() != s.toolVersion {
			d.Text += fmt.Sprintf(" (auditor %s took the snapshot, this is %s)", s.version(), s.toolVersion)
		}
		s.found.add(Problem{
			OrganizationID: s.OrganizationID, SnapshotID: s.ID, Subject: d.Subject, Want: d.Stored, Got: d.Computed,
		}, "%s", d.Text)
	}
	if more := len(all) - maxDifferences; more > 0 {
		s.problem("there are %d more differences", more)
	}
}
