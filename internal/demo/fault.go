package demo

import (
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strconv"
	"time"
)

// Fault is an answer that is an error, in the form of a Connect server (https://connectrpc.com/docs/protocol).
type Fault struct {
	// Code is a Connect code, such as "permission_denied"; the HTTP status follows from it.
	Code, Message string
	// RetryDelay, when it is positive, is told to the client in a google.rpc.RetryInfo.
	RetryDelay time.Duration
	// Times is how many requests of a night get the fault before the method answers; 0 is all of them.
	Times int
}

// statuses are the HTTP statuses of the codes, https://connectrpc.com/docs/protocol; any other code is a 500.
var statuses = map[string]int{
	"canceled":            499,
	"invalid_argument":    http.StatusBadRequest,
	"deadline_exceeded":   http.StatusGatewayTimeout,
	"not_found":           http.StatusNotFound,
	"already_exists":      http.StatusConflict,
	"permission_denied":   http.StatusForbidden,
	"resource_exhausted":  http.StatusTooManyRequests,
	"failed_precondition": http.StatusBadRequest,
	"aborted":             http.StatusConflict,
	"out_of_range":        http.StatusBadRequest,
	"unimplemented":       http.StatusNotImplemented,
	"unavailable":         http.StatusServiceUnavailable,
	"unauthenticated":     http.StatusUnauthorized,
}

// Write answers a request with the fault.
func (f *Fault) Write(w http.ResponseWriter) {
	status, ok := statuses[f.Code]
	if !ok {
		status = http.StatusInternalServerError
	}
	object := Row{"code": f.Code, "message": f.Message}
	if f.RetryDelay > 0 {
		object["details"] = []Row{retryInfo(f.RetryDelay)}
	}
	writeJSON(w, status, object)
}

// retryInfo is a google.rpc.RetryInfo as an error detail: the protobuf message in unpadded base64, and in words under "debug".
func retryInfo(delay time.Duration) Row {
	const secondsField, nanosField, delayField = 1 << 3, 2 << 3, 1<<3 | 2 // field number and wire type, 0 for a number and 2 for a message
	var duration []byte
	if s := delay / time.Second; s > 0 {
		duration = binary.AppendUvarint(append(duration, secondsField), uint64(s))
	}
	if n := delay % time.Second; n > 0 {
		duration = binary.AppendUvarint(append(duration, nanosField), uint64(n))
	}
	message := append(binary.AppendUvarint([]byte{delayField}, uint64(len(duration))), duration...)
	return Row{
		"type":  "google.rpc.RetryInfo",
		"value": base64.RawStdEncoding.EncodeToString(message),
		"debug": Row{"retryDelay": strconv.FormatFloat(delay.Seconds(), 'f', -1, 64) + "s"},
	}
}
