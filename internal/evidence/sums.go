package evidence

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// SumsFile is the file of a report folder that names every other one with its SHA-256, as sha256sum writes it.
const SumsFile = "SHA256SUMS"

// CheckFolder compares the files of a report folder with its SumsFile and says of each what is wrong: that it has another hash, is missing,
// or is not named there. The error is for a folder that cannot be read.
func CheckFolder(folder string) (problems []string, err error) {
	root, err := os.OpenRoot(folder) // no name leads out of it, by a link neither
	if err != nil {
		return nil, fmt.Errorf("opening the folder: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	content, err := root.ReadFile(SumsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return []string{SumsFile + " is missing"}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", SumsFile, err)
	}
	named := []string{SumsFile}
	lines := bufio.NewScanner(bytes.NewReader(content))
	for lines.Scan() {
		want, name, ok := parseSum(lines.Text())
		if !ok {
			problems = append(problems, fmt.Sprintf("%s has a line that names no file of the folder: %q", SumsFile, lines.Text()))
			continue
		}
		named = append(named, name)
		if problem := checkFile(root, name, want); problem != "" {
			problems = append(problems, problem)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading %s: %w", SumsFile, err)
	}
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("reading the folder: %w", err)
	}
	for _, e := range entries {
		if !slices.Contains(named, e.Name()) {
			problems = append(problems, e.Name()+" is not named in "+SumsFile)
		}
	}
	return problems, nil
}

// parseSum reads a line of sha256sum: 64 hexadecimal digits, two spaces, the name of a file in the same folder.
func parseSum(line string) (sum, name string, ok bool) {
	const digits = 2 * sha256.Size
	if len(line) < digits+3 || line[digits:digits+2] != "  " {
		return "", "", false
	}
	name = line[digits+2:]
	return line[:digits], name, name == filepath.Base(name)
}

func checkFile(root *os.Root, name, want string) (problem string) {
	content, err := root.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return name + " is missing"
	case err != nil:
		return err.Error()
	}
	if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != want {
		return fmt.Sprintf("%s has SHA-256 %s, %s says %s", name, hex.EncodeToString(sum[:]), SumsFile, want)
	}
	return ""
}
