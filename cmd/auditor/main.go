// Command auditor lists every SCIM and SSO configuration of Ona organizations, stores them as
// timestamped snapshots, compares each with the last complete one, and writes audit reports.
// See README.md.
package main

import (
	"cmp"
	"context"
	_ "embed" // for helpTexts
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // CRON_TZ must also work on a machine without a time zone database

	"github.com/spf13/cobra"
	"golang.org/x/term"
	"golang.org/x/tools/txtar"

	"scim-auditor/internal/check"
	"scim-auditor/internal/durable"
	"scim-auditor/internal/fetch"
	"scim-auditor/internal/job"
	"scim-auditor/internal/report/folder"
	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
)

// environment holds what the command takes from the machine. Other packages get it from their
// callers.
type environment struct {
	program        string   // as the user calls it, for commands that are printed; auditor if empty
	args           []string // without the program's name
	getenv         func(string) string
	stdout, stderr io.Writer
	terminal       bool // stderr is a terminal, so the progress line can be erased
	// interactive is true if standard input, output or error is a terminal: a person started the
	// command.
	interactive bool
	now         func() time.Time
	hostname    func() (string, error)
	// limits restricts the requests; sleep is called to wait between them. Zero values select the
	// defaults of package fetch.
	limits fetch.Limits
	sleep  func(context.Context, time.Duration) error
	// hangups returns a channel that gets every SIGHUP until stop is called. At any other time
	// SIGHUP ends the process.
	hangups func() (signals <-chan os.Signal, stop func())
	// freeSpace returns the number of bytes left on the disk of a path.
	freeSpace func(path string) (uint64, error)
}

func main() {
	os.Exit(execute(time.Now))
}

// memoryTarget is how much memory the program uses before it collects garbage more often, in bytes.
// It is not a limit: a run over 10,000 organizations of three configurations takes about 330 MiB.
const memoryTarget = 280 << 20

func execute(now func() time.Time) int {
	abortBySignal()
	// net/http logs unsolicited bytes from a server here, and they may contain anything.
	log.SetOutput(io.Discard)
	if os.Getenv("GOGC") == "" {
		// The job runs for seconds. A run over three configurations then collects no garbage, which
		// saves a fifth of its processor time. For 10,000 configurations this saves a twelfth, for
		// 120 MiB more.
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryTarget)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// Without this, a run ends when nobody reads its log any more:
	// https://pkg.go.dev/os/signal#hdr-SIGPIPE
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	return run(ctx, environment{
		program:  calledAs(os.Args[0]),
		args:     os.Args[1:],
		getenv:   os.Getenv,
		stdout:   os.Stdout,
		stderr:   journalOr(os.Stderr, os.Getenv("JOURNAL_STREAM")),
		terminal: term.IsTerminal(int(os.Stderr.Fd())) && os.Getenv("TERM") != "dumb",
		interactive: slices.ContainsFunc([]*os.File{os.Stdin, os.Stdout, os.Stderr},
			func(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }),
		now:       now,
		hostname:  os.Hostname,
		hangups:   hangups,
		freeSpace: check.FreeSpace,
	})
}

// calledAs returns how a user calls this program, from the first word of the command line.
func calledAs(word string) string {
	if strings.Contains(filepath.ToSlash(word), "/go-build") { // go run removes its program at the end
		return "go run ./cmd/auditor"
	}
	return word
}

// username returns the user of the operating system, by its number if it has no name, as in many
// containers.
func username() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return fmt.Sprint("uid ", os.Getuid())
}

func hangups() (<-chan os.Signal, func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	return signals, func() { signal.Stop(signals) }
}

func run(ctx context.Context, env environment) int {
	root := newRoot(env)
	stdout := &keptError{Writer: env.stdout}
	root.SetArgs(env.args)
	root.SetOut(stdout)
	root.SetErr(env.stderr)
	command, err := root.ExecuteContextC(ctx)
	if stdout.err != nil { // of a help text or a completion
		err = asFailure(stdout.err)
	}
	if err == nil {
		return exitComplete
	}
	end, ok := errors.AsType[*failure](err)
	if !ok {
		// cobra found wrong usage before a command ran, such as an unknown flag or a wrong
		// number of arguments.
		end = &failure{exitUsage, err, usageHint(command, env.args)}
	}
	if end.err != nil {
		printError(env.stderr, end)
	}
	return end.code
}

// keptError keeps the first error of a writer. cobra ignores it for help texts, and takes it for
// wrong usage in completions.
type keptError struct {
	io.Writer
	err error
}

func (k *keptError) Write(text []byte) (int, error) {
	n, err := k.Writer.Write(text)
	k.err = cmp.Or(k.err, err)
	return n, err
}

// usageHint names the help of the command, and suggests a command for a misspelled name.
func usageHint(command *cobra.Command, args []string) string {
	if command.HasParent() {
		return fmt.Sprintf("run \"%s --help\" for its arguments and flags", command.CommandPath())
	}
	hint := "run \"auditor --help\" for the commands"
	if len(args) == 0 {
		return hint
	}
	command.SuggestionsMinimumDistance = 2
	if near := command.SuggestionsFor(args[0]); len(near) > 0 {
		hint = fmt.Sprintf("did you mean \"auditor %s\"? ", near[0]) + hint
	}
	return hint
}

// helpTexts has the description and the example of each command. Lists of commands show only the
// first paragraph of the description.
//
//go:embed help.txtar
var helpTexts []byte

func newRoot(env environment) *cobra.Command {
	root := &cobra.Command{
		Use:           "auditor",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.AddCommand(runCommand(env), serveCommand(env), checkCommand(env), reportCommand(env), diffCommand(env),
		runsCommand(env), rulesCommand(env), exceptCommand(env), reviewCommand(env), verifyCommand(env),
		pruneCommand(env), backupCommand(env), notifyCommand(env), packCommand(env), exportCommand(env),
		demoCommand(env), manCommand(env), versionCommand(env))
	help := make(map[string]string)
	for _, f := range txtar.Parse(helpTexts).Files {
		help[f.Name] = strings.TrimSuffix(string(f.Data), "\n")
	}
	settings.AddFlags(root.PersistentFlags(), "all")
	for _, command := range append(root.Commands(), root) {
		settings.AddFlags(command.Flags(), command.Name())
		command.Short, command.Long, _ = strings.Cut(help[command.Name()], "\n\n")
		command.Example = help[command.Name()+" example"]
	}
	return root
}

// action returns the RunE function of a command. It loads the settings, calls do, and turns an
// error into a failure.
func action(env environment, do func(cmd *cobra.Command, s *settings.Settings, args []string) error,
) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		s, err := settings.Load(cmd.Flags(), env.getenv)
		if err == nil {
			err = do(cmd, s, args)
		}
		if err == nil {
			return nil
		}
		return asFailure(err)
	}
}

type openFunc = func(context.Context, string) (*snapshot.Store, error)

// withDatabase opens the database, calls do, and closes it.
func withDatabase(ctx context.Context, path string, open openFunc, do func(*snapshot.Store) error) (err error) {
	store, err := open(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return do(store)
}

// readDatabase calls do with an existing database. It takes no lock, because reading does not
// interfere with a run.
func readDatabase(ctx context.Context, path string, do func(*snapshot.Store) error) error {
	return withDatabase(ctx, path, snapshot.OpenExisting, do)
}

// openToRun is like lockDatabase, but creates the database and its folder if they do not exist. If
// the report folder has reports of earlier runs, it creates a database only if anew is true.
func openToRun(ctx context.Context, s *settings.Settings, anew bool, now time.Time,
	do func(*snapshot.Store) error) error {
	path := s.DB
	earlier, err := earlierReport(s)
	if err != nil {
		return err
	}
	if earlier.Name != "" && !anew {
		return usage(check.DatabaseGone(path, earlier), check.DatabaseGoneHint)
	}
	// The lock file is in the same folder.
	if err := durable.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		err = fmt.Errorf("creating the database's folder: %w", err)
		return failed(err, cmp.Or(hintFor(err), "use --db to name a file in a folder that this user may create"))
	}
	open := snapshot.Open
	if anew {
		open = func(ctx context.Context, path string) (*snapshot.Store, error) {
			return snapshot.OpenAnew(ctx, path, earlier.Name)
		}
	}
	return lockDatabase(ctx, path, "", now, open, do)
}

// earlierReport returns the newest report in the report folder if the database does not exist.
func earlierReport(s *settings.Settings) (check.Earlier, error) {
	if snapshot.Exists(s.DB) {
		return check.Earlier{}, nil
	}
	reports, err := folder.Reports(s.Out, 1)
	if err != nil || len(reports) == 0 {
		return check.Earlier{}, err
	}
	name := reports[0].Name
	path := filepath.Join(s.Out, name)
	return check.Earlier{Name: name, Path: path, DatabaseID: folder.DatabaseOf(path)}, nil
}

// lockDatabase locks and opens the database for a command, empty for a run, calls do, and closes
// and unlocks it.
func lockDatabase(ctx context.Context, path, command string, now time.Time, open openFunc,
	do func(*snapshot.Store) error) (err error) {
	lock, err := job.Lock(ctx, path, command, now)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", path, snapshot.ErrNoDatabaseFile)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	return withDatabase(ctx, path, open, func(store *snapshot.Store) error {
		store.Guard(lock.Check)
		return do(store)
	})
}
