//go:build !unix

package main

import (
	"bytes"
	"fmt"
	"os"
)

const (
	fileLimit   = "AUDITOR_TEST_FILE_LIMIT"
	noFileLimit = "no limit on the size of files"
)

func limited(do func() int) int {
	if os.Getenv(fileLimit) != "" {
		fmt.Fprintln(os.Stderr, noFileLimit)
		return exitUsage
	}
	return do()
}

func runsElsewhere(out []byte) bool { return bytes.Contains(out, []byte(noFileLimit)) }
