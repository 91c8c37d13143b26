//go:build !windows

package settings

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// reading returns a function for each setting that names a file, by its name. It reads the file.
func reading(t *testing.T, path string) map[string]func() error {
	t.Helper()
	members := map[string]string{"members": "true"}
	with := func(config string, args map[string]string, read func(*Settings) error) func() error {
		return func() error {
			s, err := load(t, config, nil, args)
			if err == nil {
				err = read(s)
			}
			return err
		}
	}
	return map[string]func() error{
		"config": func() error {
			flags := allFlags()
			if err := flags.Set("config", path); err != nil {
				return err
			}
			_, err := Load(flags, func(string) string { return "" })
			return err
		},
		"exceptions": with("exceptions_file: "+path, nil, func(s *Settings) error { _, err := s.Exceptions(); return err }),
		"leavers":    with("leavers: "+path, members, func(s *Settings) error { _, err := s.LeaverList(); return err }),
		"template": with("template: "+path+"\nformats: md", nil, func(s *Settings) error {
			_, err := s.ReadTemplate(time.UTC)
			return err
		}),
		"token_file": with("token_file: "+path, nil, func(s *Settings) error {
			_, err := s.Sources(slog.New(slog.DiscardHandler))
			return err
		}),
		"url_file": with("notify: [{type: webhook, url_file: "+path+"}]", nil, func(s *Settings) error {
			_, err := s.Notifications()
			return err
		}),
	}
}

func makePipe(t *testing.T, name string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip("no FIFO can be made here: ", err)
	}
	return path
}

func TestAFileThatIsNoneOrNeverEndsIsNamedAndNotWaitedFor(t *testing.T) {
	patience := pipePatience
	pipePatience = 50 * time.Millisecond
	defer func() { pipePatience = patience }()
	for path, want := range map[string]string{
		makePipe(t, "nobody.md"): "is not a regular file (its mode is prw-------) and did not end within 50ms",
		t.TempDir():              "is a directory",
		"/dev/zero":              "",
	} {
		for name, read := range reading(t, path) {
			err := read()
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) ||
				!strings.Contains(strings.ReplaceAll(err.Error(), " ", "_"), name) {
				t.Errorf("%s %s: error %v, want %q", name, path, err, want)
			}
		}
	}
}

// A process substitution of a shell is a pipe.
func TestAPipeIsReadOnce(t *testing.T) {
	for name, text := range map[string]string{
		"config": "page_size: 7\n", "exceptions": "[]\n", "leavers": "ada@a.example\n", "template": "# {{.}}\n",
		"token_file": "eyJhbGciOiJFUzI1NiJ9\n", "url_file": "https://hook.example/1\n",
	} {
		path := makePipe(t, "report.md")
		write := func(text string) {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteString(text)
			}
			if err != nil || f.Close() != nil {
				t.Errorf("%s: writing to the pipe: %v", name, err)
			}
		}
		go write(text)
		if err := reading(t, path)[name](); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		go write("")
		if err := reading(t, path)[name](); err == nil || !strings.Contains(err.Error(), "nothing was written to the pipe") {
			t.Errorf("%s, an empty pipe: error %v", name, err)
		}
	}
}
