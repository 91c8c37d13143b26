package verify_test

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"scim-auditor/internal/snapshot"
	"scim-auditor/internal/verify"
)

// The loads that are measured: -organizations 1 -configurations 10000 -nights 365, and
// -organizations 1000 -configurations 3 -nights 100. With -database the file is kept for the next time.
var (
	organizations  = flag.Int("organizations", 2, "organizations that BenchmarkDatabase stores")
	configurations = flag.Int("configurations", 100, "SCIM and as many SSO configurations of each of them")
	nights         = flag.Int("nights", 5, "nights of each of them")
	database       = flag.String("database", "", "file for that database, which is made where there is none")
)

func BenchmarkDatabase(b *testing.B) {
	path := *database
	if path == "" {
		path = filepath.Join(b.TempDir(), "auditor.db")
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		storeNights(b, path)
	}
	store, err := snapshot.OpenReadOnly(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	for b.Loop() {
		found, err := verify.Database(b.Context(), store)
		if err != nil || len(found.Problems) > 0 {
			b.Fatalf("%d problems, error %v", len(found.Problems), err)
		}
		b.ReportMetric(float64(found.Snapshots), "snapshots")
		b.ReportMetric(float64(found.Rows), "rows")
	}
}

func storeNights(b *testing.B, path string) {
	r := newRecorder(b, path)
	var tenants []*tenant
	for i := range *organizations {
		tenants = append(tenants, newTenant(i, *configurations))
	}
	for n := range *nights {
		r.night(n+1, tenants...)
	}
	r.must(r.store.Close())
}
