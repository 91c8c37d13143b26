// Package pack writes one zip file with which an auditor can check a report without auditor: the
// report folder with its signature and its timestamp, a copy of the database, a script that
// recomputes its hashes, and CHECK.md, which says how to check all of it.
package pack

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"time"

	"scim-auditor/docs"
	"scim-auditor/internal/evidence"
	"scim-auditor/reports/templates"
)

// Contents is what goes into a pack.
type Contents struct {
	Folder   string // path of the report folder
	Database string // path of a copy of the database
	Roots    string // path of the root certificates of the timestamp server; empty if not known
	Head     string // line of the head in the report
	RunID    int64  // 0 for a period
	// From and To are the first and the last instant of a period.
	From, To time.Time
	At       time.Time // time of every file in the pack, so that it has the same bytes each time
}

// The files of a pack beside the report folder.
const (
	databaseFile = "auditor.db"
	scriptFile   = "verify.py"
	guideFile    = "CHECK.md"
	signersFile  = "allowed_signers"
	rootsFile    = "timestamp_roots.pem"
)

// file is a file of the pack, either with its content or with the path of a file to copy.
type file struct {
	name, path string
	content    []byte
}

// Write writes the pack as a zip file. The last file, SHA256SUMS, lists all others.
func Write(w io.Writer, c Contents) error {
	files, err := c.files()
	if err != nil {
		return err
	}
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	archive := zip.NewWriter(w)
	var sums bytes.Buffer
	for _, f := range files {
		sum := sha256.New()
		if err := f.writeTo(archive, sum, c.At); err != nil {
			return fmt.Errorf("packing %s: %w", f.name, err)
		}
		fmt.Fprintf(&sums, "%x  %s\n", sum.Sum(nil), f.name)
	}
	list := file{name: evidence.SumsFile, content: sums.Bytes()}
	if err := list.writeTo(archive, io.Discard, c.At); err != nil {
		return fmt.Errorf("packing %s: %w", list.name, err)
	}
	return archive.Close()
}

func (f *file) writeTo(archive *zip.Writer, sum io.Writer, at time.Time) (err error) {
	header := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: at.UTC()}
	header.SetMode(0o644)
	entry, err := archive.CreateHeader(header)
	if err != nil {
		return err
	}
	content := io.Reader(bytes.NewReader(f.content))
	if f.path != "" {
		if err := evidence.Regular(f.path); err != nil {
			return err
		}
		opened, err := os.Open(f.path)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, opened.Close()) }()
		content = opened
	}
	_, err = io.Copy(io.MultiWriter(entry, sum), content)
	return err
}

// files returns the files of the pack except SHA256SUMS.
func (c *Contents) files() ([]file, error) {
	g := guide{
		Contents: *c, Report: "report/" + filepath.Base(c.Folder), Start: c.From.UTC().Format(time.RFC3339),
		End: c.To.UTC().Format(time.RFC3339),
	}
	files := []file{{name: databaseFile, path: c.Database}, {name: scriptFile, content: docs.VerifyScript}}
	entries, err := os.ReadDir(c.Folder)
	if err != nil {
		return nil, fmt.Errorf("reading the report folder: %w", err)
	}
	for _, e := range entries {
		if e.Name() == evidence.TimestampPartial {
			continue
		}
		files = append(files, file{name: path.Join(g.Report, e.Name()), path: filepath.Join(c.Folder, e.Name())})
		g.Timestamp = g.Timestamp || e.Name() == evidence.TimestampFile
	}
	signature, err := evidence.ReadFile(filepath.Join(c.Folder, evidence.SignatureFile))
	if err == nil {
		if g.Key, err = evidence.PublicKey(signature); err != nil {
			return nil, err
		}
		files = append(files, file{name: signersFile, content: []byte(evidence.Namespace + " " + g.Key + "\n")})
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if g.Timestamp && c.Roots != "" {
		files = append(files, file{name: rootsFile, path: c.Roots})
	}
	text, err := g.text()
	return append(files, file{name: guideFile, content: text}), err
}

// guide has the values for the template of CHECK.md.
type guide struct {
	Contents
	Report    string // folder of the report in the pack
	Key       string // public key of the signature, empty if there is none
	Timestamp bool   // the report has a timestamp
	// Start and End are the first and the last instant of the period as the database has them.
	Start, End string
}

func (g *guide) text() ([]byte, error) {
	parsed, err := template.ParseFS(templates.Files, "check.md.tmpl")
	if err != nil {
		return nil, fmt.Errorf("reading the template of %s: %w", guideFile, err)
	}
	var text bytes.Buffer
	if err := parsed.Execute(&text, g); err != nil {
		return nil, fmt.Errorf("writing %s: %w", guideFile, err)
	}
	return text.Bytes(), nil
}
