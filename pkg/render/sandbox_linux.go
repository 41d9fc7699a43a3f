// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"github.com/landlock-lsm/go-landlock/landlock"
	"golang.org/x/sys/unix"
)

// allowed are the system calls that the Go runtime needs once all is started, and reading and writing the pipes. There is
// none in it that opens, connects, runs or looks at another process; clone makes threads only (see policy). All others
// fail with EPERM.
var allowed = []string{
	"read", "write", "readv", "writev", "close", "fstat", "fcntl",
	"mmap", "munmap", "madvise", "mprotect", "mincore", "brk",
	"futex", "sched_yield", "sched_getaffinity", "nanosleep", "clock_nanosleep", "clock_gettime", "gettimeofday",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall",
	"getpid", "gettid", "tgkill", "exit", "exit_group", "getrandom", "getrusage",
	"epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_wait", "eventfd2",
	"set_robust_list", "rseq", "membarrier",
}

// threadFlags are what the Go runtime passes to clone to make a thread (runtime/os_linux.go); on amd64 it adds CLONE_SETTLS
// (runtime/sys_linux_amd64.s).
const threadFlags = unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_SYSVSEM | unix.CLONE_THREAD

// policy is the filter of system calls.
func policy() (seccomp.Policy, error) {
	info, err := arch.GetInfo("")
	if err != nil {
		return seccomp.Policy{}, err
	}
	group := seccomp.SyscallGroup{Action: seccomp.ActionAllow}
	for _, name := range allowed {
		// Some architectures lack the older ones.
		if _, there := info.SyscallNames[name]; there {
			group.Names = append(group.Names, name)
		}
	}
	group.NamesWithCondtions = []seccomp.NameWithConditions{
		{Name: "clone", Conditions: seccomp.ArgumentConditions{{Argument: 0, Operation: seccomp.Equal, Value: threadFlags}}},
		{Name: "clone", Conditions: seccomp.ArgumentConditions{{Argument: 0, Operation: seccomp.Equal, Value: threadFlags | unix.CLONE_SETTLS}}},
		// Names of memory areas.
		{Name: "prctl", Conditions: seccomp.ArgumentConditions{{Argument: 0, Operation: seccomp.Equal, Value: unix.PR_SET_VMA}}},
	}
	return seccomp.Policy{DefaultAction: seccomp.ActionErrno, Syscalls: []seccomp.SyscallGroup{group}}, nil
}

// enterSandbox gives up all that a renderer does not need, for all threads and for good: files by Landlock where the
// kernel has it, all system calls but those allowed by seccomp, memory and files by limits. It needs no privileges.
func enterSandbox(s setup) error {
	if err := closeInherited(); err != nil {
		return fmt.Errorf("closing inherited files: %w", err)
	}
	limits := []struct {
		resource int
		value    uint64
	}{
		// RLIMIT_DATA counts private writable memory, which is what the Go runtime takes for its heap; it reserves far
		// more addresses than that, so RLIMIT_AS is of no use.
		{unix.RLIMIT_DATA, uint64(s.Memory)},
		{unix.RLIMIT_CORE, 0},
		{unix.RLIMIT_FSIZE, 0},
		{unix.RLIMIT_NOFILE, 16},
	}
	for _, limit := range limits {
		if err := unix.Setrlimit(limit.resource, &unix.Rlimit{Cur: limit.value, Max: limit.value}); err != nil {
			return fmt.Errorf("limiting resource %d: %w", limit.resource, err)
		}
	}
	warmTimer()
	if s.Unguarded {
		return nil
	}
	// All threads must have it, and those to come.
	if _, _, errno := syscall.AllThreadsSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0); errno != 0 {
		return fmt.Errorf("giving up new privileges: %w", errno)
	}
	// No rule is given: nothing is allowed. On a kernel without Landlock seccomp has to do, and does.
	if err := landlock.V10.BestEffort().Restrict(); err != nil {
		return fmt.Errorf("landlock: %w", err)
	}
	if !seccomp.Supported() {
		return errors.New("the kernel has no seccomp filters")
	}
	rules, err := policy()
	if err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	return seccomp.LoadFilter(seccomp.Filter{NoNewPrivs: true, Flag: seccomp.FilterFlagTSync, Policy: rules})
}

// closeInherited closes all files but the three pipes and what the Go runtime polls with. The parent's files are closed
// on exec; this is for those that the parent has inherited without that flag.
func closeInherited() error {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		fd, err := strconv.Atoi(entry.Name())
		if err != nil || fd <= 2 {
			continue
		}
		target, err := os.Readlink("/proc/self/fd/" + entry.Name())
		if err != nil || strings.HasPrefix(target, "anon_inode:[event") {
			continue
		}
		if err := unix.Close(fd); err != nil && !errors.Is(err, unix.EBADF) {
			return err
		}
	}
	return nil
}

// limitCPU lets a process use so many seconds of processor time from now on.
func limitCPU(pid int, seconds uint64) error {
	used, err := cpuSeconds(pid)
	if err != nil {
		return err
	}
	// The hard limit stays, so that it can be raised for the next render.
	return unix.Prlimit(pid, unix.RLIMIT_CPU, &unix.Rlimit{Cur: used + seconds + 1, Max: unix.RLIM_INFINITY}, nil)
}

// cpuSeconds is the processor time that a process has used, from /proc/PID/stat (proc(5): utime and stime are fields 14
// and 15, in ticks, of which Linux has 100 a second for programs).
func cpuSeconds(pid int) (uint64, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, err
	}
	// The second field, the name in parentheses, may have blanks.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 13 {
		return 0, errors.New("/proc/PID/stat is too short")
	}
	user, err1 := strconv.ParseUint(fields[11], 10, 64)
	system, err2 := strconv.ParseUint(fields[12], 10, 64)
	return (user + system) / 100, errors.Join(err1, err2)
}

// awaitExit waits until a child of ours has ended, and leaves it a zombie.
func awaitExit(pid int) {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}
