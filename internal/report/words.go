package report

import (
	"cmp"
	_ "embed" // columns and glossary
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// The first word of a report's status.
const (
	Complete    = "COMPLETE"
	NotComplete = "NOT COMPLETE"
)

// The texts for missing values, and the reasons why nothing was compared.
const (
	Unknown      = "unknown"
	NotReported  = "not reported"
	notLinked    = "not linked"
	unknownActor = "not known"
	baselineText = "baseline: first complete snapshot, nothing to compare with"
	noEarlier    = "no earlier snapshot could read them"

	membersDropped = "the settings no longer ask for members"
)

// tones has the tones of words that reports show in colour. Other words are neutral.
var tones = map[string]table.Tone{
	string(diff.Critical): table.Critical, string(diff.High): table.High, string(diff.Medium): table.Medium,
	string(diff.Low): table.Low, string(diff.Info): table.Info,
	string(finding.Fail): table.High, string(finding.NotAssessed): table.Medium,
	string(finding.Excepted): table.Low, string(finding.Pass): table.Good,
	string(finding.NotGoverned): table.High, string(finding.CannotBeTold): table.Medium,
	string(finding.Governed):  table.Good,
	string(snapshot.Complete): table.Good, string(schedule.CaughtUp): table.Medium,
	string(snapshot.Failed): table.Bad, string(snapshot.Running): table.Bad, string(schedule.Missed): table.Bad,
	Ties: table.Good, DoesNotTie: table.Bad, NotChecked: table.Medium,
	string(Assessed): table.Good, string(AssessedInPart): table.Medium, string(NoLongerAsked): table.Medium,
}

// Word returns the cell of a severity, a status, an outcome or a verdict, nil for an empty one.
func Word[W ~string](word W) any {
	if word == "" {
		return nil
	}
	text := string(word)
	return table.Word{Value: text, Text: strings.ReplaceAll(text, "_", " "), Tone: tones[text]}
}

// or returns a value, or the reason why it is missing if it is zero.
func or[T comparable](value T, reason string) any {
	if value == *new(T) {
		return table.Why(reason)
	}
	return value
}

// UTC returns an instant for use in a sentence, in whole seconds.
func UTC(t time.Time) string {
	if t.IsZero() {
		return Unknown
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// Count returns a number with its noun, in the plural unless the number is 1.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// CountOf returns how many elements are as described.
func CountOf[T any](all []T, described func(T) bool) int {
	n := 0
	for _, one := range all {
		if described(one) {
			n++
		}
	}
	return n
}

// FirstOf enumerates the first names, at most this number of them, and counts the others.
func FirstOf(names []string, most int, separator string) string {
	text := strings.Join(names[:min(len(names), most)], separator)
	if more := len(names) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// InWords enumerates names: "a", "a and b", "a, b and c".
func InWords(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// Unless returns a value, or the reason why it was not assessed if there is one.
func Unless(notAssessed string, value any) any {
	if notAssessed != "" {
		return table.Why("not assessed: " + notAssessed)
	}
	return value
}

// OneLine joins the reasons of a run, which have a line for each organization.
func OneLine(reasons string) string { return strings.ReplaceAll(reasons, "\n", "; ") }

// readableRunes is the longest value that Readable does not cut.
const readableRunes = 160

// Readable returns a changed value for people: its label if it has one, cut if it is long.
func Readable(value, label string) string {
	return Brief(cmp.Or(label, instantLabel(value), apiWord(value)))
}

// Brief cuts a long text, and marks the cut.
func Brief(text string) string {
	if utf8.RuneCountInString(text) <= readableRunes {
		return text
	}
	return string([]rune(text)[:readableRunes-1]) + "…"
}

// configurationText returns the fields of a configuration or a member in JSON that say most about
// it, cut if they are long. ssoName is the name of the SSO configuration to which it links, empty
// if not known.
func configurationText(value, ssoName string) string {
	var c struct {
		Enabled        *bool  `json:"enabled"`
		State          string `json:"state"`
		TokenExpiresAt string `json:"tokenExpiresAt"`
		SSO            string `json:"ssoConfigurationId"`
		Issuer         string `json:"issuerUrl"`
		Email          string `json:"email"`
		Role           string `json:"role"`
		Status         string `json:"status"`
		Login          string `json:"loginProvider"`
	}
	if json.Unmarshal([]byte(value), &c) != nil {
		return Brief(value)
	}
	var texts []string
	add := func(word, text string) {
		if text != "" {
			texts = append(texts, strings.TrimSpace(word+" "+text))
		}
	}
	switch {
	case c.Enabled != nil && *c.Enabled:
		add("", "enabled")
	case c.Enabled != nil:
		add("", "disabled")
	}
	add("", apiWord(c.State))
	add("token expires at", cmp.Or(instantLabel(c.TokenExpiresAt), c.TokenExpiresAt))
	if ssoName != "" && c.SSO != "" {
		c.SSO = fmt.Sprintf("%s (%s)", ssoName, c.SSO)
	}
	add("linked to", c.SSO)
	add("issuer", c.Issuer)
	add("", c.Email)
	add("", apiWord(c.Status))
	add("role", apiWord(c.Role))
	add("signs in with", c.Login)
	return Brief(cmp.Or(strings.Join(texts, ", "), value))
}

// instantLabel returns the label of a changed value that is an instant of the API, else "".
func instantLabel(value string) string {
	t, err := ona.ParseTime(value)
	if err != nil || t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02 15:04:05.999999999 UTC")
}

// Visible calls table.Visible.
func Visible(s string) string { return table.Visible(s) }

// columnsOf has the columns of each table, in the order of the cells.
var columnsOf = table.ParseColumns(columnsText)

// columnsText is in the form that table.ParseColumns reads.
//
//go:embed columns.tsv
var columnsText string

// glossaryText explains the words in the report on a run, in the form that GlossaryTable reads.
//
//go:embed glossary.tsv
var glossaryText string

// kindsOfChange explains the kinds of change, in the form that GlossaryTable reads.
//
//go:embed kinds.tsv
var kindsOfChange string

// GlossaryTable returns a table with a row for each line: word, kind of subject, severity and
// meaning, separated by tabs. Then follow the kinds of change. It has the words about members only if
// the report has members.
func GlossaryTable(text string, ofMembers bool) *table.Table {
	t := table.New("Glossary", nil, columnsOf["Glossary"]...)
	t.Key = "glossary"
	for line := range strings.Lines(text + kindsOfChange) {
		parts := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if parts[1] == string(diff.Member) && !ofMembers {
			continue
		}
		t.Add(table.RunLevel, parts[0], parts[1], Word(diff.Severity(parts[2])), parts[3])
	}
	return t
}
