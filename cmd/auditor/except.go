package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"scim-auditor/internal/durable"
	"scim-auditor/internal/finding"
)

func exceptCommand(env environment, s *settings) *cobra.Command {
	var e exceptionEntry
	command := &cobra.Command{
		Use:   "except RULE [SUBJECT]",
		Short: "Accept the failures of a rule for a time",
		Long: "except appends an exception to the exceptions file and checks the whole. SUBJECT is the id that the finding names; without it the\n" +
			"exception is for every finding of the rule in the organization that --in-organization names.",
		Example: "  auditor except SCIM-007 182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e --owner jane@example.com --reason \"replaced in March\" --expires 2027-03-31 --ticket SEC-123",
		Args:    cobra.RangeArgs(1, 2),
	}
	command.RunE = action(env, s, func(_ *cobra.Command, args []string) error {
		e.Rule = args[0]
		if len(args) == 2 {
			e.Subject = args[1]
		}
		return addException(env, s.exceptionsPath(), e)
	})
	flags := command.Flags()
	s.addExceptionsFlag(flags)
	flags.StringVar(&e.Organization, "in-organization", "", "id of the organization, when the exception is for that one or for all of its findings")
	flags.StringVar(&e.Owner, "owner", "", "who accepts it")
	flags.StringVar(&e.Reason, "reason", "", "why it is accepted")
	flags.StringVar(&e.Ticket, "ticket", "", "where it was decided")
	flags.StringVar(&e.Expires, "expires", "", "last day on which it holds, in UTC, such as 2026-12-31")
	return command
}

// addException appends to the file, which keeps its comments and its form.
func addException(env environment, path string, e exceptionEntry) error {
	x, _, err := e.exception()
	if err != nil {
		return usage(err, "auditor except --help shows an example, auditor rules lists the rules")
	}
	if now := env.now().UTC(); !x.InForce(now) {
		return usage(fmt.Errorf("it expires with %s, and it is %s", e.Expires, now.Format(time.DateOnly)), "give a later --expires")
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reading the exceptions file: %w", err)
	}
	after, err := withException(path, before, e, x)
	if err != nil {
		return usage(err, "the file was left as it is")
	}
	mode := fs.FileMode(0o600)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	if err := durable.WriteFile(path, after, mode); err != nil {
		return fmt.Errorf("writing the exceptions file: %w", err)
	}
	_, err = fmt.Fprintf(env.stdout, "%s: %s is accepted for %s up to and with %s\n", path, x.RuleID, acceptedFor(x), e.Expires)
	return err
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

const exceptionsHead = "# Findings that somebody has accepted for a time; docs/rules.md of auditor shows the form.\n"

// withException is the file's text with the entry at its end, in the indentation of the entries before it. What comes out is read again:
// it must hold what was there and the new one.
func withException(path string, before []byte, e exceptionEntry, x finding.Exception) ([]byte, error) {
	file, known, err := parseExceptions(path, before)
	if err != nil {
		return nil, fmt.Errorf("exceptions file %w", err)
	}
	entry, err := yaml.Marshal([]exceptionEntry{e})
	if err != nil {
		return nil, fmt.Errorf("writing the exception as YAML: %w", err)
	}
	after := bytes.Clone(before)
	if len(before) == 0 {
		after = []byte(exceptionsHead)
	} else if !bytes.HasSuffix(before, []byte("\n")) {
		after = append(after, '\n')
	}
	indent := ""
	if len(known) > 0 {
		indent = file.indent()
	}
	for line := range strings.Lines(string(entry)) {
		after = append(after, indent+line...)
	}
	_, all, err := parseExceptions(path, after)
	if err != nil || len(all) != len(known)+1 || all[len(all)-1] != x {
		return nil, fmt.Errorf("exceptions file %s: an entry cannot be appended to its form; expected a list with a \"-\" in front of each entry, "+
			"to which this can be added by hand:\n%s", path, entry)
	}
	return after, nil
}
