package finding

import (
	"fmt"
	"strings"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
)

// ForeignOrganization is the code of a collection that met an object of another organization than the token's.
const ForeignOrganization = "foreign_organization"

// The rules that EvaluateFailed fails.
const (
	runNotComplete       = "RUN-001"
	foreignConfiguration = "SCIM-020"
)

// checkComplete passes: only a complete listing becomes an Inventory. EvaluateFailed is for the others.
func checkComplete(e *evaluation, r *result) {
	sso := fmt.Sprintf("%d SSO configurations were listed.", len(e.Inventory.SSO))
	if why := e.Inventory.SSONotAssessed; why != "" {
		sso = "The SSO configurations could not be read: " + why
	}
	r.passes("The listing of %s is complete: %d SCIM configurations. %s", utc(e.TakenAt), e.count, sso)
}

func checkMissedNights(e *evaluation, r *result) {
	if !e.ScheduleKnown {
		r.notAssessed(e.organization, "No schedule is known to this run.")
		return
	}
	r.passes("The schedule has no night up to %s that this run knows to lack a complete run.", utc(e.TakenAt))
	for _, night := range e.MissedNights {
		s := subject{diff.Organization, night.UTC().Format(time.RFC3339), "night of " + utc(night)}
		r.fail(s, "No complete run exists for the night scheduled at %s.", utc(night))
	}
}

// checkSameSource compares where a snapshot comes from with where its baseline does. A value that either lacks is not compared.
func checkSameSource(e *evaluation, r *result) {
	var differences, unknown []string
	for _, source := range []struct{ name, before, now string }{
		{"identity", e.Baseline.Principal, e.Principal},
		{"organization", e.Baseline.OrganizationID, e.organization.id},
		{"base URL", e.Baseline.BaseURL, e.BaseURL},
	} {
		switch {
		case source.before == "" || source.now == "":
			unknown = append(unknown, source.name)
		case source.before != source.now:
			differences = append(differences, fmt.Sprintf("%s %s instead of %s", source.name, source.now, source.before))
		}
	}
	r.passes("Identity, organization and base URL are those of the baseline of %s.", utc(e.Baseline.TakenAt))
	switch {
	case len(differences) > 0:
		r.fail(e.organization, "Other than in the baseline of %s: %s.", utc(e.Baseline.TakenAt), strings.Join(differences, "; "))
	case len(unknown) > 0:
		r.notAssessed(e.organization, "Not known in this snapshot or in the baseline of %s: %s.", utc(e.Baseline.TakenAt), strings.Join(unknown, ", "))
	}
}

func checkUnknownFields(e *evaluation, r *result) {
	r.passes("The answers carried no field that this version does not know.")
	for _, field := range e.UnknownFields {
		r.fail(subject{diff.Organization, field, field}, "The answers carried the field %s, which this version does not know.", field)
	}
}

func checkClocks(e *evaluation, r *result) judging {
	switch {
	case !e.ServerClockKnown:
		r.notAssessed(e.organization, "No answer carried the server's date, so the local clock could not be compared.")
	case e.ServerClockOffset.Abs() > e.limits.ClockSkew:
		r.fail(e.organization, "The local clock was %s %s the server's.", e.ServerClockOffset.Abs(), aheadOrBehind(e.ServerClockOffset))
	}
	return judging{func(c *ona.SCIMConfiguration) {
		switch anomalies := e.clockAnomalies(c); {
		case len(anomalies) > 0:
			r.fail(scimSubject(c), "%s", strings.Join(anomalies, " "))
		case c.CreatedAt.IsZero() || c.UpdatedAt.IsZero():
			r.notAssessed(scimSubject(c), "The API did not report both createdAt and updatedAt.")
		}
	}, func() {
		r.passes("SCIM configurations checked: %d. Their createdAt and updatedAt are in order, and the local clock was %s off the server's.",
			e.count, e.ServerClockOffset.Abs())
	}}
}

func aheadOrBehind(offset time.Duration) string {
	if offset > 0 {
		return "ahead of"
	}
	return "behind"
}

// clockAnomalies says, in sentences, what cannot be true of the instants of a configuration.
func (e *evaluation) clockAnomalies(c *ona.SCIMConfiguration) []string {
	latest := e.TakenAt.Add(e.limits.ClockSkew)
	var found []string
	for _, instant := range []struct {
		name string
		at   time.Time
	}{{"createdAt", c.CreatedAt}, {"updatedAt", c.UpdatedAt}} {
		if instant.at.After(latest) {
			found = append(found, fmt.Sprintf("%s %s is %s after the snapshot.", instant.name, exactUTC(instant.at), span(instant.at.Sub(e.TakenAt))))
		}
	}
	if !c.UpdatedAt.IsZero() && c.UpdatedAt.Before(c.CreatedAt) {
		found = append(found, fmt.Sprintf("updatedAt %s is before createdAt %s.", exactUTC(c.UpdatedAt), exactUTC(c.CreatedAt)))
	}
	return found
}

func skewLimit(t Thresholds) string {
	return "The limit is " + span(t.ClockSkew) + "."
}

func toleranceLimit(t Thresholds) string {
	return "Clocks may differ by " + span(t.ClockSkew) + "."
}
