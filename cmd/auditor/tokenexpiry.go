package main

import (
	"fmt"
	"io"
	"time"

	"scim-auditor/internal/check"
)

// tokenExpiry is when the token of a source ends, as the settings say. Nobody else can: the API does not tell, and a personal access token
// lives 90 days at most.
type tokenExpiry struct {
	source string
	at     time.Time // the beginning of the day in UTC, zero when it is not known
}

// tokenExpiries are those of all sources, in their order.
func (s *settings) tokenExpiries() ([]tokenExpiry, error) {
	if len(s.organizations) == 0 {
		at, err := parseExpiry(s.tokenExpires)
		if err != nil {
			return nil, s.wrong("token-expires", err, expiryExample)
		}
		return []tokenExpiry{{defaultSource, at}}, nil
	}
	var all []tokenExpiry
	for i, entry := range s.organizations {
		at, err := parseExpiry(entry.TokenExpires)
		if err != nil {
			return nil, s.wrongEntry("organizations", i, fmt.Errorf("token_expires: %w", err), expiryExample)
		}
		all = append(all, tokenExpiry{entry.Name, at})
	}
	return all, nil
}

const expiryExample = "it is the day that Ona showed when the token was made, such as 2027-01-31"

func parseExpiry(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return at, fmt.Errorf("%q is no date", text)
	}
	return at, nil
}

// expiringTokens are the tokens that end soon or should have ended.
func expiringTokens(expiries []tokenExpiry, now time.Time) []check.Result {
	var all []check.Result
	for _, e := range expiries {
		if r := check.TokenExpiry(e.source, e.at, now); r.Status != check.OK {
			all = append(all, r)
		}
	}
	return all
}

// warnOfTokens tells of tokens that end soon, also where nothing but errors is to be told: the night after would be one.
func warnOfTokens(stderr io.Writer, expiring []check.Result) {
	for _, r := range expiring {
		printLabelled(stderr, "warning", fmt.Errorf("%s: the token %s", r.Source, r.Detail), r.Hint)
	}
}

// knownExpiries are those that the settings tell, by source.
func knownExpiries(expiries []tokenExpiry) map[string]time.Time {
	known := make(map[string]time.Time)
	for _, e := range expiries {
		if !e.at.IsZero() {
			known[e.source] = e.at
		}
	}
	return known
}
