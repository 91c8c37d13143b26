package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"scim-auditor/internal/report/reporttest"
)

var eventFiles = map[string]string{findingEventsFile: "compliance_finding", changeEventsFile: "entity_management"}

// eventSchema compiles the extract of the published schema for a class of events.
func eventSchema(t *testing.T, class string) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile("testdata/ocsf-1.8.0.json")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("ocsf.json", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("ocsf.json#/$defs/" + class)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// eventsIn returns the events in a file, each as its members.
func eventsIn(t *testing.T, r *report, name string) (events []map[string]any) {
	t.Helper()
	for line := range bytes.Lines(file(t, r, name)) {
		var event map[string]any
		if err := json.Unmarshal(line, &event); err != nil {
			t.Fatalf("%s: %v in %.300s", name, err, line)
		}
		events = append(events, event)
	}
	return events
}

// member returns a member of an event, by the names of the objects around it.
func member(event map[string]any, path ...string) any {
	var value any = event
	for _, name := range path {
		value = value.(map[string]any)[name]
	}
	return value
}

func withEvents() Options { return Options{Formats: []Format{FormatOCSF}} }

func TestEventsHaveTheAttributesThatTheSchemaRequires(t *testing.T) {
	for name, class := range eventFiles {
		schema := eventSchema(t, class)
		for i, m := range []*Model{example(), complete(), hostileModel()} {
			r := newReport(m, withEvents())
			for line := range bytes.Lines(file(t, r, name)) {
				if err := reporttest.Validate(t, schema, line); err != nil {
					t.Errorf("model %d: %v in %.300s", i, err, line)
				}
			}
			for _, event := range eventsIn(t, r, name) {
				if want := event["class_uid"].(float64)*100 + event["activity_id"].(float64); event["type_uid"] != want {
					t.Errorf("type_uid is %v instead of %v", event["type_uid"], want)
				}
			}
		}
	}
}

func TestTheSchemaOfEventsRefusesOthers(t *testing.T) {
	schema := eventSchema(t, "compliance_finding")
	event := eventsIn(t, newReport(example(), withEvents()), findingEventsFile)[0]
	for _, name := range []string{"time", "metadata", "finding_info", "compliance", "severity_id", "type_uid"} {
		without := make(map[string]any)
		for key, value := range event {
			if key != name {
				without[key] = value
			}
		}
		if schema.Validate(without) == nil {
			t.Errorf("an event without %s is accepted", name)
		}
	}
}

// TestEventsSayWhatTheTablesSay compares the events with the findings and the changes of the model.
func TestEventsSayWhatTheTablesSay(t *testing.T) {
	m := example()
	r := newReport(m, withEvents())
	var want, got []string
	for _, o := range m.Organizations {
		for _, f := range o.sortedFindings() {
			want = append(want, fmt.Sprint(f.RuleID, f.Fingerprint, f.Status, f.Observed))
		}
	}
	status := map[any]string{"Pass": "pass", "Fail": "fail", "not_assessed": "not_assessed", "excepted": "excepted"}
	for _, event := range eventsIn(t, r, findingEventsFile) {
		got = append(got, fmt.Sprint(member(event, "compliance", "control"), member(event, "finding_info", "uid"),
			status[member(event, "compliance", "status")], member(event, "compliance", "status_detail")))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("findings (-want +got):\n%s", d)
	}
	want, got = nil, nil
	for _, o := range m.Organizations {
		for i := range o.Changes {
			c := &o.Changes[i]
			want = append(want, fmt.Sprint(c.Kind, c.ID(), c.SubjectID, c.Field == "", c.Before == "", c.After == ""))
		}
	}
	for _, event := range eventsIn(t, r, changeEventsFile) {
		before, _ := member(event, "entity", "data").(map[string]any)
		after, _ := member(event, "entity_result", "data").(map[string]any)
		got = append(got, fmt.Sprint(member(event, "unmapped", "kind"), member(event, "metadata", "uid"),
			member(event, "entity", "uid"), max(len(before), len(after)) > 1, before == nil, after == nil))
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("changes (-want +got):\n%s", d)
	}
}

// TestAnEventKeepsItsUIDUntilItsFindingChanges: a SIEM that ignores events that it has receives only
// what is new.
func TestAnEventKeepsItsUIDUntilItsFindingChanges(t *testing.T) {
	uids := func(m *Model) (uids []string) {
		for _, event := range eventsIn(t, newReport(m, withEvents()), findingEventsFile) {
			uids = append(uids, member(event, "metadata", "uid").(string))
		}
		return uids
	}
	before := uids(example())
	if sorted := slices.Sorted(slices.Values(before)); len(slices.Compact(sorted)) != len(before) {
		t.Errorf("two events have the same uid: %v", before)
	}
	next := example()
	next.Run.ID++
	for _, o := range next.Organizations {
		o.Snapshot.ID += 10
		o.Snapshot.TakenAt = o.Snapshot.TakenAt.AddDate(0, 0, 1)
		for i := range o.Findings {
			o.Findings[i].DaysOpen++
		}
	}
	if d := cmp.Diff(before, uids(next)); d != "" {
		t.Errorf("uids of the next night (-want +got):\n%s", d)
	}
	f := next.Organizations[0].sortedFindings()[0]
	f.Observed += " It is worse now."
	if after := uids(next); slices.Contains(before, after[0]) || !slices.Equal(before[1:], after[1:]) {
		t.Error("the changed finding keeps its uid, or another one has a new uid")
	}
}

func TestEventsAreWrittenOnlyIfNamed(t *testing.T) {
	for _, f := range newReport(example(), Options{}).files() {
		if eventFiles[f.Name] != "" {
			t.Errorf("%s is written by default", f.Name)
		}
	}
}
