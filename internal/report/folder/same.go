package folder

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"scim-auditor/internal/evidence"
)

// same reports whether an existing report is intact, and differs from the one in the folder written
// only in its origin. Such a report stays: its signature and its timestamp prove its age, and a new
// one would have a later timestamp. A report without the signature that is needed is not the same.
func same(written, existing string, signed bool) bool {
	_, problems, err := evidence.CheckFolder(existing)
	if err != nil || len(problems) > 0 {
		return false
	}
	wantManifest, errWant := readManifest(written)
	gotManifest, errGot := readManifest(existing)
	if errWant != nil || errGot != nil || !reflect.DeepEqual(wantManifest, gotManifest) {
		return false
	}
	want, errWant := os.ReadFile(filepath.Join(written, evidence.SumsFile))
	got, errGot := os.ReadFile(filepath.Join(existing, evidence.SumsFile))
	if errWant != nil || errGot != nil || withoutManifest(want) != withoutManifest(got) {
		return false
	}
	return sealed(existing, got, signed)
}

// readManifest returns the members of a manifest except the origin.
func readManifest(folder string) (members map[string]any, err error) {
	content, err := os.ReadFile(filepath.Join(folder, ManifestFile))
	if err != nil {
		return nil, err
	}
	err = json.Unmarshal(content, &members)
	delete(members, "written")
	return members, err
}

func withoutManifest(sums []byte) string {
	return strings.Join(slices.DeleteFunc(strings.Split(string(sums), "\n"), func(line string) bool {
		return strings.HasSuffix(line, "  "+ManifestFile)
	}), "\n")
}

// sealed reports whether a signature and a timestamp are valid if they exist, and whether a
// signature exists if it must.
func sealed(folder string, sums []byte, signed bool) bool {
	signature, err := evidence.ReadFile(filepath.Join(folder, evidence.SignatureFile))
	if err == nil {
		_, err = evidence.CheckSignature(sums, signature, nil)
	} else if !signed && errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return false
	}
	response, err := evidence.ReadFile(filepath.Join(folder, evidence.TimestampFile))
	if err == nil {
		_, err = evidence.CheckTimestamp(sums, response, nil)
	}
	return err == nil || errors.Is(err, fs.ErrNotExist)
}
