package main

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"scim-auditor/internal/check"
	"scim-auditor/internal/fetch"
	"scim-auditor/internal/job"
	"scim-auditor/internal/ona"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
)

func checkCommand(env environment) *cobra.Command {
	command := &cobra.Command{Use: "check", Args: cobra.NoArgs}
	asJSON := command.Flags().Bool("json", false, "print the results as JSON")
	command.RunE = func(cmd *cobra.Command, _ []string) error {
		results := checkAll(cmd, env)
		for i, r := range results {
			results[i].Hint = cmp.Or(r.Hint, hintFor(r.Err))
		}
		if err := printResult(env.stdout, *asJSON, results, checkText(results)); err != nil {
			return asFailure(err)
		}
		if slices.ContainsFunc(results, func(r check.Result) bool { return r.Status == check.Error }) {
			return &failure{code: exitFailed}
		}
		return nil
	}
	return command
}

// checkAll returns the result of every check. If the settings are wrong, that is the only
// result.
func checkAll(cmd *cobra.Command, env environment) []check.Result {
	s, err := settings.Load(cmd.Flags(), env.getenv)
	if err != nil {
		return []check.Result{check.Failed("settings", err, "")}
	}
	ctx := cmd.Context()
	results := append([]check.Result{{Name: "settings", Status: check.OK, Detail: "valid"}}, checkSettings(ctx, env, s)...)
	earlier, err := earlierReport(s)
	if err != nil {
		results = append(results, check.Failed("report folder", err, ""))
	}
	database, store := check.Database(ctx, s.DB, earlier)
	if s.Shard.Count > 0 {
		results = append(results, checkShard(ctx, s, store)...)
	}
	results = append(results, database)
	results = append(results, checkHistory(ctx, env, s, store)...)
	results = append(results, check.Folder("report folder", s.Out, "--out"),
		check.Disk(env.freeSpace, filepath.Dir(s.DB), s.Out))
	if s.MetricsFile != "" {
		results = append(results, check.MetricsFile(s.MetricsFile))
	}
	if s.MembersRedact {
		results = append(results, checkSalt(ctx, s, store))
	}
	results = append(results, checkSources(ctx, env, s, store)...)
	if store != nil {
		if err := store.Close(); err != nil {
			results = append(results, check.Failed("database", err, ""))
		}
	}
	return results
}

// checkHistory returns what is wrong with the lock, the history and the schedule of the database.
// Store is nil if there is no database that can be read.
func checkHistory(ctx context.Context, env environment, s *settings.Settings, store *snapshot.Store) []check.Result {
	const name = "database"
	var results []check.Result
	if err := job.CheckLock(s.DB); err != nil {
		results = append(results, check.Failed(name, err, "remove it, or name another database with --db"))
	}
	if store == nil {
		return results
	}
	if err := job.CheckHistory(ctx, store, s.Out); err != nil {
		results = append(results, check.Failed(name, err, ""))
	}
	periods, err := store.Schedules(ctx, env.now())
	if err != nil {
		return append(results, check.Failed(name, err, ""))
	}
	if text := recordedLater(periods, env.now()); text != "" {
		results = append(results, check.Result{Name: "schedule", Status: check.Warning, Detail: text,
			Hint: "set the clock of this machine; the next run with a right clock mends the time of the schedule"})
	}
	return results
}

// recordedLater says that the newest schedule is recorded as later than now, empty if it is not.
func recordedLater(periods []schedule.Period, now time.Time) string {
	if n := len(periods); n > 0 && periods[n-1].From.After(now) {
		return fmt.Sprintf("the schedule is recorded as in force from %s: the clock is wrong or was wrong then",
			forPeople(periods[n-1].From))
	}
	return ""
}

// checkSettings checks the settings that Load does not parse, and the files that they name.
func checkSettings(ctx context.Context, env environment, s *settings.Settings) []check.Result {
	var results []check.Result
	if schedule, err := s.Schedule(); err != nil {
		results = append(results, check.Failed("schedule", err, ""))
	} else {
		results = append(results, check.Schedule(schedule, env.now()))
	}
	if _, err := s.Report(""); err != nil {
		results = append(results, check.Failed("report settings", err, ""))
	}
	signer, err := s.Signer()
	if err == nil {
		_, _, err = s.Timestamps()
	}
	if err != nil {
		results = append(results, check.Failed("evidence", err, ""))
	} else if signer != nil || s.Evidence.TimestampURL != "" {
		results = append(results, check.Result{Name: "evidence", Status: check.OK,
			Detail: "the files that it names can be used; check asks no timestamp server"})
	}
	if recipients, err := s.Notifications(); err != nil {
		results = append(results, check.Failed("notifications", err, ""))
	} else {
		results = append(results, checkNotifications(ctx, recipients)...)
	}
	if _, err := s.Exceptions(); err != nil {
		results = append(results, check.Failed("exceptions", err, ""))
	}
	if _, err := s.LeaverList(); err != nil {
		results = append(results, check.Failed("leavers", err, ""))
	}
	return results
}

// checkSalt checks the file with the salt of redacted members. Store is nil if there is no
// database.
func checkSalt(ctx context.Context, s *settings.Settings, store *snapshot.Store) check.Result {
	const name = "salt of redacted members"
	if store == nil {
		return check.Result{Name: name, Status: check.OK, Detail: "the first run makes " + job.SaltFile(s.DB)}
	}
	if err := job.CheckSalt(ctx, store, s.DB); err != nil {
		return check.Failed(name, err, "")
	}
	return check.Result{Name: name, Status: check.OK, Detail: job.SaltFile(s.DB) + " is as runs need it"}
}

// checkSources asks the API about each organization. Store is nil if the database cannot be
// read; then checkSources cannot check that the token belongs to the same organization as in
// earlier runs.
func checkSources(ctx context.Context, env environment, s *settings.Settings, store *snapshot.Store) []check.Result {
	sources, transport, err := jobSources(env, s, newLogger(env, s))
	if err != nil {
		return []check.Result{check.Failed("token", err, "")}
	}
	defer transport.CloseIdleConnections()
	var results []check.Result
	pins := &job.Pins{}
	if store != nil {
		for i := range sources {
			sources[i].Fetch.MaxTries = 1 // a person waits at the terminal
		}
		if pins, err = job.ReadPins(ctx, store, sources, otherShards(ctx, s), s.Concurrency); err != nil {
			return []check.Result{check.Failed("database", err, "")}
		}
	}
	for _, left := range pins.Left {
		results = append(results, check.Result{Name: "organizations", Status: check.Warning, Detail: job.LeftText(left),
			Hint: "if its entry was removed by mistake, add it to the settings again"})
	}
	for _, source := range sources {
		found, own := checkSource(ctx, source, pins, s.Thresholds.ClockSkew, s.MembersRedact)
		results = append(results, check.TokenExpiry(source.Name, source.TokenExpires, own, env.now()))
		for _, r := range found {
			r.Source = source.Name
			results = append(results, r)
		}
	}
	return results
}

func checkSource(
	ctx context.Context, source fetch.Source, pins *job.Pins, clockSkew time.Duration, redacted bool,
) (results []check.Result, own ona.OwnToken) {
	pin, err := pins.Of(source.Name)
	switch {
	case source.Err != nil:
		return []check.Result{check.Failed("token", source.Err, "")}, own
	case err != nil:
		return []check.Result{check.Failed("organization", err, "")}, own
	case source.Fetch.OrganizationID == "":
		source.Fetch.OrganizationID = pin.OrganizationID // as in a run
	}
	if redacted {
		source.Fetch.Redaction = ona.NewRedaction(nil) // nothing is stored, so any salt will do
	}
	return check.Organization(ctx, source.Fetch, clockSkew)
}

// checkText returns a line for each result, followed by its hint, if any.
func checkText(results []check.Result) string {
	var rows [][]string
	for _, r := range results {
		name := r.Name
		if r.Source != "" {
			name = r.Source + ": " + r.Name
		}
		rows = append(rows, []string{string(r.Status), name, r.Detail})
		if r.Hint != "" {
			rows = append(rows, []string{"", "", "hint: " + r.Hint})
		}
	}
	return table(rows)
}
