package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// The files of a report folder that make it evidence.
const (
	// SumsFile has the SHA-256 of every other file except SignatureFile and TimestampFile, in the
	// format of sha256sum.
	SumsFile = "SHA256SUMS"
	// SignatureFile is an SSH signature of SumsFile, TimestampFile an RFC 3161 response for it.
	SignatureFile = "SHA256SUMS.sig"
	TimestampFile = "SHA256SUMS.tsr"
	// HeadFile has one line: the Head of the report's run, or for a period of its newest run.
	HeadFile = "head.txt"
)

// CheckFolder compares the files in a report folder with its SumsFile. It reports each file that
// has another hash, is missing, or is not listed in SumsFile. The map sums has the hash that
// SumsFile lists for each file name. It fails if the folder cannot be read.
func CheckFolder(folder string) (sums map[string]string, problems []string, err error) {
	root, err := os.OpenRoot(folder) // no name and no symbolic link can lead out of the folder
	if err != nil {
		return nil, nil, fmt.Errorf("opening the folder: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	content, err := ReadFileIn(root, SumsFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, []string{SumsFile + " is missing"}, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", SumsFile, err)
	}
	sums = make(map[string]string)
	for line := range strings.Lines(string(content)) {
		line = strings.TrimRight(line, "\r\n")
		want, name, ok := parseSum(line)
		if !ok {
			problem := fmt.Sprintf("%s has a line that names no file of the folder: %q", SumsFile, line)
			problems = append(problems, problem)
			continue
		}
		sums[name] = want
		if problem := checkFile(root, name, want); problem != "" {
			problems = append(problems, problem)
		}
	}
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, nil, fmt.Errorf("reading the folder: %w", err)
	}
	for _, e := range entries {
		if _, named := sums[e.Name()]; !named && !slices.Contains(seals, e.Name()) {
			problems = append(problems, e.Name()+" is not named in "+SumsFile)
		}
	}
	return sums, problems, nil
}

// TimestampPartial is what a killed process can leave of a timestamp.
const TimestampPartial = "." + TimestampFile

// seals are the files that SumsFile does not list.
var seals = []string{SumsFile, SignatureFile, TimestampFile, TimestampPartial}

// parseSum parses a line of sha256sum: 64 hexadecimal digits, two spaces, the name of a file in the
// same folder.
func parseSum(line string) (sum, name string, ok bool) {
	sum, name, ok = strings.Cut(line, "  ")
	return sum, name, ok && len(sum) == 2*sha256.Size && name != "" && name == filepath.Base(name)
}

func checkFile(root *os.Root, name, want string) (problem string) {
	content, err := ReadFileIn(root, name)
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
