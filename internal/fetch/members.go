package fetch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"scim-auditor/internal/ona"
)

// people are the members of an organization with their tokens, or why they were not assessed.
type people struct {
	members            listed[ona.OrganizationMember]
	membersNotAssessed string
	tokens             []ona.PersonalAccessToken
	tokensNotAssessed  string
}

// readPeople reads the members and then their tokens, if the settings ask for them. Like the domain
// verifications they are not assessed if they cannot be read: readPeople fails only if the run
// ends.
func readPeople(ctx context.Context, r *reader) (p people, err error) {
	if !r.client.settings.Members {
		return people{membersNotAssessed: ona.MembersNotRequested, tokensNotAssessed: ona.MembersNotRequested}, nil
	}
	if p.members, err = r.client.memberListing(r.organizationID).read(ctx, r); err != nil {
		p.membersNotAssessed = err.Error()
		p.tokensNotAssessed = "the members could not be read"
		return p, endedOnly(ctx, err)
	}
	if p.tokens, err = r.memberTokens(ctx, p.members.rows); err != nil {
		p.tokens, p.tokensNotAssessed = nil, err.Error()
	}
	return p, endedOnly(ctx, err)
}

// endedOnly returns err if the run has ended, otherwise nil.
func endedOnly(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return nil
	}
	return err
}

func (l *Collection) people(p people) {
	i := &l.Inventory
	i.Members, l.Members, i.MembersNotAssessed = p.members.rows, p.members.Listing, p.membersNotAssessed
	i.MemberTokens, i.MemberTokensNotAssessed = p.tokens, p.tokensNotAssessed
}

// allStatuses requests every member. Without a filter the API may leave out those who are suspended
// or have left.
var allStatuses = []string{ona.UserStatusActive, ona.UserStatusSuspended, ona.UserStatusLeft}

func (c *Client) memberListing(organizationID string) listing[ona.OrganizationMember] {
	redaction := c.settings.Redaction
	return listing[ona.OrganizationMember]{
		source: source{
			method: ona.ListMembers, field: "members", counted: true, private: redaction != nil,
			request: request{
				OrganizationID: organizationID, Filter: &filter{Statuses: allStatuses}, Count: &countRequest{Include: true},
			},
		},
		noun: "member",
		decode: func(raw jsontext.Value, unknown fieldSet) (*ona.OrganizationMember, error) {
			m, err := decodeMember(raw, unknown)
			if err == nil && redaction != nil {
				*m = redaction.Member(*m)
			}
			return m, err
		},
		ids:      func(m *ona.OrganizationMember) (string, string) { return m.UserID, "" },
		received: func(m *ona.OrganizationMember) []byte { return m.Raw },
	}
}

// memberTokens returns the personal access tokens of the members, sorted by id.
func (r *reader) memberTokens(
	ctx context.Context, members []ona.OrganizationMember,
) (all []ona.PersonalAccessToken, err error) {
	for some := range slices.Chunk(members, MaxFilterIDs) {
		var ids []string
		for _, m := range some {
			ids = append(ids, m.UserID)
		}
		tokens, err := r.client.memberTokenListing(ids).read(ctx, r)
		if err != nil {
			return nil, err
		}
		for _, t := range tokens.rows {
			if !slices.Contains(ids, t.UserID) {
				return nil, &Error{Code: CodeIncompleteListing, Method: ona.ListPersonalAccessTokens, Err: fmt.Errorf(
					"token %s belongs to user %s, who was not asked for: the server does not select by user", t.ID, t.UserID)}
			}
		}
		all = append(all, tokens.rows...)
	}
	slices.SortFunc(all, func(a, b ona.PersonalAccessToken) int { return strings.Compare(a.ID, b.ID) })
	for i := 1; i < len(all); i++ {
		if all[i].ID == all[i-1].ID {
			return nil, &Error{Code: CodeIncompleteListing, Method: ona.ListPersonalAccessTokens, Err: fmt.Errorf(
				"token %s is listed for two users", all[i].ID)}
		}
	}
	return all, nil
}

func (c *Client) memberTokenListing(userIDs []string) listing[ona.PersonalAccessToken] {
	redaction := c.settings.Redaction
	return listing[ona.PersonalAccessToken]{
		source: source{
			method: ona.ListPersonalAccessTokens, field: "personalAccessTokens", private: redaction != nil,
			request: request{Filter: &filter{UserIDs: userIDs}},
		},
		noun: "personal access token",
		decode: func(raw jsontext.Value, unknown fieldSet) (*ona.PersonalAccessToken, error) {
			t, err := decodeMemberToken(raw, unknown)
			if err == nil {
				*t = redaction.Token(*t)
			}
			return t, err
		},
		ids:      func(t *ona.PersonalAccessToken) (string, string) { return t.ID, "" },
		received: func(t *ona.PersonalAccessToken) []byte { return t.Raw },
	}
}

// rowCount is how many rows a list has, as the server counts. relation is countExact, or another
// value if the list may have more.
type rowCount struct {
	value    int
	relation string
}

const countExact = "COUNT_RESPONSE_RELATION_EQ"

// takeCount removes the server's count from the members of a page; nil if it has none.
func takeCount(page members) (*rowCount, error) {
	count, err := page.object("count")
	if err != nil || count == nil {
		return nil, err
	}
	c := &rowCount{}
	if c.relation, err = count.text("count.relation"); err != nil {
		return nil, err
	}
	if value := count.take("value"); value != nil {
		// An int64 is a string.
		if c.value, err = strconv.Atoi(strings.Trim(string(value), `"`)); err != nil || c.value < 0 {
			return nil, fmt.Errorf("field count.value is not a number of rows: %s", plain(string(value)))
		}
	}
	if c.relation == "" {
		c.relation = "COUNT_RESPONSE_RELATION_UNSPECIFIED"
	}
	return c, nil
}

// checkCount compares the rows of a whole listing with the server's count.
func (l Listing) checkCount() error {
	switch {
	case l.CountRelation == "":
	case l.CountRelation == countExact && l.Distinct != l.Counted:
		return fmt.Errorf("the server counts %d, but %d were listed", l.Counted, l.Distinct)
	case l.Distinct < l.Counted:
		return fmt.Errorf("the server counts at least %d, but %d were listed", l.Counted, l.Distinct)
	}
	return nil
}

// withheldText stands for a text of the server that may name members.
const withheldText = "[withheld: members are redacted]"

// redactEntry returns an entry of the audit log as it is kept. Its action is free text that may
// name anybody: only its hash is kept, so that the same action has the same text. The values of its
// unknown fields become hashes.
func (c *Client) redactEntry(e *ona.AuditLogEntry) {
	if redaction := c.settings.Redaction; redaction != nil {
		if e.Action != "" {
			e.Action = withheldText + " " + redaction.Text(e.Action)
		}
		e.Unknown = redaction.Fields(e.Unknown)
	}
}

// errConcealed stands for an error that may quote a member's name or address.
var errConcealed = errors.New("what is wrong is not shown, because the settings redact members")

func (s source) conceal(err error) error {
	if s.private {
		return errConcealed
	}
	return err
}

// withheld returns the exchange as it is kept: of a private one no response, and of its page token
// a hash, because a token can be the sort key of a row.
func (c *Client) withheld(s source, x Exchange, token string) Exchange {
	if !s.private {
		return x
	}
	x.Body, x.ResponseWithheld = nil, true
	if token != "" {
		encoded, _ := json.Marshal(token) // a string always has a JSON form
		hashed, _ := json.Marshal(c.settings.Redaction.Text(token))
		x.Request = strings.Replace(x.Request, string(encoded), string(hashed), 1)
	}
	return x
}
