package ona

import "time"

// AuditLog is what was read of an organization's audit log. Its instants are those of the server's
// clock.
type AuditLog struct {
	// Since is how far back the log was to be read, Until the instant of the snapshot.
	Since, Until time.Time
	// Pages is the number of pages read, Received the number of entries in them.
	Pages, Received int
	// Entries are newest first, each id once, and may reach beyond Since and Until.
	Entries []AuditLogEntry
	// NotAssessed says why the log could not be read; Entries is then empty and means nothing.
	NotAssessed string
	// Lacking says why entries since Since may be missing from Entries; empty if none are.
	// LackingBefore is then the instant from which on the entries are complete; the zero time if that
	// is not known.
	Lacking       string
	LackingBefore time.Time
}
