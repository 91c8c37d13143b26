package report

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"scim-auditor/internal/diff"
	"scim-auditor/internal/finding"
)

// manyRows is a sheet of rows with twelve columns, the same that bench/report/cells.c writes.
func manyRows(rows int) *content {
	t := &table{name: "Changes", file: "changes.csv"}
	for i := range 12 {
		t.columns = append(t.columns, column{title: fmt.Sprintf("Column %d", i+1), key: fmt.Sprintf("column_%d", i+1)})
	}
	observed, issuers := make([]string, 365), make([]string, 97)
	for i := range observed {
		observed[i] = fmt.Sprintf("The configuration is enabled and its token expires %d days after it", i)
	}
	for i := range issuers {
		issuers[i] = fmt.Sprintf("https://idp.example/tenant/%d/scim", i)
	}
	from, until := time.Unix(1767322800, 0).UTC(), time.Unix(1798858800, 0).UTC()
	t.rows = func(yield func(row) bool) {
		for i := range rows {
			if !yield(row{0, []any{
				fmt.Sprintf("%08x-0000-4000-8000-%012x", i, i), fmt.Sprintf("Okta production %07d", i), "Acme Holding", diff.High, finding.Pass, i, i % 365,
				from.Add(time.Duration(i) * time.Second), until.Add(-time.Duration(i) * time.Second),
				observed[i%365], issuers[i%97], `{"enabled":true,"name":"<a> & b"}`,
			}}) {
				return
			}
		}
	}
	return &content{name: t.name, table: t}
}

// BenchmarkWorkbook measures and writes sheets as a report does, with the rows made anew for each pass.
func BenchmarkWorkbook(b *testing.B) {
	for _, rows := range []int{5, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			folder := b.TempDir()
			for b.Loop() {
				c := manyRows(rows)
				c.measure(new(tally))
				out, err := os.Create(filepath.Join(folder, WorkbookFile))
				if err != nil {
					b.Fatal(err)
				}
				if err := writeWorkbook(out, newBook, []*content{c}, imprint{at: tonight}, excelRows); err != nil {
					b.Fatal(err)
				}
				if err := out.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkReport writes every file of a small report.
func BenchmarkReport(b *testing.B) {
	folder := b.TempDir()
	m := example()
	for b.Loop() {
		if _, err := Begin(Options{}).Write(folder, m); err != nil {
			b.Fatal(err)
		}
	}
}
