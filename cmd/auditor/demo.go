package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"scim-auditor/internal/demo"
	"scim-auditor/internal/diff"
	"scim-auditor/internal/fetch"
	"scim-auditor/internal/finding"
	"scim-auditor/internal/job"
	"scim-auditor/internal/report"
	"scim-auditor/internal/schedule"
	"scim-auditor/internal/snapshot"
)

// demoMarker is a file that tells a folder of the demo, which the next demo may replace, from any other.
const demoMarker = ".auditor-demo"

func demoCommand(env environment, s *settings) *cobra.Command {
	var dir string
	command := &cobra.Command{
		Use:   "demo",
		Short: "Run the job for several nights against simulated organizations",
		Long: "demo starts a simulated Ona API on this machine and runs the real job against it, once for each of seven nights, with a real\n" +
			"database and real reports. It needs no token, no network and no other program.",
		Example: "  auditor demo\n  auditor demo --dir /tmp/auditor-demo",
		Args:    cobra.NoArgs,
	}
	command.RunE = action(env, s, func(cmd *cobra.Command, _ []string) error {
		reports, err := s.reportOptions()
		if err != nil {
			return err
		}
		if err := makeDemoFolder(dir); err != nil {
			return err
		}
		s.db, s.out, s.exceptionsFile = filepath.Join(dir, "auditor.db"), filepath.Join(dir, "reports"), filepath.Join(dir, defaultExceptions)
		if err := os.WriteFile(s.exceptionsFile, []byte(demo.Exceptions()), 0o600); err != nil {
			return fmt.Errorf("writing the demo's exceptions: %w", err)
		}
		return s.withDatabase(cmd, func(store *snapshot.Store) error {
			return playDemo(cmd.Context(), env, s, reports, store)
		})
	})
	s.addReportFlags(command.Flags())
	command.Flags().StringVar(&dir, "dir", "auditor-demo", "folder for the demo's database and reports; what an earlier demo left in it is replaced")
	return command
}

// makeDemoFolder makes an empty folder. It replaces what a demo made before and nothing else.
func makeDemoFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("looking into the demo's folder: %w", err)
	}
	if len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(dir, demoMarker)); err != nil {
			return usage(fmt.Errorf("the folder %s has files that no demo made", dir), "name another folder with --dir")
		}
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("removing the demo before: %w", err)
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the demo's folder: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, demoMarker), nil, 0o600); err != nil {
		return fmt.Errorf("making the demo's folder: %w", err)
	}
	return nil
}

// playDemo runs the job for every night of the story.
func playDemo(ctx context.Context, env environment, s *settings, reports report.Options, store *snapshot.Store) (err error) {
	exceptions, err := s.exceptions()
	if err != nil {
		return err
	}
	server := demo.NewServer()
	baseURL, stop, err := serve(ctx, server)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	if _, err := fmt.Fprintf(env.stdout, "A simulated Ona API with %d organizations listens on %s.\n", len(server.Organizations()), baseURL); err != nil {
		return err
	}
	var last *job.Result
	for night := 1; night <= demo.Nights; night++ {
		server.SetNight(night)
		if last, err = demoNight(ctx, env, s, store, server, baseURL, night, exceptions, reports); err != nil {
			return err
		}
		if err := printNight(env.stdout, night, last); err != nil {
			return err
		}
	}
	// No night of the story follows, and none is to count as missed.
	if err := store.SetSchedule(ctx, schedule.None, demo.Night(demo.Nights+1).Add(-time.Second)); err != nil {
		return err
	}
	return printDemoEnd(env.stdout, s, reports, last)
}

// demoNight is one run with the clock of that night.
func demoNight(ctx context.Context, env environment, s *settings, store *snapshot.Store, server *demo.Server, baseURL string, night int,
	exceptions []finding.Exception, reports report.Options) (*job.Result, error) {
	clock := func() time.Time { return demo.Night(night) }
	log := s.logger(env.stderr)
	var sources []job.Source
	for _, o := range server.Organizations() {
		// Pages of 25 so that the largest organization takes several.
		sources = append(sources, job.Source{Name: o.Name, Fetch: fetch.Options{
			BaseURL: baseURL, Token: fetch.Token(o.Token), PageSize: 25, Now: clock, Logger: log,
		}})
	}
	result, err := job.Run(ctx, job.Options{
		Store: store, Sources: sources, TakenAt: clock(), Now: clock, Trigger: "demo", Schedule: "0 2 * * *", ToolVersion: readVersion().Version, Host: "demo",
		Concurrency: 1, Reports: s.out, Report: reports, Thresholds: finding.DefaultThresholds(), Exceptions: exceptions, Logger: log,
	})
	if err == nil && result.ReportError != nil {
		err = result.ReportError
	}
	return result, err
}

// serve answers on a free port of the loopback interface until stop is called.
func serve(ctx context.Context, handler http.Handler) (baseURL string, stop func() error, err error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("starting the simulated API: %w", err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	return "http://" + listener.Addr().String() + "/api", func() error {
		if err := server.Close(); err != nil {
			return fmt.Errorf("stopping the simulated API: %w", err)
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("the simulated API: %w", err)
		}
		return nil
	}, nil
}

// shownChanges is how many changes of a night are printed; the report has them all.
const shownChanges = 5

// printNight prints what was done to the simulated organizations and what the job made of it.
func printNight(w io.Writer, night int, result *job.Result) error {
	if _, err := fmt.Fprintf(w, "\nNight %d, %s: %s\n", night, result.Run.StartedAt.Format(timeForPeople), inWords(result.Run.Outcome)); err != nil {
		return err
	}
	rows := [][]string{{"  what happened in the world:"}}
	for _, line := range demo.Story(night) {
		rows = append(rows, []string{"    " + line})
	}
	rows = append(rows, []string{"  what the audit says:"})
	if err := printTable(w, rows); err != nil {
		return err
	}
	rows = nil
	for _, o := range result.Organizations {
		rows = append(rows, append([]string{"    " + o.Source}, summaryOf(&o)...))
	}
	if err := printTable(w, rows); err != nil {
		return err
	}
	for _, o := range result.Organizations {
		if o.Err != nil {
			if _, err := fmt.Fprintf(w, "    ! %s: %s\n", o.Source, report.Visible(o.Err.Error())); err != nil {
				return err
			}
		}
	}
	return printGravest(w, result)
}

// printGravest prints the most serious changes of the night.
func printGravest(w io.Writer, result *job.Result) error {
	var rows [][]string
	total := 0
	for _, severity := range diff.Severities {
		for _, o := range result.Organizations {
			for _, c := range o.Changes {
				if c.Severity != severity {
					continue
				}
				if total++; total <= shownChanges {
					rows = append(rows, []string{"      " + string(c.Severity), string(c.Kind), o.Source, c.SubjectName})
				}
			}
		}
	}
	if err := printTable(w, rows); err != nil || total <= shownChanges {
		return err
	}
	_, err := fmt.Fprintf(w, "      and %d more in the report\n", total-shownChanges)
	return err
}

func printDemoEnd(w io.Writer, s *settings, reports report.Options, last *job.Result) error {
	shown := "report:      " + last.ReportFolder
	if reports.Has(report.FormatXLSX) && reports.Has(report.FormatMD) {
		shown = fmt.Sprintf("workbook:    %s\nmarkdown:    %s", filepath.Join(last.ReportFolder, report.WorkbookFile), filepath.Join(last.ReportFolder, report.MarkdownFile))
	}
	_, err := fmt.Fprintf(w, "\n%s\ndatabase:    %s\nexceptions:  %s\n\nTry:\n  sqlite3 %s \"SELECT name, enabled, sso_configuration_name FROM current_scim_configurations LIMIT 10\"\n  auditor runs --db %s\n"+
		"  auditor report --db %s --out %s --from %s --to %s\n",
		shown, s.db, s.exceptionsFile, s.db, s.db, s.db, s.out, demo.Night(1).Format(time.DateOnly), demo.Night(demo.Nights).Format(time.DateOnly))
	return err
}
