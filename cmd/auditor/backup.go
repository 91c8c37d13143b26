package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"scim-auditor/internal/job"
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
			text := fmt.Sprintf("backup: %s\n", args[0])
			if _, err := os.Stat(job.SaltFile(s.DB)); err == nil {
				text += fmt.Sprintf("copy %s too: without it, no run with redacted members continues the backup\n", job.SaltFile(s.DB))
			}
			_, err = fmt.Fprint(env.stdout, text)
			return err
		}),
	}
}
