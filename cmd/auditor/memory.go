package main

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
)

// collectAt is the garbage that the heap may hold, in percent of what is in use. Memory is scarcer than processor time where a nightly job
// shares a machine: against Go's default of 100, a run of a thousand organizations takes about a sixth less memory for a tenth more of a
// processor.
const collectAt = 50

// collectFrom is the memory up to which no garbage is looked for. A run over a few organizations never gets there; looking from Go's default
// of 4 MiB on, it spent a third of its time on that and took as much memory in the end.
const collectFrom = 32 << 20

// collectGarbage says when to look for garbage. GOGC or GOMEMLIMIT in the environment take its place.
func collectGarbage() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(collectFrom)
	// The first collection finds this object, which nobody holds, and ends the limit.
	runtime.AddCleanup(&struct{ _ [64]byte }{}, func(percent int) {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(math.MaxInt64)
	}, collectAt)
}
