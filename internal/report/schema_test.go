package report

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// strictSchema compiles a part of docs/audit.schema.json so that it allows no property that it does not name: the document names each.
func strictSchema(t *testing.T, part string) *jsonschema.Schema {
	t.Helper()
	const name = "audit.schema.json"
	text, err := os.ReadFile("../../docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	closeObjects(schema, "")
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource(name, schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile(name + part)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// closeObjects closes each object but the parts of those that are put together from several.
func closeObjects(node any, key string) {
	switch node := node.(type) {
	case map[string]any:
		for key, value := range node {
			closeObjects(value, key)
		}
		_, hasProperties := node["properties"]
		_, isWhole := node["allOf"]
		if isWhole || hasProperties && key != "allOf" && key != "if" && key != "then" && key != "standing" && key != "report" {
			node["unevaluatedProperties"] = false
		}
	case []any:
		for _, value := range node {
			closeObjects(value, key)
		}
	}
}

func validate(t *testing.T, schema *jsonschema.Schema, text string) {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("%v in %.300s", err, text)
	}
}

func TestTheSchemaNamesEverythingInTheJSON(t *testing.T) {
	hostile := example()
	for i, name := range hostileNames[:3] {
		hostile.Organizations[0].SCIM[i].Name = name
	}
	whole, line := strictSchema(t, ""), strictSchema(t, "#/$defs/line")
	for _, m := range []*Model{example(), complete(), hostile} {
		v := newView(m, Options{})
		var report, lines bytes.Buffer
		if err := v.writeJSON(&report); err != nil {
			t.Fatal(err)
		}
		if err := v.writeJSONLines(&lines); err != nil {
			t.Fatal(err)
		}
		validate(t, whole, report.String())
		for text := range strings.Lines(lines.String()) {
			validate(t, line, text)
		}
	}
}

func TestTheSchemaRefusesWhatIsNotTheReport(t *testing.T) {
	var b bytes.Buffer
	if err := newView(example(), Options{}).writeJSON(&b); err != nil {
		t.Fatal(err)
	}
	schema := strictSchema(t, "")
	for old, changed := range map[string]string{
		`"schema": "auditor-report/1"`: `"schema": "auditor-report/2"`,
		`"complete": false`:            `"complete": "no"`,
		`"severity": "critical"`:       `"severity": "grave"`,
		`"started_at": "2026-`:         `"started_at": "26-`,
		`"result": "ties"`:             `"result": "about"`,
		`"enabled": true`:              `"enabled": true, "renamed_field": 1`,
	} {
		text := strings.Replace(b.String(), old, changed, 1)
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if text == b.String() || schema.Validate(value) == nil {
			t.Errorf("%s is accepted", changed)
		}
	}
}
