package fetch

import (
	"bytes"
	gocmp "cmp"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/ona"
)

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

// FuzzRowAgainstTheLibrary holds that a row which is valid JSON is read as the JSON library reads
// it, that both refuse the same rows, and that what was received is not written to.
func FuzzRowAgainstTheLibrary(f *testing.F) {
	for _, row := range []string{
		`{"id":"a"}`, `{"id":7}`, `{"id":null}`, `{}`, `null`, `[]`, `"{}"`, `{"id":"A","name":5}`,
		`{"id":"a","enabled":"true"}`,
		`{"\u0069d":"a\u002d1","name":"\ud83d\ude00","enabled":true,"createdAt":"2024-01-01T00:00:00.5+01:00","other":[ 1.50 , {"b":1,"a":2}]}`,
		`{ "id" : "a" , "updatedAt" : null , "tokenExpiresAt" : "9999-12-31T23:59:59.999999999Z" , "ID" : 1e3 }`,
		`{"id":"a","createdAt":"9999-12-31T23:59:59-01:00"}`, `{"id":"a","createdAt":"0001-01-01T00:00:00+00:01"}`,
		`{"id":"a","createdAt":"0000-12-31T23:59:59Z"}`, `{"id":"a","createdAt":"2024-01-01T00:00:00.1234567890Z"}`,
		`{"id":"a","createdAt":""}`,
		`{"id":"a","allowUnverifiedEmailAccountLinking":false,"ssoConfigurationId":"` + strings.ToUpper(ssoA) +
			`","organizationId":""}`,
		`{"id":"a","x":` + strings.Repeat("[", 61) + strings.Repeat("]", 61) + `}`, `{"id":"a","x":` +
			strings.Repeat("[", 62) + strings.Repeat("]", 62) + `}`,
	} {
		f.Add([]byte(row))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		row := jsontext.Value(bytes.TrimSpace(text)) // as a page holds it
		if !row.IsValid() || depth(row) > maxDepth-2 {
			return // the page is refused before its rows are looked into, or the row with it
		}
		var names map[string]jsontext.Value
		if json.Unmarshal(row, &names) == nil && strings.Contains(strings.Join(slices.Collect(maps.Keys(names)), ""), "_") {
			return // the library reads one spelling only
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
		if d := cmp.Diff(want, got.Canonical()); gotErr == nil && d != "" {
			t.Fatalf("%q (-library +got):\n%s", row, d)
		}
	})
}

// decodeByLibrary is decodeSCIM's job as the JSON library does it: the canonical JSON of the row.
func decodeByLibrary(row jsontext.Value) (string, error) {
	var w wireSCIM
	if err := json.Unmarshal(row, &w); err != nil || row.Kind() != jsontext.KindBeginObject {
		return "", gocmp.Or(err, errors.New("not an object"))
	}
	c := ona.SCIMConfiguration{
		Name: w.Name, Enabled: w.Enabled, AllowUnverifiedEmailAccountLinking: w.AllowUnverifiedEmailAccountLinking,
		Unknown: ona.Unknown{},
	}
	var errs [6]error
	c.ID, errs[0] = requireID("id", w.ID)
	c.OrganizationID, errs[1] = parseID("organizationId", w.OrganizationID)
	c.SSOConfigurationID, errs[2] = parseID("ssoConfigurationId", w.SSOConfigurationID)
	for i, field := range []struct {
		text *string
		into *time.Time
	}{{w.CreatedAt, &c.CreatedAt}, {w.UpdatedAt, &c.UpdatedAt}, {w.TokenExpiresAt, &c.TokenExpiresAt}} {
		if field.text != nil {
			*field.into, errs[3+i] = parseInstant("time", *field.text)
		}
	}
	for name, value := range w.Unknown {
		if value.Kind() != jsontext.KindNull {
			kept, err := canonicalJSON(value)
			if err != nil {
				return "", err
			}
			c.Unknown[name] = kept
		}
	}
	if err := errors.Join(errs[:]...); err != nil {
		return "", err
	}
	return c.Canonical(), nil
}
