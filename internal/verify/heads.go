package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"scim-auditor/internal/evidence"
	"scim-auditor/internal/snapshot"
)

// Head says whether the database contains the history up to a head.
type Head struct {
	Head      evidence.Head `json:"head"`
	Contained bool          `json:"contained"`
	Reason    string        `json:"reason,omitempty"` // why not
}

// ReadHeads reads the heads that source names: the line of a head, a file with a head on each line,
// a report folder, or a copy of the database, whose head is its newest link. It changes nothing.
func ReadHeads(ctx context.Context, source string) ([]evidence.Head, error) {
	if strings.HasPrefix(source, "auditor head ") {
		head, err := evidence.ParseHead(source)
		return []evidence.Head{head}, err
	}
	path := source
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, evidence.HeadFile)
	}
	isDatabase, err := isSQLite(path)
	if err != nil {
		return nil, fmt.Errorf("reading heads: %w", err)
	}
	if isDatabase {
		return headOfCopy(ctx, path)
	}
	content, err := evidence.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading heads: %w", err)
	}
	var all []evidence.Head
	number := 0
	for line := range strings.Lines(string(content)) {
		number++
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		head, err := evidence.ParseHead(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, number, err)
		}
		all = append(all, head)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s has no head", path)
	}
	return all, nil
}

// isSQLite reports whether a regular file begins as a SQLite database does:
// https://www.sqlite.org/fileformat2.html#the_database_header
func isSQLite(path string) (is bool, err error) {
	if err := evidence.Regular(path); err != nil {
		return false, err
	}
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	const magic = "SQLite format 3\x00"
	start := make([]byte, len(magic))
	n, _ := f.Read(start) // a file that cannot be read is reported when it is read as text
	return bytes.Equal(start[:n], []byte(magic)), nil
}

func headOfCopy(ctx context.Context, path string) (heads []evidence.Head, err error) {
	store, err := snapshot.OpenReadOnly(ctx, path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	head, err := store.LastHead(ctx)
	return []evidence.Head{head}, err
}

// AddHeads says for each head whether the database contains the history up to it. It must follow
// Database, because a link proves the history before it only if the whole ledger was recomputed. If
// some of the heads are of this database, the others are left out: a report over several databases
// has the heads of all.
func (r *Result) AddHeads(ctx context.Context, store *snapshot.Store, heads []evidence.Head) error {
	id, err := store.DatabaseID(ctx)
	if err != nil {
		return err
	}
	ofOther := func(h evidence.Head) bool { return h.DatabaseID != id }
	if own := slices.DeleteFunc(slices.Clone(heads), ofOther); len(own) > 0 {
		heads = own
	}
	for _, h := range heads {
		reason, err := store.Lacks(ctx, h)
		if err != nil {
			return err
		}
		if reason == "" && r.ledgerDamaged {
			reason = "the ledger has the link, but also has problems, so the link does not prove the history before it"
		}
		r.Heads = append(r.Heads, Head{h, reason == "", reason})
		if reason != "" {
			r.Problems = append(r.Problems, Problem{
				Subject: fmt.Sprintf("head of run %d, ledger link %d", h.Run, h.Number),
				Text:    "the database does not contain the history up to it: " + reason,
			})
		}
	}
	return nil
}
