package finding

import (
	"fmt"
	"strings"
	"time"
)

func clockAnomalies(e *evaluation) []row {
	rows := e.each(impossibleInstants)
	switch offset := e.ServerClockOffset; {
	case !e.ServerClockKnown:
		rows = append(rows, notAssessed("No answer carried the server's date, so the local clock could not be compared.").
			of(e.organization))
	case offset > e.limits.ClockSkew:
		rows = append(rows, fail("The local clock was more than %s ahead of the server's (%s).",
			span(e.limits.ClockSkew), span(offset)).of(e.organization))
	case -offset > e.limits.ClockSkew:
		rows = append(rows, fail("The local clock was more than %s behind the server's (%s).",
			span(e.limits.ClockSkew), span(-offset)).of(e.organization))
	}
	return rows
}

func impossibleInstants(e *evaluation, c configuration) row {
	latest := e.TakenAt.Add(e.limits.ClockSkew)
	var found []string
	for _, instant := range []struct {
		name string
		at   time.Time
	}{{"createdAt", c.CreatedAt}, {"updatedAt", c.UpdatedAt}} {
		if instant.at.After(latest) {
			found = append(found, fmt.Sprintf("%s %s is more than %s after the snapshot.",
				instant.name, exactUTC(instant.at), span(e.limits.ClockSkew)))
		}
	}
	if !c.UpdatedAt.IsZero() && c.UpdatedAt.Before(c.CreatedAt) {
		found = append(found, fmt.Sprintf("updatedAt %s is before createdAt %s.",
			exactUTC(c.UpdatedAt), exactUTC(c.CreatedAt)))
	}
	switch {
	case len(found) > 0:
		return fail("%s", strings.Join(found, " "))
	case c.CreatedAt.IsZero() || c.UpdatedAt.IsZero():
		return notAssessed("The API did not report both createdAt and updatedAt.")
	}
	return inOrder
}
