package fetch

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// toldDelay is how long the server says to wait; 0 when it does not say. A source that cannot be read counts as missing, so the next is asked.
func toldDelay(details []connectDetail, header http.Header, received time.Time) time.Duration {
	for _, read := range []func() (time.Duration, bool){
		func() (time.Duration, bool) { return retryInfo(details) },
		func() (time.Duration, bool) { return headerNumber(header, "RateLimit-RetryAfter", time.Second) },
		func() (time.Duration, bool) { return headerNumber(header, "Retry-After-Ms", time.Millisecond) },
		func() (time.Duration, bool) { return headerNumber(header, "Retry-After", time.Second) },
		func() (time.Duration, bool) { return headerDate(header, received) },
	} {
		if d, ok := read(); ok && d > 0 {
			return d
		}
	}
	return 0
}

func headerNumber(header http.Header, name string, unit time.Duration) (time.Duration, bool) {
	n, err := strconv.ParseInt(strings.TrimSpace(header.Get(name)), 10, 64)
	if err != nil || n < 0 {
		return 0, false
	}
	return scale(n, unit), true
}

// forever is longer than any wait that is accepted, and leaves room to add to it.
const forever time.Duration = math.MaxInt64 / 2

// scale is n units, or forever where that would be longer.
func scale(n int64, unit time.Duration) time.Duration {
	if n > int64(forever/unit) {
		return forever
	}
	return time.Duration(n) * unit
}

// headerDate reads a Retry-After that is a date. It is the server's clock that counts, so the wait is measured from the answer's own Date.
func headerDate(header http.Header, received time.Time) (time.Duration, bool) {
	until, err := http.ParseTime(header.Get("Retry-After"))
	if err != nil {
		return 0, false
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		received = date
	}
	return until.Sub(received), true
}

// retryInfo reads google.rpc.RetryInfo: the protobuf in value, else the JSON in debug.
func retryInfo(details []connectDetail) (time.Duration, bool) {
	for _, detail := range details {
		if detail.Type[strings.LastIndexByte(detail.Type, '/')+1:] != "google.rpc.RetryInfo" {
			continue
		}
		if message, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(detail.Value, "=")); err == nil {
			if d, ok := decodeRetryInfo(message); ok {
				return d, true
			}
		}
		var debug struct {
			RetryDelay string `json:"retryDelay"`
		}
		if json.Unmarshal(detail.Debug, &debug) == nil {
			if d, err := time.ParseDuration(debug.RetryDelay); err == nil {
				return d, true
			}
		}
	}
	return 0, false
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
