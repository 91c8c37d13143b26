//go:build unix

package main

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

// fileLimit is a variable that bounds the size of each file that the command writes, as a full disk
// does.
const fileLimit = "AUDITOR_TEST_FILE_LIMIT"

// Some tests need files that others may read, whatever the umask of who runs them.
func init() { syscall.Umask(0o022) }

func limited(do func() int) int {
	text := os.Getenv(fileLimit)
	if text == "" {
		return do()
	}
	limit, err := strconv.ParseUint(text, 10, 64)
	if err == nil {
		// Without this the system ends the process; with it, writing fails.
		signal.Ignore(syscall.SIGXFSZ)
		err = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: limit})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitUsage
	}
	return do()
}

func runsElsewhere([]byte) bool { return false }
