package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/settings"
	"scim-auditor/internal/snapshot"
)

func diffCommand(env environment) *cobra.Command {
	command := &cobra.Command{Use: "diff A B", Args: cobra.ExactArgs(2)}
	asJSON := command.Flags().Bool("json", false, "print the changes as JSON")
	command.RunE = action(env, func(cmd *cobra.Command, s *settings.Settings, args []string) error {
		var comparisons []comparison
		var texts []string
		err := readDatabase(cmd.Context(), s.DB, func(store *snapshot.Store) error {
			pairs, err := findPairs(cmd.Context(), store, s.Organization, args[0], args[1])
			for _, pair := range pairs {
				c, err := compare(cmd.Context(), store, pair[0], pair[1])
				if err != nil {
					return err
				}
				comparisons, texts = append(comparisons, c), append(texts, c.text())
			}
			return err
		})
		if err != nil {
			return err
		}
		return printResult(env.stdout, *asJSON, comparisons, strings.Join(texts, "\n"))
	})
	command.Flags().String("organization", "", "id of the organization, if the database has several (default all)")
	return command
}

// find returns the index of the snapshot that text names in complete snapshots, oldest first,
// or -1. approved are the ids of the approved baselines in force.
func find(all []snapshot.Snapshot, approved map[int64]bool, text string) (int, error) {
	if text == "approved" {
		return slices.IndexFunc(all, func(h snapshot.Snapshot) bool { return approved[h.ID] }), nil
	}
	if text == "latest" {
		text = "latest~0"
	}
	if number, found := strings.CutPrefix(text, "latest~"); found {
		if back, err := strconv.Atoi(number); err == nil && back >= 0 {
			return max(len(all)-1-back, -1), nil
		}
	}
	if id, err := strconv.ParseInt(text, 10, 64); err == nil {
		return slices.IndexFunc(all, func(h snapshot.Snapshot) bool { return h.ID == id }), nil
	}
	_, until, err := parseTime(text)
	if err != nil {
		return -1, usage(fmt.Errorf("%q does not name a snapshot", text),
			"use the id of a snapshot, a date (2026-11-23), a time (2026-11-23T02:00:00Z), latest, latest~N or "+
				"approved")
	}
	for i, h := range slices.Backward(all) {
		if !h.TakenAt.After(until) {
			return i, nil
		}
	}
	return -1, nil
}

// checkFound returns an error if text does not name one of the snapshots.
func checkFound(ctx context.Context, store *snapshot.Store, all []snapshot.Snapshot, approved map[int64]bool,
	text string) error {
	index, err := find(all, approved, text)
	if err != nil || index >= 0 {
		return err
	}
	if text == "approved" {
		return usage(errors.New("no baseline is approved"),
			"\"auditor review --run N --approve\" approves the snapshots of a run")
	}
	if id, err := strconv.ParseInt(text, 10, 64); err == nil {
		if h, err := store.Snapshot(ctx, id); err == nil && !h.PrunedAt.IsZero() {
			return usage(fmt.Errorf("snapshot %d was pruned on %s", id, forPeople(h.PrunedAt)),
				"compare snapshots that were not pruned")
		}
	}
	return usage(fmt.Errorf("there is no complete snapshot %s", text),
		"\"SELECT id, taken_at, organization_name, outcome FROM snapshots\" lists them")
}

func findPairs(ctx context.Context, store *snapshot.Store, organization, a, b string,
) (pairs [][2]snapshot.Snapshot, err error) {
	all, err := store.CompleteSnapshots(ctx, organization)
	if err != nil {
		return nil, err
	}
	approved, err := store.ApprovedSnapshots(ctx)
	if err != nil {
		return nil, err
	}
	err = cmp.Or(checkFound(ctx, store, all, approved, a), checkFound(ctx, store, all, approved, b))
	if err != nil {
		return nil, err
	}
	for _, history := range byOrganization(all) {
		before, _ := find(history, approved, a)
		after, _ := find(history, approved, b)
		if before >= 0 && after >= 0 {
			pairs = append(pairs, [2]snapshot.Snapshot{history[before], history[after]})
		}
	}
	if len(pairs) == 0 {
		return nil, usage(fmt.Errorf("snapshots %s and %s belong to different organizations", a, b),
			"compare two snapshots of one organization")
	}
	return pairs, nil
}

// byOrganization groups snapshots, in the order in which the organizations first appear.
func byOrganization(all []snapshot.Snapshot) (histories [][]snapshot.Snapshot) {
	at := make(map[string]int)
	for _, h := range all {
		i, found := at[h.OrganizationID]
		if !found {
			i, at[h.OrganizationID] = len(histories), len(histories)
			histories = append(histories, nil)
		}
		histories[i] = append(histories[i], h)
	}
	return histories
}

type comparison struct {
	OrganizationID   string        `json:"organization_id"`
	OrganizationName string        `json:"organization_name"`
	Before           side          `json:"before"`
	After            side          `json:"after"`
	NotAssessed      []string      `json:"not_assessed"`
	Changes          []diff.Change `json:"changes"`
}

type side struct {
	SnapshotID int64     `json:"snapshot_id"`
	TakenAt    time.Time `json:"taken_at"`
}

func compare(ctx context.Context, store *snapshot.Store, before, after snapshot.Snapshot) (comparison, error) {
	c := comparison{
		OrganizationID: after.OrganizationID, OrganizationName: after.OrganizationName,
		Before: side{before.ID, before.TakenAt}, After: side{after.ID, after.TakenAt},
		NotAssessed: []string{}, Changes: []diff.Change{},
	}
	changes, err := store.NetChanges(ctx, before, after)
	c.Changes = append(c.Changes, changes...)
	for _, h := range []snapshot.Snapshot{before, after} {
		if h.SSONotAssessed != "" {
			c.NotAssessed = append(c.NotAssessed, fmt.Sprintf("SSO configurations in snapshot %d: %s", h.ID, h.SSONotAssessed))
		}
		if h.PoliciesNotAssessed != "" {
			c.NotAssessed = append(c.NotAssessed,
				fmt.Sprintf("organization policies in snapshot %d: %s", h.ID, h.PoliciesNotAssessed))
		}
	}
	return c, err
}

// text returns a line for each change. Only --json prints whole configurations.
func (c *comparison) text() string {
	head := [][]string{{fmt.Sprintf("%s (%s): net change between snapshot %d (%s) and snapshot %d (%s): %s",
		c.OrganizationName, c.OrganizationID, c.Before.SnapshotID, forPeople(c.Before.TakenAt),
		c.After.SnapshotID, forPeople(c.After.TakenAt), counted(len(c.Changes), "change", ""))}}
	for _, part := range c.NotAssessed {
		head = append(head, []string{"not assessed: " + part})
	}
	if len(c.Changes) == 0 {
		return table(head)
	}
	rows := [][]string{{"SEVERITY", "KIND", "NAME", "ID", "FIELD", "BEFORE", "AFTER", "NOTE"}}
	for _, change := range c.Changes {
		before, after := "", ""
		if change.Field != "" {
			before, after = labelled(change.Before, change.BeforeLabel), labelled(change.After, change.AfterLabel)
		}
		rows = append(rows, []string{string(change.Severity), string(change.Kind), change.SubjectName, change.SubjectID,
			change.Field, before, after, change.Note})
	}
	return table(head) + table(rows)
}

func labelled(value, label string) string {
	if label == "" {
		return value
	}
	return fmt.Sprintf("%s (%s)", value, label)
}
