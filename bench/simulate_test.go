//go:build linux

// Package bench serves the demo's API with generated organizations, and measures programs that run
// against it. The script bench/run builds it with go test -c and calls it:
//
//	simulate -serve DIR [-organizations N] [-configurations M] [-latency 50ms] [-changes 0.001]
//	simulate -time FILE PROGRAM [ARGUMENT]...
//
// -serve writes auditor.yaml, a token file for each organization and the base URL (in the file url)
// into DIR, prints the base URL and serves until it is interrupted. A POST to /next-night changes a
// share of all SCIM configurations; a POST to /revoke makes all tokens invalid. -time runs the
// program and appends its wall time in milliseconds, its peak memory in MiB and its processor time
// in milliseconds to FILE. Without these flags, it only runs its tests.
package bench

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

var (
	serveDir       = flag.String("serve", "", "serve, with auditor.yaml, url and the tokens in this folder")
	timeFile       = flag.String("time", "", "run a program, and append its time and memory to this file")
	organizations  = flag.Int("organizations", 1, "number of organizations")
	configurations = flag.Int("configurations", 3, "SCIM configurations of each, and as many of SSO")
	members        = flag.Int("members", 0, "members of each; one in ten has a personal access token")
	latency        = flag.Duration("latency", 0, "wait before each answer")
	changes        = flag.Float64("changes", 0.001, "share of the SCIM configurations that /next-night changes")
)

func TestMain(m *testing.M) {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	var err error
	switch {
	case *serveDir != "":
		err = serve(ctx)
	case *timeFile != "" && flag.NArg() > 0:
		err = measure(ctx, *timeFile, flag.Args())
	default:
		os.Exit(m.Run())
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "simulate: error:", err)
		os.Exit(1)
	}
}

func TestANightChangesItsShareOfTheConfigurations(t *testing.T) {
	w := newWorld(2, 1000, 0, 0.001, 0)
	before := w.names()
	w.nextNight()
	changed := 0
	for id, name := range w.names() {
		if before[id] != name {
			changed++
		}
	}
	if len(before) != 2000 || changed != 2 {
		t.Errorf("%d of %d names changed", changed, len(before))
	}
}

func (w *world) names() map[any]any {
	names := make(map[any]any)
	for _, s := range w.states {
		for _, row := range s.SCIM {
			names[row["id"]] = row["name"]
		}
	}
	return names
}

func serve(ctx context.Context) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	world := newWorld(*organizations, *configurations, *members, *changes, *latency)
	base := "http://" + listener.Addr().String() + "/api"
	if err := world.writeSettings(*serveDir, base); err != nil {
		return err
	}
	fmt.Println(base)
	server := &http.Server{Handler: world.handler(), ReadHeaderTimeout: time.Minute}
	context.AfterFunc(ctx, func() { _ = server.Close() }) // Serve returns why it ended.
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// writeSettings writes auditor.yaml and a token file for each organization.
func (w *world) writeSettings(folder, base string) error {
	var settings strings.Builder
	fmt.Fprintf(&settings, "base_url: %s\n", base)
	if len(w.states[0].Members) > 0 { // an earlier version does not know the setting
		settings.WriteString("members: true\n")
	}
	settings.WriteString("organizations:\n")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	for _, o := range w.server.Organizations() {
		token, err := filepath.Abs(filepath.Join(folder, o.Name+".token"))
		if err != nil {
			return err
		}
		if err := os.WriteFile(token, []byte(o.Token), 0o600); err != nil {
			return err
		}
		fmt.Fprintf(&settings, "  - name: %s\n    token_file: %s\n", o.Name, token)
	}
	return errors.Join(
		os.WriteFile(filepath.Join(folder, "auditor.yaml"), []byte(settings.String()), 0o600),
		os.WriteFile(filepath.Join(folder, "url"), []byte(base), 0o600),
	)
}

// measure runs a program and appends its wall time in milliseconds, its peak memory in MiB and its
// processor time in milliseconds to a file.
func measure(ctx context.Context, file string, args []string) error {
	command := exec.CommandContext(ctx, args[0], args[1:]...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	start := time.Now()
	if err := command.Run(); err != nil {
		return fmt.Errorf("running %s: %w", args[0], err)
	}
	wall := time.Since(start)
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	peak := command.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10 // getrusage(2) has KiB
	processor := command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	_, err = fmt.Fprintf(f, "%.1f %d %.1f\n", wall.Seconds()*1000, peak, processor.Seconds()*1000)
	return errors.Join(err, f.Close())
}
