package finding

import (
	"slices"

	"scim-auditor/internal/diff"
)

var changeRules = []Rule{{
	ID:       "SCIM-017",
	Title:    "Configuration enabled again",
	Severity: diff.Medium,
	Why:      "Provisioning started again for a configuration that had been switched off, perhaps on purpose.",
	Remedy:   "Confirm that the change was approved.",
	Expected: "No SCIM configuration that was disabled in the baseline is enabled now.",
	Supports: slices.Concat(soc2("CC8.1"), iso("8.32")),
	check:    withBaseline(whole(checkReenabled)),
}, {
	ID:       "SCIM-018",
	Title:    "Configuration created and removed between two snapshots",
	Severity: diff.High,
	Why:      "A configuration that lived for hours only can have created accounts, and no snapshot shows it.",
	Remedy:   "Ask who made it and what it provisioned.",
	Expected: "Every SCIM configuration in the audit log is in a snapshot.",
	Supports: slices.Concat(soc2("CC7.2"), nist("AC-2(4)")),
	check:    withAuditLog(whole(checkShortLived)),
}, {
	ID:       "SCIM-019",
	Title:    "Configuration updated without a visible change",
	Severity: diff.Low,
	Why:      "Something may have been changed and set back between the snapshots.",
	Remedy:   "Look the time up in the audit log and ask who made the update.",
	Expected: "updatedAt moves only together with another field.",
	Supports: nist("CM-3"),
	check:    withBaseline(whole(checkUpdatedOnly)),
}, {
	ID:       foreignConfiguration,
	Title:    "Configuration of a foreign organization in the answer",
	Severity: diff.Critical,
	Why:      "The listing is not of the organization that is audited, or not of it alone.",
	Remedy:   "Check which organization the token belongs to, and report the answer to Ona.",
	Expected: "Every listed SCIM configuration belongs to the organization.",
	check:    checkForeign,
}, {
	ID:       "SCIM-021",
	Title:    "Clock anomaly",
	Severity: diff.Medium,
	Why:      "When clocks disagree, the order of events and every expiry in this report are in doubt.",
	Remedy:   "Synchronize the clock of this machine; if it is right, report the times to Ona.",
	Expected: "createdAt is not after updatedAt, neither is ahead of the snapshot, and the local clock agrees with the server's.",
	Supports: slices.Concat(nist("AU-8"), iso("8.17")),
	limits:   skewLimit,
	check:    checkClocks,
}, {
	ID:       "SCIM-023",
	Title:    "Changes and audit log do not match",
	Severity: diff.Medium,
	Why:      "A change that the log lacks has no author; an entry that no change shows was undone or concealed.",
	Remedy:   "Ask who made the change, and report the missing entry to Ona.",
	Expected: "Every change has an audit-log entry, and every entry a change.",
	Supports: slices.Concat(soc2("CC7.2"), pci("10.2.1.5")),
	limits:   toleranceLimit,
	check:    withAuditLog(whole(checkLogged)),
}, {
	ID:       "SCIM-025",
	Title:    "Account creation not restricted to SCIM",
	Severity: diff.High,
	Why:      "Accounts can come into being that the identity provider does not know and will never remove.",
	Remedy:   "Switch on the organization policy restrictAccountCreationToScim.",
	Expected: "The policy restrictAccountCreationToScim is on.",
	Supports: slices.Concat(soc2("CC6.2"), nist("AC-2")),
	check:    whole(checkPolicy),
}}

var runRules = []Rule{{
	ID:       runNotComplete,
	Title:    "Run not complete",
	Severity: diff.High,
	Why:      "Nothing is known about the organization as of this run, and changes up to it will be dated later than they were.",
	Remedy:   "Remove the cause that the error names and run again.",
	Expected: "The collection is complete.",
	Supports: nist("CA-7"),
	check:    whole(checkComplete),
}, {
	ID:       "RUN-002",
	Title:    "Scheduled night without a complete run",
	Severity: diff.Medium,
	Why:      "What was changed and set back around that night is not in any snapshot.",
	Remedy:   "Find out why the run did not start or did not complete, and keep a record of the gap.",
	Expected: "Every scheduled night has a complete run.",
	Supports: nist("CA-7"),
	check:    whole(checkMissedNights),
}, {
	ID:       "RUN-003",
	Title:    "Identity, organization or base URL differs",
	Severity: diff.High,
	Why:      "A change between the snapshots may come from who looked or where, not from what was configured.",
	Remedy:   "Confirm that the collecting identity, the organization and the server were changed on purpose.",
	Expected: "Identity, organization and base URL are those of the baseline.",
	Supports: nist("CM-3"),
	check:    withBaseline(whole(checkSameSource)),
}, {
	ID:       "RUN-004",
	Title:    "Unknown fields in answers",
	Severity: diff.Info,
	Why:      "The server reports something that no rule of this version looks at.",
	Remedy:   "Use a newer version of the tool; until then the field's changes are shown as they are received.",
	Expected: "This version knows every field of the answers.",
	check:    whole(checkUnknownFields),
}}
