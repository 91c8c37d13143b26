package evidence_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/evidence"
)

func TestARecordIsWhatTheDocumentationSays(t *testing.T) {
	form := evidence.NewForm("scim", "name", "enabled", "raw")
	got := string(form.Append(nil, []any{"Öst", int64(1), nil}))
	if d := cmp.Diff("4:scim,7:enabled,1:1,4:name,4:Öst,\n", got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestNoTwoRowsHaveTheSameRecord(t *testing.T) {
	form := evidence.NewForm("k", "a", "b")
	seen := make(map[string][]any)
	for _, row := range [][]any{
		{"", ""}, {nil, ""}, {"", nil}, {nil, nil}, {"1:b,", ""}, {"", "1:b,"}, {"x", "y"}, {"xy", ""},
		{int64(1), nil}, {nil, int64(1)},
	} {
		record := string(form.Append(nil, row))
		if other, found := seen[record]; found {
			t.Errorf("%v and %v have the same record", row, other)
		}
		seen[record] = row
	}
}

func TestAColumnThatIsAddedLaterChangesNoRecordOfBefore(t *testing.T) {
	before := evidence.NewForm("k", "a", "c").Append(nil, []any{"1", "3"})
	after := evidence.NewForm("k", "a", "b", "c").Append(nil, []any{"1", nil, "3"})
	if d := cmp.Diff(string(before), string(after)); d != "" {
		t.Errorf("(-before +after):\n%s", d)
	}
}

func TestALinkCoversTheLinkBeforeAndTheFact(t *testing.T) {
	form := evidence.NewForm("schedule", "id")
	first := evidence.Link("", form, []any{int64(1)})
	sum := sha256.Sum256([]byte("0:,8:schedule,2:id,1:1,\n"))
	if first != hex.EncodeToString(sum[:]) {
		t.Error("the link is not what the documentation says")
	}
	if evidence.Link(first, form, []any{int64(1)}) == first || evidence.Link("", form, []any{int64(2)}) == first {
		t.Error("another link before, or another fact, has the same link")
	}
}

func TestADigestCoversKindsHashesAndRecords(t *testing.T) {
	form := evidence.NewForm("change", "number")
	hash := form.Sum([]any{int64(7)})
	d := evidence.NewDigest()
	d.AddHashes("scim", hash[:])
	d.AddHashes("sso", nil)
	d.Add(form, []any{int64(1)})
	sum := sha256.Sum256([]byte("4:scim," + string(hash[:]) + "3:sso," + "6:change,6:number,1:1,\n"))
	if d.Sum() != hex.EncodeToString(sum[:]) {
		t.Error("the digest is not what the documentation says")
	}
}

func TestCheckFolderNamesWhatIsWrong(t *testing.T) {
	folder := t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sum := func(content string) string {
		s := sha256.Sum256([]byte(content))
		return hex.EncodeToString(s[:])
	}
	check := func(want ...string) {
		t.Helper()
		_, got, err := evidence.CheckFolder(folder)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
	check("SHA256SUMS is missing")
	write("a.csv", "a")
	write("b.csv", "b")
	write("SHA256SUMS", fmt.Sprintf("%s  a.csv\n%s  b.csv\n", sum("a"), sum("b")))
	check()
	write("b.csv", "c")
	write("c.csv", "c")
	write("SHA256SUMS", fmt.Sprintf("%s  a.csv\n%s  b.csv\n%s  gone.csv\n%s  ../a.csv\nx\n",
		sum("a"), sum("b"), sum("g"), sum("a")))
	check(
		fmt.Sprintf("b.csv has SHA-256 %s, SHA256SUMS says %s", sum("c"), sum("b")),
		"gone.csv is missing",
		fmt.Sprintf("SHA256SUMS has a line that names no file of the folder: %q", sum("a")+"  ../a.csv"),
		`SHA256SUMS has a line that names no file of the folder: "x"`,
		"c.csv is not named in SHA256SUMS")
}
