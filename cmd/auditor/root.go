package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"scim-auditor/internal/settings"
)

// run runs the command and returns its exit code.
func run(ctx context.Context, env environment) int {
	root := newRoot(env)
	root.SetArgs(env.args)
	root.SetOut(env.stdout)
	root.SetErr(env.stderr)
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitComplete
	}
	end, ok := errors.AsType[*failure](err)
	if !ok {
		// cobra found wrong usage before a command ran, such as an unknown flag or a wrong number of arguments.
		end = &failure{exitUsage, err, usageHint(command, env.args)}
	}
	if end.err != nil {
		printError(env.stderr, end)
	}
	return end.code
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

func newRoot(env environment) *cobra.Command {
	root := &cobra.Command{
		Use:   "auditor",
		Short: "Audit the SCIM and SSO configurations of Ona organizations",
		Long: `auditor lists every SCIM and SSO configuration of Ona organizations, stores them as a timestamped
snapshot in SQLite, compares with the last complete snapshot, and writes Excel and Markdown
reports.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	settings.AddFlags(root.PersistentFlags(), settings.CommonFlags)
	root.AddCommand(runCommand(env), serveCommand(env), checkCommand(env), reportCommand(env), diffCommand(env),
		runsCommand(env), rulesCommand(env), exceptCommand(env), verifyCommand(env), pruneCommand(env), backupCommand(env), packCommand(env),
		demoCommand(env), manCommand(env), versionCommand(env))
	return root
}

// action returns the RunE function of a command. It loads the settings, calls do, and turns an error into a failure.
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
