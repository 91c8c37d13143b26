package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/diff"
	"scim-auditor/internal/fetch"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/job"
	"scim-auditor/internal/report"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
)

// demoMarker names a file that marks a folder as written by the demo. The next demo may replace
// such a folder.
const demoMarker = ".auditor-demo"

// demoConnections is more than the connections of all nights, each of which has clients of its own.
const demoConnections = 1000

func demoCommand(env environment) *cobra.Command {
	command := &cobra.Command{Use: "demo", Args: cobra.NoArgs}
	dir := command.Flags().String("dir", "auditor-demo",
		"folder for the demo's database and reports; replaces the files of an earlier demo")
	command.RunE = action(env, func(cmd *cobra.Command, s *settings.Settings, _ []string) error {
		reports, err := s.Report(readVersion().Version)
		if err != nil {
			return err
		}
		reports.Origin = origin(env)
		s.DB, s.Out = filepath.Join(*dir, "auditor.db"), filepath.Join(*dir, "reports")
		s.ExceptionsFile, s.Leavers = filepath.Join(*dir, "exceptions.yaml"), filepath.Join(*dir, "leavers.csv")
		if err := makeDemoFolder(*dir, s.ExceptionsFile, s.Leavers); err != nil {
			return err
		}
		return openToRun(cmd.Context(), s, false, env.now(), func(store *snapshot.Store) error {
			return playDemo(cmd.Context(), env, s, reports, store)
		})
	})
	return command
}

// makeDemoFolder makes a folder with only the demo's exceptions and list of leavers. It replaces
// only a folder that an earlier demo made.
func makeDemoFolder(dir, exceptionsFile, leaversFile string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("reading the demo's folder: %w", err)
	}
	if len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(dir, demoMarker)); err != nil {
			return usage(fmt.Errorf("the folder %s has files that are not from a demo", dir), "name another folder with --dir")
		}
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("removing the earlier demo: %w", err)
		}
	}
	err = cmp.Or(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, demoMarker), nil, 0o600),
		os.WriteFile(exceptionsFile, []byte(demo.Exceptions), 0o600),
		os.WriteFile(leaversFile, []byte(demo.Leavers), 0o600),
		os.Chtimes(leaversFile, demo.LeaversDate, demo.LeaversDate)) // reports have the date
	if err != nil {
		return fmt.Errorf("making the demo's folder: %w", err)
	}
	return nil
}

func playDemo(ctx context.Context, env environment, s *settings.Settings, reports report.Options,
	store *snapshot.Store) (err error) {
	exceptions, err := s.Exceptions()
	if err != nil {
		return err
	}
	leavers, err := s.LeaverList()
	if err != nil {
		return err
	}
	server := demo.NewServer()
	address, stop, err := serveHTTP(ctx, "127.0.0.1:0", server, demoConnections)
	if err != nil {
		return fmt.Errorf("starting the simulated API: %w", err)
	}
	defer func() { err = errors.Join(err, stop()) }()
	baseURL := "http://" + address + "/api"
	if _, err := fmt.Fprintf(env.stdout, "A simulated Ona API with %d organizations listens on %s.\n",
		len(server.Organizations()), baseURL); err != nil {
		return err
	}
	options := job.Options{
		Store: store, Trigger: "demo", Schedule: demoSchedule("0 2 * * *"), ToolVersion: readVersion().Version, Host: "demo",
		Concurrency: 1, Reports: s.Out, Report: reports, Thresholds: finding.DefaultThresholds(), Exceptions: exceptions,
		Leavers: leavers, Logger: newLogger(env, s),
	}
	folder, err := playNights(ctx, env.stdout, options, server, baseURL)
	if err != nil {
		return err
	}
	// End the schedule, so that the nights after the demo do not count as missed.
	end := demo.Night(demo.Nights + 1).Add(-time.Second)
	if err := store.SetSchedule(ctx, demoSchedule(schedule.None), end); err != nil {
		return err
	}
	return printDemoEnd(env.stdout, cmp.Or(env.program, "auditor"), s, reports, folder)
}

func demoSchedule(expression string) snapshot.ScheduleChange {
	return snapshot.ScheduleChange{Expression: expression, Reason: "the demo's nights", ChangedBy: "demo", Host: "demo"}
}

// playNights returns the report folder of the last night.
func playNights(ctx context.Context, w io.Writer, o job.Options, server *demo.Server, baseURL string,
) (folder string, err error) {
	for night := 1; night <= demo.Nights; night++ {
		server.SetNight(night)
		result, err := demoNight(ctx, o, server, baseURL, night)
		if err != nil {
			return "", err
		}
		text := nightText(night, result)
		if night == demo.ReviewedNight {
			review, err := demoReview(ctx, o.Store, result.Run.ID)
			if err != nil {
				return "", err
			}
			text += review
		}
		if _, err := fmt.Fprint(w, text); err != nil {
			return "", err
		}
		folder = result.Report
	}
	return folder, nil
}

func demoNight(ctx context.Context, o job.Options, server *demo.Server, baseURL string, night int) (*runResult, error) {
	o.TakenAt = demo.Night(night)
	o.Now = func() time.Time { return o.TakenAt }
	for _, organization := range server.Organizations() {
		// With pages of 25, the largest organization needs several.
		o.Sources = append(o.Sources, fetch.Source{Name: organization.Name, Fetch: fetch.Options{
			BaseURL: baseURL, Token: fetch.Token(organization.Token), PageSize: 25, Now: o.Now, Logger: o.Logger,
			Members: organization.Members, // as "members: true" in the entry of an organization
		}})
	}
	recorded, err := job.Run(ctx, o)
	if err == nil {
		err = recorded.ReportError
	}
	return newResult(recorded, err), err
}

// demoReview reviews a run in the morning after its night, approves it, and returns what "auditor
// review" prints.
func demoReview(ctx context.Context, store *snapshot.Store, run int64) (string, error) {
	review, err := store.AddReview(ctx, snapshot.Review{
		ReviewedAt: demo.Night(demo.ReviewedNight).Add(8 * time.Hour), RunID: run, Reviewer: "grace@acme.example",
		Conclusion: "Every change was planned.", Ticket: "SEC-7", Approved: true, OSUser: "demo", Host: "demo",
	})
	result := reviewResult{Review: review}
	return "  in the morning:\n    " + result.text(), err
}

// shownChanges is the most changes printed for one night. The report has all of them.
const shownChanges = 5

// nightText returns what happened in the simulated organizations and what the job found.
func nightText(night int, result *runResult) string {
	text := fmt.Sprintf("\nNight %d, %s: %s\n  what happened in the world:\n    %s\n  what the audit says:\n", night,
		forPeople(result.Run.StartedAt), report.Visible(result.Headline.Text), strings.Join(demo.Story(night), "\n    "))
	var rows, failures [][]string
	for _, o := range result.Organizations {
		rows = append(rows, append([]string{"    " + o.Source}, o.columns()...))
		if o.Error != "" {
			failures = append(failures, []string{fmt.Sprintf("    ! %s: %s", o.Source, o.Error)})
		}
	}
	return text + table(rows) + table(failures) + worstChanges(result.Organizations)
}

func worstChanges(organizations []organizationResult) string {
	var rows [][]string
	for _, severity := range diff.Severities {
		for _, o := range organizations {
			for _, c := range o.Changes {
				if c.Severity == severity {
					rows = append(rows, []string{"      " + string(c.Severity), string(c.Kind), o.Source, c.SubjectName})
				}
			}
		}
	}
	if len(rows) <= shownChanges {
		return table(rows)
	}
	return table(rows[:shownChanges]) + fmt.Sprintf("      and %d more in the report\n", len(rows)-shownChanges)
}

func printDemoEnd(w io.Writer, program string, s *settings.Settings, reports report.Options, folder string) error {
	shown := "report:      " + folder
	for _, file := range []struct {
		format     report.Format
		what, name string
	}{
		{report.FormatHTML, "page:        ", report.HTMLFile}, {report.FormatXLSX, "workbook:    ", report.WorkbookFile},
		{report.FormatMD, "markdown:    ", report.MarkdownFile},
	} {
		if reports.Has(file.format) {
			shown += "\n" + file.what + filepath.Join(folder, file.name)
		}
	}
	_, err := fmt.Fprintf(w, "\n%s\ndatabase:    %s\nexceptions:  %s\nleavers:     %s\n\nTry:\n"+
		"  sqlite3 %s \"SELECT name, enabled, sso_configuration_name FROM current_scim_configurations LIMIT 10\"\n"+
		"  %s runs --db %s\n  %s report --db %s --out %s --from %s --to %s\n",
		shown, s.DB, s.ExceptionsFile, s.Leavers, s.DB, program, s.DB, program, s.DB, s.Out,
		demo.Night(1).Format(time.DateOnly), demo.Night(demo.Nights).Format(time.DateOnly))
	return err
}
