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
