package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/ona"
)

const auditLogs = "ListAuditLogs"

// logEntry is an entry so long before testNow.
func logEntry(id string, ago time.Duration) string {
	return fmt.Sprintf(`{"id":%q,"actorId":"u-1","actorPrincipal":"PRINCIPAL_USER","subjectId":%q,"subjectType":"RESOURCE_TYPE_SCIM_CONFIGURATION","action":"updated","createdAt":%q}`,
		id, strings.ToUpper(scimA), testNow.Add(-ago).Format(time.RFC3339))
}

func logPage(next string, entries ...string) http.HandlerFunc {
	return ok(fmt.Sprintf(`{"entries":[%s],"pagination":{"nextToken":%q}}`, strings.Join(entries, ","), next))
}

var lastDay = AuditLogQuery{SubjectTypes: []string{ona.ResourceTypeSCIMConfiguration}, Since: testNow.Add(-24 * time.Hour), MaxPages: 10}

func readLog(t *testing.T, q AuditLogQuery, special handlers) (*AuditLog, *fakeAPI) {
	t.Helper()
	api := newAPI(t, special)
	log, err := newClient(t, api.URL+"/api").ListAuditLogs(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	return log, api
}

func entryIDs(log *AuditLog) (ids []string) {
	for _, e := range log.Entries {
		ids = append(ids, e.ID)
	}
	return ids
}

func TestTheLogIsReadBackToAPageThatIsOlderThanAskedFor(t *testing.T) {
	log, api := readLog(t, lastDay, handlers{auditLogs: inOrder(
		logPage("2", logEntry("e1", time.Hour), logEntry("e2", 2*time.Hour)),
		logPage("3", logEntry("e2", 2*time.Hour), logEntry("e3", 24*time.Hour+30*time.Minute)),
		logPage("4", logEntry("e4", 26*time.Hour)),
		logPage("", logEntry("never asked for", 27*time.Hour)),
	)})
	if d := cmp.Diff([]string{"e1", "e2", "e3", "e4"}, entryIDs(log)); d != "" {
		t.Errorf("entries (-want +got):\n%s", d)
	}
	want := ona.AuditLogEntry{ID: "e1", ActorID: "u-1", ActorPrincipal: "PRINCIPAL_USER", SubjectID: scimA,
		SubjectType: ona.ResourceTypeSCIMConfiguration, Action: "updated", CreatedAt: testNow.Add(-time.Hour), Raw: []byte(logEntry("e1", time.Hour))}
	if d := cmp.Diff(want, log.Entries[0]); d != "" {
		t.Errorf("entry (-want +got):\n%s", d)
	}
	if log.Pages != 3 || log.Received != 5 || len(log.Exchanges) != 3 || log.Lacking != "" || log.NotAssessed != "" {
		t.Errorf("%d pages, %d received, %d exchanges, lacking %q, not assessed %q", log.Pages, log.Received, len(log.Exchanges), log.Lacking, log.NotAssessed)
	}
	for i, x := range log.Exchanges {
		if sum := sha256.Sum256(x.Body); x.ResponseSHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("exchange %d has the hash %q", i+1, x.ResponseSHA256)
		}
	}
	sent := api.sent(auditLogs)
	if len(sent) != 3 {
		t.Fatalf("%d requests, want 3", len(sent))
	}
	wantRequest := recorded{auditLogs, "pageSize=100&token=2",
		`{"filter":{"subjectTypes":["RESOURCE_TYPE_SCIM_CONFIGURATION"]},"pagination":{"pageSize":100,"token":"2"}}`}
	if sent[1] != wantRequest {
		t.Errorf("request %+v, want %+v", sent[1], wantRequest)
	}
}

func TestThePageLimitOfTheLogIsReported(t *testing.T) {
	q := lastDay
	q.MaxPages = 2
	log, api := readLog(t, q, handlers{auditLogs: inOrder(
		logPage("2", logEntry("e1", time.Hour)), logPage("3", logEntry("e2", 2*time.Hour)), logPage("", logEntry("e3", 3*time.Hour)))})
	if len(api.sent(auditLogs)) != 2 || len(log.Entries) != 2 {
		t.Errorf("%d requests, %d entries, want 2 of each", len(api.sent(auditLogs)), len(log.Entries))
	}
	if !strings.Contains(log.Lacking, "limit of 2 pages") || !log.CompleteFrom.Equal(testNow.Add(-time.Hour)) {
		t.Errorf("lacking %q, complete from %v", log.Lacking, log.CompleteFrom)
	}
}

func TestALogThatIsNotSortedMayLackEntries(t *testing.T) {
	log, _ := readLog(t, lastDay, handlers{auditLogs: logPage("", logEntry("e1", 5*time.Hour), logEntry("e2", time.Hour))})
	if !strings.Contains(log.Lacking, "newest-first") || !log.CompleteFrom.IsZero() || len(log.Entries) != 2 {
		t.Errorf("lacking %q, complete from %v, %d entries", log.Lacking, log.CompleteFrom, len(log.Entries))
	}
}

func TestAnUnsortedLogThatReachesThePageLimitIsCompleteFromNoKnownInstant(t *testing.T) {
	q := lastDay
	q.MaxPages = 1
	log, _ := readLog(t, q, handlers{auditLogs: logPage("2", logEntry("e1", 5*time.Hour), logEntry("e2", time.Hour))})
	if !strings.Contains(log.Lacking, "newest-first") || !log.CompleteFrom.IsZero() {
		t.Errorf("lacking %q, complete from %v", log.Lacking, log.CompleteFrom)
	}
}

func TestALogThatCannotBeReadSaysNothing(t *testing.T) {
	first := logPage("2", logEntry("e1", time.Hour))
	for name, handler := range map[string]http.HandlerFunc{
		"permission_denied":   connect(403, CodePermissionDenied),
		"unimplemented":       connect(501, CodeUnimplemented),
		"internal":            connect(500, CodeInternal),
		"created":             logPage("", `{"id":"e1"}`),
		"goes on in a circle": inOrder(first, logPage("2", logEntry("e2", 2*time.Hour))),
		"different content":   inOrder(first, logPage("", logEntry("e1", 2*time.Hour))),
		"page 2":              inOrder(first, connect(403, CodePermissionDenied)),
		"entries":             ok(`{"items":[]}`),
	} {
		t.Run(name, func(t *testing.T) {
			log, _ := readLog(t, lastDay, handlers{auditLogs: handler})
			if log.NotAssessed == "" || len(log.Entries) > 0 || len(log.Exchanges) == 0 {
				t.Errorf("not assessed %q, %d entries, %d exchanges", log.NotAssessed, len(log.Entries), len(log.Exchanges))
			}
		})
	}
}

func TestAnEmptyLogIsNotAnUnreadableOne(t *testing.T) {
	log, _ := readLog(t, lastDay, handlers{auditLogs: ok(`{}`)})
	if log.NotAssessed != "" || log.Lacking != "" || log.Pages != 1 {
		t.Errorf("%+v", log)
	}
}

func TestTheEndOfTheRunEndsTheReadingOfTheLog(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	api := newAPI(t, handlers{auditLogs: func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}})
	if _, err := newClient(t, api.URL+"/api").ListAuditLogs(ctx, lastDay); err == nil {
		t.Error("an interrupted run goes on as if the log could not be read")
	}
}
