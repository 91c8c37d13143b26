package snapshot_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/snapshot"
)

func TestFilesThatAreNotOursAreLeftUntouched(t *testing.T) {
	for name, tc := range map[string]struct {
		content []byte
		want    error
	}{
		"text":            {[]byte("id,name\n1,Okta\n"), snapshot.ErrNotDatabase},
		"another program": {append([]byte("SQLite format 3\x00"), make([]byte, 4080)...), snapshot.ErrNotDatabase},
		"newer version":   {newerHeader(), snapshot.ErrNewerVersion},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "auditor.db")
			if err := os.WriteFile(path, tc.content, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := snapshot.Open(context.Background(), path); !errors.Is(err, tc.want) {
				t.Errorf("error %v, want %v", err, tc.want)
			}
			after, err := os.ReadFile(path)
			if err != nil || !cmp.Equal(after, tc.content) {
				t.Error("the file was changed")
			}
			if left, _ := filepath.Glob(path + "-*"); len(left) > 0 {
				t.Errorf("files were left beside it: %v", left)
			}
		})
	}
}

func newerHeader() []byte {
	header := append([]byte("SQLite format 3\x00"), make([]byte, 4080)...)
	copy(header[60:], []byte{0, 0, 0, 99})
	copy(header[68:], "Aud1")
	return header
}
