package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"scim-auditor/internal/check"
	"scim-auditor/internal/fetch"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/job"
	"scim-auditor/internal/metrics"
	"scim-auditor/internal/report"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
)

func runCommand(env environment) *cobra.Command {
	command := &cobra.Command{Use: "run", Args: cobra.NoArgs}
	asJSON := command.Flags().Bool("json", false, "print the result as JSON")
	anew := command.Flags().Bool("new-database", false,
		"create the database although the report folder has reports of earlier runs; it must not exist")
	command.RunE = action(env, func(cmd *cobra.Command, s *settings.Settings, _ []string) error {
		cron, err := s.Schedule()
		if err != nil {
			return err
		}
		if *anew && snapshot.Exists(s.DB) {
			return usage(fmt.Errorf("--new-database: the database %s exists", s.DB),
				"leave the flag out, or name another file with --db; the file was not changed")
		}
		options := runOptions{newDatabase: *anew, progress: showProgress(&env, s)}
		options.trigger, options.scheduledFor = startedBy(&env, s.Trigger, cron)
		if s.MetricsFile != "" {
			options.metrics = metrics.New(readVersion().Version)
			options.metrics.SetTokenExpiries(s.TokenExpiries)
		}
		result, err := runOnce(cmd.Context(), env, s, options)
		options.progress.end()
		if err != nil {
			return err
		}
		if err := printRun(env, s, result, *asJSON); err != nil {
			return err
		}
		return exitOf(result, s.FailOn)
	})
	return command
}

// startedBy returns what started the run, and the scheduled time that it is for. Unless trigger
// says what, a run is scheduled if no person started it and a time of the schedule has just passed.
func startedBy(env *environment, trigger string, cron *schedule.Schedule) (by string, scheduledFor time.Time) {
	now := env.now().UTC()
	if cron != nil {
		scheduledFor = cron.Last(now)
	}
	recent := !scheduledFor.IsZero() && now.Sub(scheduledFor) < schedule.Grace
	if trigger == settings.TriggerManual || trigger == "" && (env.interactive || !recent) {
		return settings.TriggerManual, time.Time{}
	}
	return snapshot.TriggerSchedule, scheduledFor
}

// recordedTime returns the last time of the schedule in the database, for a scheduled run whose
// settings have no schedule; zero if none is recorded.
func recordedTime(ctx context.Context, store *snapshot.Store, now time.Time) (time.Time, error) {
	periods, err := store.Schedules(ctx, now)
	if err != nil || len(periods) == 0 || periods[len(periods)-1].Expression == schedule.None {
		return time.Time{}, err
	}
	recorded, err := schedule.Parse(periods[len(periods)-1].Expression)
	if err != nil {
		return time.Time{}, err
	}
	return recorded.Last(now), nil
}

// runOptions holds what differs between the runs of "auditor run" and "auditor serve".
type runOptions struct {
	trigger      string
	newDatabase  bool         // create the database although there are reports of earlier runs
	scheduledFor time.Time    // zero for an unscheduled run
	metrics      *metrics.Set // nil if no metrics are published
	progress     *progress    // nil shows no progress
}

// runOnce makes one run with the settings while it holds the lock on the database, updates the
// metrics, and sends the notifications. It prints the error of a failed notification, which
// does not affect the result.
func runOnce(ctx context.Context, env environment, s *settings.Settings, options runOptions) (*runResult, error) {
	recipients, err := s.Notifications()
	if err != nil {
		return nil, err
	}
	host, err := env.hostname()
	if err != nil {
		return nil, fmt.Errorf("reading the host name: %w", err)
	}
	started := env.now().UTC().Truncate(time.Second)
	printError(env.stderr, notifyStarted(ctx, recipients))
	recorded, err := runJob(ctx, env, s, host, options)
	result := newResult(recorded, err)
	if err != nil {
		result.Run = snapshot.Run{StartedAt: started, Trigger: options.trigger, Outcome: snapshot.Failed,
			ToolVersion: readVersion().Version, Host: host}
	}
	var organizations []job.Organization
	if recorded != nil {
		organizations = recorded.Organizations
	}
	result.ExpiringTokens = expiringTokens(s, organizations, env.now())
	printed := expiringTokens(s, nil, env.now()) // before the run
	for _, t := range result.ExpiringTokens {
		if !slices.ContainsFunc(printed, func(p check.Result) bool { return p.Source == t.Source }) {
			printProblem(env.stderr, "warning", t.Source+": the token "+t.Detail, t.Hint)
		}
	}
	printError(env.stderr, notifyEnded(ctx, recipients, result, err))
	return result, err
}

// runJob reads the tokens and the other files that the settings name, and runs the job.
func runJob(ctx context.Context, env environment, s *settings.Settings, host string, options runOptions,
) (*job.Result, error) {
	reports, err := reportOptions(env, s)
	if err != nil {
		return nil, err
	}
	stamps, err := timestamps(s)
	if err != nil {
		return nil, err
	}
	log := newLogger(env, s)
	sources, transport, err := jobSources(env, s, log)
	if err != nil {
		return nil, err
	}
	defer transport.CloseIdleConnections()
	if env.getenv("GOGC") == "" && slices.ContainsFunc(sources, func(s fetch.Source) bool { return s.Fetch.Members }) {
		// Tens of thousands of members would take three times the memory at the pace that main
		// sets.
		debug.SetGCPercent(50)
	}
	for i := range sources {
		options.progress.follow(&sources[i])
	}
	for _, t := range expiringTokens(s, nil, env.now()) {
		printProblem(env.stderr, "warning", t.Source+": the token "+t.Detail, t.Hint)
	}
	exceptions, err := s.Exceptions()
	if err != nil {
		return nil, err
	}
	leavers, err := s.LeaverList()
	if err != nil {
		return nil, err
	}
	var result *job.Result
	err = openToRun(ctx, s, options.newDatabase, env.now(), func(store *snapshot.Store) error {
		if options.trigger == snapshot.TriggerSchedule && options.scheduledFor.IsZero() {
			if options.scheduledFor, err = recordedTime(ctx, store, env.now()); err != nil {
				return err
			}
		}
		if err := redact(ctx, s, store, sources); err != nil {
			return err
		}
		result, err = job.Run(ctx, job.Options{
			Store: store, Sources: sources, TakenAt: env.now(), Now: env.now, ScheduledFor: options.scheduledFor,
			Shard: s.Shard.String(), Others: otherShards(ctx, s), Trigger: options.trigger,
			Schedule: scheduleChange(s, host), ToolVersion: readVersion().Version, Host: host,
			Concurrency: s.Concurrency, Timeout: s.Timeout, Collected: options.progress.collected,
			Reports: s.Out, Report: reports, Timestamps: stamps,
			Thresholds: s.Thresholds, TurnedOff: s.Rules.Disabled, Exceptions: exceptions, Leavers: leavers, Logger: log,
		})
		if err != nil {
			return err
		}
		printError(env.stderr, publish(context.WithoutCancel(ctx), s, options.metrics, store, env.now()))
		return nil
	})
	return result, err
}

// redact sets the redaction of members, if the settings ask for it. It makes the file with the salt
// in the first run.
func redact(ctx context.Context, s *settings.Settings, store *snapshot.Store, sources []fetch.Source) error {
	if !s.MembersRedact {
		return nil
	}
	redaction, err := job.Redaction(ctx, store, s.DB)
	for i := range sources {
		sources[i].Fetch.Redaction = redaction
	}
	return err
}

// scheduleChange returns the schedule of the settings, and who runs this program.
func scheduleChange(s *settings.Settings, host string) snapshot.ScheduleChange {
	return snapshot.ScheduleChange{
		Expression: s.Cron, Reason: s.ScheduleReason, ChangedBy: username(), Host: host,
	}
}

// jobSources returns the organizations to collect, and the pool of connections that all share.
func jobSources(env environment, s *settings.Settings, log *slog.Logger) ([]fetch.Source, *http.Transport, error) {
	sources, err := s.Sources(log)
	if err != nil {
		return nil, nil, err
	}
	transport := fetch.NewTransport(s.Concurrency)
	for i := range sources {
		o := &sources[i].Fetch
		o.Limits, o.Sleep, o.Transport, o.Now = env.limits, env.sleep, transport, env.now
		o.Logger, o.UserAgent = log.With(slog.String("source", sources[i].Name)), "scim-auditor/"+readVersion().Version
	}
	return sources, transport, nil
}

// publish updates the metrics, and writes them to the metrics file if the settings name one.
func publish(ctx context.Context, s *settings.Settings, set *metrics.Set, store *snapshot.Store,
	now time.Time) error {
	if set == nil {
		return nil
	}
	if err := set.Update(ctx, store, s.DB, now); err != nil {
		return fmt.Errorf("reading the metrics from the database: %w", err)
	}
	if s.MetricsFile == "" {
		return nil
	}
	return set.WriteFile(s.MetricsFile)
}

func printRun(env environment, s *settings.Settings, result *runResult, asJSON bool) error {
	var err error
	if asJSON || !s.Quiet {
		err = printResult(env.stdout, asJSON, result, result.summary())
	}
	if s.Quiet && result.Headline.NotAssessed != "" {
		printProblem(env.stderr, "warning", fmt.Sprintf("run %d is %s", result.Run.ID, result.Headline.Text),
			"the report says why and since when; \"auditor check\" tests each permission of the token")
	}
	if result.Run.ClockNotConfirmed {
		printProblem(env.stderr, "warning", result.unconfirmedText(),
			"no server answered, and the time does not fit the earlier runs; "+
				"if it is wrong, set the clock of this machine")
	}
	for _, o := range result.Organizations {
		if o.Error != "" {
			printProblem(env.stderr, "error", o.Source+": "+o.Error, o.Hint)
		}
	}
	if result.Headline.State == report.Red && result.Run.Outcome == snapshot.Complete && result.Error == "" {
		printProblem(env.stderr, "error", fmt.Sprintf("run %d is %s", result.Run.ID, result.Headline.Text),
			"the report names the counts that differ; keep it and the database, and run \"auditor verify\"")
	}
	if result.Error != "" {
		printProblem(env.stderr, "error", result.Error, fmt.Sprintf(
			"the snapshots are stored; fix the error above, then run \"auditor report --run %d\"", result.Run.ID))
	}
	if result.HistoryError != "" {
		printProblem(env.stderr, "error", result.HistoryError, hintFor(job.ErrOlderDatabase))
	}
	if result.TimestampError != "" {
		printProblem(env.stderr, "warning", result.TimestampError, "the outcome of the run does not depend on the timestamp")
	}
	return err
}

// summary returns a line for the run, for each organization, and for each exception that needs
// attention.
func (r *runResult) summary() string {
	var rows [][]string
	for _, o := range r.Organizations {
		rows = append(rows, append([]string{"  " + o.name()}, o.columns()...))
	}
	text := fmt.Sprintf("run %d at %s: %s\n", r.Run.ID, forPeople(r.Run.StartedAt), report.Visible(r.Headline.Text)) +
		table(rows) + table(exceptionRows(r.Organizations))
	if r.Report != "" {
		text += "report: " + r.Report + "\n"
	}
	return text + r.Head.String() + "\n"
}

// exceptionRows returns a line for each exception that has expired while its findings still
// fail, and for each that matches no failing finding in any organization. The latter are known
// only if every organization is complete.
func exceptionRows(organizations []organizationResult) (rows [][]string) {
	var exceptions []finding.Exception
	matched := make(map[finding.Exception]bool)
	allComplete := true
	for _, o := range organizations {
		allComplete = allComplete && o.Error == ""
		for _, a := range o.acceptances {
			if !a.InForce && a.Bearing == finding.Applied {
				failing := "findings fail"
				if a.Findings == 1 {
					failing = "finding fails"
				}
				rows = append(rows, []string{fmt.Sprintf("%s was last valid on %s; %d %s again",
					aboutException(a.Exception), a.Expires.Format(time.DateOnly), a.Findings, failing)})
			}
			if _, known := matched[a.Exception]; !known {
				exceptions = append(exceptions, a.Exception)
			}
			matched[a.Exception] = matched[a.Exception] || a.Bearing != finding.Unmatched
		}
	}
	for _, x := range exceptions {
		if allComplete && !matched[x] {
			rows = append(rows, []string{aboutException(x) + " matches no failing finding; it can be removed"})
		}
	}
	return rows
}

func aboutException(x finding.Exception) string {
	return fmt.Sprintf("  ! exception (owner %s, rule %s, for %s)", x.Owner, x.RuleID, acceptedFor(x))
}
