package snapshot

import (
	"encoding/json"
	"fmt"
	"time"

	"scim-auditor/internal/evidence"
	"scim-auditor/internal/ona"
)

// Of an exchange only its times differ every night. They are kept apart, in one short text a snapshot, and the rest as rows that a quiet
// night leaves alone.

var exchangeTable = newTable("exchange", "method", "request", "status", "records", "retries", "response_sha256")

// exchangeForm is an exchange as the view shows it.
var exchangeForm = evidence.NewForm("exchange", "number", "method", "request", "status", "sent_at", "duration_us", "server_date", "records", "retries",
	"response_sha256")

// exchangeValues are the values of exchangeForm. The time of sending is kept in whole milliseconds.
func exchangeValues(e Exchange) []any {
	return []any{int64(e.Number), e.Method, e.Request, int64(e.Status), ona.FormatTime(time.UnixMilli(e.SentAt.UnixMilli())), e.Duration.Microseconds(),
		nullSeconds(e.ServerDate), int64(e.Records), jsonText(e.Retries, "[]"), e.ResponseSHA256}
}

func exchangeRows(exchanges []Exchange) []row {
	rows := make([]row, 0, len(exchanges))
	for _, e := range exchanges {
		rows = append(rows, row{values: []any{fmt.Sprintf("%06d", e.Number), e.Method, e.Request, int64(e.Status), int64(e.Records),
			jsonText(e.Retries, "[]"), e.ResponseSHA256}})
	}
	return rows
}

// exchangeTimes is what the view "exchanges" reads, three numbers for each exchange, small ones so that a night takes little: the milliseconds
// from the end of the one before (of the first, from takenAt) to sending, the microseconds that it took, and the seconds from the second of
// sending to the answer's Date, null without one.
func exchangeTimes(takenAt time.Time, exchanges []Exchange) string {
	times := make([]any, 0, 3*len(exchanges))
	end := takenAt.Unix() * 1000 // taken_at is stored in whole seconds
	for _, e := range exchanges {
		sent, took := e.SentAt.UnixMilli(), e.Duration.Microseconds()
		var date any
		if !e.ServerDate.IsZero() {
			date = e.ServerDate.Unix() - time.UnixMilli(sent).Unix()
		}
		times = append(times, sent-end, took, date)
		end = sent + took/1000
	}
	text, err := json.Marshal(times)
	if err != nil {
		// Integers and null always have a JSON form.
		panic("snapshot: " + err.Error())
	}
	return string(text)
}
