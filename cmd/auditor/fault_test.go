package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
)

// faultsVariable says how many failing calls TestEveryFailingCallIsToldOrHarmless tries of each kind; "all" for every one that a run makes.
const faultsVariable = "AUDITOR_TEST_FAULTS"

// TestEveryFailingCallIsToldOrHarmless makes the system refuse one call of a run at a time, with the program strace. After each the database is
// sound, and a run that says that it is complete is.
func TestEveryFailingCallIsToldOrHarmless(t *testing.T) {
	skipIfShort(t)
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed")
	}
	s := newSite(t, nil)
	s.fill()
	if out, err := s.process(t.Context()).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	random := rand.New(rand.NewPCG(1, 9))
	for _, call := range []string{"pwrite64", "fsync,fdatasync", "ftruncate", "rename,renameat,renameat2", "unlink,unlinkat"} {
		total := countCalls(t, s, strace, call)
		t.Logf("%d calls of %s in a run", total, call)
		for _, n := range chosenCalls(t, random, total) {
			// strace counts the calls of each thread apart: where no thread makes so many, an earlier one fails.
			for ; n > 0 && !s.failCall(t, strace, call, n); n /= 2 {
				continue
			}
		}
	}
	if out, err := s.process(t.Context()).CombinedOutput(); err != nil {
		t.Fatalf("the run after all faults: %v\n%s", err, out)
	}
}

// failCall makes a run whose n-th call fails, and checks what came of it; false when no call did fail.
func (s *site) failCall(t *testing.T, strace, call string, n int) bool {
	t.Helper()
	s.respellNames(int64(n))
	before := s.complete(t)
	out, err := s.traced(t.Context(), strace, "-e", "inject="+call+":error=EIO:when="+strconv.Itoa(n), "-e", "trace="+call).CombinedOutput()
	if err != nil && !bytes.Contains(out, []byte("auditor: error:")) {
		t.Errorf("%s call %d fails, and the failure is not told: %v\n%s", call, n, err, out)
	}
	s.expectSound(t, before)
	if err == nil && len(s.complete(t)) != len(before)+1 {
		t.Errorf("%s call %d fails, and the run says that it is complete and is not:\n%s", call, n, out)
	}
	return bytes.Contains(s.trace(t), []byte("(INJECTED)"))
}

// traced is the command under strace, which writes what it sees into the file "trace".
func (s *site) traced(ctx context.Context, strace string, options ...string) *exec.Cmd {
	c := s.process(ctx)
	c.Path = strace
	c.Args = append(append([]string{strace, "-f", "-qq", "-o", s.path("trace")}, options...), c.Args...)
	return c
}

func countCalls(t *testing.T, s *site, strace, call string) int {
	t.Helper()
	s.respellNames(3)
	if out, err := s.traced(t.Context(), strace, "-e", "trace="+call).CombinedOutput(); err != nil {
		t.Skipf("strace cannot trace here: %v\n%s", err, out)
	}
	return len(endedCall.FindAll(s.trace(t), -1))
}

// endedCall is what strace writes where a call ends.
var endedCall = regexp.MustCompile(`\) += `)

func (s *site) trace(t *testing.T) []byte {
	t.Helper()
	content, err := os.ReadFile(s.path("trace"))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// chosenCalls are the numbers, from 1, of the calls to fail.
func chosenCalls(t *testing.T, random *rand.Rand, total int) []int {
	t.Helper()
	number := 1
	switch text := os.Getenv(faultsVariable); text {
	case "":
	case "all":
		number = total
	default:
		if _, err := fmt.Sscan(text, &number); err != nil {
			t.Fatalf("%s: %v", faultsVariable, err)
		}
	}
	var chosen []int
	for _, n := range random.Perm(total)[:min(number, total)] {
		chosen = append(chosen, n+1)
	}
	return chosen
}
