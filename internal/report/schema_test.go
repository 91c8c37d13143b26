package report

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The schemas in docs.
const (
	schemaOfRuns    = "audit.schema.json"
	schemaOfPeriods = "period.schema.json"
)

// strictSchema compiles a part of a schema in docs so that it allows no property that it does not name: the document names each.
func strictSchema(t *testing.T, name, part string) *jsonschema.Schema {
	t.Helper()
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

// jsonWriter writes a report in both forms of JSON.
type jsonWriter interface {
	writeJSON(w io.Writer) error
	writeJSONLines(w io.Writer) error
}

// validateBoth checks the JSON and each of the JSON lines against a schema.
func validateBoth(t *testing.T, name string, reports ...jsonWriter) {
	t.Helper()
	whole, line := strictSchema(t, name, ""), strictSchema(t, name, "#/$defs/line")
	for _, r := range reports {
		var report, lines bytes.Buffer
		if err := errors.Join(r.writeJSON(&report), r.writeJSONLines(&lines)); err != nil {
			t.Fatal(err)
		}
		validate(t, whole, report.String())
		for text := range strings.Lines(lines.String()) {
			validate(t, line, text)
		}
	}
}

func TestTheSchemaNamesEverythingInTheJSON(t *testing.T) {
	hostile := example()
	for i, name := range hostileNames[:3] {
		hostile.Organizations[0].SCIM[i].Name = name
	}
	validateBoth(t, schemaOfRuns, newView(example(), Options{}), newView(complete(), Options{}), newView(hostile, Options{}))
}

func TestTheSchemasRefuseWhatIsNotTheReport(t *testing.T) {
	for name, c := range map[string]struct {
		report jsonWriter
		edits  map[string]string
	}{
		schemaOfRuns: {newView(example(), Options{}), map[string]string{
			`"schema": "auditor-report/1"`: `"schema": "auditor-report/2"`,
			`"complete": false`:            `"complete": "no"`,
			`"severity": "critical"`:       `"severity": "grave"`,
			`"started_at": "2026-`:         `"started_at": "26-`,
			`"result": "ties"`:             `"result": "about"`,
			`"enabled": true`:              `"enabled": true, "renamed_field": 1`,
		}},
	} {
		var b bytes.Buffer
		if err := c.report.writeJSON(&b); err != nil {
			t.Fatal(err)
		}
		schema := strictSchema(t, name, "")
		for old, changed := range c.edits {
			text := strings.Replace(b.String(), old, changed, 1)
			value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			if text == b.String() || schema.Validate(value) == nil {
				t.Errorf("%s: %s is accepted", name, changed)
			}
		}
	}
}
