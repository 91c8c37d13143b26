package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// diskCalls are the system calls by which a run changes what is on the disk: by number, with the
// argument that is a file descriptor, -1 where there is none. Of those with one only the calls on
// regular files below the site's folder count, not what goes to the API or is printed.
var diskCalls = map[uint64]struct {
	name       string
	descriptor int
}{
	syscall.SYS_WRITE:     {"write", 0},
	syscall.SYS_PWRITE64:  {"pwrite64", 0},
	syscall.SYS_FSYNC:     {"fsync", 0},
	syscall.SYS_FDATASYNC: {"fdatasync", 0},
	syscall.SYS_FTRUNCATE: {"ftruncate", 0},
	syscall.SYS_RENAME:    {"rename", -1},
	syscall.SYS_RENAMEAT:  {"renameat", -1},
	sysRenameat2:          {"renameat2", -1},
	syscall.SYS_UNLINK:    {"unlink", -1},
	syscall.SYS_UNLINKAT:  {"unlinkat", -1},
	syscall.SYS_MKDIRAT:   {"mkdirat", -1},
	syscall.SYS_SYMLINKAT: {"symlinkat", -1},
	syscall.SYS_LINKAT:    {"linkat", -1},
}

const sysRenameat2 = 316 // package syscall is older than it

// harm is what is done to a run.
type harm struct {
	// call is the number of the disk call that it begins with, from 1 over all threads; 0 for none.
	call int
	// errno is what the system answers in place of doing it. Without one the process is killed
	// before the call.
	errno syscall.Errno
	// forGood: so it answers each later call too.
	forGood bool
}

// interception is a run under ptrace. The program strace counts the calls of each thread apart, and
// Go spreads those of a run over several.
type interception struct {
	harm
	folder string
	pid    int
	calls  []string // made until the end, such as "pwrite64 auditor.db-wal"
	inside map[int]bool
	refuse map[int]bool // threads whose present call is not done
}

// intercept runs a command in the site's folder and returns its disk calls, what it printed and its
// exit code, -1 where it was killed.
func (s *site) intercept(t *testing.T, h harm, args []string) (calls []string, printed string, code int) {
	t.Helper()
	output, err := os.Create(s.path("printed"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = output.Close() }()
	// The system accepts ptrace from the thread that began it alone.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c := s.process(t.Context(), "TMPDIR="+s.folder)
	process, err := os.StartProcess(c.Path, append([]string{c.Path}, args...), &os.ProcAttr{Dir: c.Dir, Env: c.Env, Files: []*os.File{nil, output, output},
		Sys: &syscall.SysProcAttr{Ptrace: true, Setpgid: true}})
	if errors.Is(err, syscall.EPERM) {
		t.Skip("this system does not allow ptrace")
	}
	if err != nil {
		t.Fatal(err)
	}
	i := &interception{harm: h, folder: s.folder, pid: process.Pid, inside: map[int]bool{}, refuse: map[int]bool{}}
	code, err = i.follow()
	if err != nil {
		_ = process.Kill()
		t.Fatalf("ptrace: %v", err)
	}
	text, err := os.ReadFile(output.Name())
	if err != nil {
		t.Fatal(err)
	}
	return i.calls, string(text), code
}

// follow lets the process and its threads run from stop to stop until it ends.
func (i *interception) follow() (code int, err error) {
	began := false
	for {
		var status syscall.WaitStatus
		// The process has a group of its own, so that no other child of the tests is waited for.
		tid, err := syscall.Wait4(-i.pid, &status, syscall.WALL, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case err != nil:
			return 0, err
		case !status.Stopped():
			if tid == i.pid {
				return status.ExitStatus(), nil
			}
			continue
		case !began: // by its exec
			began = true
			const options = syscall.PTRACE_O_TRACECLONE | syscall.PTRACE_O_TRACESYSGOOD | ptraceExitKill
			if err := syscall.PtraceSetOptions(tid, options); err != nil {
				return 0, err
			}
		}
		if err := i.resume(tid, status); err != nil && !errors.Is(err, syscall.ESRCH) { // it was killed meanwhile
			return 0, err
		}
	}
}

const ptraceExitKill = 0x100000 // package syscall is older than it

// resume lets a thread go on from a stop: https://man7.org/linux/man-pages/man2/ptrace.2.html
func (i *interception) resume(tid int, status syscall.WaitStatus) error {
	deliver := 0
	switch signal := status.StopSignal(); {
	case signal == syscall.SIGTRAP|0x80:
		i.inside[tid] = !i.inside[tid]
		if err := i.atCall(tid, i.inside[tid]); err != nil {
			return err
		}
	case signal != syscall.SIGTRAP && signal != syscall.SIGSTOP: // a new thread begins with a SIGSTOP
		deliver = int(signal)
	}
	return syscall.PtraceSyscall(tid, deliver)
}

// atCall looks at a system call before it is done, and puts the error into one that was not done.
func (i *interception) atCall(tid int, before bool) error {
	var r syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(tid, &r); err != nil {
		return err
	}
	if !before {
		if !i.refuse[tid] {
			return nil
		}
		delete(i.refuse, tid)
		r.Rax = -uint64(i.errno)
		return syscall.PtraceSetRegs(tid, &r)
	}
	call, known := diskCalls[r.Orig_rax]
	if !known {
		return nil
	}
	description := call.name
	if call.descriptor == 0 {
		file, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", i.pid, r.Rdi))
		below, found := strings.CutPrefix(file, i.folder+string(filepath.Separator))
		if err != nil || !found || below == "printed" {
			return nil
		}
		description += " " + below
	}
	i.calls = append(i.calls, description)
	if n := len(i.calls); i.call == 0 || n < i.call || n > i.call && !i.forGood {
		return nil
	}
	if i.errno == 0 {
		return syscall.Kill(i.pid, syscall.SIGKILL)
	}
	i.refuse[tid] = true
	r.Orig_rax = ^uint64(0) // no system call has this number: it is not done
	return syscall.PtraceSetRegs(tid, &r)
}
