package main

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// everyKind is every kind of change that can happen, by type of subject.
var everyKind = []string{
	"member|email_changed",
	"member|field_changed",
	"member|joined",
	"member|left",
	"member|login_changed",
	"member|reinstated",
	"member|role_lowered",
	"member|role_raised",
	"member|suspended",
	"organization|field_changed",
	"organization|field_first_reported",
	"organization|invite_domain_added",
	"organization|invite_domain_removed",
	"organization|restriction_lifted",
	"organization|restriction_set",
	"scim_configuration|added",
	"scim_configuration|created_at_changed",
	"scim_configuration|disabled",
	"scim_configuration|enabled",
	"scim_configuration|field_changed",
	"scim_configuration|organization_not_stated",
	"scim_configuration|organization_stated",
	"scim_configuration|reappeared",
	"scim_configuration|removed",
	"scim_configuration|renamed",
	"scim_configuration|sso_linked",
	"scim_configuration|sso_relinked",
	"scim_configuration|sso_unlinked",
	"scim_configuration|token_expiry_lost",
	"scim_configuration|token_expiry_reported",
	"scim_configuration|token_rotated",
	"scim_configuration|unverified_linking_allowed",
	"scim_configuration|unverified_linking_disallowed",
	"scim_configuration|updated_at_regressed",
	"scim_configuration|updated_only",
	"sso_configuration|added",
	"sso_configuration|claims_changed",
	"sso_configuration|client_changed",
	"sso_configuration|disabled",
	"sso_configuration|domains_changed",
	"sso_configuration|enabled",
	"sso_configuration|field_changed",
	"sso_configuration|issuer_changed",
	"sso_configuration|reappeared",
	"sso_configuration|removed",
	"sso_configuration|renamed",
}

func TestTheDemoShowsEveryKindOfChange(t *testing.T) {
	skipIfShort(t)
	folder, _ := playTheDemo(t)
	s := &site{t: t, folder: folder}
	got := s.query("SELECT DISTINCT subject_type, kind FROM changes ORDER BY subject_type, kind")
	if d := cmp.Diff(everyKind, got); d != "" {
		t.Errorf("kinds of change (-want +got):\n%s", d)
	}
	if !slices.IsSorted(everyKind) {
		t.Error("the list above is not sorted")
	}
	for _, name := range []string{"audit.xlsx", "audit.md"} {
		reports, err := filepath.Glob(filepath.Join(s.folder, "reports", "2026-*", name))
		if err != nil || len(reports) != 7 {
			t.Errorf("%d nights have %s (error %v), want 7", len(reports), name, err)
		}
	}
	quiet := s.query("SELECT source FROM snapshots WHERE run_id = 3 AND source = 'acme' " +
		"AND NOT EXISTS (SELECT 1 FROM changes c WHERE c.snapshot_id = snapshots.id)")
	if len(quiet) != 1 {
		t.Error("the third night of acme has changes, although only the form of the answers differs")
	}
}
