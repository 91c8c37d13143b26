package export_test

import (
	"flag"
	"testing"
	"time"
)

var (
	yearFile          = flag.String("year", "", "file to which TestStoreAYear writes a year of a fleet")
	yearOrganizations = flag.Int("organizations", 1000, "its organizations")
	yearNights        = flag.Int("nights", 365, "its nights")
)

// TestStoreAYear writes a database for measurements, with -year FILE.
func TestStoreAYear(t *testing.T) {
	if *yearFile == "" {
		t.Skip("no -year FILE")
	}
	last := time.Date(2026, 11, 26, 2, 0, 0, 0, time.UTC)
	storeFleet(t.Context(), t, *yearFile, newFleet("fleet", *yearOrganizations, last.AddDate(0, 0, -*yearNights)), last, *yearNights)
}
