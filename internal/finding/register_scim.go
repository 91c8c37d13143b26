package finding

import "scim-auditor/internal/diff"

var tokenRules = []Rule{{
	ID: "SCIM-001", Severity: diff.Critical, Title: "Enabled configuration with an expired token",
	Why: "The identity provider can no longer sign in to provision: people who leave keep their accounts and " +
		"nobody notices.",
	Remedy: "Regenerate the token, store it in the identity provider, and check there which changes were not " +
		"provisioned meanwhile.",
	Expected: "The token of every enabled SCIM configuration is not expired.",
	Supports: supports("CC6.2 CC6.3", "5.18", "AC-2", "8.2.5"),
	each:     expiredWhile(true),
	pass:     everyEnabled("No token of these has expired."),
}, {
	ID: "SCIM-002", Severity: ByRule, Title: "Token expires soon",
	Why:      "Provisioning and deprovisioning stop when the token expires.",
	Remedy:   "Regenerate the token before it expires and store it in the identity provider.",
	Expected: "No token expires soon after the snapshot.",
	Supports: supports("CC6.1", "5.17", "IA-5", "8.6.3"),
	limits:   expiryLimits, each: expiresSoon,
	pass: everySCIM("No token that is still valid expires within the limits."),
}, {
	ID: "SCIM-003", Severity: diff.Low, Title: "Disabled configuration with an expired token",
	Why:      "A configuration that is off and could not work if it were on is probably forgotten.",
	Remedy:   "Delete the configuration, or regenerate its token and enable it.",
	Expected: "The token of every disabled SCIM configuration is not expired.",
	Supports: supports("", "", "CM-8", ""),
	each:     expiredWhile(false),
	pass:     everyDisabled("No token of these has expired."),
}, {
	ID: "SCIM-004", Severity: diff.Info, Title: "Token expiry not reported",
	Why:      "The API does not show whether the token is expired or about to be.",
	Remedy:   "Look the expiry up in Ona's settings; servers since February 2026 report it.",
	Expected: "The API reports when each token expires.",
	Supports: supports("", "", "IA-5", ""),
	each:     expiryReported,
	pass:     everySCIM("The API reported the expiry of every token."),
}, {
	ID: "SCIM-005", Severity: diff.Medium, Title: "Token lifetime too long",
	Why:      "The longer a token lives, the longer a copy of it that leaked can be used.",
	Remedy:   "Regenerate the token with a shorter lifetime.",
	Expected: "No token lives longer than the limit.",
	Supports: supports("", "5.17", "IA-5", "8.6.3"),
	limits:   lifetimeLimit, each: lifetime,
	pass: everySCIM("No token is known to live longer than the limit, counted from the snapshot that first " +
		"showed its rotation or else from createdAt."),
}, {
	ID: "SCIM-006", Severity: diff.Medium, Title: "Token not rotated for too long",
	Why:      "A token that is never changed stays known to everyone who ever saw it.",
	Remedy:   "Regenerate the token and store it in the identity provider.",
	Expected: "Every token was rotated, or its configuration created, less than the limit ago.",
	Supports: supports("", "", "IA-5", "8.6.3"),
	limits:   ageLimit, each: rotation,
	pass: everySCIM("Each was created, or a rotation of its token first seen, less than the limit ago."),
}}

var configurationRules = []Rule{{
	ID: "SCIM-007", Severity: diff.Medium, Title: "Configuration disabled",
	Why: "While it is off, people who leave are not deprovisioned through it; high if it is the organization's " +
		"only one.",
	Remedy:   "Enable the configuration, or delete it if it is no longer needed.",
	Expected: "Every SCIM configuration is enabled.",
	Supports: supports("CC6.2", "", "AC-2(1)", ""),
	each:     disabled,
	pass:     everyEnabled(""),
}, {
	ID: "SCIM-008", Severity: diff.High, Title: "Organization with no enabled SCIM configuration",
	Why:      "Accounts are neither created nor removed by an identity provider.",
	Remedy:   "Set up a SCIM configuration, or enable one that exists.",
	Expected: "The organization has at least one enabled SCIM configuration.",
	Supports: supports("CC6.2", "5.16", "", ""),
	all:      noneEnabled,
	pass:     everyEnabled(""),
}, {
	ID: "SCIM-009", Severity: diff.High, Title: "Enabled configuration without a linked SSO configuration",
	Why:      "Provisioned accounts are not tied to the identity provider that people sign in with.",
	Remedy:   "Link the configuration to the SSO configuration of the same identity provider.",
	Expected: "Every enabled SCIM configuration is linked to an SSO configuration.",
	Supports: supports("CC6.1", "5.16", "", ""),
	each:     unlinked,
	pass:     everyEnabled("Each of these is linked to an SSO configuration."),
}, {
	ID: "SCIM-010", Severity: diff.High, Title: "Link to an SSO configuration that does not exist",
	Why: "The SSO configuration was probably deleted, so provisioned people may not be able to sign in as " +
		"intended.",
	Remedy:   "Link the configuration to an SSO configuration that exists.",
	Expected: "The complete list of SSO configurations has every linked one.",
	Supports: supports("", "", "CM-6", ""),
	needs:    ssoRead, each: linkMissing,
	pass: everyLinked("The complete list of SSO configurations has every linked one."),
}, {
	ID: "SCIM-011", Severity: diff.High, Title: "Linked SSO configuration is not active",
	Why:      "Accounts are provisioned for a sign-in that is switched off; people may sign in some other way.",
	Remedy:   "Activate the SSO configuration, or link to one that is active.",
	Expected: "Every linked SSO configuration is active.",
	Supports: supports("CC6.1", "8.5", "", ""),
	needs:    ssoRead, each: linkInactive,
	pass: everyLinked("Every linked SSO configuration is active."),
}, {
	ID: "SCIM-012", Severity: diff.High, Title: "Enabled configurations share one SSO configuration",
	Why:      "Two sources provision the same accounts: one can give back what the other took away.",
	Remedy:   "Keep one enabled SCIM configuration for each SSO configuration.",
	Expected: "No two enabled SCIM configurations are linked to the same SSO configuration.",
	Supports: supports("CC6.3", "", "CM-8", ""),
	all:      sharedLinks,
	pass:     notShared,
}, {
	ID: "SCIM-013", Severity: diff.Medium, Title: "Active custom SSO configuration without SCIM",
	Why:      "People who sign in through it keep their accounts when they leave, until somebody removes them by hand.",
	Remedy:   "Set up and enable a SCIM configuration that is linked to it, or deactivate it.",
	Expected: "Every active custom SSO configuration has an enabled SCIM configuration.",
	Supports: supports("CC6.2", "", "", "8.2.5"),
	needs:    ssoRead, all: notProvisioned,
	pass: everySSO("Every active custom one has an enabled SCIM configuration."),
}, {
	ID: "SCIM-014", Severity: diff.Low, Title: "Configuration without a name",
	Why:      "Nobody knows what it is for without asking its author.",
	Remedy:   "Give the configuration a name that says which identity provider it serves.",
	Expected: "Every SCIM configuration has a name.",
	Supports: supports("", "", "CM-8", ""),
	each:     unnamed,
	pass:     everySCIM("Each has a name."),
}, {
	ID: "SCIM-015", Severity: diff.Low, Title: "Several configurations with the same name",
	Why:      "They are easily taken for one another when one is changed or deleted.",
	Remedy:   "Give each configuration a name of its own.",
	Expected: "No two SCIM configurations have the same name, letter case and surrounding spaces aside.",
	Supports: supports("", "", "CM-8", ""),
	all:      sharedNames,
	pass:     everySCIM("No two have the same name, apart from those without one."),
}, {
	ID: "SCIM-016", Severity: diff.High, Title: "Unverified e-mail account linking allowed",
	Why:      "An account can be taken over by an identity that only claims its e-mail address.",
	Remedy:   "Switch off allowUnverifiedEmailAccountLinking.",
	Expected: "No SCIM configuration allows unverified e-mail account linking.",
	Supports: supports("CC6.1", "5.16", "IA-4", ""),
	each:     unverifiedLinking,
	pass:     everySCIM("Each reports allowUnverifiedEmailAccountLinking as false."),
}}
