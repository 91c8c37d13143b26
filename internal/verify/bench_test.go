package verify_test

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/report"
	"scim-auditor/internal/snapshot"
	"scim-auditor/internal/verify"
)

// The loads that are measured: -organizations 1 -configurations 10000 -nights 365;
// -organizations 1000 -configurations 3 -nights 100; -organizations 1 -configurations 3 -nights 3650.
// With -database the file is kept for the next time.
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
	measure := func(doAgain bool) func(*testing.B) {
		return func(b *testing.B) {
			for b.Loop() {
				found, err := verify.Database(b.Context(), store)
				if err == nil && doAgain {
					err = found.DoAgain(b.Context(), store, toolVersion)
				}
				if err != nil || len(found.Problems) > 0 {
					b.Fatalf("%d problems, the first is %v, error %v", len(found.Problems), found.Problems[:1], err)
				}
				b.ReportMetric(float64(found.Snapshots), "snapshots")
				b.ReportMetric(float64(found.Rows), "rows")
			}
		}
	}
	b.Run("hashes", measure(false))
	b.Run("again", measure(true))
}

func storeNights(b *testing.B, path string) {
	var states []*demo.State
	for i := range *organizations {
		states = append(states, simulated(fmt.Sprint("acme-", i), *configurations))
	}
	h := newHouse(b, path, states...)
	h.reports = b.TempDir()
	h.options.Report.Formats = []report.Format{report.FormatCSV}
	random := rand.New(rand.NewPCG(1, 1))
	for range *nights {
		if result := h.run(); !result.Complete() {
			b.Fatal(result.Run.Error)
		}
		for _, s := range states {
			rename(s, random)
		}
	}
	h.close()
}
