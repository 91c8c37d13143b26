package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/settings"
)

func rulesCommand(env environment) *cobra.Command {
	var asMarkdown bool
	command := &cobra.Command{
		Use:     "rules",
		Short:   "Print the rules that every night is judged by",
		Long:    "rules prints every rule with its severity, what is in order by the thresholds in use, and which rules the settings turn off.",
		Example: "  auditor rules\n  auditor rules --config /etc/auditor/auditor.yaml",
		Args:    cobra.NoArgs,
	}
	command.RunE = action(env, func(_ *cobra.Command, s *settings.Settings, _ []string) error {
		if asMarkdown {
			return writeRulesDoc(env.stdout)
		}
		rows := [][]string{{"RULE", "SEVERITY", "TITLE", "IN ORDER"}}
		for _, r := range finding.Rules() {
			inOrder := r.ExpectedBy(s.Thresholds)
			if why, off := s.Rules.Disabled[r.ID]; off {
				inOrder = fmt.Sprintf("(turned off: %s)", why)
			}
			rows = append(rows, []string{r.ID, string(r.Severity), r.Title, inOrder})
		}
		return printTable(env.stdout, rows)
	})
	command.Flags().BoolVar(&asMarkdown, "markdown", false,
		"print the register as Markdown, with the default thresholds: the text of docs/rules.md")
	return command
}

const rulesIntroduction = `# Rules

Every complete night is judged by every rule below. The outcome is ` + "`fail`, `pass`, `not_assessed`" + ` (with why) or ` + "`excepted`" + `; a rule that could
not be evaluated is never a pass. A mapping to a control says what a rule supports; no rule alone satisfies a control. This file is what
` + "`auditor rules --markdown`" + ` prints; a test holds the two against each other.

`

const rulesSettings = `## Thresholds, and turning a rule off

In the config file, with the defaults:

` + "```yaml" + `
rules:
  thresholds:
    token_expiry_high_days: 7      # SCIM-002 is high up to and with this many days before the expiry,
    token_expiry_medium_days: 30   # medium up to these,
    token_expiry_info_days: 90     # info up to these
    token_lifetime_days: 365       # SCIM-005: longer fails
    token_age_days: 365            # SCIM-006: this old fails
    clock_skew: 5m                 # SCIM-021, and how far audit-log entries may be off (SCIM-023)
  disabled:
    SCIM-014: names are kept in the ticket system   # the report shows the reason
` + "```" + `

Days are 24 hours, counted between instants in UTC. RUN-001 and SCIM-020 cannot be turned off.

## Exceptions

` + "`exceptions.yaml`" + ` in the working folder, or what ` + "`--exceptions-file` or `exceptions_file`" + ` names, is a list:

` + "```yaml" + `
- rule: SCIM-007
  subject: 182bd5e5-6e1a-4fe4-a799-aa6d9a6ab26e   # the id that the finding names, or organization: and its id, or both
  owner: jane@example.com
  reason: kept until the merger is over
  ticket: SEC-123                                 # optional
  expires: 2026-12-31                             # the last day, UTC
` + "```" + `

` + "`auditor except RULE SUBJECT --owner … --reason … --expires …`" + ` appends one and checks the whole. A failure that an exception covers is
` + "`excepted`" + `, with its original status kept. After its last day the failure is a failure again, and names the exception that expired. An
exception that matches nothing is told. Every exception is stored with the snapshot, so that the report of a past night shows what was
accepted then. RUN-001 cannot be accepted.
`

// writeRulesDoc writes docs/rules.md from the register.
func writeRulesDoc(w io.Writer) error {
	var b strings.Builder
	b.WriteString(rulesIntroduction)
	b.WriteString("| rule | title | severity |")
	for _, framework := range finding.Frameworks {
		fmt.Fprintf(&b, " %s |", framework)
	}
	b.WriteString("\n|---|---|---|" + strings.Repeat("---|", len(finding.Frameworks)) + "\n")
	for _, r := range finding.Rules() {
		fmt.Fprintf(&b, "| %s | %s | %s |", r.ID, r.Title, r.Severity)
		for _, framework := range finding.Frameworks {
			fmt.Fprintf(&b, " %s |", strings.Join(r.Controls(framework), ", "))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	for _, r := range finding.Rules() {
		fmt.Fprintf(&b, "### %s: %s\n\n- In order: %s\n- Why it matters: %s\n- Remedy: %s\n\n", r.ID, r.Title,
			r.ExpectedBy(finding.DefaultThresholds()), r.Why, r.Remedy)
	}
	b.WriteString(rulesSettings)
	_, err := io.WriteString(w, b.String())
	return err
}
