package main

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"scim-auditor/internal/settings"
)

// keys collects the keys of a struct that is read from YAML, and of the structs in it.
func keys(t reflect.Type, into map[string]bool) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("yaml")
		if tag == "" {
			continue // not read from the file as it is
		}
		if name, _, _ := strings.Cut(tag, ","); name != "" {
			into[name] = true
		}
		keys(f.Type, into)
	}
}

func TestTheDocumentationNamesEveryKeyOfTheConfigFile(t *testing.T) {
	text := allPages(t) + readPage(t, "docs/rules.md")
	known := make(map[string]bool)
	keys(reflect.TypeFor[settings.Config](), known)
	if len(known) < 30 {
		t.Fatalf("the config file has %d keys: %v", len(known), known)
	}
	for key := range known {
		if !regexp.MustCompile("`" + key + "`|(?m)^ *(- )?" + key + ":|\\bor " + key + "\\b").MatchString(text) {
			t.Errorf("no page names the key %s", key)
		}
	}
	table := regexp.MustCompile("(?m)^\\| [^|]* \\| `([a-z_]+)` \\|").FindAllStringSubmatch(text, -1)
	if len(table) < 12 {
		t.Errorf("the table of settings has %d keys", len(table))
	}
	for _, m := range table {
		if !known[m[1]] {
			t.Errorf("the table of settings has the key %s, which the config file does not have", m[1])
		}
	}
}

func TestTheConfigFilesOfThePagesCanBeRead(t *testing.T) {
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(allPages(t), -1)
	if len(blocks) < 4 {
		t.Fatalf("the pages have %d config files", len(blocks))
	}
	for _, block := range blocks {
		if err := yaml.UnmarshalWithOptions([]byte(block[1]), &settings.Config{}, yaml.Strict()); err != nil {
			t.Errorf("%v in:\n%s", err, block[1])
		}
	}
}

func TestEveryCommandHasAnExampleThatItUnderstands(t *testing.T) {
	for _, command := range newRoot(environment{}).Commands() {
		if command.Short == "" || command.Example == "" {
			t.Errorf("%s has no short description or no example", command.Name())
		}
		for _, m := range regexp.MustCompile(`--([a-z-]+)`).FindAllStringSubmatch(command.Example, -1) {
			if command.Flags().Lookup(m[1]) == nil && command.InheritedFlags().Lookup(m[1]) == nil {
				t.Errorf("the example of %s has --%s, which it does not take", command.Name(), m[1])
			}
		}
	}
}
