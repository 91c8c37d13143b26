package settings

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A file that is small and would take minutes, or all memory, is refused. The bound of time here is
// for a slow machine: the library takes hours for most of these.
func TestAFileThatWouldTakeForEverIsRefused(t *testing.T) {
	chain := func(n int, link string) string {
		text := "a0: &a0 {x: 1}\n"
		for i := range n {
			text += fmt.Sprintf("a%d: &a%d {<<: "+link+"}\n", i+1, i+1, i, i)
		}
		return text
	}
	deep := func(n int, open string) string { return "notify: " + strings.Repeat(open, n) }
	var indented strings.Builder
	for i := range 2500 {
		indented.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	const nested, aliases = "values are nested more than 64 levels deep",
		"the aliases of the file stand for more than 20000 values"
	for name, c := range map[string]struct{ text, says string }{
		"a chain of merge aliases":         {chain(2000, "*a%d, y: *a%d"), aliases},
		"merge aliases of two each":        {chain(30, "[*a%d, *a%d]"), aliases},
		"an alias in its own anchor":       {"a: &a [*a, *a]\n", aliases},
		"100,000 brackets":                 {deep(100_000, "["), nested},
		"100,000 brackets that are closed": {deep(100_000, "[") + strings.Repeat("]", 100_000), nested},
		"100,000 braces":                   {deep(100_000, "{a: "), nested},
		"100,000 dashes":                   {strings.Repeat("- ", 100_000), nested},
		"100,000 keys in a line":           {strings.Repeat("a: ", 100_000), nested},
		"100,000 question marks":           {strings.Repeat("? ", 100_000), nested},
		"100,000 tags":                     {strings.Repeat("!a ", 100_000), nested},
		"100,000 anchors in a list":        {"a: [" + strings.Repeat("&a ", 100_000), nested},
		"2,500 levels of indentation":      {indented.String(), "expected one of"},
		"5 MiB": {strings.Repeat("# nothing\n", 1<<19),
			"the file has 5242880 bytes; expected at most 4194304"},
	} {
		t.Run(name, func(t *testing.T) {
			refused := make(chan error, 1)
			go func() {
				_, err := readYAML("auditor.yaml", []byte(c.text), &Config{})
				refused <- err
			}()
			select {
			case err := <-refused:
				if err == nil || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "auditor.yaml:") {
					t.Errorf("error %.300v, want %q", err, c.says)
				}
			case <-time.After(30 * time.Second):
				t.Fatal("it is still being read")
			}
		})
	}
}

func TestAliasesAndAByteOrderMarkAreRead(t *testing.T) {
	const text = "\ufefftimeout: &t 20m\nstop_timeout: *t\norganizations:\n- {name: acme, token_env: &e A}\n- &g {name: globex, token_env: *e}\n"
	var c Config
	if _, err := readYAML("auditor.yaml", []byte(text), &c); err != nil {
		t.Fatal(err)
	}
	if c.StopTimeoutText != "20m" || len(c.Organizations) != 2 || c.Organizations[1].Name != "globex" {
		t.Errorf("%+v", c)
	}
}

// Every level of brackets that a fleet in one line of JSON needs is allowed.
func TestAFleetInOneLineIsRead(t *testing.T) {
	text := `{"organizations": [`
	for i := range 1000 {
		text += fmt.Sprintf(`{"name": "o%d", "token_env": "T%d"},`, i, i)
	}
	var c Config
	if _, err := readYAML("auditor.yaml", []byte(strings.TrimSuffix(text, ",")+"]}"), &c); err != nil ||
		len(c.Organizations) != 1000 {
		t.Errorf("%d organizations, error %v", len(c.Organizations), err)
	}
}
