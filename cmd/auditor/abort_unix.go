//go:build unix

package main

import (
	"runtime/debug"
	"syscall"
)

// abortBySignal makes a fatal error of the Go runtime, such as a lack of memory, end the process by
// SIGABRT instead of with the exit code of a wrong usage. It does nothing if a core file, which
// would hold the token, cannot be prevented.
func abortBySignal() {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_CORE, &limit) != nil || limit.Max == 0 {
		return
	}
	// With 0, Linux still passes the core to a program that /proc/sys/kernel/core_pattern names. With 1
	// it does neither: https://github.com/torvalds/linux/blob/v6.6/fs/coredump.c#L586
	limit.Cur = 1
	if syscall.Setrlimit(syscall.RLIMIT_CORE, &limit) == nil {
		debug.SetTraceback("crash")
	}
}
