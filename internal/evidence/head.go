package evidence

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// Head is the link of the ledger that records the end of a run. It stands for everything that was
// recorded before it.
type Head struct {
	DatabaseID string // 32 hexadecimal digits
	Run        int64
	TakenAt    time.Time // start of the run, UTC, whole seconds
	Number     int64     // number of the link
	SHA256     string    // the link, in hex
}

var headLine = regexp.MustCompile(
	`^auditor head v1 ([0-9a-f]{32}) ([1-9][0-9]{0,17}) (\S{20}) ([1-9][0-9]{0,17}) ([0-9a-f]{64})$`)

// ParseHead parses the line that String returns.
func ParseHead(line string) (Head, error) {
	parts := headLine.FindStringSubmatch(line)
	if parts == nil {
		return Head{}, malformedHead(line)
	}
	takenAt, err := time.Parse(time.RFC3339, parts[3])
	if err != nil {
		return Head{}, malformedHead(line)
	}
	h := Head{DatabaseID: parts[1], TakenAt: takenAt, SHA256: parts[5]}
	h.Run, _ = strconv.ParseInt(parts[2], 10, 64) // 18 digits always fit
	h.Number, _ = strconv.ParseInt(parts[4], 10, 64)
	return h, nil
}

func malformedHead(line string) error {
	return fmt.Errorf("malformed head %.200q; expected "+
		"\"auditor head v1 <database id> <run> <takenAt> <ledger number> <sha256>\"", line)
}

// String returns the line "auditor head v1 <database id> <run> <takenAt> <ledger number> <sha256>",
// empty for the zero Head.
func (h Head) String() string {
	if h == (Head{}) {
		return ""
	}
	return fmt.Sprintf("auditor head v1 %s %d %s %d %s",
		h.DatabaseID, h.Run, h.TakenAt.UTC().Format(time.RFC3339), h.Number, h.SHA256)
}

// MarshalText returns the line of String.
func (h Head) MarshalText() ([]byte, error) { return []byte(h.String()), nil }
