package snapshot

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/ona"
)

// keyOf selects the key of the organization with the id ?1.
const keyOf = "(SELECT key FROM organizations WHERE id = ?1)"

// readContent returns the rows of contentTables that a complete snapshot shows. It fails with
// ErrPruned if retention removed them, and with ErrNotFound if the snapshot is not complete.
func readContent(ctx context.Context, q querier, h Snapshot) (shown versions, err error) {
	if err := checkPruned(h); err != nil {
		return nil, err
	}
	if h.Outcome != Complete {
		return nil, fmt.Errorf("the inventory of snapshot %d: %w: the snapshot is not complete", h.ID, ErrNotFound)
	}
	shown = make(versions)
	for _, t := range contentTables {
		if !h.shows(t) {
			continue
		}
		if shown[t], err = t.asOf(ctx, q, h.OrganizationID, h.ID); err != nil {
			return nil, err
		}
	}
	return shown, nil
}

// shows reports whether a complete snapshot shows rows of a table. It shows none that it could not
// read.
func (h *Snapshot) shows(t *versionTable) bool {
	switch t {
	case policyVersions:
		return h.PoliciesNotAssessed == ""
	case ssoVersions:
		return h.SSONotAssessed == ""
	case domainVersions:
		return h.DomainsNotAssessed == ""
	case memberVersions:
		return h.MembersNotAssessed == ""
	case memberTokenVersions:
		return h.MemberTokensNotAssessed == ""
	}
	return true
}

// inventory converts rows of contentTables. It checks the counts in the headers of the
// snapshots that show them, because a missing or extra row would appear as an added or removed
// configuration.
func (all versions) inventory(h, sso, members Snapshot) (inventory ona.Inventory, err error) {
	organizations, err := readVersions(all[organizationVersions], readObject[ona.Organization])
	policies, policiesErr := readVersions(all[policyVersions], readPolicies)
	var scimErr, ssoErr, domainsErr, membersErr, tokensErr error
	inventory.SCIM, scimErr = readVersions(all[scimVersions], readObject[ona.SCIMConfiguration])
	inventory.SSO, ssoErr = readVersions(all[ssoVersions], readObject[ona.SSOConfiguration])
	inventory.Domains, domainsErr = readVersions(all[domainVersions], readObject[ona.DomainVerification])
	inventory.Members, membersErr = readVersions(all[memberVersions], readObject[ona.OrganizationMember])
	inventory.MemberTokens, tokensErr = readVersions(all[memberTokenVersions], readObject[ona.PersonalAccessToken])
	if len(organizations) == 1 {
		inventory.Organization = organizations[0]
	}
	if len(policies) == 1 {
		inventory.Policies = &policies[0]
	}
	return inventory, cmp.Or(err, policiesErr, scimErr, ssoErr, domainsErr, membersErr, tokensErr,
		checkCount(h.ID, "SCIM configurations", len(inventory.SCIM), h.SCIMConfigurations),
		checkCount(sso.ID, "SSO configurations", len(inventory.SSO), sso.SSOConfigurations),
		checkCount(members.ID, "members", len(inventory.Members), members.Members))
}

func checkCount(snapshotID int64, noun string, there, counted int) error {
	if there == counted {
		return nil
	}
	return fmt.Errorf("the database has %d %s of snapshot %d, but its header counts %d: %w",
		there, noun, snapshotID, counted, ErrDamaged)
}

// Inventory returns what a complete snapshot shows. It marks what the snapshot could not read
// as not assessed.
func (s *Store) Inventory(ctx context.Context, h Snapshot) (ona.Inventory, error) {
	return inventoryOf(ctx, s.db, h)
}

func inventoryOf(ctx context.Context, q querier, h Snapshot) (ona.Inventory, error) {
	shown, err := readContent(ctx, q, h)
	if err != nil {
		return ona.Inventory{}, err
	}
	inventory, err := shown.inventory(h, h, h)
	inventory.SSONotAssessed, inventory.PoliciesNotAssessed = h.SSONotAssessed, h.PoliciesNotAssessed
	inventory.DomainsNotAssessed, inventory.MembersSalt = h.DomainsNotAssessed, h.MembersSaltID
	inventory.MembersNotAssessed, inventory.MemberTokensNotAssessed = h.membersNotAssessed()
	return inventory, err
}

// membersNotAssessed returns the reasons for an inventory, which include that the settings do not
// ask for members.
func (h *Snapshot) membersNotAssessed() (members, tokens string) {
	if h.MembersSetting == MembersOff {
		return ona.MembersNotRequested, ona.MembersNotRequested
	}
	return h.MembersNotAssessed, h.MemberTokensNotAssessed
}

// Shown is the content of a complete snapshot, with the dates of the configurations.
type Shown struct {
	SCIM     []SCIMConfiguration       // sorted by id
	SSO      []SSOConfiguration        // sorted by id; empty if they were not assessed
	Policies *ona.OrganizationPolicies // nil if they were not assessed
	// InviteDomains are those of the organization.
	InviteDomains []string
	Domains       []ona.DomainVerification // sorted by id; empty if they were not assessed
	// Members are sorted by id, MemberTokens too; both are empty if they were not assessed or not
	// asked for.
	Members      []ona.OrganizationMember
	MemberTokens []ona.PersonalAccessToken
}

// Shown returns the content of a complete snapshot.
func (s *Store) Shown(ctx context.Context, h Snapshot) (shown Shown, err error) {
	c, err := readContent(ctx, s.db, h)
	if err != nil {
		return shown, err
	}
	inventory, damaged := c.inventory(h, h, h)
	earlier, err := firstSeen(ctx, s.db, h.OrganizationID, h.ID)
	if err == nil {
		err = s.skipReporting(ctx, h, c, earlier)
	}
	if err := cmp.Or(damaged, err); err != nil {
		return shown, err
	}
	shown.Policies, shown.Domains = inventory.Policies, inventory.Domains
	shown.Members, shown.MemberTokens = inventory.Members, inventory.MemberTokens
	shown.InviteDomains = inventory.Organization.InviteDomains
	shown.SCIM, shown.SSO = slices.Grow(shown.SCIM, len(inventory.SCIM)), slices.Grow(shown.SSO, len(inventory.SSO))
	for i, v := range inventory.SCIM {
		since := c[scimVersions][i].since
		first := cmp.Or(earlier[diff.Subject{Type: diff.SCIMConfiguration, ID: v.ID}].takenAt, since)
		shown.SCIM = append(shown.SCIM, SCIMConfiguration{v, first, since})
	}
	for i, v := range inventory.SSO {
		since := c[ssoVersions][i].since
		first := cmp.Or(earlier[diff.Subject{Type: diff.SSOConfiguration, ID: v.ID}].takenAt, since)
		shown.SSO = append(shown.SSO, SSOConfiguration{v, first, since})
	}
	return shown, nil
}

// beginning is the first snapshot that shows a configuration.
type beginning struct {
	snapshotID int64
	takenAt    time.Time
}

// firstSeen returns the first snapshot with an id up to upTo that shows each configuration with an
// ended version. The other configurations still have their first version.
func firstSeen(
	ctx context.Context, q querier, organizationID string, upTo int64,
) (map[diff.Subject]beginning, error) {
	seen := make(map[diff.Subject]beginning)
	_, err := queryAll(ctx, q, "reading the history of the configurations", func(r *reader) bool {
		subject := diff.Subject{Type: diff.SubjectType(r.text() + "_configuration"), ID: r.text()}
		seen[subject] = beginning{r.number(), r.instant()}
		return true
	}, `SELECT v.kind, v.id, s.id, s.taken_at
		FROM (
		  SELECT kind, id, min(valid_from) AS first
		  FROM (
		    SELECT 'scim' AS kind, id, valid_from FROM scim_versions WHERE organization_key = `+keyOf+` AND valid_to > 0
		    UNION ALL
		    SELECT 'sso', id, valid_from FROM sso_versions WHERE organization_key = `+keyOf+` AND valid_to > 0
		    UNION ALL
		    SELECT kind, id, valid_from FROM pruned_versions WHERE organization_key = `+keyOf+`
		  )
		  WHERE valid_from <= ?2
		  GROUP BY kind, id
		) v
		JOIN stored_snapshots s ON s.id = v.first
		ORDER BY v.kind, v.id`, organizationID, upTo)
	return seen, err
}

// CountRows counts the configurations of a snapshot in the views, as a second source for its
// counts.
func (s *Store) CountRows(ctx context.Context, snapshotID int64) (scim, sso, domains int, err error) {
	counts, _, err := first(queryAll(ctx, s.db, "counting the rows of a snapshot", func(r *reader) [3]int {
		return [3]int{r.count(), r.count(), r.count()}
	}, `SELECT
		  (SELECT count(*) FROM scim_configurations WHERE snapshot_id = ?1),
		  (SELECT count(*) FROM sso_configurations WHERE snapshot_id = ?1),
		  (SELECT count(*) FROM domain_verifications WHERE snapshot_id = ?1)`, snapshotID))
	return counts[0], counts[1], counts[2], err
}

// CountMembers counts the members of a snapshot and their tokens in the views, as a second source
// for its counts.
func (s *Store) CountMembers(ctx context.Context, snapshotID int64) (members, tokens int, err error) {
	counts, _, err := first(queryAll(ctx, s.db, "counting the members of a snapshot", func(r *reader) [2]int {
		return [2]int{r.count(), r.count()}
	}, `SELECT
		  (SELECT count(*) FROM members WHERE snapshot_id = ?1),
		  (SELECT count(*) FROM member_tokens WHERE snapshot_id = ?1)`, snapshotID))
	return counts[0], counts[1], err
}

// SeenBefore returns a function that reports whether an older snapshot showed a configuration
// that the snapshot h does not show.
func (s *Store) SeenBefore(ctx context.Context, h Snapshot) (func(diff.SubjectType, string) bool, error) {
	return seenBefore(ctx, s.db, h)
}

func seenBefore(ctx context.Context, q querier, h Snapshot) (func(diff.SubjectType, string) bool, error) {
	seen, err := firstSeen(ctx, q, h.OrganizationID, h.ID)
	return func(t diff.SubjectType, id string) bool {
		_, found := seen[diff.Subject{Type: t, ID: id}]
		return found
	}, err
}
