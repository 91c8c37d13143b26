package finding

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
)

// utc is an instant that findings show in whole seconds.
type utc time.Time

func (t utc) String() string { return time.Time(t).UTC().Format(ona.DisplayTime) }

// exactUTC also shows the fraction of a second, on which the order of two instants can depend.
func exactUTC(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.999999999 UTC") }

// difference returns what a change did, with the values if it has a field: "renamed: name Okta →
// Okta 2".
func difference(c *diff.Change) string {
	if c.Field == "" {
		return string(c.Kind)
	}
	return fmt.Sprintf("%s: %s %s → %s", c.Kind, c.Field,
		readable(c.Before, c.BeforeLabel), readable(c.After, c.AfterLabel))
}

// readableRunes is the longest value in a finding; the changes have the whole value.
const readableRunes = 80

// readable returns a changed value or its label, cut if it is long.
func readable(value, label string) string {
	text := []rune(cmp.Or(label, value, "nothing"))
	if len(text) <= readableRunes {
		return string(text)
	}
	return string(text[:readableRunes-1]) + "…"
}

// span formats a duration: from one day on in days, hours and minutes; from one second on in hours,
// minutes and seconds; below that exactly.
func span(d time.Duration) string {
	if d < time.Second {
		return d.String()
	}
	var parts []string
	part := func(n time.Duration, unit string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, unit))
		}
	}
	days := "days"
	if d/day == 1 {
		days = "day"
	}
	part(d/day, days)
	part(d%day/time.Hour, "h")
	part(d%time.Hour/time.Minute, "min")
	if d < day {
		part(d%time.Minute/time.Second, "s")
	}
	return strings.Join(parts, " ")
}

// label returns a name with its id, because names may repeat or be empty.
func label(name, id string) string {
	if strings.TrimSpace(name) == "" {
		return id
	}
	return name + " (" + id + ")"
}

func enabledWord(enabled bool) string {
	if enabled {
		return "enabled"
	}
	return "disabled"
}

// maxOthers is the highest number of configurations that one finding names. Each member of a group
// names the others, so without a limit the text would grow quadratically.
const maxOthers = 5

// shared returns a row for each member of a group, with the text and the other members; none for a
// group of one.
func shared(group []subject, text string) []row {
	if len(group) == 1 {
		return nil
	}
	var rows []row
	for _, s := range group {
		var names []string
		for _, other := range group[:min(len(group), maxOthers+1)] {
			if other.id != s.id && len(names) < maxOthers {
				names = append(names, label(other.name, other.id))
			}
		}
		others := strings.Join(names, ", ")
		if more := len(group) - 1 - len(names); more > 0 {
			others += fmt.Sprintf(" and %d more", more)
		}
		rows = append(rows, fail("%s%s.", text, others).of(s))
	}
	return rows
}
