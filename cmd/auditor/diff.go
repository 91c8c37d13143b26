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
	"scim-auditor/internal/ona"
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
			pairs, remarks, err := findPairs(cmd.Context(), store, s.Organization, args[0], args[1])
			for _, remark := range remarks {
				printProblem(env.stderr, "warning", remark, "")
			}
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

// approvedName names the approved baseline of an organization. It may also be the latest snapshot,
// from which it then does not differ.
const approvedName = "approved"

// find returns the index of the snapshot that text names in complete snapshots, in the order of
// recording, or -1. approved are the ids of the approved baselines in force. A time names the
// snapshot that was recorded last on the newest UTC day up to that time: the clock may have been
// set back.
func find(all []snapshot.Snapshot, approved map[int64]bool, text string) (int, error) {
	if text == approvedName {
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
	newest := -1
	for i, h := range all {
		if !h.TakenAt.After(until) && (newest < 0 || !utcDay(h.TakenAt).Before(utcDay(all[newest].TakenAt))) {
			newest = i
		}
	}
	return newest, nil
}

func utcDay(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// checkFound returns an error if text does not name one of the snapshots.
func checkFound(ctx context.Context, store *snapshot.Store, all []snapshot.Snapshot, approved map[int64]bool,
	text string) error {
	index, err := find(all, approved, text)
	if err != nil || index >= 0 {
		return err
	}
	if text == approvedName {
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

// findPairs returns the two snapshots to compare for each organization, and remarks about
// organizations for which the order of recording decided, or which have nothing to compare.
func findPairs(ctx context.Context, store *snapshot.Store, organization, a, b string,
) (pairs [][2]snapshot.Snapshot, remarks []string, err error) {
	all, err := store.CompleteSnapshots(ctx, organization)
	if err != nil {
		return nil, nil, err
	}
	approved, err := store.ApprovedSnapshots(ctx)
	if err != nil {
		return nil, nil, err
	}
	err = cmp.Or(checkFound(ctx, store, all, approved, a), checkFound(ctx, store, all, approved, b))
	if err != nil {
		return nil, nil, err
	}
	var same []string
	for _, history := range byOrganization(all) {
		before, after, remark := findPair(history, approved, a, b)
		switch {
		case before < 0 || after < 0:
			continue
		case before == after && a != approvedName && b != approvedName:
			h := history[before]
			same = append(same, fmt.Sprintf("%s: %s and %s both name snapshot %d, taken at %s",
				h.OrganizationName, a, b, h.ID, forPeople(h.TakenAt)))
			continue
		case remark != "":
			remarks = append(remarks, remark)
		}
		pairs = append(pairs, [2]snapshot.Snapshot{history[before], history[after]})
	}
	if len(pairs) > 0 {
		return pairs, append(remarks, same...), nil
	}
	if len(same) > 0 {
		return nil, nil, usage(fmt.Errorf("there is nothing to compare: %s", strings.Join(same, "\n")),
			"\"auditor runs\" lists the runs; name two snapshots by their ids")
	}
	return nil, nil, usage(fmt.Errorf("snapshots %s and %s belong to different organizations", a, b),
		"compare two snapshots of one organization")
}

// findPair returns the indexes of the snapshots that a and b name in the history of one
// organization. If a time names a snapshot that was recorded after that of a later time, the clock
// was set back in between; findPair then returns the last one recorded before it, and a remark.
func findPair(history []snapshot.Snapshot, approved map[int64]bool, a, b string) (before, after int, remark string) {
	before, _ = find(history, approved, a)
	after, _ = find(history, approved, b)
	_, untilA, errA := parseTime(a)
	_, untilB, errB := parseTime(b)
	if errA != nil || errB != nil || before <= after || !untilA.Before(untilB) {
		return before, after, ""
	}
	late, end := history[before], history[after]
	if before, _ = find(history[:after], approved, a); before < 0 {
		before = after // nothing was recorded before
	}
	return before, after, fmt.Sprintf("%s: the clock was set back: snapshot %d is dated %s, but was recorded after "+
		"snapshot %d, dated %s; comparing snapshot %d, recorded before both", end.OrganizationName, late.ID,
		forPeople(late.TakenAt), end.ID, forPeople(end.TakenAt), history[before].ID)
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
		for _, part := range snapshot.ComparedParts {
			if why := snapshot.NotAssessed(h.Parts(), part.Part); why != "" {
				c.NotAssessed = append(c.NotAssessed, fmt.Sprintf("%s in snapshot %d: %s", part.Noun, h.ID, why))
			}
		}
	}
	c.NotAssessed = append(c.NotAssessed, membersNotCompared(before, after)...)
	return c, err
}

// membersNotCompared returns why the members of two snapshots are not compared; nothing if they
// are, or if the settings of both did not ask for them.
func membersNotCompared(before, after snapshot.Snapshot) (reasons []string) {
	if before.MembersSetting == snapshot.MembersOff && after.MembersSetting == snapshot.MembersOff {
		return nil
	}
	for _, h := range []snapshot.Snapshot{before, after} {
		reason := h.MembersNotAssessed
		if h.MembersSetting == snapshot.MembersOff {
			reason = ona.MembersNotRequested
		}
		if reason != "" {
			reasons = append(reasons, fmt.Sprintf("members in snapshot %d: %s", h.ID, reason))
		}
	}
	if reasons == nil && before.MembersSaltID != after.MembersSaltID {
		reasons = append(reasons, fmt.Sprintf("members: snapshot %d stores them in another form: redacted, or with another salt",
			before.ID))
	}
	return reasons
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
