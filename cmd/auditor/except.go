package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"scim-auditor/internal/durable"
	"scim-auditor/internal/evidence"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/settings"
)

func exceptCommand(env environment) *cobra.Command {
	var e settings.Exception
	command := &cobra.Command{Use: "except RULE [SUBJECT]", Args: cobra.RangeArgs(1, 2)}
	command.RunE = action(env, func(_ *cobra.Command, s *settings.Settings, args []string) error {
		e.Rule = args[0]
		if len(args) == 2 {
			e.Subject = args[1]
		}
		path, err := filepath.Abs(s.ExceptionsFile)
		if err != nil {
			return fmt.Errorf("finding the exceptions file: %w", err)
		}
		if target, err := filepath.EvalSymlinks(path); err == nil {
			path = target
		}
		x, err := addException(env, path, e)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(env.stdout, "%s: %s is accepted for %s until the end of %s\n%s\n",
			path, x.RuleID, acceptedFor(x), e.Expires, exceptionsReader(s, path))
		return err
	})
	addExceptionFlags(command.Flags(), &e)
	return command
}

func addExceptionFlags(flags *pflag.FlagSet, e *settings.Exception) {
	flags.StringVar(&e.Organization, "in-organization", "",
		"id of the organization, to limit the exception to it, or to cover all its findings")
	flags.StringVar(&e.Owner, "owner", "", "who accepts the risk")
	flags.StringVar(&e.Reason, "reason", "", "why the risk is accepted")
	flags.StringVar(&e.Ticket, "ticket", "", "where the decision is recorded")
	flags.StringVar(&e.Expires, "expires", "", "last day on which the exception is valid, in UTC, such as 2026-12-31")
}

// exceptionsReader says which runs read the exceptions file at path.
func exceptionsReader(s *settings.Settings, path string) string {
	if origin := s.ExceptionsOrigin(); origin != "" {
		return "read by runs with the same settings: " + origin + " names this file"
	}
	return "read only by runs in the folder " + filepath.Dir(path) + ", because no setting names this file; " +
		"for a service, pass the config file of the service with --config"
}

// addException rewrites the exceptions file with the new exception at its end. The file keeps its
// mode and owner.
func addException(env environment, path string, e settings.Exception) (finding.Exception, error) {
	before, err := evidence.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return finding.Exception{}, fmt.Errorf("reading the exceptions file: %w", err)
	}
	after, x, err := settings.AppendException(path, before, e, env.now().UTC())
	if err != nil {
		return x, err
	}
	mode := fs.FileMode(0o600)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	if err := durable.WriteFile(path, after, mode); err != nil {
		return x, fmt.Errorf("writing the exceptions file: %w", err)
	}
	return x, nil
}

func acceptedFor(x finding.Exception) string {
	switch {
	case x.SubjectID == "":
		return "every subject of organization " + x.OrganizationID
	case x.OrganizationID == "":
		return x.SubjectID
	}
	return x.SubjectID + " in organization " + x.OrganizationID
}
