package job_test

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"database/sql"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/fetch"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/job"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/report"
	"scim-auditor/internal/snapshot"
	"scim-auditor/internal/verify"
)

func person(key, name, email string) demo.Row {
	return demo.Row{
		"userId": demo.ID("acme", "user", key), "fullName": name, "email": email, "role": ona.OrganizationRoleMember,
		"status": ona.UserStatusActive, "loginProvider": ona.LoginProviderCustom, "memberSince": "2026-01-05T09:30:00Z",
		"avatarUrl": "https://pictures.example/" + key, "nickname": name,
	}
}

// people is an organization with two members, one of whom has a token.
func people() *demo.State {
	s := demo.NewState("acme")
	s.Members = []demo.Row{person("ada", "Ada Berg", "Ada.Berg@acme.example"),
		person("bo", "Bo Lindqvist", "bo@acme.example")}
	s.Tokens = []demo.Row{{
		"id": demo.ID("acme", "token", "1"), "userId": demo.ID("acme", "user", "ada"), "description": "Ada's laptop",
		"createdAt": "2026-11-01T00:00:00Z", "expiresAt": "2026-12-31T00:00:00Z",
	}}
	return s
}

// collecting is a source with members.
func collecting(s fetch.Source, redaction *ona.Redaction) fetch.Source {
	s.Fetch.Members, s.Fetch.Redaction = true, redaction
	return s
}

func names(members []ona.OrganizationMember) (all []string) {
	for _, m := range members {
		all = append(all, m.FullName)
	}
	slices.Sort(all)
	return all
}

func TestMembersAreStoredAndCompared(t *testing.T) {
	state := people()
	h := newHouse(t, state)
	source := collecting(h.source("acme", state.Token), nil)
	h.mustRun(source)
	state.Members[0]["role"] = ona.OrganizationRoleAdmin
	state.Members = append(state.Members, person("cy", "Cy Ahmed", "cy@acme.example"))
	second := h.mustRun(source).Organizations[0]
	shown, err := h.store.Shown(t.Context(), second.Snapshot)
	if err != nil {
		t.Fatal(err)
	}
	if got := names(shown.Members); !slices.Equal(got, []string{"Ada Berg", "Bo Lindqvist", "Cy Ahmed"}) ||
		len(shown.MemberTokens) != 1 {
		t.Errorf("members %q, %d tokens", got, len(shown.MemberTokens))
	}
	var kinds []string
	for _, c := range second.Changes {
		kinds = append(kinds, string(c.Kind)+" "+c.SubjectName)
	}
	if slices.Sort(kinds); !slices.Equal(kinds, []string{"joined Cy Ahmed", "role_raised Ada Berg"}) {
		t.Errorf("changes %q", kinds)
	}
	s := second.Snapshot
	if s.Members != 3 || s.MemberTokens != 1 || s.MembersCounted != 3 ||
		s.MembersCountRelation != "COUNT_RESPONSE_RELATION_EQ" || s.MembersSetting != snapshot.MembersOn {
		t.Errorf("header %+v", s)
	}
	checkAgain(t, h.store, "")
}

// checkAgain verifies the database and does its work again. reason is why something cannot be done.
func checkAgain(t *testing.T, store *snapshot.Store, reason string) {
	t.Helper()
	found, err := verify.Database(t.Context(), store)
	if err == nil {
		err = found.DoAgain(t.Context(), store, "test")
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range found.Problems {
		t.Errorf("%s: %s (stored %v, computed %v)", p.Subject, p.Text, p.Want, p.Got)
	}
	var reasons []string
	decoded := found.Again.Decoded
	for _, n := range found.Again.NotDone {
		reasons = append(reasons, n.Reason)
		if n.Step == "decode" {
			decoded += len(n.Snapshots)
		}
	}
	if decoded != found.Snapshots {
		t.Errorf("%d of %d snapshots are decoded or not", decoded, found.Snapshots)
	}
	if got := strings.Join(reasons, "\n"); got != reason {
		t.Errorf("not done again: %q, want %q", got, reason)
	}
	if found.Again.Evaluated == 0 {
		t.Error("nothing was evaluated again")
	}
}

func TestRefusedMembersAreLostParts(t *testing.T) {
	state := people()
	h := newHouse(t, state)
	source := collecting(h.source("acme", state.Token), nil)
	h.mustRun(source)
	state.Faults[ona.ListMembers] = demo.Fault{Code: "permission_denied", Message: "only admins list members"}
	second := h.mustRun(source).Organizations[0]
	if !strings.Contains(second.Snapshot.MembersNotAssessed, "only admins list members") || len(second.Changes) != 0 {
		t.Errorf("not assessed %q, changes %v", second.Snapshot.MembersNotAssessed, second.Changes)
	}
	findings, err := h.store.Findings(t.Context(), second.Snapshot.ID)
	if err != nil {
		t.Fatal(err)
	}
	lost := []string{}
	for _, f := range findings {
		if f.RuleID == "RUN-005" && f.Status == finding.Fail {
			lost = append(lost, f.SubjectName)
		}
	}
	if slices.Sort(lost); !slices.Equal(lost, []string{snapshot.PartTokens, snapshot.PartMembers}) {
		t.Errorf("RUN-005 fails for %q", lost)
	}
	delete(state.Faults, ona.ListMembers)
	state.Members[1]["status"] = ona.UserStatusSuspended
	third := h.mustRun(source).Organizations[0]
	if len(third.Changes) != 1 || !strings.Contains(third.Changes[0].Note, "net change since 2026-11-16") {
		t.Errorf("changes since the last snapshot with members: %+v", third.Changes)
	}
	checkAgain(t, h.store, "")
}

func TestMembersThatAreNoLongerCollectedEndAndCanBePruned(t *testing.T) {
	state := people()
	h := newHouse(t, state)
	with, without := collecting(h.source("acme", state.Token), nil), h.source("acme", state.Token)
	h.mustRun(with)
	second := h.mustRun(without).Organizations[0]
	if h.asked[ona.ListMembers] != 0 || second.Snapshot.Members != 0 || len(second.Changes) != 0 {
		t.Errorf("%d requests, %d members, changes %v", h.asked[ona.ListMembers], second.Snapshot.Members, second.Changes)
	}
	if notes := strings.Join(second.Snapshot.Notes, "\n"); !strings.Contains(notes,
		"the settings no longer ask for members; those of snapshot 1 of 2026-11-16") {
		t.Errorf("notes %q", notes)
	}
	for _, part := range second.Snapshot.Parts() {
		if part.Name == snapshot.PartMembers || part.Name == snapshot.PartTokens {
			t.Errorf("a part that nobody asked for: %+v", part)
		}
	}
	third := h.mustRun(without).Organizations[0]
	if notes := strings.Join(third.Snapshot.Notes, "\n"); strings.Contains(notes, "no longer") {
		t.Errorf("notes %q", notes)
	}
	if _, err := h.store.Prune(t.Context(), snapshot.Retention{KeepLast: 1}, h.clock(), false); err != nil {
		t.Fatal(err)
	}
	history := 0
	eachRow(t, h, "SELECT count(*) FROM member_history", func(rows *sql.Rows) error { return rows.Scan(&history) })
	if history != 0 {
		t.Errorf("%d versions of members are left", history)
	}
	fourth := h.mustRun(with).Organizations[0]
	if len(fourth.Changes) != 0 || fourth.Snapshot.Members != 2 {
		t.Errorf("the first snapshot that asks again has %d members and changes %v", fourth.Snapshot.Members, fourth.Changes)
	}
}

func (h *house) database() string { return filepath.Join(filepath.Dir(h.reports), "auditor.db") }

func eachRow(t *testing.T, h *house, query string, do func(*sql.Rows) error) {
	t.Helper()
	db, err := sql.Open("sqlite", h.database())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := do(rows); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// everyByte is all that is stored below a folder, also inside of archives, and every stored answer.
func everyByte(t *testing.T, h *house) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(filepath.Dir(h.reports), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		all[path] = string(text)
		if archive, zipErr := zip.NewReader(bytes.NewReader(text), int64(len(text))); err == nil && zipErr == nil {
			for _, f := range archive.File {
				part, err := f.Open()
				if err != nil {
					return err
				}
				text, err := io.ReadAll(part)
				if err != nil {
					return err
				}
				all[path+"/"+f.Name] = string(text)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	eachRow(t, h, "SELECT sha256, body FROM responses WHERE body IS NOT NULL", func(rows *sql.Rows) error {
		var sum string
		var body []byte
		if err := rows.Scan(&sum, &body); err != nil {
			return err
		}
		unpacked, err := zlib.NewReader(bytes.NewReader(body))
		if err != nil {
			return err
		}
		text, err := io.ReadAll(unpacked)
		all["response "+sum] = string(text)
		return err
	})
	return all
}

func TestRedactedMembersAreInNoByteOfWhatIsStored(t *testing.T) {
	state := people()
	h := newHouse(t, state)
	h.formats = []report.Format{report.FormatXLSX, report.FormatHTML, report.FormatMD, report.FormatJSON, report.FormatCSV}
	redaction, err := job.Redaction(t.Context(), h.store, h.database())
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	source := collecting(h.source("acme", state.Token), redaction)
	source.Fetch.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	source.Fetch.PageSize, h.server.PageKey = 1, "email" // page tokens contain addresses
	leavers := finding.NewLeaverList("00", time.Time{}, []string{" BO@acme.example", "nobody@acme.example"})
	h.leavers = leavers
	h.mustRun(source)
	state.Members[0]["email"], state.Members[0]["fullName"], state.Members[0]["nickname"] = "ada.smith@acme.example",
		"Ada Smith", "Smithy"
	state.Members[1]["role"] = ona.OrganizationRoleAdmin
	state.Log(demo.Night(2).Add(-time.Hour), ona.ResourceTypeUser, demo.ID("acme", "user", "bo"),
		"changed role of bo@acme.example (Lindqvist, Bo)")
	state.Log(demo.Night(2).Add(-time.Hour), "RESOURCE_TYPE_ORGANIZATION", demo.ID("acme", "user", "bo"),
		"Bo Lindqvist's friend Cyrus Adler was removed")
	state.Faults[ona.ListDomainVerifications] = demo.Fault{Code: "unavailable", Message: "Bo Lindqvist stopped it",
		Times: 1}
	state.Faults[ona.GetOrganizationPolicies] = demo.Fault{Code: "permission_denied",
		Message: "Bo Lindqvist may not read policies"}
	second := h.mustRun(source).Organizations[0]
	state.Faults[ona.ListMembers] = demo.Fault{Code: "permission_denied",
		Message: "bo@acme.example may not list ada.smith@acme.example (Ada Smith)"}
	h.mustRun(source)
	var kinds []string
	for _, c := range second.Changes {
		kinds = append(kinds, string(c.Kind))
	}
	if slices.Sort(kinds); !slices.Equal(kinds, []string{"email_changed", "field_changed", "role_raised"}) {
		t.Errorf("changes %q", kinds)
	}
	if l := second.Snapshot.Leavers; l == nil || !slices.Equal(l.Members, []string{demo.ID("acme", "user", "bo")}) ||
		l.Unmatched != 1 {
		t.Errorf("leavers %+v", l)
	}
	stored := everyByte(t, h)
	stored["log"] = log.String()
	if len(stored) < 20 || !strings.Contains(log.String(), "ListMembers") {
		t.Errorf("%d files were searched", len(stored))
	}
	for _, secret := range []string{"Ada Berg", "Ada.Berg", "Lindqvist", "Adler", "bo@acme", "smith", "laptop",
		"pictures.example"} {
		for name, text := range stored {
			if i := strings.Index(strings.ToLower(text), strings.ToLower(secret)); i >= 0 {
				t.Errorf("%s has %q: %q", name, secret, text[max(0, i-40):min(len(text), i+40)])
			}
		}
	}
	shown, err := h.store.Shown(t.Context(), second.Snapshot)
	if err != nil || len(shown.Members) != 2 || shown.Members[0].FullName != "" ||
		!strings.HasSuffix(shown.Members[0].Email, "@acme.example") {
		t.Errorf("members %+v, error %v", shown.Members, err)
	}
	logged, err := h.store.AuditLog(t.Context(), second.Snapshot.ID)
	if err != nil || len(logged.Entries) == 0 ||
		!strings.HasPrefix(logged.Entries[0].Action, "[withheld: members are redacted] ") {
		t.Errorf("audit log %+v, error %v", logged, err)
	}
	checkAgain(t, h.store, "its members are redacted, so the responses about them and of the audit log are not stored")
}

func TestTheSaltIsMadeOnceAndNeeded(t *testing.T) {
	state := people()
	h := newHouse(t, state)
	redaction, err := job.Redaction(t.Context(), h.store, h.database())
	if err != nil {
		t.Fatal(err)
	}
	path := job.SaltFile(h.database())
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, error %v", info.Mode(), err)
	}
	h.mustRun(collecting(h.source("acme", state.Token), redaction))
	if again, err := job.Redaction(t.Context(), h.store, h.database()); err != nil ||
		again.SaltID() != redaction.SaltID() {
		t.Errorf("another salt, error %v", err)
	}
	for text, want := range map[string]error{strings.Repeat("ab", 32): job.ErrOtherSalt, "": job.ErrNoSalt} {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if text != "" {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := job.Redaction(t.Context(), h.store, h.database()); !errors.Is(err, want) ||
			!strings.Contains(err.Error(), path) {
			t.Errorf("error %v, want %v", err, want)
		}
		if err := job.CheckSalt(t.Context(), h.store, h.database()); !errors.Is(err, want) {
			t.Errorf("check: error %v, want %v", err, want)
		}
		if err := os.WriteFile(path, []byte("not a salt"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := job.Redaction(t.Context(), h.store, h.database()); err == nil ||
		!strings.Contains(err.Error(), "64 hexadecimal digits") {
		t.Errorf("error %v", err)
	}
}

func TestRedactionThatIsTurnedOnBeginsTheMembersAnew(t *testing.T) {
	state := people()
	h := newHouse(t, state)
	h.mustRun(collecting(h.source("acme", state.Token), nil))
	state.Log(demo.Night(2).Add(-time.Hour), ona.ResourceTypeSCIMConfiguration, demo.ID("acme", "scim", "okta"),
		"changed it")
	state.AuditLog[0]["actorId"] = demo.ID("acme", "user", "ada")
	second := h.mustRun(collecting(h.source("acme", state.Token), ona.NewRedaction([]byte("salt")))).Organizations[0]
	if len(second.Changes) != 0 ||
		!strings.Contains(strings.Join(second.Snapshot.Notes, "\n"), "stored in another form than in snapshot 1") {
		t.Errorf("changes %v, notes %q", second.Changes, second.Snapshot.Notes)
	}
	logged, err := h.store.AuditLog(t.Context(), second.Snapshot.ID)
	if err != nil || len(logged.Entries) != 1 || logged.Entries[0].ActorID == "" || logged.Entries[0].ActorName != "" {
		t.Errorf("audit log %+v, error %v", logged, err)
	}
	checkAgain(t, h.store, "its members are redacted, so the responses about them and of the audit log are not stored")
	if _, err := h.store.Prune(t.Context(), snapshot.Retention{KeepLast: 1, ResponsesBefore: h.clock()}, h.clock(),
		false); err != nil {
		t.Fatal(err)
	}
	if err := h.store.Close(); err != nil { // writes what is still in the WAL
		t.Fatal(err)
	}
	for name, text := range everyByte(t, h) {
		if !strings.HasPrefix(name, h.reports) && strings.Contains(text, "Lindqvist") {
			t.Errorf("%s has a name after the snapshot in clear was pruned", name)
		}
	}
}

func TestMembersThatChangeWhileTheyAreListedAreNotAssessed(t *testing.T) {
	state := people()
	n := 0
	state.Before = func(method string, _ int) {
		if method == ona.ListMembers {
			n++
			m := person("new", "New", "new@acme.example")
			m["userId"] = demo.ID("acme", "user", string(rune('a'+n)))
			state.Members = append(slices.Clone(state.Members), m)
		}
	}
	h := newHouse(t, state)
	source := collecting(h.source("acme", state.Token), nil)
	source.Fetch.PageSize = 1
	source.Fetch.MaxPages = 50
	o := h.run(source).Organizations[0]
	if o.Err != nil || o.Snapshot.MembersNotAssessed == "" || o.Snapshot.Members != 0 {
		t.Errorf("error %v, not assessed %q, %d members", o.Err, o.Snapshot.MembersNotAssessed, o.Snapshot.Members)
	}
}
