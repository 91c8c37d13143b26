package main

import (
	"bytes"
	"io"
	"os"
	"regexp"
	"strings"
)

// journal writes to the journal of systemd, with the priority of a message before each line:
// https://www.freedesktop.org/software/systemd/man/latest/sd-daemon.html
type journal struct{ stderr io.Writer }

// journalOr returns a journal if stream, the value of JOURNAL_STREAM, says that stderr leads to the
// journal, else stderr. A process that redirects its standard error keeps the variable, so the
// number of the socket must be that of stderr.
func journalOr(stderr io.Writer, stream string) io.Writer {
	_, inode, ok := strings.Cut(stream, ":")
	if link, err := os.Readlink("/proc/self/fd/2"); !ok || err != nil || link != "socket:["+inode+"]" {
		return stderr
	}
	return journal{stderr}
}

// loggedLevel matches the beginning of a line of the log, as text or as JSON.
var loggedLevel = regexp.MustCompile(`^(?:time=\S+ level=|\{"time":"[^"]+","level":")(\w+)`)

// priorities maps the label of a problem, and the level of the log, to a priority of syslog.
var priorities = map[string]string{
	"auditor: error": "<3>", "auditor: warning": "<4>", "auditor: hint": "<5>",
	"ERROR": "<3>", "WARN": "<4>", "INFO": "<6>", "DEBUG": "<7>",
}

// Write writes a whole message.
func (j journal) Write(message []byte) (int, error) {
	label := ""
	if logged := loggedLevel.FindSubmatch(message); logged != nil {
		label = string(logged[1])
	} else if fields := bytes.SplitN(message, []byte(":"), 3); len(fields) == 3 {
		label = string(fields[0]) + ":" + string(fields[1])
	}
	var lines bytes.Buffer
	for line := range bytes.Lines(message) {
		lines.WriteString(priorities[label])
		lines.Write(line)
	}
	if _, err := j.stderr.Write(lines.Bytes()); err != nil {
		return 0, err
	}
	return len(message), nil
}
