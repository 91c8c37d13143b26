package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"scim-auditor/internal/finding"
)

func rulesCommand(env environment, s *settings) *cobra.Command {
	var asMarkdown bool
	command := &cobra.Command{
		Use:     "rules",
		Example: "  auditor rules\n  auditor rules --config /etc/auditor/auditor.yaml",
		Short:   "Print the rules that every night is judged by",
		Long:    "rules prints every rule with its severity and what is in order by the thresholds in use, and which ones the settings turn off.",
		Args:    cobra.NoArgs,
	}
	command.RunE = action(env, s, func(*cobra.Command, []string) error {
		if asMarkdown {
			return writeRulesDoc(env.stdout)
		}
		return printRules(env.stdout, s)
	})
	command.Flags().BoolVar(&asMarkdown, "markdown", false, "print the register as Markdown, with the default thresholds: what docs/rules.md is")
	return command
}

func printRules(w io.Writer, s *settings) error {
	rows := [][]string{{"RULE", "SEVERITY", "TITLE", "IN ORDER"}}
	for _, r := range finding.Rules() {
		inOrder := r.ExpectedBy(s.thresholds)
		if why, off := s.turnedOff[r.ID]; off {
			inOrder = fmt.Sprintf("(turned off: %s)", why)
		}
		rows = append(rows, []string{r.ID, string(r.Severity), r.Title, inOrder})
	}
	return printTable(w, rows)
}
