package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// placesIn returns the rows of the table below a heading of CONTRIBUTING.md: the files that the row names, and the
// identifiers of its text, each in backticks.
func placesIn(t *testing.T, heading string) (places []place) {
	t.Helper()
	text := readPage(t, "CONTRIBUTING.md")
	_, section, found := strings.Cut(text, "## "+heading+"\n")
	if !found {
		t.Fatalf("CONTRIBUTING.md has no section %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	quoted := regexp.MustCompile("`([^`]+)`")
	names := func(cell string) (all []string) {
		for _, m := range quoted.FindAllStringSubmatch(cell, -1) {
			all = append(all, m[1])
		}
		return all
	}
	for line := range strings.Lines(section) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !strings.Contains(cells[2], "`") {
			continue
		}
		p := place{identifiers: names(cells[3])}
		folder := ""
		for _, file := range names(cells[2]) {
			if !strings.Contains(file, "/") { // the same folder as the file before
				file = folder + file
			}
			folder = file[:strings.LastIndex(file, "/")+1]
			p.files = append(p.files, file)
		}
		places = append(places, p)
	}
	if len(places) < 5 {
		t.Fatalf("%d places of %q", len(places), heading)
	}
	return places
}

type place struct{ files, identifiers []string }

// content returns the text of a file of the repository, or of all files below a folder.
func content(t *testing.T, path string) string {
	t.Helper()
	var all bytes.Buffer
	err := filepath.WalkDir(filepath.Join("../..", path), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Errorf("CONTRIBUTING.md names %s: %v", path, err)
	}
	return all.String()
}

func TestContributingNamesWhatIsThere(t *testing.T) {
	for _, heading := range []string{"A new field of the API", "A new kind of listing"} {
		for _, p := range placesIn(t, heading) {
			var text strings.Builder
			for _, file := range p.files {
				text.WriteString(content(t, file))
			}
			folder := filepath.Join("../..", filepath.FromSlash(p.files[0][:strings.LastIndex(p.files[0], "/")+1]))
			for _, identifier := range p.identifiers {
				if _, err := os.Stat(filepath.Join(folder, identifier)); err == nil {
					continue // a file of the same folder
				}
				if !strings.Contains(text.String(), identifier) {
					t.Errorf("%s: %q does not mention %s", heading, p.files, identifier)
				}
			}
		}
	}
}

// The field that came last shows where a field is named. The rules that need the field, and the world that measurements
// run in, are named in the text.
func TestContributingNamesEveryPlaceOfAField(t *testing.T) {
	field := regexp.MustCompile(`(?i)allow_?unverified_?email_?account_?linking`)
	for _, p := range placesIn(t, "A new field of the API") {
		for _, file := range p.files {
			if !field.MatchString(content(t, file)) {
				t.Errorf("%s does not have the field", file)
			}
		}
	}
	checkPlaces(t, "A new field of the API", field, "internal/finding", "bench/simulate")
}

// The listing that came last, and the simplest one, show where a listing is named.
func TestContributingNamesEveryPlaceOfAListing(t *testing.T) {
	for _, name := range []string{
		`(?i)organization_?member\b|members_?not_?assessed|member_?versions`,
		`(?i)ListDomainVerifications|domain_?versions|domains_?not_?assessed|\.Domains\b|ViewDomains`,
	} {
		checkPlaces(t, "A new kind of listing", regexp.MustCompile(name))
	}
}

// checkPlaces reports each source that has the name and that the table below the heading does not have. It looks in the
// folders of the sources only: what the demo leaves beside them has the name too.
func checkPlaces(t *testing.T, heading string, name *regexp.Regexp, elsewhere ...string) {
	t.Helper()
	named := make(map[string]bool)
	for _, p := range placesIn(t, heading) {
		for _, file := range p.files {
			named[strings.TrimSuffix(file, "/")] = true
		}
	}
	root := filepath.Join("..", "..")
	walk := func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, _ := filepath.Rel(root, path)
		relative = filepath.ToSlash(relative)
		if entry.IsDir() {
			if entry.Name() == "testdata" || slices.Contains(elsewhere, relative) {
				return filepath.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil || !name.Match(text) {
			return err
		}
		for at := relative; at != "."; at = filepath.ToSlash(filepath.Dir(at)) {
			if named[at] {
				return nil
			}
		}
		t.Errorf("%s has %s, and CONTRIBUTING.md does not name it", relative, name)
		return nil
	}
	for _, folder := range []string{"bench", "cmd", "internal", "migrations", "reports/templates"} {
		if err := filepath.WalkDir(filepath.Join(root, folder), walk); err != nil {
			t.Fatal(err)
		}
	}
}
