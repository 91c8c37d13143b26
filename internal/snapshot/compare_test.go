package snapshot

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/ona"
)

const oneOrganization = "0f5a1c52-0000-4000-8000-000000000001"

// nightOf begins the transaction of a complete snapshot: its header is there, what it shows is for the test to write.
func nightOf(t *testing.T, s *Store, snapshotID int64) (*sql.Tx, int64) {
	t.Helper()
	ctx := t.Context()
	runID, err := s.BeginRun(ctx, Run{Trigger: "manual", ToolVersion: "test", Host: "test"})
	if err != nil {
		t.Fatal(err)
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rollback(tx) })
	key, err := organizationKey(ctx, tx, oneOrganization)
	if err != nil {
		t.Fatal(err)
	}
	header := Snapshot{ID: snapshotID, RunID: runID, OrganizationID: oneOrganization, Outcome: Complete, ContentSHA256: "-", RecordsSHA256: "-", ChainSHA256: "-"}
	if err := insertRows(ctx, tx, "snapshots", snapshotColumns, [][]any{headerRow(header)}); err != nil {
		t.Fatal(err)
	}
	return tx, key
}

func storeOf(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "auditor.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// cursorWalk reads what walk does by a plain cursor and with the expressions that the views have.
func cursorWalk(t *testing.T, tx *sql.Tx, table table, key int64) map[string][]any {
	t.Helper()
	all, err := queryAll(t.Context(), tx, "reading", func(rows *sql.Rows) ([]any, error) { return scanValues(rows, len(table.columns)+1) },
		"SELECT v.id, "+strings.Join(table.reads, ", ")+" FROM "+table.live()+" v WHERE v.organization_key = ? ORDER BY v.id", key)
	if err != nil {
		t.Fatal(err)
	}
	byID := make(map[string][]any)
	for _, values := range all {
		byID[values[0].(string)] = values
	}
	return byID
}

func gather(t *testing.T, l listing) (all [][]any) {
	t.Helper()
	for r, err := range l {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, slices.Clone(r.values))
	}
	return all
}

// checkNight compares a listing with what is stored, as the store does and by hand, writes what the store found, and reads that back.
func checkNight(t *testing.T, tx *sql.Tx, table table, key, snapshotID int64, l listing) {
	t.Helper()
	stored, current := cursorWalk(t, tx, table, key), gather(t, l)
	var retire []string
	var insert, each [][]any
	listedIDs := make(map[string]bool)
	for _, values := range current {
		listedIDs[values[0].(string)] = true
		before, found := stored[values[0].(string)]
		if found && table.same(row{values: before}, row{values: values}) {
			each = append(each, before)
			continue
		}
		each, insert = append(each, values), append(insert, values)
	}
	for _, id := range slices.Sorted(maps.Keys(stored)) {
		if !listedIDs[id] || slices.ContainsFunc(insert, func(values []any) bool { return values[0] == id }) {
			retire = append(retire, id)
		}
	}

	var gotEach [][]any
	d, err := table.compare(t.Context(), tx, key, l, func(r row) { gotEach = append(gotEach, slices.Clone(r.values)) })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(retire, d.retire); diff != "" {
		t.Fatalf("rows to retire (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(insert, gather(t, d.inserted())); len(insert) != d.inserts || len(insert) > 0 && diff != "" {
		t.Fatalf("rows to insert (-want +got):\n%s", diff)
	}
	walked := d
	walked.held = nil
	if diff := cmp.Diff(insert, gather(t, walked.inserted())); len(insert) > 0 && diff != "" {
		t.Fatalf("rows to insert, read once more (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(each, gotEach); diff != "" {
		t.Fatalf("rows that will be stored (-want +got):\n%s", diff)
	}
	if err := d.write(t.Context(), tx, key, snapshotID); err != nil {
		t.Fatal(err)
	}
	want := make(map[string][]any)
	for _, values := range each {
		want[values[0].(string)] = values
	}
	if diff := cmp.Diff(want, cursorWalk(t, tx, table, key)); diff != "" {
		t.Fatalf("stored rows (-want +got):\n%s", diff)
	}
}

// texts are what an API may send; some are what a shape has in the place of a value, or look like another value.
var texts = []string{"", "Okta", "\x01", "a\x03b", "\x00", "nul\x00nul", `"`, "Ünï", "'; DROP TABLE runs; --", oneOrganization, "2026-01-02T03:04:05Z", "\U0001f600", "sso-1"}

func randomConfiguration(random *rand.Rand, id string) ona.SCIMConfiguration {
	text := func() string { return texts[random.IntN(len(texts))] }
	instant := func() time.Time {
		if random.IntN(4) == 0 {
			return time.Time{}
		}
		return time.Date(2026, 1, 2, 3, 4, 5, []int{0, 120_000_000, 123_456_789}[random.IntN(3)], time.UTC)
	}
	c := ona.SCIMConfiguration{
		ID: id, OrganizationID: oneOrganization, Name: text(), Enabled: random.IntN(2) == 0, SSOConfigurationID: text(),
		CreatedAt: instant(), UpdatedAt: instant(), TokenExpiresAt: instant(),
	}
	if random.IntN(10) == 0 {
		c.OrganizationID = text()
	}
	if random.IntN(5) == 0 {
		c.AllowUnverifiedEmailAccountLinking = &c.Enabled
	}
	if random.IntN(5) == 0 {
		c.Unknown = map[string]json.RawMessage{"region": json.RawMessage(`"eu"`)}
	}
	raw, err := json.Marshal(map[string]any{"id": c.ID, "organizationId": c.OrganizationID, "name": c.Name, "ssoConfigurationId": c.SSOConfigurationID,
		"createdAt": c.CreatedAt, "updatedAt": c.UpdatedAt, "tokenExpiresAt": c.TokenExpiresAt})
	if err != nil {
		panic(err)
	}
	switch random.IntN(12) {
	case 0:
		raw = []byte(`{"odd":` + fmt.Sprint(random.IntN(3)) + `}`)
	case 1: // no JSON, to see that nothing depends on what fetch has checked
		raw = []byte(c.ID + text() + text())
	}
	c.Raw = raw
	return c
}

func TestWhatIsFoundToDifferIsWhatAPlainCursorFinds(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 7))
			s := storeOf(t)
			current := make(map[string]ona.SCIMConfiguration)
			for n := range int64(6) {
				for range random.IntN(300) {
					id := fmt.Sprintf("id-%03d", random.IntN(400))
					switch random.IntN(4) {
					case 0:
						delete(current, id)
					case 1: // spelled otherwise, the same version
						if c, ok := current[id]; ok {
							c.Raw = append(slices.Clone(c.Raw), ' ')
							current[id] = c
						}
					default:
						current[id] = randomConfiguration(random, id)
					}
				}
				var all []ona.SCIMConfiguration
				for _, id := range slices.Sorted(maps.Keys(current)) {
					all = append(all, current[id])
				}
				tx, key := nightOf(t, s, n+1)
				checkNight(t, tx, scimKind.table, key, n+1, scimKind.rows(all))
				if err := tx.Commit(); err != nil {
					t.Fatal(err)
				}
			}
			found, err := s.Verify(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range found.Problems {
				if strings.Contains(p.Text, "row was altered") {
					t.Errorf("%+v", p)
				}
			}
		})
	}
}

func TestAListingOutOfOrderIsNotCompared(t *testing.T) {
	s := storeOf(t)
	tx, key := nightOf(t, s, 1)
	for _, ids := range [][]string{{"b", "a"}, {"a", "a"}} {
		var rows []row
		for _, id := range ids {
			rows = append(rows, row{values: scimKind.values([]any{id}, ona.SCIMConfiguration{})})
		}
		if _, err := scimKind.compare(t.Context(), tx, key, listed(rows), func(row) {}); err == nil || !strings.Contains(err.Error(), "comes after") {
			t.Errorf("%v: %v", ids, err)
		}
	}
}

func TestAListingThatBreaksOffIsAnError(t *testing.T) {
	s := storeOf(t)
	broken := errors.New("broken off")
	rows := func(good int) listing {
		return func(yield func(row, error) bool) {
			for i := range good {
				if !yield(row{values: scimKind.values([]any{fmt.Sprintf("id-%03d", i)}, ona.SCIMConfiguration{})}, nil) {
					return
				}
			}
			if good < 900 {
				yield(row{}, broken)
			}
		}
	}
	tx, key := nightOf(t, s, 1)
	whole, err := scimKind.compare(t.Context(), tx, key, rows(900), func(row) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, good := range []int{0, 1, rowsPerChunk, 700} {
		if _, err := scimKind.compare(t.Context(), tx, key, rows(good), func(row) {}); !errors.Is(err, broken) {
			t.Errorf("comparing after %d rows: %v", good, err)
		}
		whole.listing, whole.held = rows(good), nil
		if err := whole.write(t.Context(), tx, key, 1); !errors.Is(err, broken) {
			t.Errorf("writing after %d rows: %v", good, err)
		}
	}
}

func TestARowWhoseShapeIsGoneIsDamageAndNoDifference(t *testing.T) {
	s := storeOf(t)
	var all []ona.SCIMConfiguration
	for _, id := range []string{"a", "b"} {
		all = append(all, ona.SCIMConfiguration{ID: id, Raw: json.RawMessage(`{"id":"` + id + `"}`)})
	}
	tx, key := nightOf(t, s, 1)
	checkNight(t, tx, scimKind.table, key, 1, scimKind.rows(all))
	if _, err := tx.ExecContext(t.Context(), "DROP TRIGGER raw_shapes_no_delete"); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.ExecContext(t.Context(), "PRAGMA foreign_keys = 0; DELETE FROM raw_shapes"); err != nil {
		t.Fatal(err)
	}
	tx, key = nightOf(t, s, 2)
	if _, err := scimKind.compare(t.Context(), tx, key, scimKind.rows(all), func(row) {}); !errors.Is(err, ErrDamaged) {
		t.Errorf("comparing gives %v", err)
	}
}

func TestAComparisonEndsWithItsContext(t *testing.T) {
	s := storeOf(t)
	ctx, cancel := context.WithCancel(t.Context())
	tx, key := nightOf(t, s, 1)
	endless := func(yield func(row, error) bool) {
		for i := 0; yield(row{values: scimKind.values([]any{fmt.Sprintf("id-%012d", i)}, ona.SCIMConfiguration{})}, nil); i++ {
			if i == 2*rowsPerChunk {
				cancel()
			}
		}
	}
	d := difference{table: scimKind.table, listing: endless, shapes: &shapes{}, insert: []stretch{{0, 1 << 40}}, inserts: 1 << 40}
	if err := d.write(ctx, tx, key, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("it was not canceled: %v", err)
	}
}
