package check

import (
	"context"
	"errors"
	"path"
	"time"

	"scim-auditor/internal/fetch"
)

// maxClockOffset is how far the local clock may be off the server's, as rule SCIM-021 has it.
const maxClockOffset = 5 * time.Minute

// callTimeout bounds one call: whoever waits for the answer sits at a terminal.
const callTimeout = 20 * time.Second

// What the lines are called, in the order in which a run asks.
const (
	nameBaseURL      = "base URL"
	nameToken        = "token"
	nameExpiry       = "token expiry"
	nameOrganization = "organization"
	nameSCIM         = "SCIM configurations"
	nameSSO          = "SSO configurations"
	namePolicies     = "organization policies"
	nameRemoval      = "single configuration"
	nameAuditLog     = "audit log"
	nameClock        = "clock"
)

// Organization asks the API all that a run asks, once and without retries, and stores nothing. The options' OrganizationID is the one that
// the token must belong to, if any.
func Organization(ctx context.Context, source string, options fetch.Options) []Result {
	options.MaxTries, options.CallTimeout = 1, callTimeout
	client, err := fetch.New(options)
	if err != nil {
		return label(source, []Result{found(nameBaseURL, Error, "check --base-url and the token", "%v", err)})
	}
	c, err := client.Collect(ctx)
	results := []Result{}
	if c.Identity.OrganizationID != "" && err == nil {
		results = append(results, accepted(client, c)...)
		results = append(results, removal(ctx, client, c), auditLog(ctx, client, options.Now()))
	}
	if err != nil {
		results = append(results, refused(err))
	}
	if c.ClockKnown {
		results = append(results, clock(c.ClockOffset))
	}
	return label(source, results)
}

// accepted are the lines of a collection that succeeded.
func accepted(client *fetch.Client, c *fetch.Collection) []Result {
	results := []Result{
		found(nameBaseURL, OK, "", "%s answers", client.BaseURL()),
		found(nameToken, OK, "", "accepted for %s", c.Identity.Principal),
		found(nameOrganization, OK, "", "%s (%s)", c.Inventory.Organization.Name, c.Identity.OrganizationID),
		found(nameSCIM, OK, "", "%d are listed", len(c.Inventory.SCIM)),
		found(nameSSO, OK, "", "%d are listed", len(c.Inventory.SSO)),
		found(namePolicies, OK, "", "can be read"),
	}
	const hint = "reports will say \"not assessed\": use a token whose owner may read them"
	if why := c.Inventory.SSONotAssessed; why != "" {
		results[4] = found(nameSSO, Warning, hint, "cannot be read: %s", why)
	}
	if why := c.Inventory.PoliciesNotAssessed; why != "" {
		results[5] = found(namePolicies, Warning, hint, "cannot be read: %s", why)
	}
	return results
}

// removal asks for one configuration by its id, as a run does before it calls one removed.
func removal(ctx context.Context, client *fetch.Client, c *fetch.Collection) Result {
	if len(c.Inventory.SCIM) == 0 {
		return found(nameRemoval, OK, "", "there is none to ask for")
	}
	answer, _, err := client.ConfirmSCIMRemoved(ctx, c.Inventory.SCIM[0].ID)
	switch {
	case err != nil:
		return found(nameRemoval, Warning, "reports may say \"removed, not confirmed\"", "cannot be asked for: %v", err)
	case answer.State != fetch.StillThere:
		return found(nameRemoval, Warning, "reports may say \"removed, not confirmed\"", "one that is listed cannot be asked for: %s", answer.Why)
	}
	return found(nameRemoval, OK, "", "can be asked for by its id")
}

// auditLog asks for the newest page of the audit log.
func auditLog(ctx context.Context, client *fetch.Client, now time.Time) Result {
	const hint = "reports will not name who made a change: use a token whose owner may read the audit log"
	log, err := client.ListAuditLogs(ctx, fetch.AuditLogQuery{SubjectTypes: []string{"RESOURCE_TYPE_SCIM_CONFIGURATION"}, Since: now, MaxPages: 1})
	if err != nil {
		return found(nameAuditLog, Warning, hint, "cannot be read: %v", err)
	}
	if log.NotAssessed != "" {
		return found(nameAuditLog, Warning, hint, "cannot be read: %s", log.NotAssessed)
	}
	return found(nameAuditLog, OK, "", "can be read")
}

// refused is the line of what a collection failed with, named by what is to be mended.
func refused(err error) Result {
	remote, ok := errors.AsType[*fetch.Error](err)
	if !ok {
		return found(nameBaseURL, Error, "", "%v", err)
	}
	name := nameBaseURL
	switch {
	case remote.Code == fetch.CodeUnauthenticated:
		name = nameToken
	case remote.Code == fetch.CodeOrganizationMismatch:
		name = nameOrganization
	case remote.Status == 0 || remote.Code == fetch.CodeRedirectRefused:
	default:
		name = methodName(remote.Method)
	}
	return found(name, Error, remote.Hint(), "%v", err)
}

// methodName is what a method reads.
func methodName(method string) string {
	switch path.Base(method) {
	case "GetAuthenticatedIdentity":
		return nameToken
	case "GetOrganization":
		return nameOrganization
	case "GetOrganizationPolicies":
		return namePolicies
	case "ListSCIMConfigurations":
		return nameSCIM
	case "ListSSOConfigurations":
		return nameSSO
	}
	return nameBaseURL
}

// clock compares the local clock with the server's.
func clock(offset time.Duration) Result {
	if offset.Abs() <= maxClockOffset {
		return found(nameClock, OK, "", "within %s of the server's", maxClockOffset)
	}
	return found(nameClock, Warning, "set the clock of this machine by NTP: snapshots carry its time", "%s off the server's", offset.Round(time.Second))
}

func label(source string, results []Result) []Result {
	for i := range results {
		results[i].Source = source
	}
	return results
}
