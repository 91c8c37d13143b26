package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/ona"
)

// long is the configurations of a night: of each night others are missing, and most have another name.
func long(n, night int) ona.SCIMConfigurations {
	var all ona.SCIMConfigurations
	for i := range n {
		if (i+night)%9 == 0 {
			continue
		}
		all = append(all, ona.SCIMConfiguration{
			ID: fmt.Sprintf("id-%05d", i), Name: fmt.Sprint("Okta ", i/(night+1)), TokenExpiresAt: time.Date(2026, time.Month(1+i%(3+night)), 1, 0, 0, 0, 0, time.UTC),
			Raw: []byte(`{}`),
		})
	}
	return all
}

func TestAListThatStaysInTheDatabaseIsTheOneInMemory(t *testing.T) {
	s := storeOf(t)
	var headers []Snapshot
	for n := range 3 {
		all := long(500, n)
		tx, key := nightOf(t, s, int64(n+1))
		if err := scimKind.replace(t.Context(), tx, key, int64(n+1), scimKind.rows(all)); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		headers = append(headers, Snapshot{ID: int64(n + 1), OrganizationID: oneOrganization, Outcome: Complete, SCIMConfigurations: len(all)})
	}
	key, _, err := findOrganization(t.Context(), s.db, oneOrganization)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		want, err := values(scimKind.asOf(t.Context(), s.db, key, h.ID))
		if err != nil || len(want) != h.SCIMConfigurations {
			t.Fatalf("%d configurations, %v", len(want), err)
		}
		for i := range want {
			want[i].Raw = nil
		}
		l := &storedList{ctx: t.Context(), store: s, organizationKey: key, snapshot: h}
		for range 2 {
			if d := cmp.Diff([]ona.SCIMConfiguration(want), gatherList(l)); d != "" || l.Len() != len(want) || l.Err() != nil {
				t.Fatalf("snapshot %d, %v (-in memory +in the database):\n%s", h.ID, l.Err(), d)
			}
		}
		for range l.All() { // who stops early leaves the connection to others
			break
		}
		if _, err := s.Runs(t.Context(), 0, 0); err != nil {
			t.Fatal(err)
		}
	}

	h := headers[2]
	h.SCIMConfigurations++
	short := &storedList{ctx: t.Context(), store: s, organizationKey: key, snapshot: h}
	if gatherList(short); !errors.Is(short.Err(), ErrDamaged) {
		t.Errorf("a configuration less than its header says: %v", short.Err())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	broken := &storedList{ctx: ctx, store: s, organizationKey: key, snapshot: headers[2]}
	if all := gatherList(broken); !errors.Is(broken.Err(), context.Canceled) {
		t.Errorf("%d configurations after the end of the run: %v", len(all), broken.Err())
	}
}

func gatherList(l ona.List[ona.SCIMConfiguration]) (all []ona.SCIMConfiguration) {
	for c := range l.All() {
		c.Raw = nil // which it may lack
		all = append(all, *c)
	}
	return all
}

func TestExpiriesAreReadInOrderAndNotSorted(t *testing.T) {
	s := storeOf(t)
	plan, err := queryAll(t.Context(), s.db, "explaining", scanPlan, "EXPLAIN QUERY PLAN "+expiriesQuery, 1)
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(plan, isSort) {
		t.Errorf("a listing of a million would be sorted in memory: %q", plan)
	}
}

func scanPlan(row *sql.Rows) (string, error) {
	var id, parent, unused int
	var detail string
	return detail, row.Scan(&id, &parent, &unused, &detail)
}

func isSort(step string) bool { return strings.Contains(step, "TEMP B-TREE") }
