// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// attempts are system calls that hostile code would want, if it could run what it likes in a renderer. They are asked for in
// a way that has no effect even if they are allowed, since a test runs them without the sandbox, too: on a file that does
// not exist, with flags that are not valid, on no process.
func attempts() map[string]func() error {
	call := func(number, a, b, c uintptr) error {
		if _, _, errno := syscall.RawSyscall(number, a, b, c); errno != 0 {
			return errno
		}
		return nil
	}
	absent := []byte("/argosy-does-not-exist\x00")
	path := uintptr(unsafe.Pointer(&absent[0]))
	cwd := unix.AT_FDCWD
	none := ^uintptr(0)
	return map[string]func() error{
		"open":         func() error { return call(unix.SYS_OPENAT, uintptr(cwd), path, 0) },
		"os.ReadFile":  func() error { _, err := os.ReadFile("/proc/self/cmdline"); return err },
		"unlink":       func() error { return call(unix.SYS_UNLINKAT, uintptr(cwd), path, 0) },
		"socket inet":  func() error { return call(unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM, 0) },
		"socket unix":  func() error { return call(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_STREAM, 0) },
		"connect":      func() error { return call(unix.SYS_CONNECT, none, 0, 0) },
		"bind":         func() error { return call(unix.SYS_BIND, none, 0, 0) },
		"sendto":       func() error { return call(unix.SYS_SENDTO, none, 0, 0) },
		"execve":       func() error { return call(unix.SYS_EXECVE, path, 0, 0) },
		"fork":         func() error { return call(unix.SYS_CLONE, unix.CLONE_SIGHAND, 0, 0) }, // EINVAL without CLONE_VM
		"clone3":       func() error { return call(unix.SYS_CLONE3, 0, 0, 0) },
		"ptrace":       func() error { return call(unix.SYS_PTRACE, unix.PTRACE_PEEKTEXT, none, 0) },
		"kill":         func() error { return call(unix.SYS_KILL, uintptr(os.Getpid()), 0, 0) },
		"prlimit":      func() error { return call(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_DATA, 0) },
		"setuid":       func() error { return call(unix.SYS_SETUID, none, 0, 0) },
		"unshare":      func() error { return call(unix.SYS_UNSHARE, 0, 0, 0) },
		"memfd_create": func() error { return call(unix.SYS_MEMFD_CREATE, 0, 0, 0) },
		"io_uring":     func() error { return call(unix.SYS_IO_URING_SETUP, 0, 0, 0) },
		"bpf":          func() error { return call(unix.SYS_BPF, none, 0, 0) },
		"process_vm":   func() error { return call(unix.SYS_PROCESS_VM_READV, none, 0, 0) },
		"pidfd_open":   func() error { return call(unix.SYS_PIDFD_OPEN, none, 0, 0) },
		"mount":        func() error { return call(unix.SYS_MOUNT, 0, 0, 0) },
		"prctl":        func() error { return call(unix.SYS_PRCTL, unix.PR_GET_DUMPABLE, 0, 0) },
	}
}

// tryEscape runs in the child after it has entered its sandbox. It says what worked, on threads that were there before and
// on new ones.
func tryEscape(hook string) string {
	if hook == "environment" {
		entries := []string{}
		for fd := range 64 {
			if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
				entries = append(entries, fmt.Sprint(fd))
			}
		}
		return strings.Join(os.Environ(), " ") + "|" + strings.Join(entries, " ")
	}
	worked := map[string]bool{}
	var mu sync.Mutex
	var wait sync.WaitGroup
	barrier := make(chan struct{})
	const threads = 8
	ready := make(chan struct{}, threads)
	for range threads {
		wait.Go(func() {
			// All at once, so each has a thread of its own.
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			ready <- struct{}{}
			<-barrier
			for name, attempt := range attempts() {
				if err := attempt(); !errors.Is(err, unix.EPERM) {
					mu.Lock()
					worked[fmt.Sprintf("%s (%v)", name, err)] = true
					mu.Unlock()
				}
			}
		})
	}
	for range threads {
		<-ready
	}
	close(barrier)
	wait.Wait()
	var names []string
	for name := range worked {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// hooked starts a child that tries something.
func hooked(t *testing.T, config Config) string {
	t.Helper()
	p, err := startProcess(context.Background(), config.defaulted())
	if err != nil {
		t.Fatal(err)
	}
	defer p.end()
	return p.hook
}

func TestSandboxForbids(t *testing.T) {
	if worked := hooked(t, Config{hook: "escape"}); worked != "" {
		t.Errorf("not refused with EPERM: %s", worked)
	}
}

// Without the sandbox the same attempts get further: the test above can fail.
func TestUnconfinedCould(t *testing.T) {
	worked := hooked(t, Config{hook: "escape", Unconfined: true})
	for _, name := range []string{"open (no such file", "os.ReadFile (<nil>)", "socket unix (<nil>)", "kill (<nil>)", "execve (no such file"} {
		if !strings.Contains(worked, name) {
			t.Errorf("%s is not among what worked: %s", name, worked)
		}
	}
}

func TestChildInheritsNothing(t *testing.T) {
	t.Setenv("ARGOSY_SECRET", "s3cr3t")
	// A file without close-on-exec, as some library may leave one.
	fd, err := unix.Open("/dev/null", unix.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(fd) }()
	environment, files, _ := strings.Cut(hooked(t, Config{hook: "environment"}), "|")
	if environment != "" {
		t.Errorf("environment: %s", environment)
	}
	// Beside the pipes there may be what the Go runtime polls with, and nothing else.
	if n := len(strings.Fields(files)); n > 5 || !strings.HasPrefix(files, "0 1 2") {
		t.Errorf("files: %s", files)
	}
}

// The limits hold for the process as a whole, and no_new_privs and the filter for all threads, as the kernel tells.
func TestKernelAgrees(t *testing.T) {
	p, err := startProcess(context.Background(), Config{Memory: 300 << 20}.defaulted())
	if err != nil {
		t.Fatal(err)
	}
	defer p.end()
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", p.cmd.Process.Pid))
	if err != nil || len(tasks) < 2 {
		t.Fatal(len(tasks), err)
	}
	for _, task := range tasks {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/status", p.cmd.Process.Pid, task.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{"NoNewPrivs:\t1\n", "Seccomp:\t2\n"} {
			if !strings.Contains(string(status), line) {
				t.Errorf("thread %s: no line %q", task.Name(), line)
			}
		}
	}
	var limit unix.Rlimit
	if err := unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_DATA, nil, &limit); err != nil || limit.Max != 300<<20 {
		t.Errorf("RLIMIT_DATA %+v, %v", limit, err)
	}
}
