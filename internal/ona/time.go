package ona

import "time"

// Layouts of instants; all are UTC.
const (
	// TimeLayout is how an instant of the API is stored and compared: RFC 3339 with nine digits, so
	// that texts sort as the instants do.
	TimeLayout = "2006-01-02T15:04:05.000000000Z"
	// DisplayTime is the layout of an instant in a sentence: whole seconds.
	DisplayTime = "2006-01-02 15:04:05 UTC"
)

// FormatTime writes an instant in TimeLayout, and the zero time, which means not reported, as "".
func FormatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(TimeLayout)
}

// ParseTime reads what FormatTime wrote.
func ParseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return time.Parse(TimeLayout, s)
}
