package finding

// ssoRead is what a rule needs that looks at SSO configurations.
func ssoRead(e *evaluation) string {
	if why := e.Inventory.SSONotAssessed; why != "" {
		return "The SSO configurations could not be read: " + why
	}
	return ""
}

// policiesRead is what a rule needs that looks at the organization's policies.
func policiesRead(e *evaluation) string {
	if e.Inventory.Policies == nil {
		return "The organization's policies could not be read: " + e.Inventory.PoliciesNotAssessed
	}
	return ""
}

// baseline is what a rule needs that compares with an earlier snapshot.
func baseline(e *evaluation) string {
	if e.Baseline == nil {
		return "This is the first snapshot of this organization: there is no baseline to compare with."
	}
	return ""
}

// logSinceBaseline is what a rule needs that looks at the audit log.
func logSinceBaseline(e *evaluation) string {
	switch {
	case e.Baseline == nil:
		return baseline(e)
	case e.AuditLog == nil:
		return "The audit log was not read."
	case e.AuditLog.NotAssessed != "":
		return "The audit log could not be read: " + e.AuditLog.NotAssessed
	}
	return ""
}

// scheduleKnown is what a rule needs that looks at scheduled nights.
func scheduleKnown(e *evaluation) string {
	if !e.ScheduleKnown {
		return "No schedule is known to this run."
	}
	return ""
}
