package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"scim-auditor/internal/report"
)

// The exit codes.
const (
	exitComplete = 0 // every organization is complete
	exitFailed   = 1 // something failed or is not complete
	exitUsage    = 2 // wrong usage or settings
	exitFound    = 3 // complete, and what --fail-on names is there
)

// run runs the command and gives its exit code.
func run(ctx context.Context, env environment) int {
	root := newRoot(env)
	root.SetArgs(env.args)
	root.SetOut(env.stdout)
	root.SetErr(env.stderr)
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitComplete
	}
	failure, ok := errors.AsType[*failure](err)
	if !ok {
		// What cobra finds before a command runs: an unknown command or flag, a wrong number of arguments.
		failure = usage(err, usageHint(command, env.args))
	}
	failure.print(env.stderr)
	return failure.exit
}

// usageHint says where to read how a command is used, and which one was meant where a name is near to what was typed.
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

func newRoot(env environment) *cobra.Command { return newRootWith(env, &settings{}) }

// newRootWith makes the command line whose flags fill s.
func newRootWith(env environment, s *settings) *cobra.Command {
	root := &cobra.Command{
		Use:           "auditor",
		Short:         "Audit the SCIM and SSO configurations of Ona organizations",
		Long:          "auditor lists every SCIM and SSO configuration of Ona organizations, stores them as a timestamped snapshot in SQLite,\ncompares with the last complete snapshot, and writes Excel and Markdown reports.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	s.addCommonFlags(root.PersistentFlags())
	for _, command := range []func(environment, *settings) *cobra.Command{
		runCommand, serveCommand, checkCommand, reportCommand, diffCommand, runsCommand, rulesCommand, exceptCommand, verifyCommand, pruneCommand,
		backupCommand, demoCommand, manCommand, versionCommand,
	} {
		root.AddCommand(command(env, s))
	}
	return root
}

// failure is an error with the exit code it leads to and what the person who reads it can do.
type failure struct {
	err  error
	hint string
	exit int
	// told means that the command has printed what is wrong already.
	told bool
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func (f *failure) print(stderr io.Writer) {
	if f.told {
		return
	}
	printProblem(stderr, f.err, f.hint)
}

// printFailure prints an error with its hint, if it has one.
func printFailure(stderr io.Writer, err error) {
	hint := ""
	if f, ok := errors.AsType[*failure](err); ok {
		hint = f.hint
	}
	printProblem(stderr, err, hint)
}

// printProblems prints what went wrong beside the matter itself, if anything did.
func printProblems(stderr io.Writer, err error) {
	if err != nil {
		printProblem(stderr, err, "")
	}
}

func printProblem(stderr io.Writer, err error, hint string) {
	printLabelled(stderr, "error", err, hint)
}

func printLabelled(stderr io.Writer, label string, err error, hint string) {
	// What an error quotes may come from the API: nothing in it may reach the terminal as a control sequence, or look like a line of ours.
	lines := strings.Split(err.Error(), "\n")
	for i := range lines {
		lines[i] = report.Visible(lines[i])
	}
	_, _ = fmt.Fprintln(stderr, "auditor: "+label+":", strings.Join(lines, "\n  "))
	if hint != "" {
		_, _ = fmt.Fprintln(stderr, "auditor: hint:", report.Visible(hint))
	}
}

func usage(err error, hint string) *failure { return &failure{err: err, hint: hint, exit: exitUsage} }
func failed(err error, hint string) *failure {
	return &failure{err: err, hint: hint, exit: exitFailed}
}

// action makes a command's function: settings are resolved first, and every error becomes a failure.
func action(env environment, s *settings, do func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		err := s.resolve(env, cmd.Flags())
		if err == nil {
			err = do(cmd, args)
		}
		if err == nil {
			return nil
		}
		if _, ok := errors.AsType[*failure](err); ok {
			return err
		}
		return failed(err, databaseHint(err))
	}
}
