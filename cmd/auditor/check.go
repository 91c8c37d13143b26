package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"scim-auditor/internal/check"
	"scim-auditor/internal/job"
	"scim-auditor/internal/snapshot"
)

func checkCommand(env environment, s *settings) *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "check",
		Short: "Find out whether a run would succeed; changes nothing",
		Long: "check looks at the settings, the token, the organization and each right that a run needs, the clock, the disk, the database, the\n" +
			"report folder and the schedule, and says what to do about what is wrong. It takes the flags of \"auditor run\" and \"auditor serve\", for\n" +
			"the one that it is to speak for. It changes nothing. The exit code is 1 when a run would fail.",
		Example: "  auditor check\n  auditor check --config /etc/auditor/auditor.yaml --json",
		Args:    cobra.NoArgs,
	}
	command.RunE = func(cmd *cobra.Command, _ []string) error {
		results := s.checkAll(cmd, env)
		if err := printChecks(env, results, asJSON); err != nil {
			return err
		}
		if check.Failed(results) {
			return &failure{err: errors.New("a check failed"), exit: exitFailed, told: true}
		}
		return nil
	}
	s.addCollectionFlags(command.Flags())
	s.addScheduleFlags(command.Flags())
	s.addFailOnFlag(command.Flags())
	s.addServerFlags(command.Flags())
	s.addReportFlags(command.Flags())
	command.Flags().BoolVar(&asJSON, "json", false, "print the results as JSON")
	return command
}

// checkAll makes every check that the ones before leave possible.
func (s *settings) checkAll(cmd *cobra.Command, env environment) []check.Result {
	if err := s.resolve(env, cmd.Flags()); err != nil {
		return []check.Result{badSetting("settings", err)}
	}
	if err := s.checkServer(); err != nil {
		return []check.Result{badSetting("settings", err)}
	}
	if _, err := s.conditions(); err != nil {
		return []check.Result{badSetting("settings", err)}
	}
	ctx := cmd.Context()
	results := []check.Result{{Name: "settings", Status: check.OK, Detail: "understood"}, check.Schedule(s.schedule, env.now())}
	if _, err := s.reportOptions(); err != nil {
		results = append(results, badSetting("report settings", err))
	}
	if notifier, err := s.notifier(env); err != nil {
		results = append(results, badSetting("notifications", err))
	} else if n := len(notifier.targets); n > 0 {
		results = append(results, check.Result{Name: "notifications", Status: check.OK, Detail: fmt.Sprintf("%d are set up; a check sends none", n)})
	}
	if _, err := s.exceptions(); err != nil {
		results = append(results, badSetting("exceptions", err))
	}
	database, store := check.Database(ctx, s.db)
	results = append(results, database, check.Folder("report folder", s.out, "--out"), check.Disk(env.freeSpace, filepath.Dir(s.db), s.out))
	if s.metricsFile != "" {
		results = append(results, check.MetricsFile(s.metricsFile))
	}
	results = append(results, s.checkSources(ctx, env, store)...)
	if store != nil {
		if err := store.Close(); err != nil {
			results = append(results, badSetting("database", err))
		}
	}
	return results
}

// checkSources asks the API about each organization. Store is nil where the database cannot be read: what a source is pinned to is then not
// known.
func (s *settings) checkSources(ctx context.Context, env environment, store *snapshot.Store) []check.Result {
	sources, err := s.sources(env, s.logger(env.stderr))
	if err != nil {
		return []check.Result{badSetting("token", err)}
	}
	var results []check.Result
	for _, source := range sources {
		results = append(results, check.TokenExpiry(source.Name, source.TokenExpires, env.now()))
		if source.Err != nil {
			result := badSetting("token", source.Err)
			result.Source = source.Name
			results = append(results, result)
			continue
		}
		if err := pin(ctx, store, &source); err != nil {
			results = append(results, badSetting("database", err))
		}
		results = append(results, check.Organization(ctx, source.Name, source.Fetch)...)
	}
	return results
}

// pin sets the organization of the source's last complete snapshot, unless the settings name one.
func pin(ctx context.Context, store *snapshot.Store, source *job.Source) error {
	if store == nil || source.Fetch.OrganizationID != "" {
		return nil
	}
	last, found, err := store.Pinned(ctx, source.Name)
	if found {
		source.Fetch.OrganizationID = last.OrganizationID
	}
	return err
}

func badSetting(name string, err error) check.Result {
	r := check.Result{Name: name, Status: check.Error, Detail: err.Error()}
	if f, ok := errors.AsType[*failure](err); ok {
		r.Hint = f.hint
	}
	return r
}

// printChecks prints a line for each result, with a line of what to do below it where there is something to do.
func printChecks(env environment, results []check.Result, asJSON bool) error {
	if asJSON {
		return printJSON(env.stdout, results)
	}
	var rows [][]string
	for _, r := range results {
		name := r.Name
		if r.Source != "" {
			name = r.Source + ": " + r.Name
		}
		rows = append(rows, []string{string(r.Status), name, r.Detail})
		if r.Hint != "" {
			rows = append(rows, []string{"", "", fmt.Sprintf("hint: %s", r.Hint)})
		}
	}
	return printTable(env.stdout, rows)
}
