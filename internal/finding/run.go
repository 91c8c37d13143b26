package finding

import (
	"fmt"
	"strings"
	"time"

	"scim-auditor/internal/diff"
)

// checkComplete passes: only a complete listing becomes an Inventory. EvaluateFailed is for the
// others.
func checkComplete(e *evaluation) (rows []row, pass string) {
	sso := fmt.Sprintf("%d SSO configurations were listed.", len(e.Inventory.SSO))
	if why := ssoRead(e); why != "" {
		sso = why
	}
	return nil, fmt.Sprintf("The listing is complete: %d SCIM configurations. %s", len(e.scim), sso)
}

// checkForeign verifies again what the collector guarantees: a foreign configuration ends a
// collection as not complete.
func checkForeign(e *evaluation) (rows []row, pass string) {
	unnamed := 0
	for _, c := range e.scim {
		switch c.OrganizationID {
		case e.organization.id:
		case "":
			unnamed++
		default:
			rows = append(rows, fail(c.subject(), "The configuration belongs to organization %s; the listing is of "+
				"organization %s.", c.OrganizationID, e.organization.id))
		}
	}
	return rows, fmt.Sprintf("SCIM configurations listed: %d. %d name this organization, %d name none, and none names "+
		"another: the collection would not be complete otherwise.", len(e.scim), len(e.scim)-unnamed, unnamed)
}

func checkMissedNights(e *evaluation) (rows []row, pass string) {
	if !e.ScheduleKnown {
		return []row{notAssessed(e.organization, "No schedule is known to this run.")}, ""
	}
	for _, night := range e.MissedNights {
		s := subject{diff.Organization, night.UTC().Format(time.RFC3339), "night of " + utc(night)}
		rows = append(rows, fail(s, "No complete run exists for the night scheduled at %s.", utc(night)))
	}
	return rows, "No scheduled night that this run knows of lacks a complete run."
}

// checkSameSource compares where a snapshot comes from with where its baseline does. A value that
// either lacks is not compared.
func checkSameSource(e *evaluation) (rows []row, pass string) {
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
	switch {
	case len(differences) > 0:
		rows = append(rows, fail(e.organization, "Other than in the baseline: %s.", strings.Join(differences, "; ")))
	case len(unknown) > 0:
		rows = append(rows, notAssessed(e.organization, "Not known in this snapshot or in the baseline: %s.",
			strings.Join(unknown, ", ")))
	}
	return rows, "Identity, organization and base URL are those of the baseline."
}

func checkUnknownFields(e *evaluation) (rows []row, pass string) {
	for _, field := range e.UnknownFields {
		rows = append(rows, fail(subject{diff.Organization, field, field},
			"The answers carried the field %s, which this version does not know.", field))
	}
	return rows, "The answers carried no field that this version does not know."
}
