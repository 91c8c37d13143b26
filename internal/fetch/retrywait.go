package fetch

import (
	"context"
	"encoding/base64"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/go-json-experiment/json"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
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

// waitAfter returns how long to wait before the next try, or false if none follows: the wait that
// the server asks for, or else the next one of an exponential series with jitter.
func (c *Client) waitAfter(
	failure *Error, tries int, series *backoff.ExponentialBackOff,
) (wait time.Duration, again bool) {
	longest := c.settings.MaxWait
	switch {
	case !failure.again || tries >= c.settings.MaxTries:
		return 0, false
	case failure.serverWait == 0:
		return min(series.NextBackOff(), longest), true
	case failure.serverWait > longest:
		failure.Err = fmt.Errorf("%w; the server asks to wait %v, longer than the %v allowed",
			failure.Err, failure.serverWait, longest)
		return 0, false
	}
	return failure.serverWait, true
}

// requestedWait returns how long the server says to wait; 0 if it does not say. A source that cannot be
// read counts as missing.
func requestedWait(details []connectDetail, header http.Header, received time.Time) time.Duration {
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
	return time.Duration(min(n, int64(math.MaxInt64/unit))) * unit
}

// headerDate reads a Retry-After that is a date. The date is by the server's clock, so the wait is
// counted from the answer's own Date.
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

// decodeRetryInfo reads RetryInfo, whose only field is a google.protobuf.Duration.
func decodeRetryInfo(message []byte) (time.Duration, bool) {
	number, kind, n := protowire.ConsumeTag(message)
	if n < 0 || number != 1 || kind != protowire.BytesType {
		return 0, false
	}
	field, m := protowire.ConsumeBytes(message[n:])
	var delay durationpb.Duration
	if m < 0 || proto.Unmarshal(field, &delay) != nil {
		return 0, false
	}
	return delay.AsDuration(), true
}
