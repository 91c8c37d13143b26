package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "write what the demo prints into README.md and docs/")

// pages are the documents that these tests compare with the program.
var pages = []string{
	"README.md", "docs/operation.md", "docs/settings.md", "docs/notifications.md", "docs/reports.md",
	"docs/completeness.md", "docs/sql.md", "docs/fleet.md",
}

// readPage returns a document of the repository.
func readPage(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// allPages returns the text of all pages.
func allPages(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, name := range pages {
		b.WriteString(readPage(t, name) + "\n")
	}
	return b.String()
}

// rewrite compares a page with what replace makes of each match in it, or writes that with -update.
// It returns the number of matches.
func rewrite(t *testing.T, name string, match *regexp.Regexp, replace func(block string) string) (matches int) {
	t.Helper()
	text := readPage(t, name)
	want := match.ReplaceAllStringFunc(text, func(block string) string {
		matches++
		return replace(block)
	})
	if *update {
		if err := os.WriteFile(filepath.Join("../..", name), []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if d := cmp.Diff(want, text); d != "" {
		t.Errorf("%s is out of date; go test ./cmd/auditor -update writes it (-printed +page):\n%s", name, d)
	}
	return matches
}

// playTheDemo runs the demo in a folder of its own and returns the folder and what it printed.
func playTheDemo(t *testing.T) (folder, printed string) {
	t.Helper()
	folder = t.TempDir()
	var out bytes.Buffer
	code := run(context.Background(), environment{
		args:     []string{"demo", "--dir", folder},
		getenv:   func(string) string { return "" },
		stdout:   &out,
		stderr:   &out,
		now:      time.Now,
		hostname: func() (string, error) { return "host", nil },
	})
	if code != exitComplete {
		t.Fatalf("exit code %d\n%s", code, &out)
	}
	return folder, out.String()
}

func TestTheNightsOfThePagesAreWhatTheDemoPrints(t *testing.T) {
	skipIfShort(t)
	_, printed := playTheDemo(t)
	night := regexp.MustCompile("(?m)^Night (\\d), (?:[^`\n].*\n)+")
	nights := make(map[string]string)
	for _, m := range night.FindAllStringSubmatch(printed, -1) {
		nights[m[1]] = m[0]
	}
	for _, name := range []string{"README.md", "docs/completeness.md"} {
		shown := rewrite(t, name, night, func(block string) string {
			return nights[night.FindStringSubmatch(block)[1]]
		})
		if shown == 0 {
			t.Errorf("%s shows no night", name)
		}
	}
}

func TestTheQueriesPrintWhatTheirPageShows(t *testing.T) {
	skipIfShort(t)
	sqlite, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("the sqlite3 program is not installed")
	}
	folder, _ := playTheDemo(t)
	query := regexp.MustCompile("(?s)```sql\n([^`]*)```\n```\n(.*?)```")
	shown := rewrite(t, "docs/sql.md", query, func(block string) string {
		text := query.FindStringSubmatch(block)[1]
		database := filepath.Join(folder, "auditor.db")
		out, err := exec.CommandContext(t.Context(), sqlite, "-readonly", "-header", "-column", database, text).CombinedOutput()
		if err != nil {
			t.Fatalf("%s\n%v\n%s", text, err, out)
		}
		var lines strings.Builder
		for line := range strings.Lines(string(out)) {
			lines.WriteString(strings.TrimRight(line, " \n") + "\n")
		}
		return fmt.Sprintf("```sql\n%s```\n```\n%s```", text, &lines)
	})
	if shown < 7 {
		t.Errorf("the page shows the answers of %d queries", shown)
	}
}

func TestTheSettingsPageNamesEveryCommandAndFlag(t *testing.T) {
	text := readPage(t, "docs/settings.md")
	root := newRoot(environment{})
	known := make(map[string]bool)
	for _, command := range append(root.Commands(), root) {
		if command != root && !strings.Contains(text, "| `"+root.Name()+" "+command.Name()) {
			t.Errorf("the page does not name the command %s", command.Name())
		}
		each(command, func(f *pflag.Flag) {
			known[f.Name] = true
			if !strings.Contains(text, "--"+f.Name) {
				t.Errorf("the page does not name --%s of %s", f.Name, command.Name())
			}
		})
	}
	for _, m := range regexp.MustCompile("`--([a-z-]+)").FindAllStringSubmatch(allPages(t), -1) {
		if !known[m[1]] {
			t.Errorf("a page names --%s, which no command has", m[1])
		}
	}
}

func each(command *cobra.Command, do func(*pflag.Flag)) {
	command.LocalFlags().VisitAll(do)
	command.PersistentFlags().VisitAll(do)
}

// TestEveryLinkLeadsToAFile follows the relative links of all documents.
func TestEveryLinkLeadsToAFile(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]*)(#[^)]*)?\)`)
	code := regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
	for _, pattern := range []string{"*.md", "docs/*.md", "packaging/*.md"} {
		files, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(string(text), ""), -1) {
				if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
					t.Errorf("%s: %v", file, err)
				}
			}
		}
	}
}
