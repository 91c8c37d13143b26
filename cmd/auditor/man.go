package main

import (
	"cmp"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func manCommand(env environment) *cobra.Command {
	return &cobra.Command{
		Use:  "man FOLDER",
		Args: cobra.ExactArgs(1),
		// It loads no settings: it must work even if the config file is broken.
		RunE: func(_ *cobra.Command, args []string) error {
			header := &doc.GenManHeader{
				Title: "AUDITOR", Section: "1", Source: "auditor " + readVersion().Version, Manual: "SCIM auditor",
			}
			root := newRoot(env)
			root.DisableAutoGenTag = true
			err := cmp.Or(os.MkdirAll(args[0], 0o750), doc.GenManTree(root, header, args[0]))
			if err == nil {
				_, err = fmt.Fprintf(env.stdout, "manual pages: %s\n", args[0])
			}
			if err != nil {
				return asFailure(fmt.Errorf("writing the manual pages: %w", err))
			}
			return nil
		},
	}
}
