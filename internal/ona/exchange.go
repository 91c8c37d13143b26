package ona

import "time"

// Exchange is one call of the API and the answer to its last try.
type Exchange struct {
	Number         int           // 1 for the first of a snapshot
	Method         string        // such as gitpod.v1.OrganizationService/ListSCIMConfigurations
	Request        string        // the body sent; never a token
	Status         int           // HTTP status; 0 if no answer came or it must not be kept
	SentAt         time.Time     // when the last try was sent, UTC; stored in whole milliseconds
	Duration       time.Duration // of the last try, to the last byte
	ServerDate     time.Time     // the answer's Date, UTC; zero if it had none
	Records        int           // configurations in the answer
	Retries        []string      // why each earlier try was not accepted and how long the wait was, in order
	ResponseSHA256 string        // of the bytes of the body, in hex
	ResponseSize   int64         // bytes
}

// Removal is the API's answer about a configuration that a listing lacks. If it is neither Confirmed
// nor StillThere, the API was not asked, this token may not look, or the server cannot look up a
// single one.
type Removal struct {
	// Confirmed: the API says that there is no such configuration.
	Confirmed bool
	// StillThere: the API returns the configuration, so a listing without it was not complete.
	StillThere bool
	// Why is what the API said, or why it was not asked; empty if StillThere. It reads after a colon.
	Why string
}
