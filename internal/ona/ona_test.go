package ona_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"scim-auditor/internal/ona"
)

func TestCanonicalJSONHasTheAPIsNamesInOrderAndLeavesOutWhatIsAbsent(t *testing.T) {
	allowed := false
	full := ona.SCIMConfiguration{
		ID: "c", OrganizationID: "o", Name: `<Okta> & "more"`, Enabled: true, SSOConfigurationID: "s",
		CreatedAt:                          time.Date(2026, 1, 2, 3, 4, 5, 117_000_000, time.FixedZone("", 3600)),
		TokenExpiresAt:                     time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC),
		AllowUnverifiedEmailAccountLinking: &allowed,
		Unknown:                            map[string]json.RawMessage{"region": json.RawMessage(`{"a":[1,2.50]}`)},
	}
	for _, tc := range []struct{ got, want string }{
		{full.Canonical(), `{"allowUnverifiedEmailAccountLinking":false,"createdAt":"2026-01-02T02:04:05.117000000Z","enabled":true,"id":"c",` +
			`"name":"<Okta> & \"more\"","organizationId":"o","region":{"a":[1,2.50]},"ssoConfigurationId":"s","tokenExpiresAt":"2027-01-02T03:04:05.000000000Z"}`},
		{ona.SCIMConfiguration{ID: "c"}.Canonical(), `{"enabled":false,"id":"c"}`},
		{ona.SSOConfiguration{ID: "s", Claims: map[string]string{"b": "2", "a": "1"},
			EmailDomains: []string{"x.example"}}.Canonical(),
			`{"claims":{"a":"1","b":"2"},"emailDomains":["x.example"],"id":"s"}`},
		{ona.OrganizationPolicies{RestrictAccountCreationToSCIM: true}.Canonical(), `{"restrictAccountCreationToScim":true}`},
		{ona.CanonicalUnknown(nil), ""},
	} {
		if tc.got != tc.want {
			t.Errorf("got  %s\nwant %s", tc.got, tc.want)
		}
	}
}

func TestAnInstantSortsAsItsText(t *testing.T) {
	instants := []time.Time{
		time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		time.Date(2026, 1, 2, 3, 4, 5, 1, time.UTC),
		time.Date(2026, 1, 2, 4, 4, 5, 500_000_000, time.FixedZone("", 3600)),
		time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC),
	}
	for i := 1; i < len(instants); i++ {
		if before, after := ona.FormatTime(instants[i-1]), ona.FormatTime(instants[i]); before >= after {
			t.Errorf("%s does not sort before %s", before, after)
		}
	}
}

func TestAnInstantIsReadBackAsItWasWritten(t *testing.T) {
	for _, want := range []time.Time{{}, time.Date(2026, 1, 2, 3, 4, 5, 123_456_789, time.UTC)} {
		got, err := ona.ParseTime(ona.FormatTime(want))
		if err != nil || !got.Equal(want) {
			t.Errorf("%v came back as %v (error %v)", want, got, err)
		}
	}
	if _, err := ona.ParseTime("yesterday"); err == nil {
		t.Error("a text that is no instant was read")
	}
}

func TestEveryFieldOfAnAPIObjectHasTheAPIsName(t *testing.T) {
	testFields[ona.Organization](t)
	testFields[ona.SCIMConfiguration](t)
	testFields[ona.SSOConfiguration](t)
	testFields[ona.OrganizationPolicies](t)
	testFields[ona.DomainVerification](t)
	testFields[ona.OrganizationMember](t)
	testFields[ona.PersonalAccessToken](t)
	testFields[ona.AuditLogEntry](t, "ActorName") // from the members, not from the log
}

// testFields holds that every field of T but Unknown, Raw and those of others has a name of its own and a type that
// fetch can decode.
func testFields[T any](t *testing.T, others ...string) {
	t.Helper()
	fields := ona.FieldsOf[T]()
	names := make(map[string]bool)
	for _, f := range fields {
		names[f.Name] = true
		switch p := f.Pointer(new(T)).(type) {
		case *string:
		case *bool, **bool, *time.Time, *[]string, *map[string]string:
			if f.ID {
				t.Errorf("%T: field %s is an id of type %T", *new(T), f.Name, p)
			}
		default:
			t.Errorf("%T: field %s has type %T", *new(T), f.Name, p)
		}
	}
	if all := reflect.TypeFor[T]().NumField() - len(append(others, "Unknown", "Raw")); len(names) != all {
		t.Errorf("%T has %d fields and %d names", *new(T), all, len(names))
	}
}

func TestIDsAreReadAsTheDatabaseHoldsThem(t *testing.T) {
	for given, want := range map[string]string{
		"": "", "idp-1": "idp-1", "Not-A-UUID": "Not-A-UUID",
		"182BD5E5-6E1A-4FE4-A799-AA6D9A6AB26E": "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e",
		"182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e": "182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e",
		"182BD5E5-6E1A-4FE4-A799_AA6D9A6AB26E": "182BD5E5-6E1A-4FE4-A799_AA6D9A6AB26E",
	} {
		if got, err := ona.ParseID(given); err != nil || got != want {
			t.Errorf("%q is read as %q, %v; want %q", given, got, err, want)
		}
	}
	for _, given := range []string{" a", "a ", "a\nb", "a\u200bb", strings.Repeat("x", 256)} {
		if got, err := ona.ParseID(given); err == nil {
			t.Errorf("%q is read as %q", given, got)
		}
	}
}

func TestARedactionHidesWhoAMemberIsAndKeepsWhatIsCompared(t *testing.T) {
	r := ona.NewRedaction([]byte("salt"))
	email := r.Email("Ada@acme.example")
	if !strings.HasSuffix(email, "@acme.example") || len(email) != 32+len("@acme.example") ||
		email != r.Email(" ada@ACME.example ") {
		t.Errorf("address %q", email)
	}
	if other := ona.NewRedaction([]byte("other")); other.Email("ada@acme.example") == email ||
		other.SaltID() == r.SaltID() || r.SaltID() == "" {
		t.Error("another salt gives the same hashes")
	}
	for _, address := range []string{"cy@acme.example (Cy Ahmed, HR)", "no address"} {
		if got := r.Email(address); len(got) != 32 {
			t.Errorf("address %q of %q", got, address)
		}
	}
	m := ona.OrganizationMember{UserID: "u", FullName: "Ada", Email: "ada@acme.example", AvatarURL: "https://x/ada",
		Role:    "r",
		Unknown: ona.Unknown{"nick": []byte(`"ada"`)}, Raw: []byte(`{"fullName":"Ada"}`)}
	hidden := r.Member(m)
	if hidden.FullName+hidden.AvatarURL != "" || hidden.Email != email || hidden.Role != "r" ||
		string(hidden.Raw) != hidden.Canonical() ||
		strings.Contains(hidden.Canonical(), "ada") || string(m.Unknown["nick"]) != `"ada"` {
		t.Errorf("%s", hidden.Canonical())
	}
	var none *ona.Redaction
	if same := none.Member(m); same.Canonical() != m.Canonical() || none.SaltID() != "" || none.Email("A") != "A" ||
		r.Email("") != "" {
		t.Error("no redaction changes something")
	}
}
