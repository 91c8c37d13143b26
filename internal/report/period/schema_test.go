package period

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"scim-auditor/internal/report/reporttest"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

const schemaPath = "../../../docs/period.schema.json"

// object is a part of a schema. encoding/json sorts its members.
type object map[string]any

// words has the values of the columns that allow only a few.
var words = map[string][]any{
	"severity": {"critical", "high", "medium", "low", "info", nil},
	"result":   {"ties", "does not tie", "not assessed"},
	"nights.status": {"complete", "caught_up", "failed", "missed", "running", "due", notExpected, anotherRun,
		notKnown},
	"sample.status":     {"complete", "caught_up", "failed", "missed", "running", "due"},
	"findings.status":   {"fail", "excepted", "not_assessed"},
	"findings.state":    {stateOpen, stateDropped, stateUnknown, stateClosed},
	"findings.opened":   {openedBefore, openedFailed, openedWithFirst, openedIn},
	"exceptions.state":  {exceptionInForce, "expired", "withdrawn", "not known"},
	"snapshots.outcome": {"complete", "failed"},
	"snapshots.role":    {"opening", "closing", ""},
	"runs.outcome":      {"complete", "failed", "running"},
}

// columnSchema returns the schema of the values of a column.
func columnSchema(t *table.Table, c table.Column) object {
	for _, key := range []string{c.Key, t.Key + "." + c.Key} {
		if len(words[key]) > 0 {
			return object{"enum": words[key]}
		}
	}
	return map[table.Kind]object{
		table.TextKind: {"type": []string{"string", "null"}},
		table.IntKind:  {"type": []string{"integer", "null"}},
		table.BoolKind: {"type": []string{"boolean", "null"}},
		table.TimeKind: {"type": []string{"string", "null"}, "format": "date-time"},
		table.DayKind:  {"type": "string", "format": "date"},
		table.ListKind: {"type": "array", "items": object{"type": "string"}},
		table.AnyKind:  {},
	}[c.Kind]
}

// closed returns the schema of an object that has all these members. Later versions of the report
// may have more.
func closed(properties object) object {
	return object{"type": "object", "required": slices.Sorted(maps.Keys(properties)), "properties": properties}
}

func rowSchema(t *table.Table, f *table.Frame) object {
	properties := make(object)
	for _, c := range t.Columns {
		if c.InJSON() {
			properties[c.Key] = columnSchema(t, c)
		}
	}
	for _, key := range f.Before {
		properties[key] = object{"type": "string"}
	}
	return closed(properties)
}

// headSchema returns the schema of the members of the head, from its tags and types.
func headSchema() object {
	properties := make(object)
	for _, field := range reflect.VisibleFields(reflect.TypeFor[head]()) {
		if field.Anonymous {
			continue
		}
		properties[field.Tag.Get("json")] = map[string]object{
			"string": {"type": "string"}, "bool": {"type": "boolean"}, "int": {"type": "integer"},
			"[]string":  {"type": "array", "items": object{"type": "string"}},
			"time.Time": {"type": "string", "format": "date-time"},
		}[field.Type.String()]
	}
	properties["schema"] = object{"const": schema}
	return properties
}

// schemaOf returns the schema of period.json, with that of each line of period.jsonl at
// #/$defs/line.
func schemaOf(t *testing.T, d *document) string {
	t.Helper()
	line := func(kind string, data object) object {
		return object{"properties": object{"type": object{"const": kind}, "data": data}}
	}
	whole := headSchema()
	lines := []object{
		line("period", closed(headSchema())), line("end", closed(object{"lines": object{"type": "integer"}})),
	}
	remarks := table.New("", nil, table.RemarkColumns...)
	remarks.Key = "remarks"
	for _, one := range append(d.jsonTables(), remarks) {
		whole[one.Key] = object{"type": "array", "items": rowSchema(one, d.frame())}
		lines = append(lines, line(one.Key, rowSchema(one, d.frame("period_from", "period_to"))))
	}
	all := closed(whole)
	all["$schema"], all["$id"] = "https://json-schema.org/draft/2020-12/schema", "period.schema.json"
	all["title"] = schema + ": period.json, and with #/$defs/line each line of period.jsonl"
	all["description"] = "Instants are RFC 3339 in UTC; what is not known is null, and remarks say why. " +
		"Members may be added under the same version; none changes its meaning or goes away."
	all["$defs"] = object{"line": object{"type": "object", "required": []string{"type", "data"}, "oneOf": lines}}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text) + "\n"
}

func TestTheSchemaNamesEverythingInTheJSONOfAPeriod(t *testing.T) {
	store := nightsOfNovember(t)
	open := inNovember(6)
	open.Now = november(6).Add(time.Hour)
	documents := []*document{readPeriod(t, store, inNovember(6)), readPeriod(t, store, open)}
	text := schemaOf(t, documents[0])
	reporttest.Golden(t, schemaPath, text)
	documents[1].rename(reporttest.HostileNames[0])
	visit(t, store, snapshot.Run{StartedAt: november(20)}, acmeWith(), birchWith())
	if _, err := store.Prune(t.Context(), snapshot.Retention{Before: november(5)}, november(21), false); err != nil {
		t.Fatal(err)
	}
	documents = append(documents, newDocument(documents[1].Period, everyFormat), readPeriod(t, store, inNovember(6)))
	whole, line := reporttest.StrictSchema(t, []byte(text), ""), reporttest.StrictSchema(t, []byte(text), "#/$defs/line")
	for i, d := range documents {
		if err := reporttest.Validate(t, whole, file(t, d, "period.json")); err != nil {
			t.Errorf("document %d: %v", i, err)
		}
		for text := range bytes.Lines(file(t, d, "period.jsonl")) {
			if err := reporttest.Validate(t, line, text); err != nil {
				t.Fatalf("document %d: %v in %.300s", i, err, text)
			}
		}
	}
}

func TestTheSchemaRefusesWhatIsNotTheReportOfAPeriod(t *testing.T) {
	d := readPeriod(t, nightsOfNovember(t), inNovember(6))
	text, compiled := string(file(t, d, "period.json")), reporttest.StrictSchema(t, []byte(schemaOf(t, d)), "")
	for old, changed := range map[string]string{
		`"schema": "auditor-period/2"`: `"schema": "auditor-period/1"`,
		`"complete": false`:            `"complete": "no"`,
		`"severity":"critical"`:        `"severity":"grave"`,
		`"finished_at":"2026-`:         `"finished_at":"26-`,
		`"status":"caught_up"`:         `"status":"caught up"`,
		`"sso_configurations":2`:       `"sso_configurations":"never"`,
		`"draw":1`:                     `"draw":1,"renamed_member":1`,
	} {
		edited := strings.Replace(text, old, changed, 1)
		if edited == text || reporttest.Validate(t, compiled, []byte(edited)) == nil {
			t.Errorf("%s is accepted", changed)
		}
	}
}
