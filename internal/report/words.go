package report

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	tables "scim-auditor/internal/report/table"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// tones are those of the words that a report has in colour. Words that are missing here are neutral.
var tones = map[string]tables.Tone{
	string(diff.Critical): tables.Critical, string(diff.High): tables.High, string(diff.Medium): tables.Medium,
	string(diff.Low): tables.Low, string(diff.Info): tables.Info,
	string(finding.Fail): tables.High, string(finding.NotAssessed): tables.Medium,
	string(finding.Excepted): tables.Low, string(finding.Pass): tables.Good,
	string(snapshot.Complete): tables.Good, string(schedule.CaughtUp): tables.Medium,
	string(snapshot.Failed): tables.Bad, string(snapshot.Running): tables.Bad, string(schedule.Missed): tables.Bad,
	Ties: tables.Good, DoesNotTie: tables.Bad, NotChecked: tables.Medium,
}

// Word is the cell of a severity, a status, an outcome or a verdict; nothing for an empty one.
func Word[W ~string](word W) any {
	if word == "" {
		return nil
	}
	text := string(word)
	return tables.Word{Value: text, Text: strings.ReplaceAll(text, "_", " "), Tone: tones[text]}
}

// UTC is an instant as sentences have it, in whole seconds.
func UTC(t time.Time) string {
	if t.IsZero() {
		return "unknown"
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
		return tables.Why("not assessed: " + notAssessed)
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
	text := label
	if text == "" {
		text = instantLabel(value)
	}
	if text == "" {
		text = value
	}
	if utf8.RuneCountInString(text) <= readableRunes {
		return text
	}
	return string([]rune(text)[:readableRunes-1]) + "…"
}
