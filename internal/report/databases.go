package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"scim-auditor/internal/evidence"
	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// Database is one of several databases in a report on one night.
type Database struct {
	*Model        // of its run in the night; nil if it has none
	ID     string // empty if it does not exist
	// Lacks says why it has no run in the night; empty if it has one.
	Lacks string
	first int // index of its first organization in the report
}

// NightOf returns the night of a run: the day in UTC for which it was scheduled, or on which it
// started.
func NightOf(r *snapshot.Run) time.Time {
	return cmp.Or(r.ScheduledFor, r.StartedAt).UTC().Truncate(24 * time.Hour)
}

// LastNight returns the night of the newest run that has ended; the zero time if there is none.
func LastNight(ctx context.Context, store *snapshot.Store) (time.Time, error) {
	runs, err := store.Runs(ctx, 0, 2) // newest first; only the newest can be open
	for i := range runs {
		if runs[i].Outcome != snapshot.Running {
			return NightOf(&runs[i]), nil
		}
	}
	return time.Time{}, err
}

// ReadNight reads the newest run of a night that has ended.
func ReadNight(ctx context.Context, store *snapshot.Store, night time.Time) (d *Database, err error) {
	d = &Database{}
	if d.ID, err = store.DatabaseID(ctx); err != nil {
		return nil, err
	}
	runs, err := store.Runs(ctx, 0, 0)
	if err != nil {
		return nil, err
	}
	ended := slices.DeleteFunc(runs, func(r snapshot.Run) bool { return r.Outcome == snapshot.Running })
	for i := range ended { // newest first
		if NightOf(&ended[i]).Equal(night) {
			d.Model, err = Read(ctx, store, ended[i].ID)
			return d, err
		}
	}
	d.Lacks = "it has no run that has ended"
	if len(ended) > 0 {
		d.Lacks = fmt.Sprintf("its last run that has ended is run %d of the night of %s", ended[0].ID,
			NightOf(&ended[0]).Format(time.DateOnly))
	}
	return d, nil
}

func (d *Database) shard() (index, count int) {
	if d.Model == nil {
		return 0, 0
	}
	return ShardOf(&d.Run)
}

// ShardOf returns the index and the number of shards of a run, 0 and 0 if it had all sources.
func ShardOf(r *snapshot.Run) (index, count int) {
	before, after, _ := strings.Cut(r.Shard, "/")
	index, _ = strconv.Atoi(before) // the text is empty, or was made of two numbers
	count, _ = strconv.Atoi(after)
	return index, count
}

// Together returns the model of a night over several databases.
func Together(night time.Time, databases []*Database) *Model {
	databases = slices.SortedFunc(slices.Values(databases), func(a, b *Database) int {
		indexA, _ := a.shard()
		indexB, _ := b.shard()
		return cmp.Or(cmp.Compare(indexA, indexB), cmp.Compare(a.ID, b.ID))
	})
	m := &Model{Night: night, Databases: databases, Run: snapshot.Run{Outcome: snapshot.Complete}}
	for _, d := range databases {
		if d.Model == nil && d.ID == "" {
			m.Gaps = append(m.Gaps, d.Lacks)
			continue
		}
		if d.Model == nil {
			m.Gaps = append(m.Gaps, fmt.Sprintf("the database %s lacks the night of %s: %s", d.ID,
				night.Format(time.DateOnly), d.Lacks))
			continue
		}
		d.first = len(m.Organizations)
		m.Organizations = append(m.Organizations, d.Organizations...)
		for _, one := range d.sums.outcomes {
			m.sums.add(one)
		}
		m.add(&d.Run)
	}
	var snapshots []snapshot.Snapshot
	for _, o := range m.Organizations {
		snapshots = append(snapshots, o.Snapshot)
	}
	m.Rules = rulesOf(snapshots)
	for _, d := range databases {
		if d.Model == nil {
			continue
		}
		for _, left := range d.LeftOut { // unless another database has it now
			here := func(s snapshot.Snapshot) bool { return s.OrganizationID == left.OrganizationID }
			if !slices.ContainsFunc(snapshots, here) {
				m.LeftOut = append(m.LeftOut, left)
			}
		}
	}
	if m.isFleet() {
		for _, o := range m.Organizations {
			if o.evaluated == nil { // its database alone has none
				m.reduce(o)
			}
		}
	}
	m.Run.StartedAt = cmp.Or(m.Run.StartedAt, night)
	m.Gaps = append(m.Gaps, shardGaps(databases)...)
	return m
}

// add adds a run to that of the whole night: its counts, and its texts where they differ.
func (m *Model) add(run *snapshot.Run) {
	all := &m.Run
	if all.StartedAt.IsZero() || run.StartedAt.Before(all.StartedAt) {
		all.StartedAt = run.StartedAt
	}
	if run.Outcome != snapshot.Complete {
		all.Outcome = run.Outcome
	}
	for _, text := range []struct{ all, one *string }{
		{&all.Trigger, &run.Trigger}, {&all.ToolVersion, &run.ToolVersion}, {&all.Host, &run.Host},
	} {
		if texts := strings.Split(*text.all, ", "); *text.all == "" {
			*text.all = *text.one
		} else if !slices.Contains(texts, *text.one) {
			*text.all += ", " + *text.one
		}
	}
	all.CompleteOrganizations += run.CompleteOrganizations
	all.FailedOrganizations += run.FailedOrganizations
	all.SCIMConfigurations += run.SCIMConfigurations
	all.Changes += run.Changes
	all.FailedFindings += run.FailedFindings
}

// shardGaps says which shards are in none of the databases, and which databases disagree on the
// number of shards.
func shardGaps(databases []*Database) (gaps []string) {
	owner := make(map[int]string) // index → id of the database
	first, total := "", 0         // the first database of a shard, and its number of shards
	for _, d := range databases {
		index, count := d.shard()
		switch {
		case count == 0:
			continue
		case total != 0 && count != total:
			gaps = append(gaps, fmt.Sprintf("the database %s is of shard %s, but the database %s is one of %d shards",
				d.ID, d.Run.Shard, first, total))
		case owner[index] != "":
			gaps = append(gaps, fmt.Sprintf("the databases %s and %s are both of shard %s", owner[index], d.ID, d.Run.Shard))
		}
		first, total, owner[index] = cmp.Or(first, d.ID), cmp.Or(total, count), d.ID
	}
	if slices.ContainsFunc(databases, func(d *Database) bool { return d.Model == nil }) {
		return gaps // the shard of a database without a run is not known
	}
	for index := range total {
		if owner[index] == "" {
			gaps = append(gaps, fmt.Sprintf("shard %d/%d is in none of the databases", index, total))
		}
	}
	return gaps
}

// withRun returns the databases that have a run in the night. A report over one database has one.
func (m *Model) withRun() []*Database {
	if m.Databases == nil {
		return []*Database{{Model: m, ID: m.Head.DatabaseID}}
	}
	return slices.DeleteFunc(slices.Clone(m.Databases), func(d *Database) bool { return d.Model == nil })
}

// level returns the place of rows on the run of a database, by its index in withRun.
func (r *report) level(database int) int {
	if r.Databases == nil {
		return table.RunLevel
	}
	return table.DatabaseLevel(database)
}

// levelOf returns the level of the database of an organization, and any level as it is.
func (r *report) levelOf(organization int) int {
	if organization < 0 || r.Databases == nil {
		return min(organization, table.RunLevel)
	}
	for n, d := range r.withRun() {
		if organization < d.first+len(d.Organizations) {
			return r.level(n)
		}
	}
	return table.RunLevel
}

// withDatabase adds the id of the database to every row of a report over several databases.
func (r *report) withDatabase(t *table.Table) *table.Table {
	if r.Databases != nil {
		t.Extend(table.Text("Database", "database_id"), func(organization int) any {
			if id := r.databaseIDs[organization]; id != "" {
				return id
			}
			return nil // it is of all databases
		})
	}
	return t
}

func (r *report) tieTable() *table.Table  { return r.withDatabase(r.ties.Table(&r.names)) }
func (r *report) factTable() *table.Table { return r.withDatabase(FactTable(r.facts, &r.names)) }

// setNames sets the names of the organizations and, in a report over several databases, those of the
// runs and the ids of the databases. Its source, else its id, distinguishes an organization from
// others of the same name.
func (r *report) setNames() {
	var names, distinguishing, runs []string
	r.databaseIDs = make(map[int]string)
	for n, d := range r.withRun() {
		for i, o := range d.Organizations {
			names, distinguishing = append(names, o.name()), append(distinguishing, cmp.Or(o.Snapshot.Source, o.id()))
			if r.Databases != nil {
				distinguishing[d.first+i] += ", database " + d.ID
				r.databaseIDs[d.first+i] = d.ID
			}
		}
		if r.Databases != nil {
			runs = append(runs, fmt.Sprintf("run %d of database %s", d.Run.ID, d.ID))
			r.databaseIDs[r.level(n)] = d.ID
		}
	}
	r.names = NewNames(fmt.Sprint("run ", r.Run.ID), names, distinguishing)
	if r.Databases != nil {
		r.names.All, r.names.Databases = "all databases", runs
	}
}

// databaseTieOuts compares the sums over the databases with the sheets.
func (r *report) databaseTieOuts() (all TieOuts) {
	if r.Databases == nil {
		return nil
	}
	registered, different, rows := 0, make(map[string]bool), 0
	for _, d := range r.withRun() {
		registered += d.Run.CompleteOrganizations + d.Run.FailedOrganizations
	}
	var twice []string
	for i, o := range r.Organizations {
		if id := o.id(); id == "" {
			rows++ // an organization that never had a complete snapshot
		} else if different[id] {
			twice = append(twice, r.label(i))
		} else {
			different[id], rows = true, rows+1
		}
	}
	for _, d := range r.Databases {
		if d.Model == nil && d.ID == "" {
			all.NotAssessed(table.RunLevel, "All counts of a database", d.Lacks)
		} else if d.Model == nil {
			all.NotAssessed(table.RunLevel, "All counts of the database "+d.ID, d.Lacks)
		}
	}
	const sum = " summed over the databases = "
	all.Compare(table.RunLevel, "Organizations in the run registers"+sum+"rows of the sheet Organizations", registered,
		len(r.Organizations), "")
	all.Compare(table.RunLevel, "Organizations"+sum+"different organizations", len(r.Organizations), rows,
		"an organization is in several databases: "+strings.Join(twice[:min(len(twice), pageNames)], ", "))
	all.Compare(table.RunLevel, "SCIM configurations in the run registers"+sum+"rows of the sheet Inventory",
		r.Run.SCIMConfigurations, len(r.inventory.Rows), "")
	all.Compare(table.RunLevel, "Changes in the run registers"+sum+"rows of the sheet Changes", r.Run.Changes,
		len(r.changes.Rows), "")
	return all
}

func (m *Model) fleetID() string {
	var ids []string
	for _, d := range m.Databases {
		ids = append(ids, d.ID)
	}
	return folder.FleetID(ids)
}

// databasesText says which databases the report is over.
func (r *report) databasesText() string {
	text := Count(len(r.Databases), "database")
	if lacking := len(r.Databases) - len(r.withRun()); lacking > 0 {
		text += fmt.Sprintf(", %d of them without a run in this night", lacking)
	}
	return text
}

// Heads returns the head of each run.
func (m *Model) Heads() (all []evidence.Head) {
	for _, d := range m.withRun() {
		if d.Head.Number > 0 {
			all = append(all, d.Head)
		}
	}
	return all
}
