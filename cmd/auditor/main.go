// Command auditor lists every SCIM and SSO configuration of Ona organizations, stores them as timestamped snapshots, compares each with the
// last complete one, and writes audit reports. See README.md.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // CRON_TZ must work on a machine without a zone database too

	"golang.org/x/term"

	"scim-auditor/internal/check"
	"scim-auditor/internal/fetch"
)

// environment is what the command takes from the machine. Nothing below this package reads any of it by itself.
type environment struct {
	args           []string // without the program's name
	getenv         func(string) string
	stdout, stderr io.Writer
	terminal       bool // stderr is a terminal, which can take a line back
	now            func() time.Time
	hostname       func() (string, error)
	// limits and sleep bound the requests and wait between them; their zero values are what package fetch has by itself.
	limits fetch.Limits
	sleep  func(context.Context, time.Duration) error
	// hangups gives the SIGHUPs from now on, until stop is called; before and after, the signal ends the process as usual.
	hangups func() (signals <-chan os.Signal, stop func())
	// freeSpace is the number of bytes left on the disk of a path.
	freeSpace func(path string) (uint64, error)
}

func main() {
	os.Exit(execute())
}

func execute() int {
	// net/http reports there what a server sends unasked, with its first bytes: they may hold anything and are no one's message.
	log.SetOutput(io.Discard)
	collectGarbage()
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
