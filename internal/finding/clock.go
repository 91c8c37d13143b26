package finding

import (
	"fmt"
	"strings"
	"time"
)

func checkClocks(e *evaluation) (rows []row, pass string) {
	switch offset := e.ServerClockOffset; {
	case !e.ServerClockKnown:
		rows = append(rows, notAssessed(e.organization,
			"No answer carried the server's date, so the local clock could not be compared."))
	case offset.Abs() > e.limits.ClockSkew:
		rows = append(rows, fail(e.organization, "The local clock was more than %s %s the server's (%s).",
			span(e.limits.ClockSkew), aheadOrBehind(offset), span(offset.Abs())))
	}
	for _, c := range e.scim {
		switch anomalies := e.clockAnomalies(c); {
		case len(anomalies) > 0:
			rows = append(rows, fail(c.subject(), "%s", strings.Join(anomalies, " ")))
		case c.CreatedAt.IsZero() || c.UpdatedAt.IsZero():
			rows = append(rows, notAssessed(c.subject(), "The API did not report both createdAt and updatedAt."))
		}
	}
	return rows, e.checked("Their createdAt and updatedAt are in order, and the local clock was at most %s off "+
		"the server's.", span(e.limits.ClockSkew))
}

func aheadOrBehind(offset time.Duration) string {
	if offset > 0 {
		return "ahead of"
	}
	return "behind"
}

// clockAnomalies returns, as sentences, what cannot be true of the instants of a configuration.
func (e *evaluation) clockAnomalies(c configuration) []string {
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
	return found
}
