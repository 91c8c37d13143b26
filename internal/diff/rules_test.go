package diff

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"scim-auditor/internal/ona"
)

// kinds returns the values of the Kind constants, read from the source so that a new one cannot be
// forgotten here.
func kinds(t *testing.T) []Kind {
	t.Helper()
	source, err := parser.ParseFile(token.NewFileSet(), "change.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []Kind
	ast.Inspect(source, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); ok && name.Name == "Kind" {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, Kind(value))
		}
		return true
	})
	return all
}

func TestEveryKindHasASeverityAndACase(t *testing.T) {
	var cases strings.Builder
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		cases.Write(data)
	}
	all := kinds(t)
	for _, k := range all {
		used := false
		for subject := range precedence {
			s := severity(subject, k)
			if s == "" {
				continue
			}
			used = true
			if !slices.Contains(Severities, s) {
				t.Errorf("%s of %s has the unknown severity %q", k, subject, s)
			}
			if line := string(s) + " " + string(k) + ": " + string(subject); !strings.Contains(cases.String(), "\n"+line) {
				t.Errorf("no case shows %q", line)
			}
		}
		if !used {
			t.Errorf("no type of subject has the kind %s", k)
		}
	}
	for subject, rules := range precedence {
		for _, r := range rules {
			if !slices.Contains(all, r.kind) {
				t.Errorf("%s has the kind %q, which change.go does not define", subject, r.kind)
			}
		}
	}
}

// A field of the API's nouns that nobody compares would be a change that nobody sees.
func TestNoFieldIsOverlooked(t *testing.T) {
	for name, subject := range map[string]func(*ona.Inventory) any{
		"Organization":         func(in *ona.Inventory) any { return &in.Organization },
		"SCIMConfiguration":    func(in *ona.Inventory) any { return &in.SCIM[0] },
		"SSOConfiguration":     func(in *ona.Inventory) any { return &in.SSO[0] },
		"OrganizationPolicies": func(in *ona.Inventory) any { return in.Policies },
	} {
		fields := reflect.TypeOf(subject(sample())).Elem()
		for i := range fields.NumField() {
			field := fields.Field(i).Name
			if field == "ID" || field == "Raw" || name+field == "OrganizationUpdatedAt" {
				continue
			}
			t.Run(name+"/"+field, func(t *testing.T) {
				before, after := sample(), sample()
				setSomething(t, reflect.ValueOf(subject(after)).Elem().Field(i))
				if changes := Compute(*before, *after, nil); len(changes) != 1 {
					t.Errorf("changes for one field that differs: %q", format(changes))
				}
			})
		}
	}
}

func sample() *ona.Inventory {
	return &ona.Inventory{
		Organization: ona.Organization{ID: "org"},
		SCIM:         []ona.SCIMConfiguration{{ID: "s1"}},
		SSO:          []ona.SSOConfiguration{{ID: "x1"}},
		Policies:     &ona.OrganizationPolicies{},
	}
}

func setSomething(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Interface().(type) {
	case string:
		v.SetString("something")
		return
	case bool:
		v.SetBool(true)
		return
	case time.Time:
		v.Set(reflect.ValueOf(epoch))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		v.Elem().SetBool(true)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("something"), reflect.ValueOf([]byte("1")).Convert(v.Type().Elem()))
	default:
		t.Fatalf("teach this test to set a %s", v.Type())
	}
}
