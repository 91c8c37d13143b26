package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"scim-auditor/internal/report"
	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
)

// reviewResult is what "auditor review --json" prints.
type reviewResult struct {
	snapshot.Review
	// Baselines are the snapshots that became the approved baseline of their organizations; none
	// without --approve.
	Baselines []baseline `json:"approved_baselines"`
	// NotApproved are the failed snapshots of the run, whose organizations keep their approved
	// baseline.
	NotApproved []baseline `json:"not_approved"`
}

// baseline names a snapshot of the reviewed run.
type baseline struct {
	SnapshotID     int64  `json:"snapshot_id"`
	OrganizationID string `json:"organization_id"`
	Organization   string `json:"organization"`
}

func reviewCommand(env environment) *cobra.Command {
	command := &cobra.Command{Use: "review", Args: cobra.NoArgs}
	flags := command.Flags()
	var r snapshot.Review
	flags.Int64Var(&r.RunID, "run", 0, "id of the run that was reviewed")
	flags.StringVar(&r.Reviewer, "by", "", "who reviewed it")
	flags.StringVar(&r.Conclusion, "conclusion", "", "the conclusion, in one line")
	flags.StringVar(&r.Ticket, "ticket", "", "ticket of the review")
	flags.BoolVar(&r.Approved, "approve", false, "make the complete snapshots of the run the approved baseline")
	asJSON := flags.Bool("json", false, "print the review as JSON")
	for _, name := range []string{"run", "by", "conclusion"} {
		_ = command.MarkFlagRequired(name) // fails only for an unknown name
	}
	command.RunE = action(env, func(cmd *cobra.Command, s *settings.Settings, _ []string) error {
		result, err := addReview(cmd.Context(), env, s, r)
		if err != nil {
			return err
		}
		return printResult(env.stdout, *asJSON, result, result.text())
	})
	return command
}

// addReview checks and records a review.
func addReview(ctx context.Context, env environment, s *settings.Settings, r snapshot.Review) (*reviewResult, error) {
	for _, text := range []struct {
		flag, value string
		most        int
	}{{"by", r.Reviewer, 200}, {"conclusion", r.Conclusion, 4000}, {"ticket", r.Ticket, 200}} {
		if err := checkLine(text.value, text.most); err != nil {
			return nil, usage(fmt.Errorf("--%s: %w", text.flag, err), "write it in one line")
		}
	}
	if strings.TrimSpace(r.Reviewer) == "" || strings.TrimSpace(r.Conclusion) == "" {
		return nil, usage(errors.New("--by and --conclusion must not be empty"), "")
	}
	var err error
	if r.Host, err = env.hostname(); err != nil {
		return nil, fmt.Errorf("reading the host name: %w", err)
	}
	r.OSUser, r.ReviewedAt = username(), env.now().UTC().Truncate(time.Second)
	result := &reviewResult{Baselines: []baseline{}, NotApproved: []baseline{}}
	err = lockDatabase(ctx, s.DB, "review", env.now(), snapshot.OpenExisting, func(store *snapshot.Store) error {
		result.Review, err = store.AddReview(ctx, r)
		if errors.Is(err, snapshot.ErrNotFound) {
			return usage(err, "\"auditor runs\" lists the runs")
		}
		if err != nil || !r.Approved {
			return err
		}
		snapshots, err := store.Snapshots(ctx, r.RunID)
		for _, h := range snapshots {
			b := baseline{h.ID, h.OrganizationID, cmp.Or(h.OrganizationName, h.Source)}
			if h.Outcome == snapshot.Complete {
				result.Baselines = append(result.Baselines, b)
			} else {
				result.NotApproved = append(result.NotApproved, b)
			}
		}
		return err
	})
	return result, err
}

// checkLine returns an error for a text that is not one line of at most so many characters.
func checkLine(text string, most int) error {
	switch {
	case !utf8.ValidString(text):
		return errors.New("the text is not valid UTF-8")
	case strings.ContainsFunc(text, unicode.IsControl):
		return errors.New("the text has a line break or another control character")
	case utf8.RuneCountInString(text) > most:
		return fmt.Errorf("the text has more than %d characters", most)
	}
	return nil
}

func (r *reviewResult) text() string {
	text := fmt.Sprintf("review %d: run %d was reviewed by %s\n", r.ID, r.RunID, report.Visible(r.Reviewer))
	for _, b := range r.Baselines {
		text += fmt.Sprintf("approved baseline of %s: snapshot %d\n", report.Visible(b.Organization), b.SnapshotID)
	}
	for _, b := range r.NotApproved {
		text += fmt.Sprintf("not approved: the snapshot of %s failed; its approved baseline, if any, stays in force\n",
			report.Visible(b.Organization))
	}
	return text
}
