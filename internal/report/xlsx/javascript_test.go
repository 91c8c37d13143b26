package xlsx

import (
	"encoding/json"
	"os/exec"
	"testing"
)

// TestExcelJSAndSheetJSReadWhatTheModelHas: neither reads tables and panes as the other programs do.
func TestExcelJSAndSheetJSReadWhatTheModelHas(t *testing.T) {
	const modules = "require('exceljs'); require('xlsx')"
	if exec.CommandContext(t.Context(), "node", "-e", modules).Run() != nil {
		t.Skip("no node with the modules exceljs and xlsx in NODE_PATH is installed")
	}
	out, err := exec.CommandContext(t.Context(), "node", "testdata/read.js", hostileFile(t)).Output()
	if err != nil {
		t.Fatal(err)
	}
	var read map[string]map[string]seenSheet
	if err := json.Unmarshal(out, &read); err != nil {
		t.Fatal(err)
	}
	for library, got := range read {
		want := modelSheets(hostile())
		for name, s := range got {
			s.trim()
			got[name] = s
		}
		for name, s := range want {
			s.Tables, s.Frozen = nil, ""
			want[name] = s
		}
		t.Run(library, func(t *testing.T) { compareSheets(t, want, got) })
	}
}
