// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// RemoveRuntimeDirs removes what runc and the shims left outside of the
// cluster's own directories: sockets that nobody serves and empty directories.
func RemoveRuntimeDirs() error {
	sockets, err := filepath.Glob("/run/containerd/s/*")
	if err != nil {
		return fmt.Errorf("listing sockets: %w", err)
	}
	for _, socket := range sockets {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			conn.Close() //nolint:errcheck // some other containerd's
			continue
		}
		if errors.Is(err, syscall.ECONNREFUSED) {
			if err := os.Remove(socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("removing socket: %w", err)
			}
		}
	}
	for _, dir := range []string{"runc/k8s.io", "runc", "s", "fifo", ""} {
		err := os.Remove(filepath.Join("/run/containerd", dir))
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTEMPTY) {
			return fmt.Errorf("removing directory: %w", err)
		}
	}
	return nil
}

// KillContainers ends the containers below containerd's state directory that
// nobody is left to end: their shims were killed. The process id that a shim
// recorded counts only while that process is in the container's cgroup.
func KillContainers(state string) error {
	records, err := filepath.Glob(filepath.Join(state, "io.containerd.runtime.v2.task/*/*/init.pid"))
	if err != nil {
		return fmt.Errorf("listing containers: %w", err)
	}
	for _, record := range records {
		data, err := os.ReadFile(record)
		if err != nil {
			continue // it was removed meanwhile
		}
		pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
		if err != nil || pid <= 1 {
			continue
		}
		cgroup, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
		if err != nil || !inCgroup(string(cgroup), filepath.Base(filepath.Dir(record))) {
			continue // it ended, and another process may have its id
		}
		// The kernel ends the rest of its process namespace with it.
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("ending container: %w", err)
		}
	}
	return nil
}

// inCgroup tells by a /proc/PID/cgroup whether the process is in the
// container's cgroup, which is named after it.
func inCgroup(cgroups, container string) bool {
	for _, line := range strings.Split(cgroups, "\n") {
		if slices.Contains(strings.Split(line, "/"), container) {
			return true
		}
	}
	return false
}

// KillShims ends containerd's shims that serve the given socket and whatever
// they did not: those that a killed containerd left behind.
func KillShims(socket string) error {
	dirs, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return fmt.Errorf("listing processes: %w", err)
	}
	for _, path := range dirs {
		data, err := os.ReadFile(path)
		if err != nil || !isShim(data, socket) {
			continue // it ended meanwhile, or is none of ours
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			continue
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("ending shim %d: %w", pid, err)
		}
	}
	return nil
}

// isShim tells by a /proc/PID/cmdline whether the process is a shim of the
// containerd at socket.
func isShim(cmdline []byte, socket string) bool {
	args := strings.Split(string(bytes.TrimRight(cmdline, "\x00")), "\x00")
	if !strings.HasPrefix(filepath.Base(args[0]), "containerd-shim") {
		return false
	}
	i := slices.Index(args, "-address")
	return i >= 0 && i+1 < len(args) && args[i+1] == socket
}
