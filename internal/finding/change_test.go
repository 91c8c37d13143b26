package finding_test

import (
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/ona"
)

func changes(changes ...diff.Change) func(*finding.Input) {
	return func(in *finding.Input) { in.Changes = changes }
}

func firstSnapshot(in *finding.Input) { in.Baseline = nil }

func unchanged(*finding.Input) {}

func ssoEnabled() diff.Change {
	c := change(diff.Enabled, "state", ona.SSOStateInactive, ona.SSOStateActive)
	c.SubjectType, c.SubjectID = diff.SSOConfiguration, "sso-1"
	return c
}

func regressed() diff.Change {
	return change(diff.UpdatedAtRegressed, "updatedAt", ona.FormatTime(after(-day)), ona.FormatTime(after(-2*day)))
}

var changeCases = []ruleCase{
	{"SCIM-017", "enabled since the baseline", changes(change(diff.Enabled, "enabled", "false", "true")),
		[]string{"fail medium scim-1"}, "disabled in the baseline and is enabled in this snapshot."},
	{"SCIM-017", "an SSO configuration was enabled", changes(ssoEnabled()), []string{"pass org-1"}, ""},
	{"SCIM-017", "disabled since the baseline", changes(change(diff.Disabled, "enabled", "true", "false")),
		[]string{"pass org-1"}, ""},
	{"SCIM-017", "first snapshot", firstSnapshot, []string{"not_assessed org-1"}, "first snapshot of this organization"},

	{"SCIM-019", "only updatedAt moved", changes(change(diff.OnlyUpdatedAtChanged, "updatedAt",
		ona.FormatTime(after(-2*day)), ona.FormatTime(after(-day+time.Millisecond)))),
		[]string{"fail low scim-1"}, "from 2026-11-21 02:00:00 UTC to 2026-11-22 02:00:00.001 UTC"},
	{"SCIM-019", "updatedAt was not reported before",
		changes(change(diff.OnlyUpdatedAtChanged, "updatedAt", "", ona.FormatTime(after(-day)))),
		[]string{"fail low scim-1"}, "from not reported to"},
	{"SCIM-019", "an instant in another form", changes(change(diff.OnlyUpdatedAtChanged, "updatedAt", "yesterday",
		"today")),
		[]string{"fail low scim-1"}, "from yesterday to today"},
	{"SCIM-019", "only updatedAt moved, and back", changes(regressed()), []string{"fail low scim-1"},
		"moved back from 2026-11-22 02:00:00 UTC to 2026-11-21 02:00:00 UTC and nothing else differs."},
	{"SCIM-019", "updatedAt moved back with the name",
		changes(regressed(), change(diff.Renamed, "name", "Okta", "Okta 2")),
		[]string{"pass org-1"}, ""},
	{"SCIM-019", "updatedAt moved with the name", changes(change(diff.Renamed, "name", "Okta", "Okta 2")),
		[]string{"pass org-1"}, ""},
	{"SCIM-019", "first snapshot", firstSnapshot, []string{"not_assessed org-1"}, "first snapshot of this organization"},
}
