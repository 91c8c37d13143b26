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

var update = flag.Bool("update", false, "write what is printed into the README")

const readme = "../../README.md"

// playTheDemo runs the demo in a folder of its own and gives the folder and what was printed.
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

// checkREADME compares the README with what it must be, or writes it with -update.
func checkREADME(t *testing.T, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(readme, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(want, readREADME(t)); d != "" {
		t.Errorf("the README is not what is printed; go test ./cmd/auditor -update writes it (-printed +README):\n%s", d)
	}
}

func readREADME(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheREADMEsNightsAreWhatTheDemoPrints(t *testing.T) {
	_, printed := playTheDemo(t)
	night := regexp.MustCompile(`(?m)^Night (\d), (?:.+\n)+`)
	nights := make(map[string]string)
	for _, m := range night.FindAllStringSubmatch(printed, -1) {
		nights[m[1]] = m[0]
	}
	shown := 0
	want := regexp.MustCompile("(?m)^Night (\\d), (?:[^`\n].*\n)+").ReplaceAllStringFunc(readREADME(t), func(block string) string {
		shown++
		return nights[block[len("Night "):len("Night ")+1]]
	})
	if shown == 0 {
		t.Fatal("the README shows no night")
	}
	checkREADME(t, want)
}

func TestTheREADMEsRecipesPrintWhatItSays(t *testing.T) {
	sqlite, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("the sqlite3 program is not installed")
	}
	folder, _ := playTheDemo(t)
	recipe := regexp.MustCompile("(?s)```sql\n(.*?)```\n```\n(.*?)```")
	recipes := 0
	want := recipe.ReplaceAllStringFunc(readREADME(t), func(block string) string {
		recipes++
		query := recipe.FindStringSubmatch(block)[1]
		out, err := exec.CommandContext(t.Context(), sqlite, "-readonly", "-header", "-column", filepath.Join(folder, "auditor.db"), query).CombinedOutput()
		if err != nil {
			t.Fatalf("%s\n%v\n%s", query, err, out)
		}
		var lines strings.Builder
		for line := range strings.Lines(string(out)) {
			lines.WriteString(strings.TrimRight(line, " \n") + "\n")
		}
		return fmt.Sprintf("```sql\n%s```\n```\n%s```", query, &lines)
	})
	if recipes < 5 {
		t.Fatalf("the README has %d recipes", recipes)
	}
	checkREADME(t, want)
}

func TestTheREADMENamesEveryCommandAndFlag(t *testing.T) {
	text := readREADME(t)
	root := newRoot(environment{})
	for _, command := range append(root.Commands(), root) {
		if command != root && !strings.Contains(text, "`"+root.Name()+" "+command.Name()) {
			t.Errorf("the README does not name the command %s", command.Name())
		}
		each(command, func(f *pflag.Flag) {
			if !strings.Contains(text, "--"+f.Name) {
				t.Errorf("the README does not name --%s of %s", f.Name, command.Name())
			}
		})
	}
	for _, m := range regexp.MustCompile("`--([a-z-]+)").FindAllStringSubmatch(text, -1) {
		known := false
		for _, command := range append(root.Commands(), root) {
			each(command, func(f *pflag.Flag) { known = known || f.Name == m[1] })
		}
		if !known {
			t.Errorf("the README names --%s, which no command has", m[1])
		}
	}
}

func each(command *cobra.Command, do func(*pflag.Flag)) {
	command.LocalFlags().VisitAll(do)
	command.PersistentFlags().VisitAll(do)
}
