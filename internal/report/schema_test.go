package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/report/reporttest"
	"scim-auditor/internal/report/table"
)

const schemaPath = "../../docs/audit.schema.json"

// object is a part of a schema. encoding/json sorts its members.
type object map[string]any

// words has the values of the columns that allow only a few, by key or by table and key.
var words = map[string][]any{
	"severity":        {"critical", "high", "medium", "low", "info", nil},
	"status":          {"fail", "pass", "not_assessed", "excepted"},
	"original_status": {"fail", "pass", "not_assessed", nil},
	"result":          {"ties", "does not tie", "not assessed"},
	"coverage.status": {Assessed, AssessedInPart, NotAssessed, NoLongerAsked, NotDue, NotCollected},
	"members.class":   {finding.Governed, finding.NotGoverned, finding.CannotBeTold, nil},
}

// columnSchema returns the schema of the values of a column.
func columnSchema(t *table.Table, c table.Column) any {
	if values, ok := words[t.Key+"."+c.Key]; ok {
		return object{"enum": values}
	}
	if values, ok := words[c.Key]; ok && c.Kind == table.TextKind && t.Key != "rules" && t.Key != "members" {
		return object{"enum": values}
	}
	return map[table.Kind]object{
		table.TextKind: {"type": []string{"string", "null"}},
		table.IntKind:  {"type": []string{"integer", "null"}},
		table.BoolKind: {"type": []string{"boolean", "null"}},
		table.TimeKind: {"type": []string{"string", "null"}, "format": "date-time"},
		table.DayKind:  {"type": []string{"string", "null"}, "format": "date"},
		table.ListKind: {"type": []string{"array", "null"}, "items": object{"type": "string"}},
		table.RawKind:  {"type": []string{"object", "null"}, "description": "As the API sent it."},
		table.AnyKind:  {},
	}[c.Kind]
}

// rowSchema returns the schema of an object with a member for each column.
func rowSchema(t *table.Table, f *table.Frame) object {
	properties := make(object)
	for _, c := range t.Columns {
		if c.InJSON() {
			properties[c.Key] = columnSchema(t, c)
		}
	}
	for _, key := range append(slices.Clone(f.Before), f.After...) {
		properties[key] = object{"type": []string{"string", "integer"}}
	}
	return closedObject(properties)
}

// closedObject returns the schema of an object that has all these members. Later versions may have
// more.
func closedObject(properties object) object {
	required := make([]string, 0, len(properties))
	for key := range properties {
		if key != "databases" && key != "fleet" { // only reports over several, and of a fleet, have them
			required = append(required, key)
		}
	}
	slices.Sort(required)
	return object{"type": "object", "required": required, "properties": properties}
}

// headSchema returns the schema of the members of the head, from its tags and types.
func headSchema() object {
	properties := make(object)
	for field := range reflect.TypeFor[head]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		properties[name] = map[string]object{
			"string":    {"type": "string"},
			"bool":      {"type": "boolean"},
			"int64":     {"type": "integer"},
			"[]string":  {"type": "array", "items": object{"type": "string"}},
			"time.Time": {"type": "string", "format": "date-time"},
			"report.Headline": closedObject(object{
				"state": object{"enum": []State{Green, Amber, Red}}, "text": object{"type": "string"},
				"changes": object{"type": "string"}, "not_assessed": object{"type": "string"},
			}),
			"[]report.DatabaseHead": {"type": "array", "items": object{"type": "object", "required": []string{"database_id"}},
				"description": "The databases of a report over several, each with its run in the night or why it lacks one."},
			"table.Counts": {"type": "object", "additionalProperties": object{"type": "integer"}},
		}[field.Type.String()]
	}
	properties["schema"] = object{"const": jsonSchema}
	properties["fleet"] = object{"type": "boolean",
		"description": "Whether the report is of more than 100 organizations. " +
			"Then the arrays leave out what is in order, and the remarks say what."}
	return properties
}

// schema returns the schema of audit.json, with that of each line of audit.jsonl at #/$defs/line.
func schema(t *testing.T) []byte {
	t.Helper()
	r := newReport(&Model{}, Options{})
	document, rows := r.frames()
	whole := headSchema()
	line := []object{
		{"properties": object{"type": object{"const": "report"}, "data": closedObject(headSchema())}},
		{"properties": object{
			"type": object{"const": "end"}, "data": closedObject(object{"lines": object{"type": "integer"}}),
		}},
	}
	remarks := table.New("", nil, table.RemarkColumns...)
	remarks.Key = "remarks"
	for _, one := range append(r.jsonTables(), remarks, r.people) {
		whole[one.Key] = object{"type": "array", "items": rowSchema(one, document)}
		line = append(line, object{
			"properties": object{"type": object{"const": one.Key}, "data": rowSchema(one, rows)},
		})
	}
	all := closedObject(whole)
	// Only a report whose settings ask for members has the array.
	all["required"] = slices.DeleteFunc(all["required"].([]string), func(key string) bool { return key == r.people.Key })
	all["$schema"], all["$id"] = "https://json-schema.org/draft/2020-12/schema", "audit.schema.json"
	all["title"] = jsonSchema + ": audit.json, and with #/$defs/line each line of audit.jsonl"
	all["description"] = "Instants are RFC 3339 in UTC; what is not known is null, and remarks say why. " +
		"Fields may be added under the same version; none changes its meaning or goes away."
	all["$defs"] = object{"line": object{"type": "object", "required": []string{"type", "data"}, "oneOf": line}}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // joins short objects into one line
		text = leaf.ReplaceAllFunc(text, func(b []byte) []byte {
			if one := bytes.Join(bytes.Fields(b), []byte(" ")); len(one) < 400 {
				return one
			}
			return b
		})
	}
	return append(text, '\n')
}

// leaf matches an array or an object without another object in it.
var leaf = regexp.MustCompile(`\[[^][{}]*\]|\{[^{}]*\}`)

func TestTheSchemaIsThatOfTheTables(t *testing.T) {
	reporttest.Golden(t, schemaPath, string(schema(t)))
}

// strictSchema compiles a part of the schema in docs so that it allows no member that it does not
// name.
func strictSchema(t *testing.T, part string) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile(schemaPath)
	if err != nil {
		t.Fatal(err)
	}
	return reporttest.StrictSchema(t, text, part)
}

func TestTheSchemaNamesEverythingInTheJSON(t *testing.T) {
	whole, line := strictSchema(t, ""), strictSchema(t, "#/$defs/line")
	for i, m := range []*Model{example(), complete(), hostileModel(), withMembers(), {}} {
		r := newReport(m, Options{})
		if err := reporttest.Validate(t, whole, file(t, r, "audit.json")); err != nil {
			t.Errorf("model %d: %v", i, err)
		}
		for text := range bytes.Lines(file(t, r, "audit.jsonl")) {
			if err := reporttest.Validate(t, line, text); err != nil {
				t.Fatalf("model %d: %v in %.300s", i, err, text)
			}
		}
	}
}

func TestTheSchemaRefusesWhatIsNotTheReport(t *testing.T) {
	text := string(file(t, newReport(example(), Options{}), "audit.json"))
	schema := strictSchema(t, "")
	for old, changed := range map[string]string{
		`"schema": "` + jsonSchema + `"`:             `"schema": "auditor-report/1"`,
		`"complete": false`:                          `"complete": "no"`,
		`"severity":"` + string(diff.Critical) + `"`: `"severity":"grave"`,
		`"started_at": "2026-`:                       `"started_at": "26-`,
		`"result":"ties"`:                            `"result":"about"`,
		`"enabled":true`:                             `"enabled":true,"renamed_field":1`,
		`"days_to_expiry":`:                          `"days":`,
	} {
		edited := strings.Replace(text, old, changed, 1)
		if edited == text || reporttest.Validate(t, schema, []byte(edited)) == nil {
			t.Error(fmt.Sprint(changed, " is accepted"))
		}
	}
}
