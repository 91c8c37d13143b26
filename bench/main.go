//go:build linux

// Command bench measures what the speed of a night depends on and prints it as a table, each value beside the bound that it must hold. The
// script bench/run builds what it needs. Whatever is measured runs as a process of its own, so that its memory is its own.
package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const rowsPerPage = 100

func main() {
	if err := execute(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench: error:", err)
		os.Exit(1)
	}
}

// rows are what is measured, in the order of the table.
var rows = []struct {
	name    string
	measure func(auditor string) error
}{
	{"round-trips", roundTrips},
	{"curl", againstCurl},
	{"organizations", organizations},
	{"workbook", workbook},
	{"listing", longListing},
	{"small", smallRun},
	{"first-store", firstStore},
	{"compare", compare},
	{"past", pastNight},
	{"year", year},
}

// execute measures with the auditor program at args[0], or is a process of a measurement: "row NAME AUDITOR", "collect URL PAGES",
// "ask URL PAGES", "serve ROWS CHANGED" or "night URL DATABASE".
func execute(args []string) error {
	if len(args) == 1 {
		return measureAll(args[0])
	}
	if len(args) != 3 {
		return fmt.Errorf("usage: bench AUDITOR")
	}
	if args[0] == "row" {
		for _, r := range rows {
			if r.name == args[1] {
				return r.measure(args[2])
			}
		}
		return fmt.Errorf("there is no row %s", args[1])
	}
	switch args[0] {
	case "serve":
		return serveLongListing(args[1], args[2])
	case "night":
		return night(args[1], args[2])
	}
	pages, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	if args[0] == "ask" {
		return ask(args[1], pages)
	}
	return collect(args[1], pages*rowsPerPage)
}

// measureAll gives each row a process of its own: the peak of a child's memory begins at the peak of its parent's, getrusage(2), and some of
// the servers are large.
func measureAll(auditor string) error {
	fmt.Println("| what | measured | bound | holds |")
	fmt.Println("|---|---|---|---|")
	for _, r := range rows {
		cmd := exec.CommandContext(context.Background(), os.Args[0], "row", r.name, auditor)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("measuring %s: %w", r.name, err)
		}
	}
	return nil
}

func printRow(what, measured, bound string, holds bool) {
	word := "yes"
	if !holds {
		word = "NO"
	}
	fmt.Printf("| %s | %s | %s | %s |\n", what, measured, bound, word)
}

// usage is what a process took.
type usage struct {
	wall, cpu time.Duration
	maxRSS    int64 // MiB
}

func timed(name string, args ...string) (usage, error) {
	cmd := exec.CommandContext(context.Background(), name, args...)
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	start := time.Now()
	err := cmd.Run()
	u := usage{wall: time.Since(start)}
	if err != nil {
		return u, fmt.Errorf("%s %.80q: %w\n%.2000s", name, args, err, &output)
	}
	u.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	u.maxRSS = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss / 1024 // KiB on Linux, getrusage(2)
	return u, nil
}

// best is the shortest of several measurements of each of some programs, taken in turn so that what else the machine does hits all alike.
func best(times int, programs ...func() (usage, error)) ([]usage, error) {
	all := make([]usage, len(programs))
	for range times {
		for i, program := range programs {
			u, err := program()
			if err != nil {
				return nil, err
			}
			if all[i].wall == 0 || u.wall < all[i].wall {
				all[i] = u
			}
		}
	}
	return all, nil
}

func self(args ...string) func() (usage, error) {
	return func() (usage, error) { return timed(os.Args[0], args...) }
}

func roundTrips(string) error {
	const pages, bound = 500, 1.05
	server := httptest.NewServer(newAPI(5*time.Millisecond, pages, rowsPerPage))
	defer server.Close()
	took, err := best(3, self("ask", server.URL, strconv.Itoa(pages)), self("collect", server.URL, strconv.Itoa(pages)))
	if err != nil {
		return err
	}
	ratio := took[1].wall.Seconds() / took[0].wall.Seconds()
	printRow("500 pages at 5 ms against round trips alone", fmt.Sprintf("%.2f s : %.2f s = %.3f", took[1].wall.Seconds(), took[0].wall.Seconds(), ratio), "1.05", ratio <= bound)
	return nil
}

func againstCurl(string) error {
	const pages, bound = 10_000, 2.7
	const what = "10,000 pages on loopback against curl"
	curl, err := exec.LookPath("curl")
	if err != nil {
		fmt.Printf("| %s | skipped: there is no curl | %.1f | |\n", what, bound)
		return nil
	}
	server := httptest.NewServer(newAPI(0, pages, rowsPerPage))
	defer server.Close()
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	config := filepath.Join(folder, "curl.config")
	if err := writeCurlConfig(config, server.URL, pages); err != nil {
		return err
	}
	took, err := best(2, func() (usage, error) { return timed(curl, "--config", config) }, self("collect", server.URL, strconv.Itoa(pages)))
	if err != nil {
		return err
	}
	ratio := took[1].wall.Seconds() / took[0].wall.Seconds()
	printRow(what, fmt.Sprintf("%.2f s : %.2f s = %.2f (%d MiB, %.1f s of a processor)", took[1].wall.Seconds(), took[0].wall.Seconds(), ratio, took[1].maxRSS, took[1].cpu.Seconds()), "2.7", ratio <= bound)
	return nil
}

// organizations is a whole night of the real program: collection, store and report.
func organizations(auditor string) error {
	const count = 1000
	server := httptest.NewServer(newAPI(50*time.Millisecond, 1, 3))
	defer server.Close()
	folder, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	var config strings.Builder
	fmt.Fprintf(&config, "base_url: %s\ndb: %s\nout: %s\norganizations:\n", server.URL, filepath.Join(folder, "auditor.db"), filepath.Join(folder, "reports"))
	for i := range count {
		token := filepath.Join(folder, fmt.Sprintf("token-%d", i))
		if err := os.WriteFile(token, fmt.Appendf(nil, "org-%d", i), 0o600); err != nil {
			return err
		}
		fmt.Fprintf(&config, "  - name: organization-%04d\n    token_file: %s\n", i, token)
	}
	path := filepath.Join(folder, "auditor.yaml")
	if err := os.WriteFile(path, []byte(config.String()), 0o600); err != nil {
		return err
	}
	for _, night := range []string{"first night", "second night"} {
		u, err := timed(auditor, "run", "--config", path, "--concurrency", "50", "-q")
		if err != nil {
			return err
		}
		printRow("1,000 organizations at 50 ms, --concurrency 50, "+night, fmt.Sprintf("%.1f s, %d MiB (%.1f s of a processor)", u.wall.Seconds(), u.maxRSS, u.cpu.Seconds()), "10 s, 200 MiB",
			u.wall <= 10*time.Second && u.maxRSS <= 200)
	}
	return nil
}
