package report

import (
	"cmp"
	_ "embed" // columns and glossary
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/report/table"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// The words that a report begins with.
const (
	Complete    = "COMPLETE"
	NotComplete = "NOT COMPLETE"
)

// What stands for a value that is missing.
const (
	Unknown     = "unknown"
	NotReported = "not reported"
	notLinked   = "not linked"
)

// tones are those of the words that a report has in colour. Words that are missing here are neutral.
var tones = map[string]table.Tone{
	string(diff.Critical): table.Critical, string(diff.High): table.High, string(diff.Medium): table.Medium,
	string(diff.Low): table.Low, string(diff.Info): table.Info,
	string(finding.Fail): table.High, string(finding.NotAssessed): table.Medium,
	string(finding.Excepted): table.Low, string(finding.Pass): table.Good,
	string(snapshot.Complete): table.Good, string(schedule.CaughtUp): table.Medium,
	string(snapshot.Failed): table.Bad, string(snapshot.Running): table.Bad, string(schedule.Missed): table.Bad,
	Ties: table.Good, DoesNotTie: table.Bad, NotChecked: table.Medium,
}

// Word is the cell of a severity, a status, an outcome or a verdict; nothing for an empty one.
func Word[W ~string](word W) any {
	if word == "" {
		return nil
	}
	text := string(word)
	return table.Word{Value: text, Text: strings.ReplaceAll(text, "_", " "), Tone: tones[text]}
}

// or is a value, or why it is missing where it is zero.
func or[T comparable](value T, why string) any {
	if value == *new(T) {
		return table.Why(why)
	}
	return value
}

// UTC is an instant as sentences have it, in whole seconds.
func UTC(t time.Time) string {
	if t.IsZero() {
		return Unknown
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// Count is a number with its noun.
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Unless is a value, or why it was not assessed.
func Unless(notAssessed string, value any) any {
	if notAssessed != "" {
		return table.Why("not assessed: " + notAssessed)
	}
	return value
}

// OneLine is the reasons of a run, a line for each organization, as one line.
func OneLine(reasons string) string { return strings.ReplaceAll(reasons, "\n", "; ") }

// readableRunes is the most of a value that a person reads in a line.
const readableRunes = 160

// Readable is a changed value as a person reads it: its label where it has one, and of a long one
// the beginning.
func Readable(value, label string) string {
	text := cmp.Or(label, instantLabel(value), value)
	if utf8.RuneCountInString(text) <= readableRunes {
		return text
	}
	return string([]rune(text)[:readableRunes-1]) + "…"
}

// instantLabel is what a person reads for a changed value that is an instant of the API, empty for
// every other value.
func instantLabel(value string) string {
	t, err := ona.ParseTime(value)
	if err != nil || t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02 15:04:05.999999999 UTC")
}

// Visible is table.Visible.
func Visible(s string) string { return table.Visible(s) }

// Term explains a word of a report; Subject and Severity are set for a kind of change.
type Term struct {
	Word, Subject string
	Severity      diff.Severity
	Meaning       string
}

// Glossary explains the words of a run's report, the kinds of change last.
var Glossary = ParseTerms(glossaryText)

// columnsOf has the columns of each table; their cells are in the same order.
var columnsOf = table.ParseColumns(columnsText)

// columnsText is in the form that table.ParseColumns reads.
//
//go:embed columns.tsv
var columnsText string

// glossaryText is in the form that ParseTerms reads.
//
//go:embed glossary.tsv
var glossaryText string

// ParseTerms reads a glossary: a term a line, as word, kind of subject, severity and meaning with tabs
// between.
func ParseTerms(text string) []Term {
	var terms []Term
	for line := range strings.Lines(text) {
		parts := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		terms = append(terms, Term{parts[0], parts[1], diff.Severity(parts[2]), parts[3]})
	}
	return terms
}

// TermTable has a row for each term.
func TermTable(terms []Term) *table.Table {
	t := table.New("Glossary", nil, columnsOf["Glossary"]...)
	for _, term := range terms {
		t.Add(table.RunLevel, term.Word, term.Subject, Word(term.Severity), term.Meaning)
	}
	return t
}
