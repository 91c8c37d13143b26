// Package reporttest has what the tests of the reports share.
package reporttest

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/snapshot"
)

// HostileNames try to break out of their cell or line in one of the files.
var HostileNames = []string{
	`=HYPERLINK("https://evil.example","click")`,
	`+1+1`,
	`-2+3`,
	`- an item`,
	`10) of a list`,
	`@SUM(A1)`,
	"\t=1",
	"\r=1",
	"＝1+1",
	"a | b | c",
	"line one\n| forged | row |",
	"line one\r\n## Forged heading",
	"page\u2028separator",
	`<script>alert(1)</script>`,
	`<!-- comment`,
	"`code` ``more``",
	`[click](https://evil.example) ![img](x)`,
	`**bold** __under__ ~~gone~~ # heading`,
	`back\slash \| pipe`,
	"right\u202eto\u2066left",
	"zero\u200bwidth\ufeff\u00ad",
	"_x0041_ and _x005F_x0041_ and _x0041_x0042_",
	"bell\a and null\x00",
	`&amp; &lt;b&gt;`,
	"https://evil.example www.evil.example",
	`'quote "double", comma;`,
	strings.Repeat("long😀", 9_000),
	"\x1b[31mred\x1b[0m \x1b]0;title\a \u009b2J",
	"invalid \xff\xfe UTF-8",
	"</t></is></c><c r=\"A1\"><f>1+1</f></c> ]]> <![CDATA[",
	"a,b;c\td\"e\"",
	"$x^2$ :smile: @team ~~~ ```\n``` <b>1. - + ---",
	"http://evil.example mailto:a@evil.example a@evil.example",
}

var update = flag.Bool("update", false, "rewrite the golden files")

// Golden compares got with a file, or rewrites the file.
func Golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s differs (-want +got); go test -update rewrites it:\n%s", path, d)
	}
}

// OpenStore returns an empty store.
func OpenStore(t *testing.T) *snapshot.Store {
	t.Helper()
	store, err := snapshot.Open(t.Context(), filepath.Join(t.TempDir(), "auditor.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// File returns the content of one of the files of a report.
func File(t *testing.T, files []folder.File, name string) []byte {
	t.Helper()
	for _, f := range files {
		if f.Name == name {
			var b bytes.Buffer
			if err := f.Write(&b); err != nil {
				t.Fatal(err)
			}
			return b.Bytes()
		}
	}
	t.Fatalf("the report has no %s", name)
	return nil
}

// Contents returns the files of a folder by name.
func Contents(t *testing.T, folder string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(data)
	}
	return all
}

// StrictSchema compiles a part of a JSON schema so that it allows no member that it does not name.
func StrictSchema(t *testing.T, text []byte, part string) *jsonschema.Schema {
	t.Helper()
	const name = "report.schema.json"
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	closeObjects(schema)
	delete(schema.(map[string]any), "$id") // of the document
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource(name, schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile(name + part)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func closeObjects(node any) {
	switch node := node.(type) {
	case map[string]any:
		for _, value := range node {
			closeObjects(value)
		}
		if node["required"] != nil && node["oneOf"] == nil {
			node["additionalProperties"] = false
		}
	case []any:
		for _, value := range node {
			closeObjects(value)
		}
	}
}

// Validate returns how a JSON text differs from a schema.
func Validate(t *testing.T, schema *jsonschema.Schema, text []byte) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(value)
}
