package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"scim-auditor/internal/fetch"
	"scim-auditor/internal/ona"
)

// callTimeout limits one call, because a person waits at the terminal.
const callTimeout = 20 * time.Second

// The names of the results, in the order in which a run asks.
const (
	nameBaseURL      = "base URL"
	nameToken        = "token"
	nameOrganization = "organization"
	nameSCIM         = "SCIM configurations"
	nameSSO          = "SSO configurations"
	namePolicies     = "organization policies"
	nameDomains      = "domain verifications"
	nameMembers      = "members"
	nameMemberTokens = "tokens of members"
	nameRemoval      = "single configuration"
	nameAuditLog     = "audit log"
	nameClock        = "clock"
)

// Organization makes the calls that a run makes, without retries, and stores nothing. If
// OrganizationID in the options is set, the token must belong to that organization. clockSkew is
// the largest accepted offset from the server's clock. It also returns what the API says about the
// end of the token.
func Organization(ctx context.Context, options fetch.Options, clockSkew time.Duration) ([]Result, ona.OwnToken) {
	options.MaxTries, options.CallTimeout = 1, callTimeout
	client, err := fetch.New(options)
	if err != nil {
		return []Result{Failed(nameBaseURL, err, "check --base-url and the token")}, ona.OwnToken{}
	}
	c, err := client.Collect(ctx)
	var results []Result
	if err != nil {
		results = append(results, Failed(failedName(err), err, ""))
	} else {
		results = append(results, collected(options, c)...)
		results = append(results, removal(ctx, client, c), auditLog(ctx, client, options.Now()))
	}
	if c.ClockKnown {
		results = append(results, clock(c.ClockOffset, clockSkew))
	}
	return results, c.OwnToken
}

func collected(options fetch.Options, c *fetch.Collection) []Result {
	results := []Result{
		ok(nameBaseURL, "%s responds", options.BaseURL),
		ok(nameToken, "accepted for %s", c.Identity.Principal),
		ok(nameOrganization, "%s (%s)", c.Inventory.Organization.Name, c.Identity.OrganizationID),
		ok(nameSCIM, "%d are listed", len(c.Inventory.SCIM)),
		assessed(ok(nameSSO, "%d are listed", len(c.Inventory.SSO)), c.Inventory.SSONotAssessed),
		assessed(ok(namePolicies, "can be read"), c.Inventory.PoliciesNotAssessed),
		assessed(ok(nameDomains, "%d are listed", len(c.Inventory.Domains)), c.Inventory.DomainsNotAssessed),
	}
	if !options.Members {
		return results
	}
	return append(results,
		assessed(ok(nameMembers, "%d are listed", len(c.Inventory.Members)), c.Inventory.MembersNotAssessed),
		assessed(ok(nameMemberTokens, "%d are listed", len(c.Inventory.MemberTokens)), c.Inventory.MemberTokensNotAssessed))
}

// assessed returns r, or a warning if notAssessed says why something could not be read.
func assessed(r Result, notAssessed string) Result {
	if notAssessed == "" {
		return r
	}
	return warning(r.Name, "reports will say \"not assessed\"; use a token whose owner may read them",
		"cannot be read: %s", notAssessed)
}

// removal requests one configuration by its id, as a run does before it reports a removal.
func removal(ctx context.Context, client *fetch.Client, c *fetch.Collection) Result {
	const hint = "reports will say \"confirmed by a second listing only\" of a removal"
	if len(c.Inventory.SCIM) == 0 {
		return ok(nameRemoval, "not tested, because there is no configuration")
	}
	response, _, err := client.ConfirmRemoved(ctx, ona.GetSCIMConfiguration, c.Inventory.SCIM[0].ID)
	switch {
	case err != nil:
		return warning(nameRemoval, hint, "cannot be requested by its id: %v", err)
	case !response.StillThere:
		return warning(nameRemoval, hint, "a listed configuration cannot be requested by its id: %s", response.Reason)
	}
	return ok(nameRemoval, "can be requested by its id")
}

// auditLog requests the newest page of the audit log.
func auditLog(ctx context.Context, client *fetch.Client, now time.Time) Result {
	log, err := client.ListAuditLogs(ctx, fetch.AuditLogQuery{
		SubjectTypes: []string{ona.ResourceTypeSCIMConfiguration}, Since: now, MaxPages: 1,
	})
	problem := log.NotAssessed
	if err != nil {
		problem = err.Error()
	}
	if problem != "" {
		return warning(nameAuditLog,
			"reports will not name who made a change; use a token whose owner may read the audit log",
			"cannot be read: %s", problem)
	}
	return ok(nameAuditLog, "can be read")
}

// failedName returns the name of the check that a collection's error belongs to.
func failedName(err error) string {
	remote, ok := errors.AsType[*fetch.Error](err)
	switch {
	case !ok:
		return nameBaseURL
	case remote.Code == fetch.CodeUnauthenticated:
		return nameToken
	case remote.Code == fetch.CodeOrganizationMismatch:
		return nameOrganization
	case remote.Method == ona.GetAuthenticatedIdentity && remote.Code == fetch.CodeMalformedAnswer,
		slices.Contains([]string{fetch.CodeConnection, fetch.CodeTimeout, fetch.CodeRedirectRefused}, remote.Code):
		return nameBaseURL
	}
	return cmp.Or(namesByMethod[remote.Method], nameBaseURL)
}

// namesByMethod maps the methods of the API to what they read.
var namesByMethod = map[string]string{
	ona.GetAuthenticatedIdentity: nameToken,
	ona.GetOrganization:          nameOrganization,
	ona.GetOrganizationPolicies:  namePolicies,
	ona.ListSCIMConfigurations:   nameSCIM,
	ona.ListSSOConfigurations:    nameSSO,
	ona.ListDomainVerifications:  nameDomains,
}

func clock(offset, most time.Duration) Result {
	if offset.Abs() <= most {
		return ok(nameClock, "within %s of the server's clock", most)
	}
	if offset.Abs() > fetch.MaxClockError {
		return Failed(nameClock, &fetch.Error{Code: fetch.CodeClockWrong, Err: fmt.Errorf(
			"%s off the server's clock: every run fails", offset.Round(time.Second))}, "")
	}
	return warning(nameClock, "synchronize the clock of this machine by NTP; snapshots are stamped with its time",
		"%s off the server's clock", offset.Round(time.Second))
}
