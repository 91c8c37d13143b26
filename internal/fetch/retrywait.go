package fetch

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/go-json-experiment/json"
)

// sleep is Options.Sleep with a timer.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// waitAfter returns how long to wait before the next try, or false if none follows: the wait that the
// server asks for, or else the next one of an exponential series with jitter.
func (c *Client) waitAfter(
	failure *Error, tries int, series *backoff.ExponentialBackOff,
) (wait time.Duration, again bool) {
	longest := c.settings.MaxWait
	switch {
	case !failure.again || tries >= c.settings.MaxTries:
		return 0, false
	case failure.told == 0:
		return min(series.NextBackOff(), longest), true
	case failure.told > longest:
		failure.Err = fmt.Errorf("%w; the server asks to wait %v, longer than the %v allowed",
			failure.Err, failure.told, longest)
		return 0, false
	}
	return failure.told, true
}

// toldWait returns how long the server says to wait; 0 if it does not say. A source that cannot be read
// counts as missing.
func toldWait(details []connectDetail, header http.Header, received time.Time) time.Duration {
	for _, d := range []time.Duration{
		retryInfo(details),
		headerNumber(header, "RateLimit-RetryAfter", time.Second),
		headerNumber(header, "Retry-After-Ms", time.Millisecond),
		headerNumber(header, "Retry-After", time.Second),
		headerDate(header, received),
	} {
		if d > 0 {
			return d
		}
	}
	return 0
}

func headerNumber(header http.Header, name string, unit time.Duration) time.Duration {
	n, err := strconv.ParseInt(strings.TrimSpace(header.Get(name)), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return scale(n, unit)
}

// forever is longer than any wait that is accepted, and leaves room to add to it.
const forever time.Duration = math.MaxInt64 / 2

// scale returns n units, or forever if that would be longer.
func scale(n int64, unit time.Duration) time.Duration {
	if n > int64(forever/unit) {
		return forever
	}
	return time.Duration(n) * unit
}

// headerDate reads a Retry-After that is a date. The date is by the server's clock, so the wait is counted
// from the answer's own Date.
func headerDate(header http.Header, received time.Time) time.Duration {
	until, err := http.ParseTime(header.Get("Retry-After"))
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		received = date
	}
	return until.Sub(received)
}

// retryInfo reads google.rpc.RetryInfo: the protobuf in value, else the JSON in debug.
func retryInfo(details []connectDetail) time.Duration {
	for _, detail := range details {
		if detail.Type[strings.LastIndexByte(detail.Type, '/')+1:] != "google.rpc.RetryInfo" {
			continue
		}
		message, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(detail.Value, "="))
		if d, ok := decodeRetryInfo(message); err == nil && ok {
			return d
		}
		var debug struct {
			RetryDelay string `json:"retryDelay"`
		}
		if json.Unmarshal(detail.Debug, &debug) == nil {
			if d, err := time.ParseDuration(debug.RetryDelay); err == nil {
				return d
			}
		}
	}
	return 0
}

// decodeRetryInfo reads RetryInfo{1: Duration{1: int64 seconds, 2: int32 nanos}} in the protobuf wire format.
func decodeRetryInfo(message []byte) (time.Duration, bool) {
	const delayField, secondsField, nanosField = 1<<3 | 2, 1 << 3, 2 << 3
	tag, n := binary.Uvarint(message)
	if n <= 0 || tag != delayField {
		return 0, false
	}
	size, m := binary.Uvarint(message[n:])
	if rest := message[max(n, n+m):]; m <= 0 || size != uint64(len(rest)) {
		return 0, false
	}
	var seconds, nanos int64
	for rest := message[n+m:]; len(rest) > 0; {
		tag, n := binary.Uvarint(rest)
		if n <= 0 {
			return 0, false
		}
		value, m := binary.Uvarint(rest[n:])
		if m <= 0 || value > math.MaxInt64 {
			return 0, false
		}
		switch tag {
		case secondsField:
			seconds = int64(value)
		case nanosField:
			nanos = int64(value)
		default:
			return 0, false
		}
		rest = rest[n+m:]
	}
	return scale(seconds, time.Second) + min(time.Duration(nanos), time.Second-1), true
}
