package check

import (
	"fmt"
	"time"
)

// tokenWarning is how long before its end a token is warned of.
const tokenWarning = 14 * day

const day = 24 * time.Hour

// TokenExpiry says how long the tool's own token lives on. The API does not tell it: expires is what the settings say, the zero time where
// they say nothing.
func TokenExpiry(source string, expires, now time.Time) Result {
	r := Result{Name: nameExpiry, Source: source, Status: OK}
	if expires.IsZero() {
		r.Detail = "not known, for the API does not tell it: --token-expires, or token_expires in the config file, lets it be told 14 days ahead"
		return r
	}
	left := expires.Sub(now)
	r.Detail = fmt.Sprintf("expires on %s, in %s", expires.Format(time.DateOnly), days(left))
	if left <= 0 {
		r.Detail = fmt.Sprintf("expired on %s by the settings", expires.Format(time.DateOnly))
	}
	if left <= tokenWarning {
		r.Status, r.Hint = Warning, "make a new read-only personal access token, put it where the old one is, and the new day into token_expires"
	}
	return r
}

func days(left time.Duration) string {
	switch n := left / day; n {
	case 0:
		return "less than a day"
	case 1:
		return "1 day"
	default:
		return fmt.Sprintf("%d days", n)
	}
}
