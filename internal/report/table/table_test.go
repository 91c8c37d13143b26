package table

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
)

var night = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

// frame is the frame of a report on one organization.
func frame() *Frame {
	return &Frame{
		Before: []string{"run_id", "organization"},
		After:  []string{"outcome"},
		Values: map[int]map[string]any{
			RunLevel: {"run_id": 7, "organization": "", "outcome": ""},
			0:        {"run_id": 7, "organization": "=Acme", "outcome": "complete"},
		},
	}
}

const exampleColumns = "Example\ttext\tname\tName\n" +
	"Example\ttext\torganization\tOrganization\n" +
	"Example\tint\tdays\tDays\n" +
	"Example\tbool\tenabled\tOn\n" +
	"Another\tany\tvalue\tValue\n" +
	"Example\ttime\tseen\tSeen\n" +
	"Example\tdate\tuntil\tUntil\n" +
	"Example\ttext\tstatus\tStatus\n" +
	"Example\tlist\trules\tRules\n" +
	"Example\ttext\ttitle\tTitle\tno json\n" +
	"Example\traw\traw\t\tjson\n"

// example returns a table with a cell of each type.
func example(zone *time.Location) *Table {
	t := New("Example", zone, ParseColumns(exampleColumns)["Example"]...)
	t.Key, t.File = "examples", "examples.csv"
	t.Add(0, "a,\"b\"\nc", "=Acme", -3, true, night, Day(night), Word{"not_assessed", "not assessed", Medium},
		List{Items: []string{"A", "B"}}, "in rules", jsontext.Value("{\n \"a\": 1}"))
	t.Add(RunLevel, "=1+1", "", nil, false, Instant(time.Time{}, "not reported"), nil, nil, List{None: "none"}, nil, nil)
	t.Remark(0, "only beside the rows")
	t.Missing(0, "nobody knows more")
	return t
}

func TestCSVHasFrameRowsAndMissingRows(t *testing.T) {
	var b strings.Builder
	if err := example(nil).WriteCSV(&b, frame()); err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"\ufeffrun_id,organization,name,days,enabled,seen,until,status,rules,title,outcome,remark",
		`7,'=Acme,"a,""b""` + "\n" + `c",-3,true,2026-11-23T02:00:00Z,2026-11-23,not_assessed,"A, B",in rules,complete,`,
		"7,,'=1+1,,false,not reported,,,none,,,",
		"7,'=Acme,,,,,,,,,complete,nobody knows more",
		"",
	}, "\r\n")
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestJSONHasTypedValuesAndNullForWhatIsMissing(t *testing.T) {
	var b strings.Builder
	head := struct {
		Schema string `json:"schema"`
	}{"s<1>"}
	zone := time.FixedZone("Local", 3600)
	if err := WriteJSON(&b, head, frame(), []*Table{example(zone), New("no key", nil)}); err != nil {
		t.Fatal(err)
	}
	want := `{
  "schema": "s<1>",
  "examples": [
    {"run_id":7,"organization":"=Acme","name":"a,\"b\"\nc","days":-3,"enabled":true,"seen":"2026-11-23T02:00:00Z","until":"2026-11-23","status":"not_assessed","rules":["A","B"],"raw":{"a":1},"outcome":"complete"},
    {"run_id":7,"organization":"","name":"=1+1","days":null,"enabled":false,"seen":null,"until":null,"status":null,"rules":[],"raw":null,"outcome":""}
  ],
  "remarks": [
    {"run_id":7,"organization":"=Acme","table":"examples","text":"only beside the rows","outcome":"complete"},
    {"run_id":7,"organization":"=Acme","table":"examples","text":"nobody knows more","outcome":"complete"}
  ]
}
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestJSONLinesEndWithTheirNumber(t *testing.T) {
	var b strings.Builder
	head := struct {
		Run int `json:"run"`
	}{7}
	if err := WriteJSONLines(&b, "report", head, frame(), []*Table{example(nil)}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != 6 || lines[0] != `{"type":"report","data":{"run":7}}` ||
		lines[5] != `{"type":"end","data":{"lines":5}}` {
		t.Errorf("%d lines:\n%s", len(lines), b.String())
	}
	for _, line := range lines {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
}

func TestLocalTimesStandBehindThoseInUTC(t *testing.T) {
	zone := time.FixedZone("Local", 3600)
	got := example(zone).Markdown("the database", 50, "name", "seen").String()
	want := `| Name | Seen (UTC) | Seen (Local) |
| --- | --- | --- |
| a,"b" c | 2026-11-23 02:00:00 | 2026-11-23 03:00:00 |
| =1+1 | not reported | not reported |

- only beside the rows
- nobody knows more`
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestRowsAreMeasuredAsTheyAreAdded(t *testing.T) {
	table := New("", nil, Text("Name", "name"))
	table.Add(0, "ab\u202e")
	table.Add(0, "=1")
	table.Add(RunLevel, strings.Repeat("x", MaxCellUnits+1))
	if table.Altered != 1 || table.Cut != 1 || table.Guarded != 2 || table.Size(0) != 2 || table.Size(RunLevel) != 1 {
		t.Errorf("altered %d, cut %d, guarded %d, rows %d and %d", table.Altered, table.Cut, table.Guarded,
			table.Size(0), table.Size(RunLevel))
	}
}
