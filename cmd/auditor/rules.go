package main

import (
	_ "embed" // for rulesDocument
	"fmt"
	"io"
	"strings"
	"text/template"

	"github.com/spf13/cobra"

	"scim-auditor/internal/finding"
	"scim-auditor/internal/settings"
)

func rulesCommand(env environment) *cobra.Command {
	command := &cobra.Command{Use: "rules", Args: cobra.NoArgs}
	asMarkdown := command.Flags().Bool("markdown", false,
		"print the rules as Markdown with the default thresholds, as in docs/rules.md")
	command.RunE = action(env, func(_ *cobra.Command, s *settings.Settings, _ []string) error {
		if *asMarkdown {
			return writeRulesDocument(env.stdout)
		}
		rows := [][]string{{"RULE", "SEVERITY", "TITLE", "IN ORDER"}}
		for _, r := range finding.Rules() {
			inOrder := r.ExpectedBy(s.Thresholds)
			if reason, off := s.Rules.Disabled[r.ID]; off {
				inOrder = fmt.Sprintf("(turned off: %s)", reason)
			}
			rows = append(rows, []string{r.ID, string(r.Severity), r.Title, inOrder})
		}
		return printResult(env.stdout, false, nil, table(rows))
	})
	return command
}

//go:embed rules.md.tmpl
var rulesDocument string

func writeRulesDocument(w io.Writer) error {
	document := template.New("rules").Funcs(template.FuncMap{"join": strings.Join})
	return template.Must(document.Parse(rulesDocument)).Execute(w, map[string]any{
		"Frameworks": finding.Frameworks, "Rules": finding.Rules(), "Thresholds": finding.DefaultThresholds(),
	})
}
