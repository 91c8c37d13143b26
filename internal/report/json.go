package report

import (
	stdjson "encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/snapshot"
)

// jsonSchema is the version of the form of audit.json. Fields may be added under the same version; none changes its meaning or goes away.
const jsonSchema = "auditor-report/1"

// jsonReport is the whole report. Every value stands as the database holds it; instants are RFC 3339 in UTC, and null where unknown.
type jsonReport struct {
	jsonHead
	Organizations []jsonOrganization `json:"organizations"`
	TieOuts       []jsonTieOut       `json:"tie_outs"`
	Timeline      []jsonChange       `json:"timeline"`
	Runs          []jsonRun          `json:"runs"`
	Trend         []jsonTrend        `json:"trend"`
	Rules         []jsonRule         `json:"rules"`
}

// jsonHead is what the report as a whole is.
type jsonHead struct {
	Schema   string  `json:"schema"`
	Status   string  `json:"status"`
	Complete bool    `json:"complete"`
	Run      jsonRun `json:"run"`
	// ReportToolVersion is the version that wrote the report, the run's own the one that made the run.
	ReportToolVersion string    `json:"report_tool_version"`
	Cells             jsonCells `json:"cells"`
}

// jsonCells counts what other files show in another form than this one.
type jsonCells struct {
	WorkbookAltered int `json:"workbook_altered"`
	WorkbookCut     int `json:"workbook_cut"`
	CSVGuarded      int `json:"csv_guarded"`
}

type jsonRun struct {
	ID                    int64            `json:"id"`
	StartedAt             *time.Time       `json:"started_at"`
	FinishedAt            *time.Time       `json:"finished_at"`
	ScheduledFor          *time.Time       `json:"scheduled_for"`
	Trigger               string           `json:"trigger"`
	Outcome               snapshot.Outcome `json:"outcome"`
	Error                 string           `json:"error"`
	ToolVersion           string           `json:"tool_version"`
	Host                  string           `json:"host"`
	CompleteOrganizations int              `json:"complete_organizations"`
	FailedOrganizations   int              `json:"failed_organizations"`
	SCIMConfigurations    int              `json:"scim_configurations"`
	Changes               int              `json:"changes"`
	FailedFindings        int              `json:"failed_findings"`
}

type jsonTieOut struct {
	OrganizationID string  `json:"organization_id"`
	Check          string  `json:"check"`
	First          any     `json:"first"`
	Second         any     `json:"second"`
	Result         verdict `json:"result"`
	Remark         string  `json:"remark"`
}

type jsonRule struct {
	ID       string        `json:"id"`
	Title    string        `json:"title"`
	Severity string        `json:"severity"`
	Why      string        `json:"why"`
	Remedy   string        `json:"remedy"`
	Expected string        `json:"expected"`
	Supports []jsonControl `json:"supports"`
}

type jsonControl struct {
	Framework string `json:"framework"`
	ID        string `json:"id"`
}

// jsonForm is how values are written: in the same order each time, and what is not known as null.
var jsonForm = json.JoinOptions(json.Deterministic(true), json.FormatNilSliceAsNull(true), json.FormatNilMapAsNull(true))

func (v *view) headJSON() jsonHead {
	counted := v.cells()
	return jsonHead{jsonSchema, v.status(), v.Complete(), runJSON(&v.Run), v.writer(), jsonCells{counted.altered, counted.cut, counted.csv}}
}

func (v *view) tieOutJSON(t *tieOut) jsonTieOut {
	id := ""
	if t.organization != runLevel {
		id = v.Organizations[t.organization].id()
	}
	return jsonTieOut{id, t.check, t.first, t.second, t.verdict, t.remark}
}

func (v *view) writeJSON(w io.Writer) error {
	report := jsonReport{
		jsonHead:      v.headJSON(),
		Organizations: []jsonOrganization{},
		TieOuts:       []jsonTieOut{},
		Timeline:      each(v.Timeline, changeJSON),
		Runs:          each(v.Runs, runJSON),
		Trend:         each(v.trend(), trendJSON),
		Rules:         each(v.Rules, ruleJSON),
	}
	for i := range v.Organizations {
		report.Organizations = append(report.Organizations, v.organizationJSON(i))
	}
	for _, t := range v.tieOuts() {
		report.TieOuts = append(report.TieOuts, v.tieOutJSON(&t))
	}
	// Version 2 of the library writes as it goes; the first would hold the whole text twice.
	e := jsontext.NewEncoder(w, jsontext.WithIndent("  "), jsontext.AllowInvalidUTF8(true))
	if err := json.MarshalEncode(e, report, jsonForm); err != nil {
		return fmt.Errorf("writing %s: %w", fileJSON, err)
	}
	return nil
}

// each converts a list; an empty one is an empty list, not null.
func each[T, J any](items []T, convert func(*T) J) []J {
	all := make([]J, len(items))
	for i := range items {
		all[i] = convert(&items[i])
	}
	return all
}

// known is nil for an instant that is not known.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func runJSON(r *snapshot.Run) jsonRun {
	return jsonRun{
		r.ID, known(r.StartedAt), known(r.FinishedAt), known(r.ScheduledFor), r.Trigger, r.Outcome, r.Error, r.ToolVersion, r.Host,
		r.CompleteOrganizations, r.FailedOrganizations, r.SCIMConfigurations, r.Changes, r.FailedFindings,
	}
}

func ruleJSON(r *finding.Rule) jsonRule {
	return jsonRule{r.ID, r.Title, string(r.Severity), r.Why, r.Remedy, r.Expected, each(r.Supports, func(c *finding.Control) jsonControl {
		return jsonControl{c.Framework, c.ID}
	})}
}

func policiesJSON(p *ona.OrganizationPolicies) *jsonPolicies {
	if p == nil {
		return nil
	}
	return &jsonPolicies{p.RestrictAccountCreationToSCIM, orEmpty(p.Unknown), raw(p.Raw)}
}

// raw is an object as received, null where the database does not hold it.
func raw(object stdjson.RawMessage) stdjson.RawMessage {
	if len(object) == 0 {
		return stdjson.RawMessage("null")
	}
	return object
}

func orEmpty(unknown map[string]stdjson.RawMessage) map[string]stdjson.RawMessage {
	if unknown == nil {
		return map[string]stdjson.RawMessage{}
	}
	return unknown
}
