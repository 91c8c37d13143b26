package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// periodSchema is the version of the form of period.json. Fields may be added under the same version; none changes its meaning or goes away.
const periodSchema = "auditor-period/1"

// jsonPeriod is the report of a period. Its lists are the tables, with the keys of the CSV files' columns; instants are RFC 3339 in UTC, and what
// is not known is null or the words that say why.
type jsonPeriod struct {
	jsonPeriodHead
	TieOuts    jsonTable `json:"tie_outs"`
	Population jsonTable `json:"population"`
	Nights     jsonTable `json:"nights"`
	Sample     jsonTable `json:"sample"`
	NetChange  jsonTable `json:"net_change"`
	Changes    jsonTable `json:"changes"`
	Findings   jsonTable `json:"findings"`
	Exceptions jsonTable `json:"exceptions"`
	Snapshots  jsonTable `json:"snapshots"`
	Runs       jsonTable `json:"runs"`
}

type jsonPeriodHead struct {
	Schema            string    `json:"schema"`
	Status            string    `json:"status"`
	Complete          bool      `json:"complete"`
	From              time.Time `json:"from"`
	To                time.Time `json:"to"`
	KnownUntil        time.Time `json:"known_until"`
	FirstRunAt        time.Time `json:"first_run_at"`
	ReportToolVersion string    `json:"report_tool_version"`
	SampleSize        int       `json:"sample_size"`
	// Seed is a text: it may have more digits than a number of JavaScript holds.
	Seed      string         `json:"seed"`
	Schedules []jsonSchedule `json:"schedules"`
	Alarms    []string       `json:"alarms"`
	Notes     []string       `json:"notes"`
	Remarks   []jsonRemark   `json:"remarks"`
	Cells     jsonCells      `json:"cells"`
}

// jsonSchedule is a schedule that was ever in force; expression is "none" where one was taken back.
type jsonSchedule struct {
	Expression string    `json:"expression"`
	ValidFrom  time.Time `json:"valid_from"`
}

// jsonRemark is what a reader must know beside the rows of a list.
type jsonRemark struct {
	List           string `json:"list"`
	OrganizationID string `json:"organization_id"`
	Text           string `json:"text"`
}

// jsonTable is a table as a list of objects.
type jsonTable struct {
	view  *periodView
	table *table
}

// MarshalJSONTo implements json.MarshalerTo: the rows are written as they come.
func (t jsonTable) MarshalJSONTo(e *jsontext.Encoder) error {
	if err := e.WriteToken(jsontext.BeginArray); err != nil {
		return err
	}
	for r := range t.table.rows {
		if err := t.view.rowJSON(t.table, r).MarshalJSONTo(e); err != nil {
			return err
		}
	}
	return e.WriteToken(jsontext.EndArray)
}

// jsonRow is a row of a table: members in the order of the columns.
type jsonRow struct {
	names  []string
	values []any
}

func (v *periodView) rowJSON(t *table, r row) jsonRow {
	object := jsonRow{[]string{"organization_id", "organization"}, []any{v.idOf(r.organization), ""}}
	if r.organization != runLevel {
		object.values[1] = v.labels[r.organization]
	}
	for i, c := range t.columns {
		if c.key == "organization" {
			continue
		}
		object.names, object.values = append(object.names, c.key), append(object.values, r.cells[i])
	}
	return object
}

// MarshalJSONTo implements json.MarshalerTo.
func (r jsonRow) MarshalJSONTo(e *jsontext.Encoder) error {
	if err := e.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	for i, name := range r.names {
		if err := e.WriteToken(jsontext.String(name)); err != nil {
			return err
		}
		if err := e.WriteToken(tokenOf(r.values[i])); err != nil {
			return err
		}
	}
	return e.WriteToken(jsontext.EndObject)
}

// tokenOf is a cell as JSON.
func tokenOf(value any) jsontext.Token {
	switch value := value.(type) {
	case nil:
		return jsontext.Null
	case int:
		return jsontext.Int(int64(value))
	case bool:
		return jsontext.Bool(value)
	}
	return jsontext.String(plain(value))
}

func (v *periodView) idOf(organization int) string {
	if organization == runLevel {
		return ""
	}
	return v.Organizations[organization].id
}

func (v *periodView) headJSON() jsonPeriodHead {
	counted := v.cells()
	head := jsonPeriodHead{
		Schema: periodSchema, Status: v.status(), Complete: v.complete(), From: v.From.UTC(), To: v.To.UTC(), KnownUntil: v.known().UTC(),
		FirstRunAt: v.Began.UTC(), ReportToolVersion: v.ToolVersion, SampleSize: v.Sample, Seed: fmt.Sprint(v.Seed), Schedules: []jsonSchedule{},
		Alarms: append([]string{}, v.alarms()...), Notes: append([]string{}, v.notes()...), Remarks: []jsonRemark{},
		Cells: jsonCells{counted.altered, counted.cut, counted.csv},
	}
	for _, s := range v.Schedules {
		head.Schedules = append(head.Schedules, jsonSchedule{s.Expression, s.From.UTC()})
	}
	for _, t := range v.tables() {
		for _, r := range t.remarks {
			head.Remarks = append(head.Remarks, jsonRemark{listName(t), v.idOf(r.organization), r.text})
		}
	}
	return head
}

// listName is what a table is called in JSON.
func listName(t *table) string { return strings.TrimSuffix(t.file, ".csv") }

func (v *periodView) tieOutTable() *table {
	t := tieOutTable(v.tieOuts(), v.scope)
	t.file = "tie_outs.csv"
	return t
}

func (v *periodView) writeJSON(w io.Writer) error {
	list := func(t *table) jsonTable { return jsonTable{v, t} }
	e := jsontext.NewEncoder(w, jsontext.WithIndent("  "), jsontext.AllowInvalidUTF8(true))
	if err := json.MarshalEncode(e, jsonPeriod{
		v.headJSON(), list(v.tieOutTable()), list(v.populationTable()), list(v.nightTable()), list(v.sampleTable()), list(v.netTable()), list(v.changeTable()),
		list(v.findingTable()), list(v.exceptionTable()), list(v.snapshotTable()), list(v.runTable()),
	}, jsonForm); err != nil {
		return fmt.Errorf("writing %s: %w", filePeriodJSON, err)
	}
	return nil
}

// jsonPeriodLine is a line of period.jsonl: the head, then the rows of each list, whose name is the type, and the end with the number of lines
// before it.
type jsonPeriodLine struct {
	Type string `json:"type"`
	Data any    `json:"data"`
}

func (v *periodView) writeJSONLines(w io.Writer) error {
	e := jsontext.NewEncoder(w, jsontext.AllowInvalidUTF8(true))
	lines := 0
	add := func(kind string, data any) error {
		lines++
		if err := json.MarshalEncode(e, jsonPeriodLine{kind, data}, jsonForm); err != nil {
			return fmt.Errorf("writing %s: %w", filePeriodJSONLines, err)
		}
		return nil
	}
	if err := add("period", v.headJSON()); err != nil {
		return err
	}
	for _, t := range append([]*table{v.tieOutTable()}, v.tables()...) {
		for r := range t.rows {
			if err := add(listName(t), v.rowJSON(t, r)); err != nil {
				return err
			}
		}
	}
	return add("end", jsonEnd{lines})
}
