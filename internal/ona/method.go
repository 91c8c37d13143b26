package ona

// ServicePrefix begins the name of every method; messages leave it out.
const ServicePrefix = "gitpod.v1."

// Methods of the API, as they follow the base URL.
const (
	GetAuthenticatedIdentity = ServicePrefix + "IdentityService/GetAuthenticatedIdentity"
	GetOrganization          = ServicePrefix + "OrganizationService/GetOrganization"
	GetOrganizationPolicies  = ServicePrefix + "OrganizationService/GetOrganizationPolicies"
	ListSCIMConfigurations   = ServicePrefix + "OrganizationService/ListSCIMConfigurations"
	GetSCIMConfiguration     = ServicePrefix + "OrganizationService/GetSCIMConfiguration"
	ListSSOConfigurations    = ServicePrefix + "OrganizationService/ListSSOConfigurations"
	GetSSOConfiguration      = ServicePrefix + "OrganizationService/GetSSOConfiguration"
	ListAuditLogs            = ServicePrefix + "EventService/ListAuditLogs"
)
