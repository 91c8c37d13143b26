package demo

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strconv"
	"time"
)

// Fault is an error of a Connect server (https://connectrpc.com/docs/protocol).
type Fault struct {
	// Code is a Connect code, such as "permission_denied"; the HTTP status follows from it unless
	// Status is set.
	Code, Message string
	Status        int
	// Text, if not empty, is the whole body instead of a Connect error, like the error page of a
	// proxy; Status must be set.
	Text string
	// RetryDelay, if positive, is sent to the client as google.rpc.RetryInfo.
	RetryDelay time.Duration
	// Times is how many requests in a night get the fault; 0 means all.
	Times int
}

// statuses maps Connect codes to HTTP statuses; any other code is a 500.
var statuses = map[string]int{
	"invalid_argument":    http.StatusBadRequest,
	"deadline_exceeded":   http.StatusGatewayTimeout,
	"not_found":           http.StatusNotFound,
	"permission_denied":   http.StatusForbidden,
	"resource_exhausted":  http.StatusTooManyRequests,
	"failed_precondition": http.StatusBadRequest,
	"aborted":             http.StatusConflict,
	"unimplemented":       http.StatusNotImplemented,
	"unavailable":         http.StatusServiceUnavailable,
	"unauthenticated":     http.StatusUnauthorized,
}

// Write answers a request with the fault.
func (f *Fault) Write(w http.ResponseWriter) {
	if f.Text != "" {
		http.Error(w, f.Text, f.Status)
		return
	}
	object := Row{"code": f.Code, "message": f.Message}
	if f.RetryDelay > 0 {
		object["details"] = []Row{retryInfo(f.RetryDelay)}
	}
	writeJSON(w, cmp.Or(f.Status, statuses[f.Code], http.StatusInternalServerError), object)
}

// retryInfo returns a google.rpc.RetryInfo as an error detail: the protobuf message in unpadded
// base64, and as text under "debug".
func retryInfo(delay time.Duration) Row {
	// Protobuf tags: field number << 3 | wire type, which is 0 for a number and 2 for a message.
	const secondsField, nanosField, delayField = 1 << 3, 2 << 3, 1<<3 | 2
	duration := binary.AppendUvarint([]byte{secondsField}, uint64(delay/time.Second))        //nolint:gosec // positive
	duration = binary.AppendUvarint(append(duration, nanosField), uint64(delay%time.Second)) //nolint:gosec // positive
	message := append(binary.AppendUvarint([]byte{delayField}, uint64(len(duration))), duration...)
	return Row{
		"type":  "google.rpc.RetryInfo",
		"value": base64.RawStdEncoding.EncodeToString(message),
		"debug": Row{"retryDelay": strconv.FormatFloat(delay.Seconds(), 'f', -1, 64) + "s"},
	}
}
