package main

import (
	"io/fs"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"
)

// filesBelow are the regular files below a folder.
func filesBelow(ts *testscript.TestScript, root string) []string {
	var files []string
	ts.Check(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	}))
	return files
}
