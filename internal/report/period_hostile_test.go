package report

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rename puts a text wherever the API, or whoever wrote an exception, could give one.
func (v *periodView) rename(text string) {
	for i := range v.Organizations {
		o := &v.Organizations[i]
		v.labels[i] = text
		for j := range o.changes {
			c := &o.changes[j]
			c.SubjectName, c.Before, c.AfterLabel, c.ActorID, c.Note = text, text, text, text, text
		}
		for j := range o.net.changes {
			o.net.changes[j].SubjectName, o.net.changes[j].After = text, text
		}
		for j := range o.episodes {
			o.episodes[j].SubjectName, o.episodes[j].Observed = text, text
		}
		for j := range o.standings {
			o.standings[j].Owner, o.standings[j].Reason, o.standings[j].Ticket = text, text, text
		}
		for j := range o.snapshots {
			o.snapshots[j].ErrorCode, o.snapshots[j].Error, o.snapshots[j].Principal, o.snapshots[j].BaseURL = "", text, text, text
		}
	}
	for i := range v.Runs {
		v.Runs[i].Error, v.Runs[i].Host = text, text
	}
	v.ties, v.sheets, v.tallied = nil, nil, nil
}

func TestHostileNamesCannotBreakOutOfTheFilesOfAPeriod(t *testing.T) {
	v := readPeriod(t, nightsOfNovember(t), inNovember(6))
	markdown := func(text string) (map[string]int, int) {
		v.rename(text)
		var b bytes.Buffer
		if err := v.writeMarkdown(&b); err != nil {
			t.Fatal(err)
		}
		nodes, rows := shape(t, b.Bytes())
		return nodes, len(rows)
	}
	wantNodes, wantRows := markdown("plain")
	for _, name := range hostileNames {
		nodes, rows := markdown(name)
		if d := cmp.Diff(wantNodes, nodes); d != "" || rows != wantRows {
			t.Errorf("%.60q changes the parts of the Markdown, which has %d rows, not %d (-plain +hostile):\n%s", name, rows, wantRows, d)
		}
		var b bytes.Buffer
		if err := v.writeWorkbook(&b); err != nil {
			t.Fatal(err)
		}
		checkPackage(t, b.Bytes())
		for _, table := range v.csvTables() {
			b.Reset()
			if err := v.frame().write(&b, table); err != nil {
				t.Fatal(err)
			}
			records, err := csv.NewReader(&b).ReadAll()
			if err != nil {
				t.Fatalf("%s: %v", table.file, err)
			}
			for _, record := range records {
				for _, cell := range record {
					if strings.ContainsAny(cell[:min(len(cell), 1)], "=+@\t\r") {
						t.Errorf("%.60q begins a cell of %s: %.60q", name, table.file, cell)
					}
				}
			}
		}
	}
}
