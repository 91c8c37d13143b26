package report

import (
	_ "embed" // the glossary
	"strings"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/report/table"
)

// Term explains a word of a report; Subject and Severity are set for a kind of change.
type Term struct {
	Word, Subject string
	Severity      diff.Severity
	Meaning       string
}

// Glossary explains the words of a run's report, the kinds of change last.
var Glossary = ParseTerms(glossaryText)

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
	t := table.New("Glossary", nil, table.Text("Word", "word"), table.Text("Kind of change of", "subject"),
		table.Text("Severity", "severity"), table.Text("Meaning", "meaning"))
	for _, term := range terms {
		t.Add(table.RunLevel, term.Word, term.Subject, Word(term.Severity), term.Meaning)
	}
	return t
}
