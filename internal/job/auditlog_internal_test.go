package job

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"scim-auditor/internal/fetch"
	"scim-auditor/internal/snapshot"
)

// silent is a server that never answers.
type silent struct{}

func (silent) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func silentClient(t *testing.T) *fetch.Client {
	t.Helper()
	client, err := fetch.New(fetch.Options{BaseURL: "https://ona.test/api", Token: "a-token-of-nobody", Now: time.Now,
		Transport: silent{}})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestALogThatDoesNotAnswerIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		read, err := listAuditLogs(t.Context(), silentClient(t), fetch.AuditLogQuery{Since: began, MaxPages: 1})
		if err != nil || !strings.Contains(read.NotAssessed, "longer than 3m0s") || len(read.Entries) > 0 {
			t.Errorf("error %v, read %+v", err, read)
		}
		if took := time.Since(began); took != maxLogTime {
			t.Errorf("it took %s", took)
		}
	})
}

func TestTheEndOfTheRunIsNoUnreadableLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := listAuditLogs(ctx, silentClient(t), fetch.AuditLogQuery{Since: time.Now(), MaxPages: 1}); err == nil {
			t.Error("the run goes on after its end")
		}
	})
}

func TestTheServersClockIsTakenAsItIsStored(t *testing.T) {
	at := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		known  bool
		offset time.Duration
		want   time.Time
	}{
		{false, time.Hour, at},
		{true, 1500*time.Microsecond + 7*time.Minute, at.Add(-7*time.Minute - time.Millisecond)},
		{true, -1500 * time.Microsecond, at.Add(time.Millisecond)},
	} {
		if got := serverTime(at, snapshot.Snapshot{ServerClockKnown: c.known,
			ServerClockOffset: c.offset}); !got.Equal(c.want) {
			t.Errorf("offset %s: %v, want %v", c.offset, got, c.want)
		}
	}
}
