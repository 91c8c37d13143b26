//go:build linux

package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"
)

// smallRun is a whole run over five configurations, with its reports, beside the start of the program alone: the first, which makes the
// database, and the second.
func smallRun(auditor string) error {
	const configurations, bound, memory = 5, 25 * time.Millisecond, 20
	server := httptest.NewServer(newAPI(0, 1, configurations))
	defer server.Close()
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	token := filepath.Join(folder, "token")
	if err := os.WriteFile(token, []byte("org-0"), 0o600); err != nil {
		return err
	}
	database := filepath.Join(folder, "auditor.db")
	run := func() (usage, error) {
		return timed(auditor, "run", "--base-url", server.URL, "--token-file", token, "--db", database, "--out", filepath.Join(folder, "reports"), "-q")
	}
	took, err := best(20,
		func() (usage, error) { return timed(auditor, "version") },
		func() (usage, error) {
			for _, suffix := range []string{"", ".lock"} {
				if err := os.RemoveAll(database + suffix); err != nil {
					return usage{}, err
				}
			}
			return run()
		},
		run)
	if err != nil {
		return err
	}
	for i, night := range []string{"first", "second"} {
		more, space := took[i+1].wall-took[0].wall, took[i+1].maxRSS-took[0].maxRSS
		printRow(fmt.Sprintf("%s run over %d configurations with reports, beyond the process's start", night, configurations),
			fmt.Sprintf("%.1f ms − %.1f ms = %.1f ms; %d MiB − %d MiB = %d MiB", took[i+1].wall.Seconds()*1000, took[0].wall.Seconds()*1000, more.Seconds()*1000,
				took[i+1].maxRSS, took[0].maxRSS, space), "25 ms, 20 MiB", more <= bound && space <= memory)
	}
	return nil
}
