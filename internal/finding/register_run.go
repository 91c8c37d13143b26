package finding

import "scim-auditor/internal/diff"

var changeRules = []Rule{{
	ID: "SCIM-017", Severity: diff.Medium, Title: "Configuration enabled again",
	Why:      "Provisioning started again for a configuration that had been switched off, perhaps on purpose.",
	Remedy:   "Confirm that the change was approved.",
	Expected: "No SCIM configuration that was disabled in the baseline is enabled now.",
	Supports: supports("CC8.1", "8.32", "", ""),
	needs:    baseline, all: enabledAgain,
	pass: says("No SCIM configuration was enabled since the baseline."),
}, {
	ID: "SCIM-018", Severity: diff.High, Title: "Configuration created and removed between two snapshots",
	Why:      "A configuration that lived for hours only can have created accounts, and no snapshot shows it.",
	Remedy:   "Ask who made it and what it provisioned.",
	Expected: "Every SCIM configuration in the audit log is in a snapshot.",
	Supports: supports("CC7.2", "", "AC-2(4)", ""),
	needs:    logSinceBaseline, all: shortLived,
	pass: says("Every SCIM configuration that audit-log entries since the baseline name is in a snapshot."),
}, {
	ID: "SCIM-019", Severity: diff.Low, Title: "Configuration updated without a visible change",
	Why:      "Something may have been changed and set back between the snapshots.",
	Remedy:   "Look the time up in the audit log and ask who made the update.",
	Expected: "updatedAt moves only together with another field.",
	Supports: supports("", "", "CM-3", ""),
	needs:    baseline, all: updatedOnly,
	pass: says("No SCIM configuration has another updatedAt than in the baseline without a visible change."),
}, {
	ID: foreignConfiguration, Severity: diff.Critical, Title: "Configuration of a foreign organization in the answer",
	Why:      "The listing is not of the organization that is audited, or not of it alone.",
	Remedy:   "Check which organization the token belongs to, and report the answer to Ona.",
	Expected: "Every listed SCIM configuration belongs to the organization.",
	each:     foreign,
	pass:     noneForeign,
}, {
	ID: "SCIM-021", Severity: diff.Medium, Title: "Clock anomaly",
	Why:    "When clocks disagree, the order of events and every expiry in this report are in doubt.",
	Remedy: "Synchronize the clock of this machine; if it is right, report the times to Ona.",
	Expected: "createdAt is not after updatedAt, neither is ahead of the snapshot, and the local clock agrees with " +
		"the server's.",
	Supports: supports("", "8.17", "AU-8", ""),
	limits:   skewLimit, all: clockAnomalies,
	pass: everySCIM("Their createdAt and updatedAt are in order, and the local clock agrees with the server's."),
}, {
	ID: "SCIM-023", Severity: diff.Medium, Title: "Changes and audit log do not match",
	Why:      "A change that the log lacks has no author; an entry that no change shows was undone or concealed.",
	Remedy:   "Ask who made the change, and report the missing entry to Ona.",
	Expected: "Every change has an audit-log entry, and every entry a change.",
	Supports: supports("CC7.2", "", "", "10.2.1.5"),
	limits:   toleranceLimit, needs: logSinceBaseline, all: logMismatches,
	pass: logMatches,
}, {
	ID: "SCIM-025", Severity: diff.High, Title: "Account creation not restricted to SCIM",
	Why:      "Accounts can come into being that the identity provider does not know and will never remove.",
	Remedy:   "Switch on the organization policy restrictAccountCreationToScim.",
	Expected: "The policy restrictAccountCreationToScim is on.",
	Supports: supports("CC6.2", "", "AC-2", ""),
	needs:    policiesRead, all: policyOff,
	pass: says("The policy restrictAccountCreationToScim is on."),
}}

var runRules = []Rule{{
	ID: runNotComplete, Severity: diff.High, Title: "Run not complete",
	Why: "Nothing is known about the organization as of this run, and changes up to it will be dated later " +
		"than they were.",
	Remedy:   "Remove the cause that the error names and run again.",
	Expected: "The collection is complete.",
	Supports: supports("", "", "CA-7", ""),
	all:      incomplete,
	pass:     complete,
}, {
	ID: "RUN-002", Severity: diff.Medium, Title: "Scheduled night without a complete run",
	Why:      "What was changed and set back around that night is not in any snapshot.",
	Remedy:   "Find out why the run did not start or did not complete, and keep a record of the gap.",
	Expected: "Every scheduled night has a complete run.",
	Supports: supports("", "", "CA-7", ""),
	needs:    scheduleKnown, all: missedNights,
	pass: says("No scheduled night that this run knows of lacks a complete run."),
}, {
	ID: "RUN-003", Severity: diff.High, Title: "Identity, organization or base URL differs",
	Why:      "A change between the snapshots may come from who looked or where, not from what was configured.",
	Remedy:   "Confirm that the collecting identity, the organization and the server were changed on purpose.",
	Expected: "Identity, organization and base URL are those of the baseline.",
	Supports: supports("", "", "CM-3", ""),
	needs:    baseline, all: otherSource,
	pass: says("Identity, organization and base URL are those of the baseline."),
}, {
	ID: "RUN-004", Severity: diff.Info, Title: "Unknown fields in answers",
	Why:      "The server reports something that no rule of this version looks at.",
	Remedy:   "Use a newer version of the tool; until then the field's changes are shown as they are received.",
	Expected: "This version knows every field of the answers.",
	all:      unknownFields,
	pass:     says("The answers carried no field that this version does not know."),
}}
