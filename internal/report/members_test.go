package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// withMembers returns a run over Acme whose settings ask for members: one on the list of leavers with a
// valid token, one in each class, one who is suspended, and an admin who disabled a configuration.
func withMembers() *Model {
	m := example()
	o := m.Organizations[0]
	m.Organizations, m.Rules = m.Organizations[:1], finding.Rules()
	m.Run.Outcome, m.Run.Error, m.Run.FailedOrganizations = snapshot.Complete, "", 0
	o.Snapshot.MembersSetting = snapshot.MembersOn
	person := func(n int, name, login string) ona.OrganizationMember {
		return ona.OrganizationMember{
			UserID: id(n), FullName: name, Email: strings.ToLower(strings.Fields(name)[0]) + "@acme.example",
			Role: ona.OrganizationRoleMember, Status: ona.UserStatusActive, LoginProvider: login, MemberSince: lastNight,
		}
	}
	o.Members = []ona.OrganizationMember{
		person(901, "Grace Hopper", ona.LoginProviderCustom), person(902, "Ada Lovelace", ona.LoginProviderCustom),
		person(903, "Ben Ng", ona.LoginProviderGitHub), person(904, "Cy Olsen", "gitlab"),
		person(905, "Di Park", ona.LoginProviderCustom),
	}
	o.Members[0].Role, o.Members[4].Status = ona.OrganizationRoleAdmin, ona.UserStatusSuspended
	o.MemberTokens = []ona.PersonalAccessToken{
		{ID: id(950), UserID: id(902), Description: "deploy", ExpiresAt: tonight.AddDate(0, 0, 9), LastUsed: lastNight},
		{ID: id(951), UserID: id(903), Description: "old", ExpiresAt: tonight},
	}
	o.Snapshot.Leavers = &finding.Leavers{SHA256: sha("leavers"), DatedAt: lastNight, Entries: 3, Unmatched: 2,
		Members: []string{id(902)}}
	o.Snapshot.MembersReceived, o.Snapshot.MembersDistinct, o.Snapshot.Members = 5, 5, 5
	o.Snapshot.MembersCounted, o.Snapshot.MembersCountRelation, o.Snapshot.MemberTokens = 5, "COUNT_RESPONSE_RELATION_EQ",
		2
	o.Snapshot.MemberListing = snapshot.Listing{Pages: 1, RowsPerPage: "5", FinalTokenEmpty: true, Listings: 1,
		Agreeing: 1}
	o.ViewMembers, o.ViewMemberTokens = 5, 2
	o.Exchanges = append(o.Exchanges, snapshot.Exchange{Number: 9, Method: ona.ListMembers, Request: "{}", Status: 200,
		Records: 5})
	before := *o.Baseline
	before.MembersSetting, before.Members = snapshot.MembersOn, 4
	o.MembersBaseline = &before
	joined := diff.Change{Severity: diff.Medium, Kind: diff.Joined, SubjectType: diff.Member, SubjectID: id(903),
		SubjectName: "Ben Ng", After: o.Members[2].Canonical()}
	o.Changes[3].ActorName = "Grace Hopper"
	o.Changes = append(o.Changes, snapshot.Change{Change: joined, SnapshotID: 11, BaselineID: 10, TakenAt: tonight,
		OrganizationID: acmeID})
	in := finding.Input{TakenAt: tonight, Inventory: *o.inventory(), Leavers: o.Snapshot.Leavers}
	in.Inventory.Organization.ID, in.Inventory.Members, in.Inventory.MemberTokens = acmeID, o.Members, o.MemberTokens
	for _, f := range finding.Evaluate(in, finding.DefaultThresholds()) {
		if ruleOf(f.RuleID).OfMembers() {
			o.Findings = append(o.Findings, snapshot.Finding{Finding: f, Title: ruleOf(f.RuleID).Title,
				Expected: ruleOf(f.RuleID).Expected, Remedy: ruleOf(f.RuleID).Remedy, FirstSeen: tonight, LastSeen: tonight})
		}
	}
	o.Parts = o.Snapshot.Parts()
	m.Run.SCIMConfigurations, m.Run.Changes, m.Run.FailedFindings = 3, 5, 6
	return m
}

// cellsOf returns some cells of each row, as people see them.
func cellsOf(t *table.Table, keys ...string) (rows [][]string) {
	for _, row := range t.Rows {
		var cells []string
		for _, key := range keys {
			cells = append(cells, table.Shown(row.Cells[t.Column(key)]))
		}
		rows = append(rows, cells)
	}
	return rows
}

func TestTheMembersAreListedWithTheirClassTheMostSeriousFirst(t *testing.T) {
	r := newReport(withMembers(), Options{})
	want := [][]string{
		{"Ada Lovelace", "governed", "yes", "1", "MEM-003",
			"deploy, expires at 2026-12-02 02:00:00 UTC, last used at 2026-11-22 02:00:00 UTC"},
		{"Ben Ng", "not governed", "no", "0", "MEM-001", ""},
		{"Cy Olsen", "cannot be told", "no", "0", "", ""},
		{"Grace Hopper", "governed", "no", "0", "", ""},
		{"Di Park", "no access", "no", "0", "", ""},
	}
	if d := cmp.Diff(want, cellsOf(r.people, "full_name", "class", "leaver", "valid_tokens", "open_finding_rules",
		"tokens")); d != "" {
		t.Errorf("members (-want +got):\n%s", d)
	}
	remarks := ""
	for _, remark := range r.people.Remarks {
		remarks += remark.Text + "\n"
	}
	for _, text := range []string{
		"could remove the member through SCIM, not that the person is still employed",
		"3 addresses, of which 2 match no member exactly",
		"Acme: 4 active members: 1 not governed, 1 cannot be told, 2 governed; 1 suspended or left; 1 active member is on the list of leavers",
	} {
		if !strings.Contains(remarks, text) {
			t.Errorf("no remark says %q:\n%s", text, remarks)
		}
	}
}

func TestAMemberOfUnknownStatusIsNotActiveAndATokenOfUnknownExpiryNotValid(t *testing.T) {
	m := withMembers()
	o := m.Organizations[0]
	o.Members[1].Status, o.Members[3].Status, o.MemberTokens[0].ExpiresAt = "", "USER_STATUS_NEW", time.Time{}
	r := newReport(m, Options{})
	want := []string{"Ada Lovelace", "cannot be told", "yes", "0",
		"deploy, expiry not reported, last used at 2026-11-22 02:00:00 UTC"}
	if d := cmp.Diff(want, cellsOf(r.people, "full_name", "class", "leaver", "valid_tokens", "tokens")[0]); d != "" {
		t.Errorf("member (-want +got):\n%s", d)
	}
	text := r.membersText()
	if want := "2 active members: 1 not governed, 1 governed; 2 whose status is not known (1 on the list of leavers); 1 suspended or left. "; !strings.HasPrefix(text, want) {
		t.Errorf("%q, want %q", text, want)
	}
}

// Every format begins with the leaver, counts the classes, and names the actor beside the id.
func TestTheFirstPageHasTheLeaverTheClassesAndTheNameOfTheActor(t *testing.T) {
	r := newReport(withMembers(), Options{})
	for _, name := range []string{HTMLFile, MarkdownFile} {
		text := string(file(t, r, name))
		page, _, _ := strings.Cut(text, "Where this comes from")
		for _, want := range []string{"MEM-003", "Ada Lovelace", "4 active members", "not that the person is still employed",
			"by user Grace Hopper"} {
			if !strings.Contains(page, want) {
				t.Errorf("the first page of %s does not say %q", name, want)
			}
		}
	}
	rows := rowsOfSheet(t, openWorkbook(t, withMembers()), "Members")
	if rows[0][0] != "Name" || rows[1][0] != "Ada Lovelace" {
		t.Errorf("the sheet Members begins with %q and %q", rows[0], rows[1])
	}
}

func TestTheCountsOfMembersTie(t *testing.T) {
	r := newReport(withMembers(), Options{})
	for _, one := range r.ties {
		if strings.Contains(strings.ToLower(one.Check), "member") && one.Verdict != Ties {
			t.Errorf("%s: %v and %v: %s", one.Check, one.First, one.Second, one.Verdict)
		}
	}
	m := withMembers()
	m.Organizations[0].Snapshot.MembersCounted = 6
	if ties := newReport(m, Options{}).ties.Different(); len(ties) != 1 ||
		!strings.HasPrefix(ties[0].Check, "Members counted by the server") {
		t.Errorf("failed tie-outs: %+v", ties)
	}
}

// Nothing about members is in a report whose settings do not ask for them.
func TestAReportWithoutMembersDoesNotMentionThem(t *testing.T) {
	r := newReport(example(), Options{Formats: allFormats})
	for _, f := range r.files() {
		var b bytes.Buffer
		if err := f.Write(&b); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		for _, word := range []string{"MEM-0", "members.csv", "role_raised", `"members":`, "#members"} {
			if strings.Contains(text, word) {
				t.Errorf("%s has %q", f.Name, word)
			}
		}
	}
	if sheets := openWorkbook(t, example()).GetSheetList(); strings.Contains(strings.Join(sheets, " "), "Members") {
		t.Errorf("sheets: %v", sheets)
	}
}

func TestMembersThatWereNotAssessedAreNotNone(t *testing.T) {
	m := withMembers()
	o := m.Organizations[0]
	o.Members, o.MemberTokens, o.Snapshot.Leavers = nil, nil, nil
	o.Snapshot.MembersNotAssessed, o.Snapshot.MemberTokensNotAssessed = "permission_denied",
		"the members could not be read"
	o.Parts = o.Snapshot.Parts()
	r := newReport(m, Options{})
	if len(r.people.Rows) != 0 || !strings.Contains(r.people.Remarks[1].Text, "Acme: not assessed: permission_denied") {
		t.Errorf("the sheet Members: %d rows, remarks %+v", len(r.people.Rows), r.people.Remarks)
	}
	if h := r.headline; h.State == Green || !strings.Contains(h.Text, "members, member tokens not assessed") {
		t.Errorf("the headline: %+v", h)
	}
	if text := string(file(t, r, MarkdownFile)); !strings.Contains(text, "Members not assessed.") ||
		!strings.Contains(text, "changes of members not assessed: permission\\_denied") {
		t.Errorf("audit.md does not say that members were not assessed")
	}
}

// In the first night after members were turned off, "no changes" would be said of members that
// nobody compared. Whether the settings ask for them is a decision, so no rule fails.
func TestTheFirstNightWithoutMembersSaysSoAndTheNextDoesNot(t *testing.T) {
	off := func() *Model {
		m := quiet()
		before := *m.Organizations[0].Baseline
		before.MembersSetting, before.MemberTokensNotAssessed = snapshot.MembersOn, ""
		m.Organizations[0].MembersBaseline = &before
		return m
	}
	r := newReport(off(), Options{})
	h := off().Headline(0)
	if h.State != Amber || !strings.HasPrefix(h.Text, "COMPLETE FOR SCIM, ") || h.Changes != "no SCIM changes" ||
		!strings.HasSuffix(h.Text, " ONLY: members, member tokens no longer asked for") {
		t.Errorf("headline %+v", h)
	}
	text := string(file(t, r, MarkdownFile))
	for _, want := range []string{
		"| members | 2026-11-22 | the settings no longer ask for members |",
		"changes of members not assessed: the settings no longer ask for members",
		"no changes of SCIM configurations since the baseline",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("audit.md does not say %q", want)
		}
	}
	next := off()
	next.Organizations[0].MembersBaseline = nil // that of a snapshot whose settings did not ask for members
	if h := next.Headline(0); h.State != Green || h.Changes != "no changes" {
		t.Errorf("the next headline %+v", h)
	}
}

func TestTheFirstNightWithoutAListOfLeaversSaysSo(t *testing.T) {
	m := withMembers()
	o := m.Organizations[0]
	before := *o.MembersBaseline
	before.Leavers = &finding.Leavers{SHA256: sha("leavers"), Entries: 3}
	o.MembersBaseline = &before
	if h := newReport(m, Options{}).headline; strings.Contains(h.Text, "leavers") {
		t.Errorf("headline with a list %q", h.Text)
	}
	o.Snapshot.Leavers = nil
	if h := newReport(m, Options{}).headline; h.State != Amber ||
		!strings.HasSuffix(h.Text, "list of leavers no longer asked for") {
		t.Errorf("headline %+v", h)
	}
}

// A night that first reads members has no changes of them.
func TestTheFirstNightWithMembersIsTheirBaseline(t *testing.T) {
	m := withMembers()
	o := m.Organizations[0]
	o.MembersBaseline, o.Changes = nil, o.Changes[:4]
	for name, want := range map[*snapshot.Snapshot]string{
		nil: "no snapshot since the settings ask for members could read them",
		{ID: 10, TakenAt: lastNight, MembersSaltID: "other"}: "in another form",
	} {
		o.MembersBaseline = name
		if notAssessed, _ := o.comparisonNotes(); len(notAssessed) != 1 || !strings.Contains(notAssessed[0], want) {
			t.Errorf("notes %q, want %q", notAssessed, want)
		}
	}
	o.MembersBaseline = &snapshot.Snapshot{ID: 8, TakenAt: lastNight.Add(-24 * time.Hour)}
	if _, older := o.comparisonNotes(); len(older) != 1 || !strings.Contains(older[0], "2026-11-21 02:00:00 UTC") {
		t.Errorf("notes %q", older)
	}
}
