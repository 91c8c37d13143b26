package job_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"scim-auditor/internal/job"
)

// A short command does not cost the night: a run that begins meanwhile waits for it.
func TestARunWaitsForAShortCommandAndNotForARun(t *testing.T) {
	for name, c := range map[string]struct {
		holder string
		after  time.Duration // the holder ends
		says   string        // empty if the lock is taken
		waited time.Duration
	}{
		"a prune":             {"prune", 29980 * time.Millisecond, "", 30 * time.Second},
		"a prune without end": {"prune", time.Hour, "auditor prune is using this database: process ", time.Minute},
		"a review":            {"review", 980 * time.Millisecond, "", time.Second},
		"another run": {"", time.Hour, "another run of auditor is using this database: process ",
			50 * time.Millisecond},
		"a run that ends": {"", time.Millisecond, "", 50 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			database := filepath.Join(t.TempDir(), "auditor.db")
			synctest.Test(t, func(t *testing.T) {
				held, err := job.Lock(t.Context(), database, c.holder, time.Now())
				if err != nil {
					t.Fatal(err)
				}
				time.AfterFunc(c.after, func() { _ = held.Close() })
				begun := time.Now()
				own, err := job.Lock(t.Context(), database, "", time.Now())
				if c.says == "" && err != nil || c.says != "" &&
					(!errors.Is(err, job.ErrLocked) || !strings.Contains(err.Error(), c.says)) {
					t.Errorf("error %v, want %q", err, c.says)
				}
				if waited := time.Since(begun); waited != c.waited {
					t.Errorf("it waited %s, want %s", waited, c.waited)
				}
				if own != nil {
					if err := own.Close(); err != nil {
						t.Error(err)
					}
				}
				time.Sleep(c.after)
			})
		})
	}
}
