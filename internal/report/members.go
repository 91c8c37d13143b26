package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/snapshot"
)

// governedMeans explains the class of a member wherever classes are shown.
const governedMeans = "Governed means that the identity provider could remove the member through SCIM, not that the " +
	"person is still employed."

// ofMembers reports whether the settings asked for members of any organization.
func (m *Model) ofMembers() bool {
	return slices.ContainsFunc(m.Organizations, func(o *Organization) bool { return o.membersRequested() })
}

func (o *Organization) membersRequested() bool { return o.complete() && asksForMembers(&o.Snapshot) }

// asksForMembers reports whether the settings of a snapshot ask for members.
func asksForMembers(s *snapshot.Snapshot) bool {
	return s.MembersSetting == snapshot.MembersOn || s.MembersSetting == snapshot.MembersRedacted
}

// memberRow is a member with what the sheet Members says about it.
type memberRow struct {
	*ona.OrganizationMember
	// class is empty for a member who is suspended or has left.
	finding.Governance
	leaver bool
	// tokens are the personal access tokens that have not expired or may not have.
	tokens []*ona.PersonalAccessToken
}

// memberRows returns the members of a complete snapshot: those on the list of leavers who have
// access first, then by class, those without access last; then by name.
func (o *Organization) memberRows() []memberRow {
	governor := finding.NewGovernor(o.inventory(), o.Snapshot.TakenAt)
	tokens := make(map[string][]*ona.PersonalAccessToken)
	for i := range o.MemberTokens {
		t := &o.MemberTokens[i]
		if t.ExpiresAt.IsZero() || t.ExpiresAt.After(o.Snapshot.TakenAt) {
			tokens[t.UserID] = append(tokens[t.UserID], t)
		}
	}
	leavers := cmp.Or(o.Snapshot.Leavers, new(finding.Leavers))
	rows := make([]memberRow, len(o.Members))
	for i := range o.Members {
		m := &o.Members[i]
		row := memberRow{OrganizationMember: m, tokens: tokens[m.UserID]}
		if finding.HasAccess(*m) {
			row.Governance = governor.Of(*m)
			_, row.leaver = slices.BinarySearch(leavers.Members, m.UserID)
		}
		rows[i] = row
	}
	slices.SortStableFunc(rows, func(a, b memberRow) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), strings.Compare(diff.MemberName(*a.OrganizationMember),
			diff.MemberName(*b.OrganizationMember)))
	})
	return rows
}

func (m *memberRow) rank() int {
	switch {
	case m.leaver:
		return -1
	case m.Class == "":
		return len(finding.Classes)
	}
	return slices.Index(finding.Classes, m.Class)
}

// inventory returns what decides the classes of members.
func (o *Organization) inventory() *ona.Inventory {
	inventory := &ona.Inventory{SSONotAssessed: o.Snapshot.SSONotAssessed}
	for i := range o.SCIM {
		inventory.SCIM = append(inventory.SCIM, o.SCIM[i].SCIMConfiguration)
	}
	for i := range o.SSO {
		inventory.SSO = append(inventory.SSO, o.SSO[i].SSOConfiguration)
	}
	return inventory
}

// memberTable lists the members of every organization. A report shows it only if the settings ask
// for members.
func (r *report) memberTable() *table.Table {
	t := r.table("Members")
	t.Anchor = "user_id"
	if !r.ofMembers() {
		return t
	}
	r.alarm(t)
	t.Remark(table.RunLevel, governedMeans)
	for i, o := range r.Organizations {
		for _, m := range r.members[i] {
			t.Add(i, r.memberCells(i, &m)...)
		}
		s := &o.Snapshot
		if o.membersRequested() {
			r.remarkNone(t, i, len(o.Members), "member", s.MembersNotAssessed)
		}
		if len(o.Members) > 0 {
			t.Remark(i, r.label(i)+": "+r.classText(i))
		}
		if o.membersRequested() && s.MembersNotAssessed == "" && s.MemberTokensNotAssessed != "" {
			t.Missing(i, r.label(i)+": personal access tokens not assessed: "+s.MemberTokensNotAssessed)
		}
		if s.MembersSetting == snapshot.MembersRedacted {
			t.Remark(i, r.label(i)+": the settings redact members: no names are stored, and of each address only a salted "+
				"hash and the domain")
		}
		if l := s.Leavers; l != nil {
			t.Remark(i, fmt.Sprintf("%s: compared with the list of leavers that was last written at %s (SHA-256 %s): %s, of "+
				"which %d match no member exactly", r.label(i), UTC(l.DatedAt), l.SHA256, addresses(l.Entries), l.Unmatched))
		}
	}
	return t
}

func (r *report) memberCells(organization int, m *memberRow) []any {
	o := r.Organizations[organization]
	rules := r.failing[subject{organization, diff.Member, m.UserID}]
	class, reason := Word(m.Class), any(m.Reason)
	if m.Class == "" {
		class, reason = table.Why("no access"), table.Why("is suspended")
	}
	if m.Status == ona.UserStatusLeft {
		reason = table.Why("has left")
	}
	var onList, tokens any
	if o.Snapshot.Leavers != nil {
		onList = m.leaver
	}
	tokens = m.validTokens()
	if o.Snapshot.MemberTokensNotAssessed != "" {
		tokens = table.Why(NotChecked)
	}
	return []any{
		m.FullName, m.Email, class, reason, memberWord(m.Role), or(m.LoginProvider, NotReported), memberWord(m.Status),
		onList, tokens, table.List{Items: rules}, r.label(organization),
		table.List{Items: tokenTexts(m.tokens), Separator: "; "},
		table.Instant(m.MemberSince, NotReported), o.Snapshot.TakenAt,
		ona.CanonicalUnknown(m.Unknown), m.UserID, asReceived(m.Unknown),
	}
}

// validTokens counts the personal access tokens that have not expired, without those whose expiry
// is not reported.
func (m *memberRow) validTokens() int {
	return CountOf(m.tokens, func(t *ona.PersonalAccessToken) bool { return !t.ExpiresAt.IsZero() })
}

// tokenTexts describes personal access tokens: the description, the expiry and the last use.
func tokenTexts(tokens []*ona.PersonalAccessToken) []string {
	var texts []string
	for _, t := range tokens {
		text := cmp.Or(t.Description, t.ID)
		if t.ReadOnly {
			text += ", read-only"
		}
		expires := ", expires at " + UTC(t.ExpiresAt)
		if t.ExpiresAt.IsZero() {
			expires = ", expiry not reported"
		}
		if text += expires; !t.LastUsed.IsZero() {
			text += ", last used at " + UTC(t.LastUsed)
		}
		texts = append(texts, text)
	}
	return texts
}

// memberWord returns a role or a status of the API for people.
func memberWord(name string) string {
	word := apiWord(name)
	return strings.ReplaceAll(word, "unspecified", NotReported)
}

// classText counts the members of an organization by class: "42 active members: 3 not governed, 39
// governed".
func (r *report) classText(organizations ...int) string {
	counts, active, unknown, others := make(map[finding.Class]int), 0, 0, 0
	leavers := make(map[bool]int) // by whether they are known to be active
	for _, i := range organizations {
		for _, m := range r.members[i] {
			isActive := m.Status == ona.UserStatusActive
			switch {
			case m.Class == "":
				others++
			case isActive:
				active++
				counts[m.Class]++
			default:
				unknown++
			}
			if m.leaver {
				leavers[isActive]++
			}
		}
	}
	var texts []string
	for _, class := range finding.Classes {
		if n := counts[class]; n > 0 {
			texts = append(texts, fmt.Sprintf("%d %s", n, strings.ReplaceAll(string(class), "_", " ")))
		}
	}
	text := Count(active, "active member")
	if len(texts) > 0 {
		text += ": " + strings.Join(texts, ", ")
	}
	if unknown > 0 {
		text += fmt.Sprintf("; %d whose status is not known", unknown)
	}
	if n := leavers[false]; n > 0 {
		text += fmt.Sprintf(" (%d on the list of leavers)", n)
	}
	text += fmt.Sprintf("; %d suspended or left", others)
	switch n := leavers[true]; {
	case n == 1:
		text += "; 1 active member is on the list of leavers"
	case n > 1:
		text += fmt.Sprintf("; %d active members are on the list of leavers", n)
	}
	return text
}

// membersText counts the members of all organizations by class; empty if the settings do not ask
// for members.
func (r *report) membersText() string {
	var read, unread []int
	for i, o := range r.Organizations {
		switch {
		case !o.membersRequested():
		case o.Snapshot.MembersNotAssessed != "":
			unread = append(unread, i)
		default:
			read = append(read, i)
		}
	}
	switch {
	case len(read)+len(unread) == 0:
		return ""
	case len(read) == 0:
		return "Members not assessed."
	}
	text := r.classText(read...) + ". " + governedMeans
	if len(unread) > 0 {
		text += fmt.Sprintf(" Those of %s were not assessed.", Count(len(unread), "organization"))
	}
	return text
}

// addresses returns a number of e-mail addresses in words.
func addresses(n int) string {
	if n == 1 {
		return "1 address"
	}
	return fmt.Sprintf("%d addresses", n)
}

// tieMembers compares the counts of the members with their second sources.
func (r *report) tieMembers(all *TieOuts, organization int, o *Organization) {
	s := &o.Snapshot
	if s.MembersNotAssessed != "" {
		all.NotAssessed(organization, "Member records", s.MembersNotAssessed)
		return
	}
	recorded, _ := o.recorded(methodMembers, s.MemberListing.Pages)
	all.tieListings(organization, o, "Member", methodMembers, s.MemberListing)
	all.tieRows(organization, o, r.people, "Member", recorded,
		s.MembersReceived, s.MembersDistinct, s.Members, o.ViewMembers)
	const counted = "Members counted by the server"
	switch s.MembersCountRelation {
	case "COUNT_RESPONSE_RELATION_EQ":
		all.Compare(organization, counted+" = rows stored", s.MembersCounted, s.Members, "")
	case "":
		all.NotAssessed(organization, counted, "the server did not count them")
	default:
		all.Compare(organization, counted+", which is a lower bound = those of the rows stored", s.MembersCounted,
			min(s.MembersCounted, s.Members), "")
	}
	if s.MemberTokensNotAssessed == "" {
		all.Compare(organization, "Personal access tokens stored = rows of the database view", s.MemberTokens,
			o.ViewMemberTokens, "")
	}
	const check = "Members in the baseline + newly listed − no longer listed = rows of the database view"
	if why := o.membersNotCompared(); why != "" {
		all.NotAssessed(organization, check, why)
		return
	}
	all.Compare(organization, check, o.MembersBaseline.Members+NetListed(o.Changes), o.ViewMembers, "")
}

// membersNotCompared returns why the members of a snapshot could not be compared; empty if they
// were.
func (o *Organization) membersNotCompared() string {
	switch {
	case o.Baseline == nil:
		return baselineText
	case !o.membersRequested():
		return membersDropped
	case o.Snapshot.MembersNotAssessed != "":
		return o.Snapshot.MembersNotAssessed
	case o.MembersBaseline == nil:
		return "no snapshot since the settings ask for members could read them"
	case o.MembersBaseline.MembersSaltID != o.Snapshot.MembersSaltID:
		return "the last snapshot that has them stores them in another form: redacted, or with another salt"
	}
	return ""
}

// dropped returns the parts that the settings asked for when the members that these would be
// compared with were read, and do not ask for now.
func (o *Organization) dropped() (all []Coverage) {
	before := o.MembersBaseline
	add := func(part, why string) { all = append(all, Coverage{part, NoLongerAsked, why, before.TakenAt}) }
	switch {
	case before == nil:
	case !o.membersRequested():
		add(snapshot.PartMembers, membersDropped)
		if before.MemberTokensNotAssessed == "" {
			add(snapshot.PartTokens, membersDropped)
		}
	case before.Leavers != nil && o.Snapshot.Leavers == nil && o.Snapshot.MembersNotAssessed == "":
		add("list of leavers", "the settings no longer have a list of leavers, so nobody is compared with it")
	default:
		if names := o.takenOffList(); len(names) > 0 {
			all = append(all, Coverage{"list of leavers", AssessedInPart, "active members who matched it and no longer do: " +
				FirstOf(names, pageNames, ", "), before.TakenAt})
		}
	}
	return all
}

// takenOffList names the active members who matched the list of leavers when the members that these
// are compared with were read, and no longer do: they were taken off it, or have another address. Their
// findings end although they still have access.
func (o *Organization) takenOffList() (names []string) {
	before, now := o.MembersBaseline.Leavers, o.Snapshot.Leavers
	if before == nil || now == nil {
		return nil
	}
	for _, m := range o.Members {
		_, wasOnList := slices.BinarySearch(before.Members, m.UserID)
		_, isOnList := slices.BinarySearch(now.Members, m.UserID)
		if wasOnList && !isOnList && finding.HasAccess(m) {
			names = append(names, cmp.Or(m.FullName, m.Email, m.UserID))
		}
	}
	return names
}

// NetListed returns how many members the changes list anew, less those whom they no longer list.
func NetListed(changes []snapshot.Change) (n int) {
	for i := range changes {
		switch c := &changes[i]; {
		case c.SubjectType != diff.Member || c.Field != "" && c.Field != diff.StatusField:
		case c.Before == "":
			n++
		case c.After == "":
			n--
		}
	}
	return n
}
