package period

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"scim-auditor/internal/report"
	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// night is one scheduled run in the period, and its result for the run as a whole.
type night struct {
	schedule.Night
	expression string        // the schedule's expression; empty for a UTC day without a schedule
	run        *snapshot.Run // nil if there was none
	// key is the sort key for the sample: the SHA-256, in hex, of the seed, a vertical bar and
	// the night as written in nights.csv.
	key     string
	draw    int  // place in that order, from 1
	claimed bool // an organization was expected in this night
	// misdated are the ids of the runs that may have been at this time: their clocks were wrong.
	misdated []int64
}

// organizationNight is the result of a night for one organization.
type organizationNight struct {
	*night
	organization int // its index in the report, or table.RunLevel
	status       schedule.Status
	snapshot     *taken // nil if there is none
}

// every returns the nights of each organization, then those not assigned to any.
func (p *Period) every() iter.Seq[*organizationNight] {
	return func(yield func(*organizationNight) bool) {
		for _, o := range p.organizations {
			for i := range o.nights {
				if !yield(&o.nights[i]) {
					return
				}
			}
		}
		for i := range p.unclaimed {
			if !yield(&p.unclaimed[i]) {
				return
			}
		}
	}
}

// isUncovered reports whether a night that is due has no complete snapshot.
func (n organizationNight) isUncovered() bool {
	return n.status != schedule.Complete && n.status != schedule.CaughtUp && n.status != schedule.Due
}

// readNights finds the nights in the period and draws the sample. It returns the first night
// after the period, or the later of the end of the period and the time of the report if that
// night has not come.
func (p *Period) readNights(runs []snapshot.Run) (next time.Time, err error) {
	if len(runs) == 0 {
		return next, fmt.Errorf("%w: the database has no run", ErrNothingKnown)
	}
	for i := range runs {
		at := runs[i].StartedAt
		if runs[i].ClockWrong || at.After(p.Now) {
			continue // nobody knows when it really ran
		}
		if p.began.IsZero() || at.Before(p.began) {
			p.began = at
		}
		if !at.After(p.To) && at.After(p.knownUntil) {
			p.knownUntil = at
		}
	}
	if p.began.IsZero() {
		return next, fmt.Errorf("%w: the clock was wrong in every recorded run", ErrNothingKnown)
	}
	if p.began.After(p.To) {
		return next, fmt.Errorf("%w: the first recorded run started at %s", ErrNothingKnown, report.UTC(p.began))
	}
	p.expected = schedule.Filled(p.schedules, p.began)
	all := make([]schedule.Run, len(runs))
	for i := range runs {
		p.runs[runs[i].ID], all[i] = &runs[i], runs[i].OfSchedule()
	}
	nights, err := p.matchNights(all)
	if err != nil {
		return next, err
	}
	next = slices.MaxFunc([]time.Time{p.To, p.Now}, time.Time.Compare)
	for _, n := range slices.Backward(nights) {
		switch {
		case n.ScheduledAt.Before(p.From):
			p.earlier++
		case n.ScheduledAt.After(p.To):
			next = n.ScheduledAt
		default:
			sum := sha256.Sum256(fmt.Appendf(nil, "%d|%s", p.Seed, n.ScheduledAt.UTC().Format(time.RFC3339)))
			p.nights = append(p.nights, &night{Night: n, expression: p.expression(n.ScheduledAt), run: p.runs[n.RunID],
				key: hex.EncodeToString(sum[:])})
		}
	}
	slices.Reverse(p.nights)
	p.placeMisdated(runs)
	p.draw()
	return next, nil
}

// misdated is a run whose recorded start is not when it was: its clock was wrong, or it is recorded later
// than now. It was between the runs that were recorded before and after it.
type misdated struct {
	id            int64
	after, before time.Time // zero if there is no such run
}

// mayBeIn reports whether the run may have been between two instants.
func (m *misdated) mayBeIn(from, to time.Time) bool {
	return !m.after.After(to) && (m.before.IsZero() || !m.before.Before(from))
}

// placeMisdated finds the misdated runs among all, which are in the order of recording, and the nights
// that they may have been for.
func (p *Period) placeMisdated(runs []snapshot.Run) {
	var last time.Time
	open := 0 // index of the first one without a run after it
	for i := range runs {
		r := &runs[i]
		if r.ClockWrong || r.StartedAt.After(p.Now) {
			p.misdated = append(p.misdated, misdated{id: r.ID, after: last})
			continue
		}
		last = r.StartedAt
		for ; open < len(p.misdated); open++ {
			p.misdated[open].before = last
		}
	}
	for _, n := range p.nights {
		for i := range p.misdated {
			if p.misdated[i].mayBeIn(n.ScheduledAt, n.ScheduledAt) {
				n.misdated = append(n.misdated, p.misdated[i].id)
			}
		}
	}
}

// ranIn reports whether a run started in the period, or may have: its clock was wrong.
func (p *Period) ranIn(r *snapshot.Run) bool {
	return p.contains(r.StartedAt) || slices.ContainsFunc(p.misdated, func(m misdated) bool {
		return m.id == r.ID && m.mayBeIn(p.From, p.To)
	})
}

// inRuns names runs in a sentence.
func inRuns(ids []int64) string {
	var texts []string
	for _, id := range ids {
		texts = append(texts, strconv.FormatInt(id, 10))
	}
	if len(ids) == 1 {
		return "run " + texts[0]
	}
	return "runs " + firstOf(texts)
}

// draw orders the nights for samples.
func (p *Period) draw() {
	p.drawn = slices.SortedFunc(slices.Values(p.nights), func(a, b *night) int { return cmp.Compare(a.key, b.key) })
	for i, n := range p.drawn {
		n.draw = i + 1
	}
}

// matchNights returns the result of every night since the first recorded run, from the given
// runs. A UTC day that counts as a night is due until it is over.
func (p *Period) matchNights(runs []schedule.Run) ([]schedule.Night, error) {
	nights, err := schedule.Nights(p.expected, runs, p.Now, schedule.Grace)
	for i := range nights {
		n := &nights[i]
		over := !p.Now.Before(n.ScheduledAt.Add(24 * time.Hour))
		if n.Status == schedule.Missed && !over && p.expression(n.ScheduledAt) == "" {
			n.Status = schedule.Due
		}
	}
	return nights, err
}

// expression returns the schedule that expects a night, "" for a UTC day without a scheduled time.
func (p *Period) expression(night time.Time) string {
	in, found := schedule.InForce(p.schedules, night)
	if !found || in.Expression == schedule.None {
		return ""
	}
	parsed, err := schedule.Parse(in.Expression)
	if err != nil || !parsed.Next(night.Add(-time.Second)).Equal(night) {
		return ""
	}
	return in.Expression
}

// readNightsOf finds the result of each night for one organization. later are the snapshots of
// all organizations that were taken after the period and may count for its last night.
func (p *Period) readNightsOf(o *organization, later []*taken) error {
	byID := make(map[int64]*taken)
	var runs []schedule.Run
	for i, s := range slices.Concat(o.snapshots, later) {
		failed := s.Outcome == snapshot.Failed && s.Source == o.source
		if i >= len(o.snapshots) && !failed && (o.id == "" || s.OrganizationID != o.id) {
			continue
		}
		run := p.runs[s.RunID].OfSchedule()
		run.ID, run.Complete, run.Running = s.ID, s.Outcome == snapshot.Complete, false
		byID[s.ID], runs = s, append(runs, run)
	}
	nights, err := p.matchNights(runs)
	o.nights = make([]organizationNight, 0, len(p.nights))
	for i, n := range nights {
		seen := organizationNight{nil, o.index, n.Status, byID[n.RunID]}
		if seen.isUncovered() {
			o.uncovered = append(o.uncovered, n.ScheduledAt)
		}
		untried := o.opening == nil && n.RunID == 0 && n.ScheduledAt.Before(o.begins)
		if untried || !p.contains(n.ScheduledAt) {
			continue // before its first snapshot, the organization may not have been in the settings
		}
		seen.night = p.nights[i-p.earlier] // readNights found the same nights
		seen.claimed = true
		if n.Status == schedule.Missed && seen.Status == schedule.Running {
			seen.status = schedule.Running
		}
		o.nights = append(o.nights, seen)
	}
	return err
}

// nightTable lists every night with its result. For a fleet, it lists a night once if it needs no
// attention in any organization.
func (d *document) nightTable() *table.Table {
	t := d.table("Nights")
	add := func(n *organizationNight) {
		t.Add(n.organization, append([]any{
			n.ScheduledAt, d.names.Of(n.organization), report.Word(n.status), n.reason(), n.draw <= d.Sample, n.draw,
			cmp.Or(n.expression, "no schedule was in force: UTC day"),
		}, n.collectionCells()...)...)
	}
	listed := make(map[*night]bool)
	for n := range d.every() {
		if !d.isFleet || n.needsAttention() {
			add(n)
			listed[n.night] = true
		}
	}
	for _, n := range d.nights {
		if !listed[n] {
			add(&organizationNight{n, table.RunLevel, schedule.Complete, nil})
		}
	}
	d.fleetRemark(t, "leaves out the organizations of which everything was read in a night. "+
		"The sheet Population counts their nights")
	return t
}

// needsAttention reports whether the report of a fleet lists the night.
func (n *organizationNight) needsAttention() bool {
	return n.status != schedule.Complete || n.reason() != "" || n.unread() != ""
}

// fleetRemark says what a table of the report of a fleet leaves out.
func (d *document) fleetRemark(t *table.Table, text string) {
	if d.isFleet {
		t.Remark(table.RunLevel, fmt.Sprintf("A report on more than %d organizations %s.", report.FleetSize, text))
	}
}

// collectionCells returns the cells about the night's run and snapshot.
func (n *organizationNight) collectionCells() []any {
	s := n.snapshot
	switch {
	case s == nil && n.run == nil:
		return nil
	case s == nil:
		return []any{int(n.run.ID)} // the run has no snapshot of the organization
	}
	cells := []any{int(s.RunID), int(s.ID), s.TakenAt, nil}
	if n.expression != "" { // a day without a schedule has no expected time
		cells[3] = int(s.TakenAt.Sub(n.ScheduledAt) / time.Minute)
	}
	if !complete(s) {
		return cells
	}
	cells = append(cells, counts(s)...)
	if s.SSONotAssessed != "" {
		cells[5] = table.Why("not assessed") // the sheet Snapshots says why
	}
	return append(cells, n.unread())
}

// reason returns the reason for the night's status, and when retention deleted its content.
func (n *organizationNight) reason() string {
	text := ""
	switch {
	case n.status == schedule.Failed && n.snapshot != nil:
		text = errorText(n.snapshot)
	case n.status == schedule.CaughtUp:
		text = "a later run counts for this night"
	case n.status == schedule.Running:
		text = "the run has not ended"
	case n.status == schedule.Due && n.expression == "":
		text = "the day is not over"
	case n.status == schedule.Due:
		text = "due, without a result yet"
	case n.isUncovered() && n.run == nil && len(n.misdated) > 0:
		text = "no run counts for this night; " + inRuns(n.misdated) + " ran with a wrong clock between the runs before and " +
			"after it"
	case n.isUncovered() && n.run == nil:
		text = "no run started"
	case n.isUncovered():
		text = fmt.Sprintf("run %d has no snapshot of this organization: %s", n.run.ID, report.OneLine(n.run.Error))
		text = strings.TrimSuffix(text, ": ")
	}
	if n.snapshot != nil && pruned(n.snapshot) {
		text += "; retention deleted the content of the snapshot at " + report.UTC(n.snapshot.PrunedAt)
	}
	return strings.TrimPrefix(text, "; ")
}

// errorText returns why a snapshot failed.
func errorText(s *taken) string {
	text := cmp.Or(report.OneLine(s.Error), "no reason was recorded")
	if s.ErrorCode != "" {
		text = s.ErrorCode + ": " + text
	}
	return text
}

// sampleTable lists the sampled nights in the order of their draw.
func (d *document) sampleTable() *table.Table {
	t := d.table("Sample")
	drawn := d.drawn[:min(len(d.drawn), d.Sample)]
	for _, n := range drawn {
		t.Add(table.RunLevel, d.sampleCells(n)...)
	}
	t.Remark(table.RunLevel, fmt.Sprintf("%d of %s drawn with the seed %d.",
		len(drawn), report.Count(len(d.nights), "night"), d.Seed))
	t.Remark(table.RunLevel, "To repeat the draw, write the seed, a vertical bar and the night, such as "+
		d.From.UTC().Format(time.RFC3339)+", for each different night in the sheet Nights, with several databases "+
		"for those of one database. Sort these texts by their SHA-256 in hexadecimal. The first ones are the sample.")
	return t
}

func (d *document) sampleCells(n *night) []any {
	var complete, uncovered, folders []string
	var runs []int64
	for seen := range d.every() {
		if seen.night != n {
			continue
		}
		if seen.isUncovered() {
			uncovered = append(uncovered, d.names.Of(seen.organization))
		} else if seen.snapshot != nil {
			complete = append(complete, d.names.Of(seen.organization))
		}
		if seen.snapshot != nil {
			runs = append(runs, seen.snapshot.RunID)
		}
	}
	var run, began any
	if n.run != nil {
		runs, run, began = append(runs, n.run.ID), int(n.run.ID), n.run.StartedAt
	}
	slices.Sort(runs)
	for _, id := range slices.Compact(runs) {
		folders = append(folders, folder.RunName(d.runs[id].StartedAt, id))
	}
	return []any{
		n.draw, n.ScheduledAt, report.Word(n.Status), run, began, d.listed(complete), d.listed(uncovered), cmp.Or(strings.Join(folders, ", "), "none"), n.key,
	}
}

// listed returns the names of organizations. A fleet has too many for a cell.
func (d *document) listed(organizations []string) string {
	if n := len(organizations); d.isFleet && n > 2*pageRows {
		return fmt.Sprintf("%s and %d more", strings.Join(organizations[:pageRows], ", "), n-pageRows)
	}
	return strings.Join(organizations, ", ")
}

// snapshotTable lists the opening snapshots and those taken in the period.
func (d *document) snapshotTable() *table.Table {
	t := d.table("Snapshots")
	for i, o := range d.organizations {
		for _, s := range append([]*taken{o.opening}, o.snapshots...) {
			if s != nil && (!d.isFleet || o.needsAttention(s)) {
				t.Add(i, d.snapshotCells(o, s)...)
			}
		}
	}
	d.fleetRemark(t, "leaves out the snapshots without a change in which everything was read, except the opening and "+
		"the closing ones. The view snapshots of the database has them")
	return t
}

// needsAttention reports whether the report of a fleet lists a snapshot.
func (o *organization) needsAttention(s *taken) bool {
	n := organizationNight{snapshot: s}
	return s == o.opening || s == o.closing || !intact(s) || s.Changes > 0 || n.unread() != ""
}

func (d *document) snapshotCells(o *organization, s *taken) []any {
	r, reason := d.runs[s.RunID], ""
	role := map[*taken]string{o.opening: "opening", o.closing: "closing"}[s]
	if !complete(s) {
		reason = errorText(s)
	}
	cells := []any{
		int(s.ID), o.name, report.Word(s.Outcome), s.TakenAt, role, int(s.RunID), r.Trigger, reason,
		table.Instant(s.PrunedAt, ""), strings.TrimSpace(s.Principal + " " + s.PrincipalID), s.BaseURL, r.ToolVersion,
		s.ContentSHA256, s.ChainSHA256,
	}
	if !complete(s) {
		return cells
	}
	cells = append(append(cells, counts(s)...), report.Unless(s.PoliciesNotAssessed, "assessed"))
	if s.BaselineID == 0 {
		return append(cells, table.Why("none: first complete snapshot"))
	}
	cells = append(cells, int(s.BaselineID))
	for _, b := range o.complete {
		if b.ID == s.BaselineID {
			cells = append(cells, b.TakenAt)
		}
	}
	return cells
}

// counts returns the cells of a complete snapshot that have numbers of rows.
func counts(s *taken) []any {
	return []any{
		s.SCIMConfigurations, report.Unless(s.SSONotAssessed, s.SSOConfigurations), s.Changes, s.FailingFindings,
	}
}

// runTable lists the runs that started in the period, or may have, or count for one of its nights, in the
// order of recording.
func (d *document) runTable() *table.Table {
	nights := d.nightsOfRuns()
	t := d.table("Runs", append(slices.Clone(report.RunColumns), table.Lists("Stands for the nights", "nights"))...)
	for _, id := range slices.Sorted(maps.Keys(d.runs)) {
		if r := d.runs[id]; d.ranIn(r) || len(nights[r]) > 0 {
			t.Add(table.RunLevel, append(report.RunCells(r), table.List{Items: nights[r], None: "none"})...)
		}
	}
	t.Remark(table.RunLevel, "If a night has several runs, the last complete run counts for it, else the last run.")
	return t
}
