package job_test

import (
	"bytes"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/ona"
)

// Findings about a SCIM and an SSO configuration are two, even if the server uses one id for both.
func TestOneIDMayBelongToAConfigurationOfEachKind(t *testing.T) {
	acme := withSSO("acme", 1)
	acme.SSO[0]["id"] = acme.SCIM[0]["id"]
	h := newHouse(t, acme)
	h.mustRun(h.source("default", acme.Token))
	for _, name := range []string{"one", "another"} {
		acme.SCIM[0], acme.SSO[0] = maps.Clone(acme.SCIM[0]), maps.Clone(acme.SSO[0])
		acme.SCIM[0]["name"], acme.SSO[0]["displayName"] = name, name
		result := h.mustRun(h.source("default", acme.Token))
		if changes := result.Organizations[0].Changes; len(changes) != 2 {
			t.Errorf("changes: %+v", changes)
		}
		findings, err := h.store.Findings(t.Context(), result.Organizations[0].Snapshot.ID)
		if err != nil {
			t.Fatal(err)
		}
		unexplained := 0
		for _, f := range findings {
			if f.RuleID == "SCIM-023" && f.SubjectID == acme.SCIM[0]["id"] {
				unexplained++
			}
		}
		if unexplained != 2 {
			t.Errorf("%d findings of SCIM-023 about the id, want one about each configuration", unexplained)
		}
	}
}

// An audit log that repeats the token with JSON escapes is not assessed, and the token is stored
// nowhere.
func TestAnAuditActionThatRepeatsTheTokenIsNotStored(t *testing.T) {
	acme := organization("acme", 1)
	h := newHouse(t, acme)
	acme.AuditLog = []demo.Row{{
		"id": demo.ID("entry"), "actorId": demo.ID("actor"), "actorPrincipal": "PRINCIPAL_USER",
		"subjectId":   acme.SCIM[0]["id"],
		"subjectType": ona.ResourceTypeSCIMConfiguration, "action": "curl " + acme.Token, "createdAt": "2026-11-16T20:00:00Z",
	}}
	h.server.Intercept = func(w http.ResponseWriter, r *http.Request, _ string, next http.Handler) {
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		_, _ = w.Write(bytes.ReplaceAll(answer.Body.Bytes(), []byte("curl "+acme.Token),
			[]byte("curl "+strings.ReplaceAll(acme.Token, "-", `\u002d`))))
	}
	h.mustRun(h.source("default", acme.Token))
	result := h.mustRun(h.source("default", acme.Token))
	log, err := h.store.AuditLog(t.Context(), result.Organizations[0].Snapshot.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(log.Entries) > 0 || !strings.Contains(log.NotAssessed, "the answer repeats the token, so it was not kept") {
		t.Errorf("entries %+v, not assessed: %q", log.Entries, log.NotAssessed)
	}
}
