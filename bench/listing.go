//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"time"

	"scim-auditor/internal/fetch"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/job"
	"scim-auditor/internal/snapshot"
)

// longListing is a first and a second night of an organization with a million configurations, in no order, from a server on loopback to a
// committed snapshot, against the time in which the sqlite3 program imports the same rows into a table with their ids for a key.
func longListing(string) error {
	const configurations, changed, bound, memory = 1_000_000, 10_000, 0.8, 128
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	sqlite, err := exec.LookPath("sqlite3")
	if err != nil {
		fmt.Printf("| 1,000,000 configurations against .import | skipped: there is no sqlite3 | %.1f | |\n", bound)
		return nil
	}
	imported, err := importRows(sqlite, folder, configurations)
	if err != nil {
		return err
	}
	database := filepath.Join(folder, "auditor.db")
	first, err := withServer(configurations, 0, func(url string) (usage, error) { return timed(os.Args[0], "night", url, database) })
	if err != nil {
		return err
	}
	ratio := first.wall.Seconds() / imported.wall.Seconds()
	printRow("1,000,000 configurations to a committed snapshot against .import", fmt.Sprintf("%.1f s : %.1f s = %.2f, %d MiB (%.1f s of a processor)", first.wall.Seconds(),
		imported.wall.Seconds(), ratio, first.maxRSS, first.cpu.Seconds()), "0.8, 128 MiB", ratio <= bound && first.maxRSS <= memory)
	second, err := withServer(configurations, changed, func(url string) (usage, error) { return timed(os.Args[0], "night", url, database) })
	if err != nil {
		return err
	}
	fmt.Printf("| the night after, with 10,000 of them changed | %.1f s, %d MiB (%.1f s of a processor) | | |\n", second.wall.Seconds(), second.maxRSS, second.cpu.Seconds())
	return nil
}

// listedRow is a configuration as the server sends it.
type listedRow struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Enabled    bool   `json:"enabled"`
	Link       string `json:"ssoConfigurationId"`
	CreatedAt  string `json:"createdAt"`
	UpdatedAt  string `json:"updatedAt"`
	ExpiresAt  string `json:"tokenExpiresAt"`
	Unverified bool   `json:"allowUnverifiedEmailAccountLinking"`
}

// listedRows makes rows with which nothing is wrong, in no order, the first of them renamed.
func listedRows(rows, renamed int) func(yield func(listedRow) bool) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same rows each time
	id := func() string {
		a, b := random.Uint64(), random.Uint64()
		return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>52, b&0xffffffffffff)
	}
	// Findings depend on the time: 100 days ago, for 300 days.
	created := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -100)
	return func(yield func(listedRow) bool) {
		for n := range rows {
			r := listedRow{ID: id(), Name: fmt.Sprintf("Okta production %07d", n), Enabled: true, Link: id(), CreatedAt: created.Format("2006-01-02T15:04:05.117Z"),
				UpdatedAt: created.Format("2006-01-02T15:04:05.118Z"), ExpiresAt: created.AddDate(0, 0, 300).Format(time.RFC3339)}
			if n < renamed {
				r.Name += ", renamed"
			}
			if !yield(r) {
				return
			}
		}
	}
}

// serveLongListing prints its address and serves until it is killed.
func serveLongListing(rows, renamed string) error {
	n, err := strconv.Atoi(rows)
	if err != nil {
		return err
	}
	first, err := strconv.Atoi(renamed)
	if err != nil {
		return err
	}
	a := &api{mayNotReadSSO: true}
	var page []listedRow
	for r := range listedRows(n, first) {
		if page = append(page, r); len(page) < rowsPerPage {
			continue
		}
		answer := map[string]any{"scimConfigurations": page}
		if len(a.pages) < n/rowsPerPage-1 {
			answer["pagination"] = map[string]string{"nextToken": strconv.Itoa(len(a.pages) + 1)}
		}
		body, err := json.Marshal(answer)
		if err != nil {
			return err
		}
		a.pages, page = append(a.pages, body), page[:0]
	}
	fmt.Println(httptest.NewServer(a).URL)
	select {}
}

// withServer measures beside a server of its own, whose memory is not the measured program's.
func withServer(rows, renamed int, measure func(url string) (usage, error)) (usage, error) {
	server := exec.CommandContext(context.Background(), os.Args[0], "serve", strconv.Itoa(rows), strconv.Itoa(renamed)) //nolint:gosec // this program
	output, err := server.StdoutPipe()
	if err != nil {
		return usage{}, err
	}
	if err := server.Start(); err != nil {
		return usage{}, err
	}
	defer func() { _ = server.Wait() }() // that it was killed
	defer func() { _ = server.Process.Kill() }()
	url, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		return usage{}, err
	}
	return measure(url[:len(url)-1])
}

// night collects one organization into a database as the program does, but writes no report.
func night(url, database string) (err error) {
	debug.SetGCPercent(50) // as the program does
	ctx := context.Background()
	store, err := snapshot.Open(ctx, database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	source := job.Source{Name: "default", Fetch: fetch.Options{BaseURL: url, Token: "org-0", Now: time.Now, Folder: filepath.Dir(database)}}
	result, err := job.Collect(ctx, job.Options{Store: store, Sources: []job.Source{source}, TakenAt: time.Now().UTC().Truncate(time.Second), Now: time.Now,
		Trigger: "manual", Thresholds: finding.DefaultThresholds(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	return result.Organizations[0].Err
}

func importRows(sqlite, folder string, rows int) (took usage, err error) {
	path := filepath.Join(folder, "rows.csv")
	f, err := os.Create(path) //nolint:gosec // below a folder of its own
	if err != nil {
		return usage{}, err
	}
	w := csv.NewWriter(f)
	for r := range listedRows(rows, 0) {
		raw, err := json.Marshal(r)
		if err != nil {
			return usage{}, err
		}
		if err := w.Write([]string{r.ID, r.Name, "1", r.Link, r.CreatedAt, r.UpdatedAt, r.ExpiresAt, "0", string(raw)}); err != nil {
			return usage{}, err
		}
	}
	if w.Flush(); w.Error() != nil {
		return usage{}, w.Error()
	}
	if err := f.Close(); err != nil {
		return usage{}, err
	}
	took, err = timed(sqlite, filepath.Join(folder, "imported.db"), "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL",
		"CREATE TABLE t (id TEXT PRIMARY KEY, name TEXT, enabled INTEGER, sso_configuration_id TEXT, created_at TEXT, updated_at TEXT, "+
			"token_expires_at TEXT, allow_unverified_email_account_linking INTEGER, raw TEXT) STRICT, WITHOUT ROWID", ".import --csv "+path+" t")
	return took, errors.Join(err, os.Remove(filepath.Join(folder, "imported.db")), os.Remove(path))
}
