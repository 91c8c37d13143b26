package folder

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// The files that list the others.
const (
	ManifestFile = "manifest.json"
	SumsFile     = "SHA256SUMS"
)

// Written is a file as it lies in the folder.
type Written struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`   // bytes
	SHA256 string `json:"sha256"` // in hex
}

func writeManifest(w io.Writer, manifest any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(manifest); err != nil {
		return fmt.Errorf("encoding the manifest: %w", err)
	}
	return nil
}

// writeSums writes what sha256sum -c reads:
// https://www.gnu.org/software/coreutils/manual/html_node/cksum-output-modes.html
func writeSums(w io.Writer, files []Written) error {
	for _, f := range files {
		if _, err := fmt.Fprintf(w, "%s  %s\n", f.SHA256, f.Name); err != nil {
			return fmt.Errorf("writing the sums: %w", err)
		}
	}
	return nil
}

func sortByName(files []Written) {
	slices.SortFunc(files, func(a, b Written) int { return cmp.Compare(a.Name, b.Name) })
}
