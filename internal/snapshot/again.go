package snapshot

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"scim-auditor/internal/finding"
)

// Difference is a value that doing the work again did not confirm.
type Difference struct {
	Subject string // the row or the value, such as "scim row 7d3c…"
	Text    string
	// Stored and Computed are the two values; both are empty if Text is sufficient.
	Stored, Computed string
}

// CompareContent compares the inventory that was decoded again with the rows that the snapshot
// shows.
func (h *History) CompareContent(c Collected) (all []Difference) {
	values := contentValues(h.at, c.Inventory)
	for _, t := range contentTables {
		all = append(all, h.compareTable(t, values[t])...)
	}
	return all
}

// CompareEvidence compares the exchanges with the stored ones, and what the header says about them.
func (h *History) CompareEvidence(c Collected, answers []Answer) []Difference {
	computed := c.Exchanges
	var stored []Exchange
	for i, a := range answers {
		stored = append(stored, a.Exchange)
		if i < len(computed) { // how the request was sent is not done again
			computed[i].SentAt, computed[i].Duration, computed[i].ServerDate = a.SentAt, a.Duration, a.ServerDate
			computed[i].Retries = a.Retries
		}
	}
	all := compareRows("exchange", exchangeColumns, valuesOf(stored, exchangeValues), valuesOf(computed, exchangeValues))
	return append(all, h.compareHeader(c)...)
}

// CompareRecords compares the changes, the audit-log entries, the findings and the exceptions.
func (h *History) CompareRecords(ctx context.Context, c Collected) ([]Difference, error) {
	all, err := h.CompareChanges(ctx, c)
	values := recordValues(h.at, c, openBefore(h.last, h.held, h.failed))
	for _, t := range recordTables {
		all = append(all, h.compareTable(t, values[t])...)
	}
	return all, err
}

// CompareChanges compares the changes and the audit-log entries.
func (h *History) CompareChanges(ctx context.Context, c Collected) (all []Difference, err error) {
	for _, p := range partsOf(c)[1:] {
		columns := strings.Join(p.columns, ", ")
		stored, err := h.storedRows(ctx, p.table, "SELECT "+columns+" FROM "+p.table+
			" WHERE snapshot_id = ? ORDER BY 1, 2")
		if err != nil {
			return all, err
		}
		all = append(all, compareRows(p.kind, p.columns, stored, p.rows)...)
	}
	return all, nil
}

// CompareFailed compares the findings of a failed snapshot with those that were evaluated again.
func (h *History) CompareFailed(ctx context.Context, findings []finding.Finding) ([]Difference, error) {
	columns := findingVersions.columns
	stored, err := h.storedRows(ctx, "failed_findings", "SELECT "+strings.Join(columns, ", ")+
		" FROM failed_findings WHERE snapshot_id = ? ORDER BY id")
	if err != nil {
		return nil, err
	}
	open := openBefore(h.last, h.held, h.failed)
	computed := findingValues(findings, open.firstSeen(formatSeconds(h.at.TakenAt), findings), nil)
	return compareRows("finding", columns, stored, computed), nil
}

// storedRows returns the rows that a query has for the snapshot.
func (h *History) storedRows(ctx context.Context, table, query string) ([][]any, error) {
	h.reader.mu.Lock()
	defer h.reader.mu.Unlock()
	return queryAll(ctx, h.reader.tx, "reading "+table, func(r *reader) []any { return slices.Clone(r.values) },
		query, h.at.ID)
}

// compareTable compares the rows that the snapshot shows. The column raw is the JSON when the
// version was first seen, so it is compared only in that snapshot.
func (h *History) compareTable(t *versionTable, computed [][]any) []Difference {
	rows := h.tables[t].current
	if !h.at.shows(t) {
		rows = nil
	}
	stored := make([][]any, len(rows))
	for i, s := range rows {
		stored[i] = s.values
	}
	for i, r := 0, 0; t.raw >= 0 && i < len(computed) && r < len(rows); {
		switch order := strings.Compare(rows[r].id(), computed[i][0].(string)); {
		case order < 0:
			r++
		case order > 0:
			i++
		default:
			if rows[r].validFrom != h.at.ID {
				computed[i][t.raw] = rows[r].values[t.raw]
			}
			i, r = i+1, r+1
		}
	}
	return compareRows(t.kind, t.columns, stored, computed)
}

// compareRows walks the stored and the computed rows in lockstep; both are sorted by their first
// column.
func compareRows(kind string, columns []string, stored, computed [][]any) (all []Difference) {
	differs := func(values []any, text string) { // a whole row
		all = append(all, Difference{Subject: fmt.Sprintf("%s row %v", kind, values[0]), Text: text})
	}
	for len(stored) > 0 || len(computed) > 0 {
		order := 0
		switch {
		case len(stored) == 0:
			order = 1
		case len(computed) == 0:
			order = -1
		default:
			order = compareKeys(stored[0][0], computed[0][0])
		}
		switch {
		case order < 0:
			differs(stored[0], "it is stored, but doing the work again does not produce it")
			stored = stored[1:]
		case order > 0:
			differs(computed[0], "doing the work again produces it, but it is not stored")
			computed = computed[1:]
		default:
			for i, column := range columns {
				if stored[0][i] != computed[0][i] {
					all = append(all, Difference{
						Subject: fmt.Sprintf("%s row %v", kind, stored[0][0]), Text: "doing the work again gives another " + column,
						Stored: textOf(stored[0][i]), Computed: textOf(computed[0][i]),
					})
				}
			}
			stored, computed = stored[1:], computed[1:]
		}
	}
	return all
}

func compareKeys(a, b any) int {
	if n, ok := a.(int64); ok {
		m, _ := b.(int64)
		return cmp.Compare(n, m)
	}
	text, _ := a.(string)
	other, _ := b.(string)
	return strings.Compare(text, other)
}

// maxShown is the longest text of a value in a Difference, in bytes.
const maxShown = 200

func textOf(value any) string {
	if value == nil {
		return "null"
	}
	text := fmt.Sprint(value)
	if len(text) > maxShown {
		text = strings.ToValidUTF8(text[:maxShown], "") + "…"
	}
	return text
}

// notAgain are the columns of a header that doing the work again does not compute: what the run,
// the settings and the clock determined, and what the store computes from the rows.
var notAgain = []string{
	"id", "run_id", "source", "organization_id", "base_url", "taken_at", "outcome", "error_code", "error",
	"server_clock_offset_ms", "notes", "content_sha256", "records_sha256", "rule_set_id", "ledger_number",
}

// compareHeader compares what the header says about the collection.
func (h *History) compareHeader(c Collected) (all []Difference) {
	header := c.Snapshot
	header.count(c)
	header.BaselineID, header.Changes, header.FailingFindings = h.last.ID, h.at.Changes, h.at.FailingFindings
	stored, computed := headerValues(h.at), headerValues(header)
	for i, column := range snapshotColumns {
		if stored[i] != computed[i] && !slices.Contains(notAgain, column) {
			all = append(all, Difference{
				Subject: column, Text: "doing the work again gives another value in the header",
				Stored: textOf(stored[i]), Computed: textOf(computed[i]),
			})
		}
	}
	return all
}
