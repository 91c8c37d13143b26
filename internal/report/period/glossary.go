package period

import (
	_ "embed" // the glossary
	"slices"

	"scim-auditor/internal/report"
)

// glossaryText has the words of the report in the form of that of a run's report.
//
//go:embed glossary.tsv
var glossaryText string

// glossary explains the words of the report. The kinds of change are those of a run's report.
func glossary() []report.Term {
	kinds := slices.DeleteFunc(slices.Clone(report.Glossary), func(t report.Term) bool { return t.Subject == "" })
	return append(report.ParseTerms(glossaryText), kinds...)
}
