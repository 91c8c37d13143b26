package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func manCommand(env environment, _ *settings) *cobra.Command {
	return &cobra.Command{
		Use:     "man FOLDER",
		Short:   "Write the manual pages of every command into a folder",
		Long:    "man writes the manual pages of every command into a folder, one file each. SOURCE_DATE_EPOCH (seconds since 1970) is their date when it\nis set, so that a release can be built twice with the same bytes.",
		Example: "  auditor man /usr/local/share/man/man1",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o750); err != nil {
				return failed(fmt.Errorf("making the folder: %w", err), "")
			}
			header := &doc.GenManHeader{Title: "AUDITOR", Section: "1", Source: "auditor " + readVersion().Version, Manual: "SCIM auditor"}
			root := newRoot(env)
			root.DisableAutoGenTag = true
			if err := doc.GenManTree(root, header, args[0]); err != nil {
				return failed(fmt.Errorf("writing the manual pages: %w", err), "")
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "manual pages: %s\n", args[0])
			return err
		},
	}
}
