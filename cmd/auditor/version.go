package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
)

func versionCommand(env environment) *cobra.Command {
	return &cobra.Command{
		Use:  "version",
		Args: cobra.NoArgs,
		RunE: action(env, func(*cobra.Command, *settings.Settings, []string) error {
			v := readVersion()
			_, err := fmt.Fprintf(env.stdout, "auditor %s\ncommit %s\n%s %s/%s\nSQLite %s\n",
				v.Version, v.Commit, runtime.Version(), runtime.GOOS, runtime.GOARCH, snapshot.SQLiteVersion)
			return err
		}),
	}
}

type version struct{ Version, Commit string }

// readVersion reads the version that the Go toolchain recorded in the binary: "(devel)" without
// version control.
func readVersion() version {
	v := version{"(devel)", "unknown"}
	if info, ok := debug.ReadBuildInfo(); ok {
		v.Version = cmp.Or(info.Main.Version, v.Version)
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				v.Commit = setting.Value
			}
		}
	}
	return v
}
