package period

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"scim-auditor/internal/evidence"
	"scim-auditor/internal/report"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// database is one of several databases in a report on a period.
type database struct {
	*document
	id    string
	first int            // index of its first organization in the report
	rows  map[string]int // of its tables, by name
}

// place returns the place in the report of an organization or a level of the database.
func (b *database) place(number, organization int) int {
	if organization < 0 {
		return table.DatabaseLevel(number)
	}
	return b.first + organization
}

// together makes the document of one period over several databases from that of each. The databases
// have the same span. lacking are the files of those that do not exist.
func together(periods []*Period, lacking []string, opts report.Options) *document {
	periods = slices.SortedFunc(slices.Values(periods), func(a, b *Period) int {
		return cmp.Compare(a.databaseID, b.databaseID)
	})
	nameOrganizations(periods)
	d := &document{Options: opts, counts: make(map[item]any), lacking: lacking, Period: &Period{
		Span: periods[0].Span, names: report.Names{All: "all databases"}, began: periods[0].began,
		knownUntil: periods[0].knownUntil,
	}}
	d.Link = 0 // each database has its own
	organizations := 0
	for _, p := range periods {
		organizations += len(p.organizations)
	}
	for _, p := range periods {
		p.isFleet = organizations > report.FleetSize
		b := &database{tables(p, opts), p.databaseID, len(d.organizations), make(map[string]int)}
		d.databases = append(d.databases, b)
		d.add(b)
	}
	for _, path := range lacking {
		d.databaseGaps = append(d.databaseGaps, doesNotExist(path))
	}
	d.databaseGaps = append(d.databaseGaps, d.shardGaps()...)
	if !d.ended() {
		d.gaps = append([]string{d.unended()}, d.gaps...)
	}
	d.gaps = append(d.databaseGaps, d.gaps...)
	d.joinTables()
	d.tied = append(d.tied, d.sums()...)
	d.finish()
	return d
}

func doesNotExist(path string) string { return "the database " + path + " does not exist" }

// shardGaps says which shards are in none of the databases or in two, and in which night the
// databases first disagree on the number of shards. The number may grow or shrink within the
// period.
func (d *document) shardGaps() (gaps []string) {
	owner, total := make(map[int]string), 0 // index → id of the database
	known := len(d.lacking) == 0
	type shards struct {
		id    string
		count int
	}
	nights, disagree := make(map[time.Time]shards), make(map[string]bool) // the second by the id of the database
	for _, b := range d.databases {
		last := make(map[time.Time]*snapshot.Run) // by night
		for _, id := range slices.Sorted(maps.Keys(b.runs)) {
			if r := b.runs[id]; b.contains(r.StartedAt) {
				last[report.NightOf(r)] = r
			}
		}
		known = known && len(last) > 0 // a database without a run may have any shard
		for _, night := range slices.SortedFunc(maps.Keys(last), time.Time.Compare) {
			index, count := report.ShardOf(last[night])
			if count == 0 {
				continue
			}
			if total = max(total, count); owner[index] == "" {
				owner[index] = b.id
			} else if owner[index] != b.id && !disagree[b.id] {
				gaps = append(gaps, fmt.Sprintf("the databases %s and %s are both of shard %d", owner[index], b.id, index))
				disagree[b.id] = true
			}
			if other := nights[night]; other.count != 0 && other.count != count && !disagree[b.id] {
				gaps = append(gaps, fmt.Sprintf("in the night of %s the database %s is of %d shards, and %s of %d",
					night.Format(time.DateOnly), b.id, count, other.id, other.count))
				disagree[b.id] = true
			}
			nights[night] = shards{b.id, count}
		}
	}
	for index := range total {
		if known && owner[index] == "" {
			gaps = append(gaps, fmt.Sprintf("shard %d/%d is in none of the databases", index, total))
		}
	}
	return gaps
}

// nameOrganizations makes the names of the organizations unique over all databases.
func nameOrganizations(periods []*Period) {
	var names, distinguishing []string
	for _, p := range periods {
		for _, o := range p.organizations {
			names = append(names, o.name)
			distinguishing = append(distinguishing, cmp.Or(o.id, o.source)+", database "+p.databaseID)
		}
	}
	unique := report.NewNames("", names, distinguishing).Organizations
	for _, p := range periods {
		p.names = report.Names{All: "database " + p.databaseID, Organizations: unique[:len(p.organizations)]}
		for i, o := range p.organizations {
			o.name = unique[i]
		}
		unique = unique[len(p.organizations):]
	}
}

// add adds everything of a database but its tables.
func (d *document) add(b *database) {
	number := len(d.databases) - 1
	if b.began.Before(d.began) {
		d.began = b.began
	}
	if b.knownUntil.After(d.knownUntil) {
		d.knownUntil = b.knownUntil
	}
	for x, count := range b.counts {
		if x.organization += b.first; x.organization < 2*pageRows { // the first page shows them
			d.counts[x] = count
		}
	}
	b.counts = nil
	for _, tie := range b.tied {
		tie.Organization = b.place(number, tie.Organization)
		d.tied = append(d.tied, tie)
	}
	for _, fact := range b.facts() {
		fact.Organization = b.place(number, fact.Organization)
		d.databaseFacts = append(d.databaseFacts, fact)
	}
	if b.lastHead.Number > 0 {
		d.databaseFacts = append(d.databaseFacts, fact(b.place(number, table.RunLevel), "Ledger", b.lastHead.String()))
	}
	about := "database " + b.id + ": "
	for _, gap := range b.gaps {
		if gap != b.unended() { // of all databases
			d.gaps = append(d.gaps, about+gap)
		}
	}
	for _, note := range b.notes {
		d.notes = append(d.notes, about+note)
	}
	for _, o := range b.organizations { // the tables of the database are made
		for i := range o.nights {
			o.nights[i].organization += b.first
		}
	}
	d.unclaimed = append(d.unclaimed, b.unclaimed...)
	d.names.Databases = append(d.names.Databases, "database "+b.id)
	d.names.Organizations = append(d.names.Organizations, b.names.Organizations...)
	d.organizations = append(d.organizations, b.organizations...)
	d.absent = append(d.absent, b.absent...)
}

// joinTables joins the tables of the databases, and adds the id of the database to each row.
func (d *document) joinTables() {
	for i, t := range d.databases[0].tables {
		all := t.Empty()
		for number, b := range d.databases {
			for j := range b.tables[i].Remarks {
				if r := &b.tables[i].Remarks[j]; r.Organization == table.RunLevel {
					r.Text = "Database " + b.id + ": " + r.Text
				}
			}
			all.Join(b.tables[i], func(organization int) int { return b.place(number, organization) })
			b.rows[t.Name], b.tables[i].Rows = len(b.tables[i].Rows), nil // the cells of a fleet fit in memory once
		}
		if i == 0 && len(d.lacking) > 0 {
			all.Add(table.RunLevel, "Databases", d.names.All, "that do not exist", "", len(d.lacking),
				report.FirstOf(d.lacking, listed, ", "))
		}
		for _, path := range d.lacking {
			all.Missing(table.RunLevel, report.NotComplete+": "+doesNotExist(path)+".")
		}
		d.tables = append(d.tables, d.withDatabase(all))
	}
	for i, o := range d.organizations { // the tables of the databases had the indexes in each
		o.index = i
	}
}

// withDatabase adds the id of the database to every row of a report over several databases.
func (d *document) withDatabase(t *table.Table) *table.Table {
	if d.databases == nil {
		return t
	}
	t.Extend(table.Text("Database", "database_id"), func(organization int) any { return d.databaseOf(organization) })
	return t
}

// databaseOf returns the id of the database of an organization or a level, nil for RunLevel.
func (d *document) databaseOf(organization int) any {
	if organization < table.RunLevel {
		return d.databases[table.DatabaseOf(organization)].id
	}
	for _, b := range slices.Backward(d.databases) {
		if organization >= b.first {
			return b.id
		}
	}
	return nil
}

// sums compares the sums over the databases with the sheets.
func (d *document) sums() (t report.TieOuts) {
	changes, snapshots, runs := 0, 0, 0
	different := make(map[string]bool)
	for _, b := range d.databases {
		changes, snapshots, runs = changes+b.rows["Changes"], snapshots+b.rows["Snapshots"], runs+b.rows["Runs"]
	}
	for _, o := range d.organizations {
		different[cmp.Or(o.id, o.name)] = true
	}
	for _, path := range d.lacking {
		t.NotAssessed(table.RunLevel, "All counts of a database", doesNotExist(path))
	}
	const sum = " summed over the databases = "
	t.Compare(table.RunLevel, "Organizations"+sum+"different organizations", len(d.organizations), len(different),
		"an organization is in several databases")
	t.Compare(table.RunLevel, "Changes"+sum+"rows of the sheet Changes", changes, len(d.sheet("Changes").Rows), "")
	t.Compare(table.RunLevel, "Snapshots"+sum+"rows of the sheet Snapshots", snapshots, len(d.sheet("Snapshots").Rows), "")
	t.Compare(table.RunLevel, "Runs"+sum+"rows of the sheet Runs", runs, len(d.sheet("Runs").Rows), "")
	return t
}

// heads returns the head of each database.
func (d *document) heads() (all []evidence.Head) {
	if d.databases == nil && d.lastHead.Number > 0 {
		return []evidence.Head{d.lastHead}
	}
	for _, b := range d.databases {
		all = append(all, b.heads()...)
	}
	return all
}

// databaseHeads returns the last head of each database. One that does not exist has only Lacks.
func (d *document) databaseHeads() (all []report.DatabaseHead) {
	for _, b := range d.databases {
		all = append(all, report.DatabaseHead{DatabaseID: b.id, Head: &b.lastHead})
	}
	for _, path := range d.lacking {
		all = append(all, report.DatabaseHead{Lacks: doesNotExist(path)})
	}
	return all
}

// databasesText counts the databases for a title.
func (d *document) databasesText() string {
	if d.databases == nil {
		return ""
	}
	return ", " + report.Count(len(d.databases)+len(d.lacking), "database") + d.lackingText()
}

// lackingText counts the databases that do not exist.
func (d *document) lackingText() string {
	if len(d.lacking) == 0 {
		return ""
	}
	return fmt.Sprintf(", %d of them missing", len(d.lacking))
}
