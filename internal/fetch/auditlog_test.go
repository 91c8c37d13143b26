package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"runtime"
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

// lastDay asks for the last day by time; pagedBack asks for it as a server needs that has no such
// filter.
var (
	lastDay = AuditLogQuery{SubjectTypes: []string{ona.ResourceTypeSCIMConfiguration},
		Since: testNow.Add(-24 * time.Hour), Until: testNow, MaxPages: 10}
	pagedBack = AuditLogQuery{SubjectTypes: lastDay.SubjectTypes, Since: lastDay.Since, Until: lastDay.Until, MaxPages: 10,
		PageBack: true}
)

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
	log, api := readLog(t, pagedBack, handlers{auditLogs: inOrder(
		logPage("2", logEntry("too new", 0), logEntry("e1", time.Hour), logEntry("e2", 2*time.Hour)),
		logPage("3", logEntry("e2", 2*time.Hour), logEntry("e3", 24*time.Hour),
			logEntry("too old", 24*time.Hour+30*time.Minute)),
		logPage("4", logEntry("e4", 26*time.Hour)),
		logPage("", logEntry("never asked for", 27*time.Hour)),
	)})
	if d := cmp.Diff([]string{"e1", "e2", "e3"}, entryIDs(log)); d != "" {
		t.Errorf("entries (-want +got):\n%s", d)
	}
	want := ona.AuditLogEntry{ID: "e1", ActorID: "u-1", ActorPrincipal: "PRINCIPAL_USER", SubjectID: scimA,
		SubjectType: ona.ResourceTypeSCIMConfiguration, Action: "updated", CreatedAt: testNow.Add(-time.Hour)}
	if d := cmp.Diff(want, log.Entries[0]); d != "" {
		t.Errorf("entry (-want +got):\n%s", d)
	}
	if log.Pages != 3 || log.Received != 7 || len(log.Exchanges) != 3 || log.Lacking != "" || log.NotAssessed != "" {
		t.Errorf("%d pages, %d received, %d exchanges, lacking %q, not assessed %q", log.Pages, log.Received,
			len(log.Exchanges), log.Lacking, log.NotAssessed)
	}
	for i, x := range log.Exchanges {
		body, err := x.Response()
		if sum := sha256.Sum256(body); err != nil || x.ResponseSHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("exchange %d has the hash %q (error %v)", i+1, x.ResponseSHA256, err)
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
	q := pagedBack
	q.MaxPages = 2
	log, api := readLog(t, q, handlers{auditLogs: inOrder(
		logPage("2", logEntry("e1", time.Hour)), logPage("3", logEntry("e2", 2*time.Hour)), logPage("",
			logEntry("e3", 3*time.Hour)))})
	if len(api.sent(auditLogs)) != 2 || len(log.Entries) != 2 {
		t.Errorf("%d requests, %d entries, want 2 of each", len(api.sent(auditLogs)), len(log.Entries))
	}
	if !strings.Contains(log.Lacking, "limit of 2 pages") || !log.CompleteFrom.Equal(testNow.Add(-time.Hour)) {
		t.Errorf("lacking %q, complete from %v", log.Lacking, log.CompleteFrom)
	}
}

func TestALogThatIsNotSortedMayLackEntries(t *testing.T) {
	log, _ := readLog(t, pagedBack, handlers{auditLogs: logPage("", logEntry("e1", 5*time.Hour),
		logEntry("e2", time.Hour))})
	if !strings.Contains(log.Lacking, "newest-first") || !log.CompleteFrom.IsZero() || len(log.Entries) != 2 {
		t.Errorf("lacking %q, complete from %v, %d entries", log.Lacking, log.CompleteFrom, len(log.Entries))
	}
}

func TestAnUnsortedLogThatReachesThePageLimitIsCompleteFromNoKnownInstant(t *testing.T) {
	q := pagedBack
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
		"more are counted":    ok(`{"entries":[],"total":3}`),
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

func TestTheLogIsAskedForByTimeOldestFirst(t *testing.T) {
	log, api := readLog(t, lastDay, handlers{auditLogs: inOrder(
		logPage("2", logEntry("e1", 24*time.Hour), logEntry("e2", 3*time.Hour)), logPage("",
			logEntry("e3", time.Nanosecond)))})
	if d := cmp.Diff([]string{"e1", "e2", "e3"}, entryIDs(log)); d != "" || log.PageBack || len(log.Notes) > 0 {
		t.Errorf("paged back %t, notes %q, entries (-want +got):\n%s", log.PageBack, log.Notes, d)
	}
	want := `{"filter":{"subjectTypes":["RESOURCE_TYPE_SCIM_CONFIGURATION"],"from":"2026-11-22T02:00:00.000000000Z","to":"2026-11-23T02:00:00.000000000Z"},` +
		`"sort":{"field":"createdAt","order":"SORT_ORDER_ASC"},"pagination":{"pageSize":100}}`
	if got := api.sent(auditLogs)[0].body; got != want {
		t.Errorf("request %s\nwant    %s", got, want)
	}
}

// A server may refuse the filter by time and the order, or read over what it does not know.
func TestAServerWithoutTheFilterByTimeIsReadBack(t *testing.T) {
	old := logPage("", logEntry("e1", time.Hour), logEntry("too old", 48*time.Hour))
	for name, server := range map[string]struct {
		handler http.HandlerFunc
		why     string
	}{
		"refused": {inOrder(connect(400, CodeInvalidArgument), old), "HTTP 400: says the server"},
		"ignored": {old, "entry too old of 2026-11-21 02:00:00 UTC: an entry lies outside of the time that was asked for"},
	} {
		t.Run(name, func(t *testing.T) {
			log, api := readLog(t, lastDay, handlers{auditLogs: server.handler})
			if d := cmp.Diff([]string{"e1"}, entryIDs(log)); d != "" || !log.PageBack || log.Lacking != "" ||
				log.NotAssessed != "" {
				t.Errorf("%+v, entries (-want +got):\n%s", log.AuditLog, d)
			}
			sent := api.sent(auditLogs)
			if len(sent) != 2 || strings.Contains(sent[1].body, "from") || strings.Contains(sent[1].body, "sort") ||
				len(log.Exchanges) != 2 {
				t.Errorf("requests %q, %d exchanges", sent, len(log.Exchanges))
			}
			if len(log.Notes) != 1 || !strings.Contains(log.Notes[0], server.why) {
				t.Errorf("notes %q lack %q", log.Notes, server.why)
			}
		})
	}
}

func TestARefusalThatIsNotOfTheFilterIsNoWordAboutIt(t *testing.T) {
	log, _ := readLog(t, lastDay, handlers{auditLogs: connect(400, CodeInvalidArgument)})
	if log.NotAssessed == "" || log.PageBack || len(log.Notes) > 0 {
		t.Errorf("not assessed %q, paged back %t, notes %q", log.NotAssessed, log.PageBack, log.Notes)
	}
}

func TestThePageLimitOfAFilteredLogIsReported(t *testing.T) {
	q := lastDay
	q.MaxPages = 1
	log, _ := readLog(t, q, handlers{auditLogs: logPage("2", logEntry("e1", 5*time.Hour))})
	if !strings.Contains(log.Lacking, "limit of 1 pages") || !log.CompleteFrom.IsZero() || len(log.Entries) != 1 {
		t.Errorf("lacking %q, complete from %v, %d entries", log.Lacking, log.CompleteFrom, len(log.Entries))
	}
}

// The bodies of a long log, and the texts that nobody reads, would take gigabytes.
func TestALongLogIsKeptInLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes long under the race detector, and does nothing at the same time")
	}
	const pages, perPage = 40, 25
	filler := strings.Repeat("0123456789abcdef", 2000) // 32 kB
	page := 0
	handler := func(w http.ResponseWriter, r *http.Request) {
		var entries []string
		for i := range perPage {
			entry := logEntry(fmt.Sprint(page, "-", i), time.Hour-time.Duration(page)*time.Second)
			entries = append(entries, strings.Replace(entry, `"updated"`, fmt.Sprintf(`"updated %s","detail":%q`, filler,
				filler), 1))
		}
		page++
		next := fmt.Sprint(page)
		if page == pages {
			next = ""
		}
		logPage(next, entries...)(w, r)
	}
	api := newAPI(t, handlers{auditLogs: handler})
	q := lastDay
	q.MaxPages = pages
	client := newClient(t, api.URL+"/api")
	inUse := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := inUse()
	log, err := client.ListAuditLogs(t.Context(), q)
	if err != nil || len(log.Entries) != pages*perPage || log.NotAssessed != "" {
		t.Fatalf("%d entries, not assessed %q, error %v", len(log.Entries), log.NotAssessed, err)
	}
	kept := inUse() - before
	var received int64
	for _, x := range log.Exchanges {
		received += x.ResponseSize
	}
	if kept > received/8 {
		t.Errorf("%d bytes of a log of %d are kept", kept, received)
	}
	if note := strings.Join(log.Notes, "\n"); !strings.Contains(note,
		"1000 entries are kept with texts cut after 4000 characters") {
		t.Errorf("notes %q", note)
	}
	runtime.KeepAlive(log)
}
