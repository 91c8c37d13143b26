package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/ona"
)

// logged is an audit log of so many entries about a configuration, newest first, a minute apart,
// the newest an hour before a night.
func logged(night, count int, subject string) []demo.Row {
	rows := make([]demo.Row, count)
	for i := range rows {
		rows[i] = demo.Row{
			"id": demo.ID("entry", fmt.Sprint(night, i)), "actorId": demo.ID("jane"), "actorPrincipal": "PRINCIPAL_USER", "subjectId": strings.ToUpper(subject),
			"subjectType": "RESOURCE_TYPE_SCIM_CONFIGURATION", "action": fmt.Sprint("update ", i),
			"createdAt": demo.Night(night).Add(-time.Hour - time.Duration(i)*time.Minute).Format(time.RFC3339),
		}
	}
	return rows
}

// judgement is what the newest night says by the rules on the audit log.
func (s *site) judgement() []string {
	return s.query(`SELECT rule_id, status, observed FROM findings
		WHERE rule_id IN ('SCIM-018', 'SCIM-023') AND snapshot_id = (SELECT max(id) FROM snapshots) ORDER BY rule_id, status, subject_id`)
}

// newClockedSite is a site whose server has the time of the night as its clock. intercept may be nil.
func newClockedSite(
	t *testing.T, intercept func(w http.ResponseWriter, r *http.Request, method string, next http.Handler),
) (s *site, nextNight func(args ...string)) {
	t.Helper()
	var server *demo.Server
	s = newSite(t, func(made *demo.Server) {
		server = made
		server.Intercept = intercept
	})
	return s, func(args ...string) {
		t.Helper()
		server.SetNight(s.night + 1)
		if code := s.run(args...); code != exitComplete {
			t.Fatalf("exit code %d\n%s", code, &s.printed)
		}
	}
}

func TestTheLogIsReadUpToABoundThatIsTold(t *testing.T) {
	s, nextNight := newClockedSite(t, nil)
	subject := configuration(1)
	s.state.SCIM = []demo.Row{subject}
	nextNight("--page-size", "1")
	subject["name"] = "renamed"
	s.state.AuditLog = logged(2, 260, subject["id"].(string))
	nextNight("--page-size", "1")
	// The page more is that of the entries that are only shown.
	if d := cmp.Diff([]string{"201|200|reading stopped at the limit of 200 pages; the log has more|200"}, s.query(`
		SELECT l.pages, l.received, s.audit_log_lacking, (SELECT count(*) FROM change_candidates)
		FROM audit_log_readings l JOIN snapshots s ON s.id = l.snapshot_id`)); d != "" {
		t.Errorf("how the log was read (-want +got):\n%s", d)
	}
	for _, line := range s.judgement() {
		if !strings.Contains(line, "|not_assessed|") || !strings.Contains(line, "the limit of 200 pages") {
			t.Error(line)
		}
	}
	if note := s.query("SELECT note FROM changes WHERE kind = 'renamed'")[0]; !strings.HasPrefix(note, "200 audit-log entries may name who made it: 2026-11-17 00:00:00 UTC") ||
		!strings.HasSuffix(note, "and 195 more") {
		t.Errorf("the change's note is %q", note)
	}
}

func TestALogThatCannotBeReadLeavesTheRunComplete(t *testing.T) {
	status := http.StatusForbidden
	s := newSite(t, func(server *demo.Server) {
		server.Intercept = func(w http.ResponseWriter, r *http.Request, method string, next http.Handler) {
			if method == ona.ListAuditLogs && status != http.StatusOK {
				code := map[int]string{http.StatusForbidden: "permission_denied", http.StatusNotImplemented: "unimplemented", http.StatusNotFound: "not_found"}[status]
				(&demo.Fault{Code: code, Message: "not this one"}).Write(w)
				return
			}
			next.ServeHTTP(w, r)
		}
	})
	subject := configuration(1)
	s.state.SCIM = []demo.Row{subject}
	for i, next := range []int{http.StatusForbidden, http.StatusNotImplemented, http.StatusNotFound, http.StatusOK, http.StatusOK} {
		status = next
		subject["name"] = fmt.Sprint("name ", i)
		if code := s.run(); code != exitComplete {
			t.Fatalf("exit code %d\n%s", code, &s.printed)
		}
		if i == 0 {
			continue // the first night has no baseline, so that the log is not read
		}
		want := []string{"SCIM-018|not_assessed", "SCIM-023|not_assessed"}
		if status == http.StatusOK {
			want = []string{"SCIM-018|pass", "SCIM-023|fail"}
		}
		for j, line := range s.judgement() {
			if !strings.HasPrefix(line, want[j]+"|") {
				t.Errorf("night %d, status %d: %s", i+1, status, line)
			}
		}
	}
}

// A configuration changed by way of a resource of another type is found when the log is asked about
// its id.
func TestAChangedSubjectIsAskedAbout(t *testing.T) {
	s, nextNight := newClockedSite(t, nil)
	subject := configuration(1)
	s.state.SCIM = []demo.Row{subject}
	nextNight()
	subject["name"] = "renamed"
	s.state.AuditLog = logged(2, 2, subject["id"].(string))
	for _, row := range s.state.AuditLog {
		row["subjectType"], row["subjectId"] = "RESOURCE_TYPE_IMPORT", subject["id"]
	}
	nextNight()
	if d := cmp.Diff([]string{"update 0|2026-11-17T01:00:00.000000000Z|2"}, s.query(`
		SELECT actor_action, actor_at, (SELECT count(*) FROM change_candidates) FROM changes WHERE kind = 'renamed'`)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if got := s.judgement()[1]; !strings.HasPrefix(got, "SCIM-023|pass|") {
		t.Error(got)
	}
}

// 63 configurations change by way of a resource of another type, so that the log is asked about each.
func TestAQueryNamesNoMoreSubjectsThanTheAPITakes(t *testing.T) {
	s, nextNight := newClockedSite(t, func(w http.ResponseWriter, r *http.Request, _ string, next http.Handler) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		var request struct{ Filter struct{ SubjectIDs []string } }
		if _ = json.Unmarshal(body, &request); len(request.Filter.SubjectIDs) > 25 {
			(&demo.Fault{Code: "invalid_argument", Message: "filter.subjectIds has more than 25 items"}).Write(w)
			return
		}
		next.ServeHTTP(w, r)
	})
	for i := range 63 {
		s.state.SCIM = append(s.state.SCIM, configuration(i+1))
	}
	nextNight()
	for i, row := range s.state.SCIM {
		row["name"] = fmt.Sprint("renamed ", i)
		entry := logged(2, 1, row["id"].(string))[0]
		entry["id"], entry["subjectType"], entry["subjectId"] = demo.ID("entry of", row["id"].(string)), "RESOURCE_TYPE_IMPORT", row["id"]
		s.state.AuditLog = append(s.state.AuditLog, entry)
	}
	nextNight()
	if d := cmp.Diff([]string{"25", "25", "13"}, s.query(`
		SELECT json_array_length(request, '$.filter.subjectIds') FROM exchanges
		WHERE method LIKE '%ListAuditLogs' AND request LIKE '%subjectIds%' ORDER BY number`)); d != "" {
		t.Errorf("ids of each request (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"63|63|0"}, s.query(`SELECT count(*), sum(actor_action = 'update 0'),
		(SELECT count(*) FROM snapshots WHERE audit_log_not_assessed IS NOT NULL OR audit_log_lacking IS NOT NULL)
		FROM changes WHERE kind = 'renamed'`)); d != "" {
		t.Errorf("changes, attributed ones, incomplete logs (-want +got):\n%s", d)
	}
	if got := s.judgement()[1]; !strings.HasPrefix(got, "SCIM-023|pass|") {
		t.Error(got)
	}
}

// A server from before 2026-04 answers 400 to the filter by time. Each of the two readings begins with it.
func TestAServerWithoutTheFilterByTimeStillNamesWhoMadeAChange(t *testing.T) {
	s, nextNight := newClockedSite(t, func(w http.ResponseWriter, r *http.Request, _ string, next http.Handler) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if bytes.Contains(body, []byte(`"from"`)) {
			(&demo.Fault{Code: "invalid_argument", Message: "unknown field from"}).Write(w)
			return
		}
		next.ServeHTTP(w, r)
	})
	subject := configuration(1)
	s.state.SCIM = []demo.Row{subject}
	nextNight()
	subject["name"] = "renamed"
	s.state.AuditLog = logged(2, 1, subject["id"].(string))
	nextNight()
	if d := cmp.Diff([]string{"update 0"}, s.query("SELECT actor_action FROM changes WHERE kind = 'renamed'")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"400", "200", "400", "200"}, s.query("SELECT status FROM exchanges WHERE method LIKE '%ListAuditLogs' ORDER BY number")); d != "" {
		t.Errorf("answers (-want +got):\n%s", d)
	}
	if notes := s.query("SELECT notes FROM snapshots WHERE id = 2")[0]; strings.Count(notes, "the server does not filter by time") != 2 {
		t.Errorf("notes %s", notes)
	}
}

func TestEntriesAboutWhoGetsInAreKeptAndNotCompared(t *testing.T) {
	refused := false
	s, nextNight := newClockedSite(t, func(w http.ResponseWriter, r *http.Request, _ string, next http.Handler) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if refused && bytes.Contains(body, []byte("ROLE_ASSIGNMENT")) {
			(&demo.Fault{Code: "invalid_argument", Message: "no such resource type"}).Write(w)
			return
		}
		next.ServeHTTP(w, r)
	})
	s.state.SCIM = []demo.Row{configuration(1)}
	nextNight()
	access := []string{"ORGANIZATION", "DOMAIN_VERIFICATION", "ROLE_ASSIGNMENT", "PERSONAL_ACCESS_TOKEN", "SERVICE_ACCOUNT"}
	s.state.AuditLog = logged(2, len(access)+1, demo.ID("somebody"))
	for i, kind := range access {
		s.state.AuditLog[i]["subjectType"] = "RESOURCE_TYPE_" + kind
	}
	s.state.AuditLog[len(access)]["subjectType"] = "RESOURCE_TYPE_ENVIRONMENT"
	nextNight()
	var want []string
	for _, kind := range access {
		want = append(want, "RESOURCE_TYPE_"+kind)
	}
	if d := cmp.Diff(want, s.query("SELECT subject_type FROM audit_log_entries WHERE snapshot_id = 2 ORDER BY number")); d != "" {
		t.Errorf("entries (-want +got):\n%s", d)
	}
	nextNight() // reads the last minutes before the second night again
	timeline, err := os.ReadFile(s.report("timeline.csv"))
	if err != nil {
		t.Fatal(err)
	}
	for i, kind := range access {
		at := demo.Night(2).Add(-time.Hour - time.Duration(i)*time.Minute).Format(ona.DisplayTime)
		row := fmt.Sprintf(`,info,logged,,,,"""update %d"" at %s",%s,\d+,\d*,,%s,`, i, at, strings.ToLower(kind), demo.ID("jane"))
		if n := len(regexp.MustCompile(row).FindAll(timeline, -1)); n != 1 {
			t.Errorf("the timeline has %d times %s:\n%s", n, row, timeline)
		}
	}
	refused = true
	nextNight()
	for _, line := range s.query("SELECT rule_id, status FROM findings WHERE rule_id IN ('SCIM-018', 'SCIM-023') AND snapshot_id > 1") {
		if !strings.HasSuffix(line, "|pass") {
			t.Error(line)
		}
	}
	if notes := s.query("SELECT notes FROM snapshots WHERE id = 4")[0]; !strings.Contains(notes, "may be missing: EventService/ListAuditLogs, page 1: HTTP 400: no such resource type") ||
		strings.Contains(notes, "does not filter by time") {
		t.Errorf("notes %s", notes)
	}
}
