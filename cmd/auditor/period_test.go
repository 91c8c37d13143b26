package main

import (
	"bytes"
	"encoding/csv"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestTheRecipesOfAPeriodCountWhatItsReportDoes asks the demo's database as docs/database.md does,
// for a period that begins before the first snapshots and for one that has snapshots before it.
func TestTheRecipesOfAPeriodCountWhatItsReportDoes(t *testing.T) {
	skipIfShort(t)
	folder, _ := playTheDemo(t)
	s := &site{t: t, folder: folder}
	recipes := periodRecipes(t)
	for _, from := range []string{"2026-11-16", "2026-11-19"} {
		t.Run(from, func(t *testing.T) {
			s.t = t
			var printed bytes.Buffer
			if code := run(t.Context(), environment{
				args:   []string{"report", "--db", s.path("auditor.db"), "--out", s.path("reports"), "--from", from, "--to", "2026-11-22", "--formats", "csv"},
				getenv: func(string) string { return "" }, stdout: &printed, stderr: &printed,
				now: func() time.Time { return time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC) },
			}); code != exitComplete {
				t.Fatalf("exit code %d\n%s", code, &printed)
			}
			count := readPopulation(t, s.path("reports/"+from+"--2026-11-22-period"))
			for recipe, columns := range map[string][]string{
				"Snapshots of a period":           {"Snapshots: taken in the period", "Snapshots: complete", "Snapshots: failed", "Snapshots: removed by retention"},
				"SCIM configurations of a period": {"SCIM configurations: at the start", "SCIM configurations: added or reappeared", "SCIM configurations: removed", "SCIM configurations: at the end"},
				"Findings of a period":            {"Findings: open at the start", "Findings: opened", "Findings: closed in the period", "Findings: open at the end"},
			} {
				var want []string
				for _, organization := range slices.Sorted(maps.Keys(count)) {
					row := []string{organization}
					for _, c := range columns {
						row = append(row, count[organization][c])
					}
					want = append(want, strings.Join(row, "|"))
				}
				got := s.query(strings.ReplaceAll(recipes[recipe], "2026-11-16", from))
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("%s (-report +recipe):\n%s", recipe, d)
				}
			}
			for _, row := range s.query(strings.ReplaceAll(recipes["Changes of a period"], "2026-11-16", from)) {
				cells := strings.Split(row, "|")
				if item := "Changes: " + cells[2] + " " + cells[1]; count[cells[0]][item] != cells[3] {
					t.Errorf("%s: %s is %s in the report, %s by the recipe", cells[0], item, count[cells[0]][item], cells[3])
				}
			}
		})
	}
}

// periodRecipes are the queries of docs/sql.md by the beginning of what stands above each.
func periodRecipes(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/sql.md")
	if err != nil {
		t.Fatal(err)
	}
	recipes := make(map[string]string)
	for _, m := range recipeBlock.FindAllSubmatch(text, -1) {
		if name := regexp.MustCompile(`^[A-Za-z ]+ of a period`).FindSubmatch(m[1]); name != nil {
			recipes[string(name[0])] = string(m[2])
		}
	}
	if len(recipes) != 5 {
		t.Fatalf("%d recipes", len(recipes))
	}
	return recipes
}

// readPopulation is the counts of population.csv, by organization id and "population: item", with
// the severity behind where there is one.
func readPopulation(t *testing.T, folder string) map[string]map[string]string {
	t.Helper()
	file, err := os.Open(filepath.Join(folder, "population.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) int { return slices.Index(rows[0], name) }
	counts := make(map[string]map[string]string)
	for _, row := range rows[1:] {
		id := row[at("organization_id")]
		if id == "" {
			continue // the days and the runs of all organizations
		}
		if counts[id] == nil {
			counts[id] = make(map[string]string)
		}
		counts[id][strings.TrimSpace(row[at("population")]+": "+row[at("item")]+" "+row[at("severity")])] = row[at("count")]
	}
	return counts
}
