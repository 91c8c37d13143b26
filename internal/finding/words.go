package finding

import (
	"fmt"
	"strings"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
)

// utc writes an instant as findings tell it, in whole seconds.
func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// exactUTC also writes the fraction of a second, where the order of two instants can depend on it.
func exactUTC(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.999999999 UTC") }

// span writes a length of time: from a day on in days, hours and minutes, below exactly.
func span(d time.Duration) string {
	if d < day {
		return d.String()
	}
	text := fmt.Sprintf("%d days", d/day)
	if d < 2*day {
		text = "1 day"
	}
	if hours := d % day / time.Hour; hours > 0 {
		text += fmt.Sprintf(" %d h", hours)
	}
	if minutes := d % time.Hour / time.Minute; minutes > 0 {
		text += fmt.Sprintf(" %d min", minutes)
	}
	return text
}

func inParentheses(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

// label names something with its id, which is what it is found by when names repeat or lack.
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

// maxOthers bounds how many configurations one finding lists: each of n that clash lists the others, which is quadratic without a bound.
const maxOthers = 5

// others lists the configurations of a group other than self.
func others(group []subject, self string) string {
	var names []string
	for _, c := range group {
		if len(names) == maxOthers {
			break
		}
		if c.id != self {
			names = append(names, label(c.name, c.id))
		}
	}
	text := strings.Join(names, ", ")
	if more := len(group) - 1 - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// changeSubject is whom a change is about.
func changeSubject(c diff.Change) subject {
	return subject{c.SubjectType, c.SubjectID, c.SubjectName}
}

// changedInstant writes an instant that a change carries as text; one that is no instant stands as it is.
func changedInstant(text string) string {
	t, err := ona.ParseTime(text)
	switch {
	case err != nil:
		return text
	case t.IsZero():
		return "not reported"
	}
	return exactUTC(t)
}
