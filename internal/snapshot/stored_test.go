package snapshot

import (
	"database/sql"
	"slices"
	"strings"
	"testing"
)

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
