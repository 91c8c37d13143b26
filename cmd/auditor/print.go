package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/job"
	"scim-auditor/internal/report"
	"scim-auditor/internal/snapshot"
)

const timeForPeople = "2006-01-02 15:04:05 UTC"

// printTable writes rows in columns that line up. Values may come from the API: what a terminal would obey is shown instead.
func printTable(w io.Writer, rows [][]string) error {
	width := 0
	for _, row := range rows {
		width = max(width, len(row))
	}
	var aligned bytes.Buffer
	t := tabwriter.NewWriter(&aligned, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		// A row that ends early would end the columns of those above it.
		cells := make([]string, width)
		for i, cell := range row {
			cells[i] = report.Visible(cell)
		}
		if _, err := fmt.Fprintln(t, strings.Join(cells, "\t")); err != nil {
			return err
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(aligned.String()) {
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// printResult tells what a run came to: results on standard output, each failure with what to do on standard error.
func printResult(env environment, s *settings, result *job.Result, asJSON bool) error {
	var err error
	switch {
	case asJSON:
		err = printJSON(env.stdout, resultJSON(result))
	case !s.quiet:
		err = printSummary(env.stdout, result)
	}
	for _, o := range result.Organizations {
		if o.Err != nil {
			printProblem(env.stderr, fmt.Errorf("%s: %w", o.Source, o.Err), organizationHint(o.Err))
		}
	}
	if result.ReportError != nil {
		printProblem(env.stderr, result.ReportError,
			fmt.Sprintf("the snapshots are stored; when the cause is mended, run \"auditor report --run %d\"", result.Run.ID))
	}
	return err
}

func printSummary(w io.Writer, result *job.Result) error {
	r := result.Run
	_, err := fmt.Fprintf(w, "run %d at %s: %s\n", r.ID, r.StartedAt.Format(timeForPeople), inWords(r.Outcome))
	if err != nil {
		return err
	}
	var rows [][]string
	for _, o := range result.Organizations {
		rows = append(rows, append([]string{"  " + o.Source}, summaryOf(&o)...))
	}
	if err := printTable(w, rows); err != nil {
		return err
	}
	if err := printExceptions(w, result); err != nil {
		return err
	}
	if result.ReportFolder == "" {
		return nil
	}
	_, err = fmt.Fprintf(w, "report: %s\n", result.ReportFolder)
	return err
}

// summaryOf is one organization's line, without its label.
func summaryOf(o *job.Organization) []string {
	if o.Err != nil {
		return []string{inWords(snapshot.Failed), o.Snapshot.ErrorCode}
	}
	changes := "first snapshot, the baseline"
	if o.Snapshot.BaselineID != 0 {
		changes = counted(len(o.Changes), "change", bySeverity(changesBySeverity(o.Changes)))
	}
	sso := fmt.Sprintf("%d SSO", o.Snapshot.SSOConfigurations)
	if o.Snapshot.SSONotAssessed != "" {
		sso = "SSO not assessed"
	}
	return []string{
		inWords(o.Snapshot.Outcome),
		fmt.Sprintf("%d SCIM", o.Snapshot.SCIMConfigurations),
		sso,
		changes,
		counted(o.Snapshot.FailingFindings, "finding", bySeverity(o.Failing)),
	}
}

func inWords(o snapshot.Outcome) string {
	switch o {
	case snapshot.Complete:
		return "COMPLETE"
	case snapshot.Failed:
		return "NOT COMPLETE"
	}
	return strings.ToUpper(string(o))
}

// counted is "no changes", "1 change" or "5 changes", with details in brackets.
func counted(n int, what, details string) string {
	text := fmt.Sprintf("%d %ss", n, what)
	switch n {
	case 0:
		text = "no " + what + "s"
	case 1:
		text = "1 " + what
	}
	if details != "" {
		text += " (" + details + ")"
	}
	return text
}

func changesBySeverity(changes []snapshot.Change) map[diff.Severity]int {
	counts := make(map[diff.Severity]int)
	for _, c := range changes {
		counts[c.Severity]++
	}
	return counts
}

// bySeverity writes counts, the most serious first: "2 high, 1 low".
func bySeverity(counts map[diff.Severity]int) string {
	var parts []string
	for _, s := range diff.Severities {
		if counts[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[s], s))
		}
	}
	return strings.Join(parts, ", ")
}

func resultJSON(result *job.Result) any {
	type organization struct {
		Source             string           `json:"source"`
		SnapshotID         int64            `json:"snapshot_id"`
		OrganizationID     string           `json:"organization_id"`
		OrganizationName   string           `json:"organization_name"`
		Outcome            snapshot.Outcome `json:"outcome"`
		BaselineID         int64            `json:"baseline_id,omitempty"`
		SCIMConfigurations int              `json:"scim_configurations"`
		SSOConfigurations  int              `json:"sso_configurations"`
		SSONotAssessed     string           `json:"sso_not_assessed,omitempty"`
		Changes            []changeJSON     `json:"changes"`
		FailingFindings    int              `json:"failing_findings"`
		ErrorCode          string           `json:"error_code,omitempty"`
		Error              string           `json:"error,omitempty"`
		Hint               string           `json:"hint,omitempty"`
	}
	organizations := []organization{}
	for _, o := range result.Organizations {
		h := o.Snapshot
		organizations = append(organizations, organization{
			Source: o.Source, SnapshotID: h.ID, OrganizationID: h.OrganizationID, OrganizationName: h.OrganizationName, Outcome: h.Outcome,
			BaselineID: h.BaselineID, SCIMConfigurations: h.SCIMConfigurations, SSOConfigurations: h.SSOConfigurations,
			SSONotAssessed: h.SSONotAssessed, Changes: changesJSON(storedChanges(o.Changes)), FailingFindings: h.FailingFindings,
			ErrorCode: h.ErrorCode, Error: h.Error, Hint: organizationHint(o.Err),
		})
	}
	return struct {
		Run           runJSON        `json:"run"`
		Organizations []organization `json:"organizations"`
		Report        string         `json:"report"`
	}{toRunJSON(result.Run), organizations, result.ReportFolder}
}

func storedChanges(stored []snapshot.Change) []diff.Change {
	all := make([]diff.Change, 0, len(stored))
	for _, c := range stored {
		all = append(all, c.Change)
	}
	return all
}

// changeJSON is a change with the column names of the view "changes".
type changeJSON struct {
	Severity    diff.Severity    `json:"severity"`
	Kind        diff.Kind        `json:"kind"`
	SubjectType diff.SubjectType `json:"subject_type"`
	SubjectID   string           `json:"subject_id"`
	SubjectName string           `json:"subject_name"`
	Field       string           `json:"field"`
	Before      string           `json:"before"`
	After       string           `json:"after"`
	BeforeLabel string           `json:"before_label"`
	AfterLabel  string           `json:"after_label"`
	Note        string           `json:"note"`
}

func changesJSON(changes []diff.Change) []changeJSON {
	all := make([]changeJSON, 0, len(changes))
	for _, c := range changes {
		all = append(all, changeJSON(c))
	}
	return all
}

// runJSON is a run with the column names of the table "runs", and its counts.
type runJSON struct {
	ID                    int64            `json:"id"`
	StartedAt             time.Time        `json:"started_at"`
	FinishedAt            time.Time        `json:"finished_at,omitzero"`
	ScheduledFor          time.Time        `json:"scheduled_for,omitzero"`
	Trigger               string           `json:"trigger"`
	Outcome               snapshot.Outcome `json:"outcome"`
	Error                 string           `json:"error,omitempty"`
	ToolVersion           string           `json:"tool_version"`
	Host                  string           `json:"host"`
	CompleteOrganizations int              `json:"complete_organizations"`
	FailedOrganizations   int              `json:"failed_organizations"`
	Changes               int              `json:"changes"`
	FailedFindings        int              `json:"failed_findings"`
	SCIMConfigurations    int              `json:"scim_configurations"`
}

func toRunJSON(r snapshot.Run) runJSON { return runJSON(r) }
