package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func manCommand(env environment) *cobra.Command {
	return &cobra.Command{
		Use:   "man FOLDER",
		Short: "Write the manual pages of every command into a folder",
		Long: `man writes the manual pages of every command into a folder, one file each. SOURCE_DATE_EPOCH
(seconds since 1970) is their date when it is set, so that a release can be built twice with the
same bytes.`,
		Example: "  auditor man /usr/local/share/man/man1",
		Args:    cobra.ExactArgs(1),
		// It needs no settings, and works where the config file is broken.
		RunE: func(_ *cobra.Command, args []string) error {
			if err := writeManual(env, args[0]); err != nil {
				return asFailure(err)
			}
			return nil
		},
	}
}

func writeManual(env environment, folder string) error {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	header := &doc.GenManHeader{
		Title: "AUDITOR", Section: "1", Source: "auditor " + readVersion().Version, Manual: "SCIM auditor",
	}
	root := newRoot(env)
	root.DisableAutoGenTag = true
	if err := doc.GenManTree(root, header, folder); err != nil {
		return fmt.Errorf("writing the manual pages: %w", err)
	}
	_, err := fmt.Fprintf(env.stdout, "manual pages: %s\n", folder)
	return err
}
