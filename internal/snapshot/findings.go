package snapshot

import (
	"slices"
	"strings"
	"time"

	"scim-auditor/internal/evidence"
	"scim-auditor/internal/finding"
)

var findingTable = newTable("finding", "rule_id", "title", "severity", "status", "original_status", "subject_type", "subject_id", "subject_name",
	"observed", "observed_has_times", "expected", "first_seen")

// findingColumns are the columns of failed_findings but the first, and what is hashed of every finding.
var findingColumns = []string{"fingerprint", "rule_id", "title", "severity", "status", "original_status", "subject_type", "subject_id", "subject_name",
	"observed", "expected", "first_seen"}

var findingForm = evidence.NewForm("finding", findingColumns...)

const (
	observedColumn = 9 // of findingColumns
	// timeInFindings is how package finding writes an instant.
	timeInFindings = "2006-01-02 15:04:05 UTC"
)

// findingValues are the values of findingColumns for each finding, sorted by fingerprint.
func findingValues(findings []finding.Finding, firstSeen map[string]string) [][]any {
	rows := make([][]any, 0, len(findings))
	for _, f := range findings {
		rows = append(rows, []any{f.Fingerprint, f.RuleID, f.Title, string(f.Severity), string(f.Status), nullText(string(f.OriginalStatus)),
			string(f.SubjectType), f.SubjectID, f.SubjectName, f.Observed, f.Expected, nullText(firstSeen[f.Fingerprint])})
	}
	slices.SortFunc(rows, func(a, b []any) int { return strings.Compare(a[0].(string), b[0].(string)) })
	return rows
}

// findingRows are findings as rows of findingTable. Most texts name the instant of the snapshot or of its baseline; with a mark in its place
// they are the same night after night, and the row stays.
func findingRows(values [][]any, takenAt, baselineAt time.Time) []row {
	rows := make([]row, 0, len(values))
	for _, v := range values {
		observed := v[observedColumn].(string)
		marked := int64(0)
		if !strings.ContainsAny(observed, "\x01\x02") {
			observed = strings.ReplaceAll(observed, takenAt.UTC().Format(timeInFindings), "\x01")
			if !baselineAt.IsZero() {
				observed = strings.ReplaceAll(observed, baselineAt.UTC().Format(timeInFindings), "\x02")
			}
			marked = 1
		}
		rows = append(rows, row{values: slices.Concat(v[:observedColumn], []any{observed, marked}, v[observedColumn+1:])})
	}
	return rows
}

func countFailing(findings []finding.Finding) int {
	n := 0
	for _, f := range findings {
		if f.Status == finding.Fail {
			n++
		}
	}
	return n
}
