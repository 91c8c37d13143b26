package fetch

const hintServerFailed = "the server failed: run again later, and tell Ona if it stays so"

var hints = map[string]string{
	CodeUnauthenticated: "the token has expired or was revoked: make a new read-only personal access token and put " +
		"it where this one came from",
	CodePermissionDenied: "the token's owner may not read this: use the token of an organization admin, or have the " +
		"right granted; this says nothing about the configurations",
	CodeFailedPrecondition: "SCIM and SSO need the Enterprise plan: ask Ona whether the organization has it; " +
		"this does not mean that there are no configurations",
	CodeInvalidArgument: "the server does not take the request: check that this version of the tool fits the server",
	CodeNotFound:        "check the base URL: it must include the API's path, as in https://app.gitpod.io/api",
	CodeUnimplemented: "the server does not know the method: check the base URL, which must include the API's path, " +
		"and the server's version",
	CodeResourceExhausted: "the server limits the rate: run again later, at another hour or with a lower concurrency",
	CodeUnavailable:       "the server or a proxy before it is down: run again later",
	CodeInternal:          hintServerFailed,
	CodeDataLoss:          hintServerFailed,
	CodeUnknown:           hintServerFailed,
	CodeDeadlineExceeded:  "the server was too slow to answer itself: run again later",
	CodeAborted:           "the server gave up because of other work at the same time: run again later",
	CodeIncompleteListing: "the server's listing is not complete, so nothing was stored: run again; if it stays so, " +
		"tell Ona",
	CodeMalformedAnswer: "what answered is not the API that this version knows: check the base URL and proxies " +
		"between",
	CodeResponseTooLarge: "the answer is larger than the limit: check the base URL, or request smaller pages with " +
		"--page-size",
	CodeOrganizationMismatch: "use the token of the organization that was audited before, or name the new one with " +
		"--organization",
	CodeForeignOrganization: "the server mixes organizations: nothing was stored; tell Ona",
	CodeRedirectRefused: "if the host that it redirects to is right, name it in the base URL, as in " +
		"https://app.gitpod.io/api",
	CodeConnection: "check the base URL, name resolution, the proxy settings (HTTPS_PROXY) and the certificates of " +
		"this machine",
	CodeTimeout:  "the answer took too long: check the network and the proxy, or allow more with --timeout",
	CodeCanceled: "the run was interrupted: run again",
	CodeDuplicateOrganization: "set token_env or token_file of each entry under organizations: to the token of another " +
		"organization, or remove one of the two",
	CodeNoToken: "put a token of this organization where token_env or token_file of its entry says",
}

// Hint returns what to do about the error, in one sentence; empty if nothing is known.
func (e *Error) Hint() string { return hints[e.Code] }
