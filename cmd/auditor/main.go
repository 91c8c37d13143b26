// Command auditor lists every SCIM and SSO configuration of Ona organizations, stores them as timestamped snapshots, compares each with the
// last complete one, and writes audit reports. See README.md.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// environment is what the command takes from the machine. Nothing below this package reads any of it by itself.
type environment struct {
	args           []string // without the program's name
	getenv         func(string) string
	stdout, stderr io.Writer
	now            func() time.Time
	hostname       func() (string, error)
}

func main() {
	os.Exit(execute())
}

func execute() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, environment{
		args:     os.Args[1:],
		getenv:   os.Getenv,
		stdout:   os.Stdout,
		stderr:   os.Stderr,
		now:      time.Now,
		hostname: os.Hostname,
	})
}
