// Command auditor lists every SCIM and SSO configuration of Ona organizations, stores them as timestamped snapshots,
// compares each with the last complete one, and writes audit reports. See README.md.
package main

import (
	"context"
	"io"
	"log"
	"math"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
	_ "time/tzdata" // CRON_TZ must work on a machine without a zone database too

	"golang.org/x/term"

	"scim-auditor/internal/check"
	"scim-auditor/internal/fetch"
)

// environment is what the command takes from the machine. No other package reads any of it by itself.
type environment struct {
	args           []string // without the program's name
	getenv         func(string) string
	stdout, stderr io.Writer
	terminal       bool // stderr is a terminal, on which a line can be erased
	now            func() time.Time
	hostname       func() (string, error)
	// limits and sleep bound the requests and wait between them; their zero values are the defaults of package fetch.
	limits fetch.Limits
	sleep  func(context.Context, time.Duration) error
	// hangups delivers SIGHUPs until stop is called; before and after, the signal ends the process as usual.
	hangups func() (signals <-chan os.Signal, stop func())
	// freeSpace returns the number of bytes left on the disk of a path.
	freeSpace func(path string) (uint64, error)
}

func main() {
	os.Exit(execute())
}

func execute() int {
	// net/http logs there what a server sends unasked, with its first bytes, which may hold anything.
	log.SetOutput(io.Discard)
	tuneGarbageCollector()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, environment{
		args:      os.Args[1:],
		getenv:    os.Getenv,
		stdout:    os.Stdout,
		stderr:    os.Stderr,
		terminal:  term.IsTerminal(int(os.Stderr.Fd())) && os.Getenv("TERM") != "dumb",
		now:       time.Now,
		hostname:  os.Hostname,
		hangups:   hangups,
		freeSpace: check.FreeSpace,
	})
}

func hangups() (<-chan os.Signal, func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	return signals, func() { signal.Stop(signals) }
}

const (
	// garbagePercent is the garbage that the heap may hold, in percent of what is in use. Against Go's default of 100, a
	// run of a thousand organizations takes a sixth less memory for a tenth more of a processor.
	garbagePercent = 50
	// garbageFrom is the memory up to which nothing is collected. A run of a few organizations never gets there; from
	// Go's default of 4 MiB it spent a third of its time collecting and took as much memory in the end.
	garbageFrom = 32 << 20
)

// tuneGarbageCollector sets when garbage is collected, unless GOGC or GOMEMLIMIT in the environment do.
func tuneGarbageCollector() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(garbageFrom)
	// The first collection finds this object, which nothing refers to, and lifts the limit.
	runtime.AddCleanup(&struct{ _ [64]byte }{}, func(percent int) {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(math.MaxInt64)
	}, garbagePercent)
}
