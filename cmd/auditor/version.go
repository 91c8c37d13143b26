package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"scim-auditor/internal/snapshot"
)

// version tells which build this is.
type version struct {
	Version, Commit, Go string
}

// readVersion reads what the Go toolchain recorded in the binary; a build without version control says so.
func readVersion() version {
	v := version{Version: "(devel)", Commit: "unknown", Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			v.Commit = setting.Value
		}
	}
	return v
}

func versionCommand(env environment, s *settings) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version, commit, Go and SQLite",
		Example: "  auditor version",
		Args:    cobra.NoArgs,
		RunE: action(env, s, func(_ *cobra.Command, _ []string) error {
			v := readVersion()
			_, err := fmt.Fprintf(env.stdout, "auditor %s\ncommit %s\n%s %s/%s\nSQLite %s\n", v.Version, v.Commit, v.Go, runtime.GOOS, runtime.GOARCH, snapshot.SQLiteVersion)
			return err
		}),
	}
}
