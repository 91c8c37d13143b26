package main

import (
	"fmt"
	"net/http"
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

// newClockedSite is a site whose server has the time of the night as its clock.
func newClockedSite(t *testing.T) (s *site, nextNight func(args ...string)) {
	t.Helper()
	var server *demo.Server
	s = newSite(t, func(made *demo.Server) { server = made })
	return s, func(args ...string) {
		t.Helper()
		server.SetNight(s.night + 1)
		if code := s.run(args...); code != exitComplete {
			t.Fatalf("exit code %d\n%s", code, &s.printed)
		}
	}
}

func TestTheLogIsReadUpToABoundThatIsTold(t *testing.T) {
	s, nextNight := newClockedSite(t)
	subject := configuration(1)
	s.state.SCIM = []demo.Row{subject}
	nextNight("--page-size", "1")
	subject["name"] = "renamed"
	s.state.AuditLog = logged(2, 260, subject["id"].(string))
	nextNight("--page-size", "1")
	if d := cmp.Diff([]string{"200|200|reading stopped at the limit of 200 pages; the log has more|200"}, s.query(`
		SELECT pages, received, lacking, (SELECT count(*) FROM change_candidates) FROM audit_log_readings`)); d != "" {
		t.Errorf("how the log was read (-want +got):\n%s", d)
	}
	for _, line := range s.judgement() {
		if !strings.Contains(line, "|not_assessed|") || !strings.Contains(line, "the limit of 200 pages") {
			t.Error(line)
		}
	}
	if note := s.query("SELECT note FROM changes WHERE kind = 'renamed'")[0]; !strings.HasPrefix(note, "200 audit-log entries may name who made it: 2026-11-17 01:00:00 UTC") ||
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
	s, nextNight := newClockedSite(t)
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
