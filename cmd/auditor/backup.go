package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
)

func backupCommand(env environment) *cobra.Command {
	return &cobra.Command{
		Use:  "backup FILE",
		Args: cobra.ExactArgs(1),
		RunE: action(env, func(cmd *cobra.Command, s *settings.Settings, args []string) error {
			err := snapshot.Backup(cmd.Context(), s.DB, args[0])
			if errors.Is(err, snapshot.ErrFileExists) {
				return usage(err, "the file was not changed; name a file that does not exist yet")
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(env.stdout, "backup: %s\n", args[0])
			return err
		}),
	}
}
