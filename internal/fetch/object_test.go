package fetch

import (
	"bytes"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/ona"
)

// member is what objectMembers gives at a time.
type member struct{ Name, Value string }

func membersOf(object string) (all []member) {
	for name, value := range objectMembers(jsontext.Value(object)) {
		all = append(all, member{string(name), string(value)})
	}
	return all
}

func TestTheMembersOfAnObjectAreFound(t *testing.T) {
	for object, want := range map[string][]member{
		`{}`:               nil,
		"{ \n\t\r}":        nil,
		`{"a":1}`:          {{"a", "1"}},
		`{"":"","b":null}`: {{"", `""`}, {"b", "null"}},
		`{"a":{"b":[1,"}]\"",{}]},"c":[[],{"d":"\\"}],"e":false}`: {{"a", `{"b":[1,"}]\"",{}]}`}, {"c", `[[],{"d":"\\"}]`}, {"e", "false"}},
		"{ \"a\" : -1.5e+3 ,\n\"b\"\t:\r\"x,y\" , \"c\" : true }": {{"a", "-1.5e+3"}, {"b", `"x,y"`}, {"c", "true"}},
		`{"\u0069d":"\u00e9\ud83d\ude00","q\"\\":"{\"a\":1}"}`:    {{"id", `"\u00e9\ud83d\ude00"`}, {`q"\`, `"{\"a\":1}"`}},
	} {
		if d := cmp.Diff(want, membersOf(object)); d != "" {
			t.Errorf("%s (-want +got):\n%s", object, d)
		}
	}
}

func TestAWalkOverMembersMayEndEarly(t *testing.T) {
	for name := range objectMembers(jsontext.Value(`{"a":1,"b":2}`)) {
		if string(name) != "a" {
			t.Errorf("it went on to %s", name)
		}
		break
	}
}

// wireSCIM is a row as the JSON library reads it, which decodeSCIM must agree with.
type wireSCIM struct {
	ID                                 string  `json:"id"`
	OrganizationID                     string  `json:"organizationId"`
	Name                               string  `json:"name"`
	Enabled                            bool    `json:"enabled"`
	SSOConfigurationID                 string  `json:"ssoConfigurationId"`
	CreatedAt                          *string `json:"createdAt"`
	UpdatedAt                          *string `json:"updatedAt"`
	TokenExpiresAt                     *string `json:"tokenExpiresAt"`
	AllowUnverifiedEmailAccountLinking *bool   `json:"allowUnverifiedEmailAccountLinking"`
	Unknown                            members `json:",embed"`
}

// FuzzRowAgainstTheLibrary holds that a row which is valid JSON is read as the JSON library reads it, that both refuse the same rows, and
// that what was received is not written to.
func FuzzRowAgainstTheLibrary(f *testing.F) {
	for _, row := range []string{
		`{"id":"a"}`, `{"id":7}`, `{"id":null}`, `{}`, `null`, `[]`, `"{}"`, `{"id":"A","name":5}`, `{"id":"a","enabled":"true"}`,
		`{"\u0069d":"a\u002d1","name":"\ud83d\ude00","enabled":true,"createdAt":"2024-01-01T00:00:00.5+01:00","other":[ 1.50 , {"b":1,"a":2}]}`,
		`{ "id" : "a" , "updatedAt" : null , "tokenExpiresAt" : "9999-12-31T23:59:59.999999999Z" , "ID" : 1e3 }`,
		`{"id":"a","createdAt":"9999-12-31T23:59:59-01:00"}`, `{"id":"a","createdAt":"0001-01-01T00:00:00+00:01"}`,
		`{"id":"a","createdAt":"0000-12-31T23:59:59Z"}`, `{"id":"a","createdAt":"2024-01-01T00:00:00.1234567890Z"}`, `{"id":"a","createdAt":""}`,
		`{"id":"a","allowUnverifiedEmailAccountLinking":false,"ssoConfigurationId":"` + strings.ToUpper(ssoA) + `","organizationId":""}`,
		`{"id":"a","x":` + strings.Repeat("[", 61) + strings.Repeat("]", 61) + `}`, `{"id":"a","x":` + strings.Repeat("[", 62) + strings.Repeat("]", 62) + `}`,
	} {
		f.Add([]byte(row))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		row := jsontext.Value(bytes.TrimSpace(text)) // as a page holds it
		if !row.IsValid() || depth(row) > maxDepth-2 {
			return // the page is refused before its rows are looked into, or the row with it
		}
		before := string(row)
		got, gotErr := decodeSCIM(row, fieldSet{})
		if string(row) != before {
			t.Fatalf("the row was written to:\n%q\n%q", before, row)
		}
		want, wantErr := decodeByLibrary(row)
		if (gotErr == nil) != (wantErr == nil) {
			t.Fatalf("%q: error %v, the library's way %v", row, gotErr, wantErr)
		}
		if d := cmp.Diff(want, got.value.Canonical()); gotErr == nil && d != "" {
			t.Fatalf("%q (-library +got):\n%s", row, d)
		}
	})
}

// decodeByLibrary is decodeSCIM's job as the JSON library does it: the canonical JSON of the row.
func decodeByLibrary(row jsontext.Value) (string, error) {
	var w wireSCIM
	if err := decodeObject(row, &w); err != nil {
		return "", err
	}
	var c checker
	configuration := ona.SCIMConfiguration{
		ID: c.requiredID("id", w.ID), OrganizationID: c.id("organizationId", w.OrganizationID), Name: w.Name, Enabled: w.Enabled,
		SSOConfigurationID: c.id("ssoConfigurationId", w.SSOConfigurationID), CreatedAt: c.instant("createdAt", w.CreatedAt),
		UpdatedAt: c.instant("updatedAt", w.UpdatedAt), TokenExpiresAt: c.instant("tokenExpiresAt", w.TokenExpiresAt),
		AllowUnverifiedEmailAccountLinking: w.AllowUnverifiedEmailAccountLinking, Unknown: c.unknown(fieldSet{}, scimType, w.Unknown),
	}
	if c.err != nil {
		return "", c.err
	}
	return configuration.Canonical(), nil
}
