package notify_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scim-auditor/internal/notify"
)

// shell returns a command that runs a script, with the limit.
func shell(t *testing.T, limit time.Duration, script string, args ...string) notify.Command {
	t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no shell to run as the command")
	}
	return notify.Command{Args: append([]string{sh, "-c", script, "sh"}, args...),
		Environment: []string{"PATH=" + os.Getenv("PATH")}, Limit: limit}
}

func TestACommandReadsTheResult(t *testing.T) {
	t.Setenv("ONA_TOKEN", "a token")
	file := filepath.Join(t.TempDir(), "received")
	c := shell(t, time.Minute, `cat > "$1"; env >> "$1"`, file)
	if err := c.Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	if d := cmp.Diff(`{"report":"out/run-7"}`, lines[0]); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if strings.Contains(string(text), "a token") {
		t.Errorf("the command gets the token:\n%s", text)
	}
}

func TestACommandThatFailsIsReported(t *testing.T) {
	for script, want := range map[string]string{
		"echo the pager is down >&2; exit 7": "exit status 7; it printed: the pager is down",
		"exec sleep 600":                     "was stopped after 200ms",
	} {
		c := shell(t, time.Minute, script)
		if strings.Contains(script, "sleep") {
			c.Limit = 200 * time.Millisecond
		}
		if err := c.Send(t.Context(), message()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", script, err, want)
		}
	}
	c := notify.Command{Args: []string{filepath.Join(t.TempDir(), "nowhere")}, Limit: time.Minute}
	if err := c.Send(t.Context(), message()); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a program that does not exist: error %v", err)
	}
	if _, err := c.Check(t.Context()); err == nil {
		t.Error("the check finds a program that does not exist")
	}
}

// A process that the command leaves behind keeps its output open.
func TestACommandMayStartOthersThatStay(t *testing.T) {
	c := shell(t, time.Minute, "sleep 20 &")
	begun := time.Now()
	if err := c.Send(t.Context(), message()); err != nil || time.Since(begun) > 15*time.Second {
		t.Errorf("error %v after %s", err, time.Since(begun))
	}
}
