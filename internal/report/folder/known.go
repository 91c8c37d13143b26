package folder

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"scim-auditor/internal/evidence"
)

// Report is the report folder of a run, with its head; the zero Head if it has none that can be
// read.
type Report struct {
	Name string
	Run  int64
	Head evidence.Head
}

// Reports returns the reports in dir of all runs with an id of at least from, whichever database
// they are of. The highest id is first, which is the newest run of a database whatever its clock
// said. A folder that does not exist has no reports.
func Reports(dir string, from int64) ([]Report, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the folder of the reports: %w", err)
	}
	var reports []Report
	for _, e := range entries {
		if run, isReport := Of(e.Name()); isReport && run > 0 && run >= from && e.IsDir() {
			reports = append(reports, Report{e.Name(), run, headOf(filepath.Join(dir, e.Name()))})
		}
	}
	slices.SortFunc(reports, func(a, b Report) int {
		return cmp.Or(cmp.Compare(b.Run, a.Run), strings.Compare(b.Name, a.Name))
	})
	return reports, nil
}

// headOf returns the head in a report folder, the zero Head if it cannot be read.
func headOf(folder string) evidence.Head {
	line, err := evidence.ReadFile(filepath.Join(folder, evidence.HeadFile))
	if err != nil {
		return evidence.Head{}
	}
	head, _ := evidence.ParseHead(strings.TrimSuffix(string(line), "\n"))
	return head
}
