package ona_test

import (
	"encoding/json"
	"math/rand/v2"
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
		{ona.SSOConfiguration{ID: "s", Claims: map[string]string{"b": "2", "a": "1"}, EmailDomains: []string{"x.example"}}.Canonical(),
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

func TestEveryInstantIsWrittenInTheOneLayout(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		at := time.Unix(random.Int64N(1<<38)-1<<36, random.Int64N([]int64{1, 1e3, 1e9}[random.IntN(3)])).In(time.FixedZone("", random.IntN(86_400)-43_200))
		if got, want := ona.FormatTime(at), at.UTC().Format(ona.TimeLayout); got != want {
			t.Fatalf("%v is written as %s, not %s", at, got, want)
		}
	}
}
