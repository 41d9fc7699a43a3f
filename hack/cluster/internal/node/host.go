// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package node prepares this machine to be the cluster's node and removes every
// trace of it again: the network interface, pods, mounts, packet filter tables
// and cgroups. It touches only what carries the cluster's own names and paths.
package node

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Missing lists the programs and files that a node needs and this machine lacks.
func Missing() []string {
	var missing []string
	for _, program := range []string{"containerd", "containerd-shim-runc-v2", "ctr", "runc", "ip", "nft", "conntrack", "busybox", "mmdebstrap"} {
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, program)
		}
	}
	for _, plugin := range []string{"ptp", "host-local", "loopback"} {
		if _, err := os.Stat("/usr/lib/cni/" + plugin); err != nil {
			missing = append(missing, "CNI plugin "+plugin)
		}
	}
	return missing
}

// EnsureInterface makes sure that a network interface of that name has the
// address, and that the machine forwards packets between pods.
func EnsureInterface(name, address string) error {
	if _, err := net.InterfaceByName(name); err != nil {
		// A bridge without ports is the one kind of purely local interface
		// that every kernel here has; nothing is ever attached to it.
		if err := run("ip", "link", "add", name, "type", "bridge"); err != nil {
			return err
		}
	}
	if err := run("ip", "address", "replace", address+"/32", "dev", name); err != nil {
		return err
	}
	if err := run("ip", "link", "set", name, "up"); err != nil {
		return err
	}
	if err := raise("/proc/sys/net/ipv4/ip_forward", 1); err != nil {
		return err
	}
	// Each container takes a few; the kernel's default of 128 is soon used up.
	return raise("/proc/sys/fs/inotify/max_user_instances", 8192)
}

// raise sets a kernel setting unless it is that high already.
func raise(path string, want int) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading kernel setting: %w", err)
	}
	if have, err := strconv.Atoi(strings.TrimSpace(string(data))); err == nil && have >= want {
		return nil
	}
	if err := os.WriteFile(path, []byte(strconv.Itoa(want)), 0o644); err != nil {
		return fmt.Errorf("writing kernel setting: %w", err)
	}
	return nil
}

// RemoveInterface removes the interface if it exists.
func RemoveInterface(name string) error {
	if _, err := net.InterfaceByName(name); err != nil {
		return nil // there is none of that name
	}
	return run("ip", "link", "delete", name)
}

// RemoveProxyTables removes kube-proxy's packet filter tables.
func RemoveProxyTables() error {
	out, err := exec.Command("nft", "list", "tables").Output()
	if err != nil {
		return fmt.Errorf("listing packet filter tables: %w", err)
	}
	for _, line := range strings.Split(string(out), "\n") {
		// table FAMILY NAME
		if f := strings.Fields(line); len(f) == 3 && f[2] == "kube-proxy" {
			if err := run("nft", "delete", "table", f[1], f[2]); err != nil {
				return err
			}
		}
	}
	return nil
}

// Unmount unmounts everything mounted at or below the given directories, the
// innermost first.
func Unmount(dirs ...string) error {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return fmt.Errorf("reading mounts: %w", err)
	}
	var errs []error
	for _, point := range mountsBelow(string(data), dirs) {
		// A mount that another one hides or that went with its parent is none to undo.
		err := syscall.Unmount(point, syscall.MNT_DETACH)
		if err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOENT) {
			errs = append(errs, fmt.Errorf("unmounting %s: %w", point, err))
		}
	}
	return errors.Join(errs...)
}

// mountsBelow takes the mount points at or below dirs out of a mountinfo file
// (proc(5)), the last mounted first.
func mountsBelow(mountinfo string, dirs []string) []string {
	// Spaces and the like are octal escapes there.
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	var points []string
	for _, line := range strings.Split(mountinfo, "\n") {
		fields := strings.Fields(line)
		if len(fields) < 5 {
			continue
		}
		point := unescape.Replace(fields[4])
		if slices.ContainsFunc(dirs, func(d string) bool { return point == d || strings.HasPrefix(point, d+"/") }) {
			points = append(points, point)
		}
	}
	slices.Reverse(points)
	return points
}

// RemoveLogLinks removes the links in /var/log/containers that lead to logs
// below dir, or to nothing that is left there.
func RemoveLogLinks(dir string) error {
	const links = "/var/log/containers"
	entries, err := os.ReadDir(links)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("listing log links: %w", err)
	}
	for _, e := range entries {
		path := filepath.Join(links, e.Name())
		if target, err := os.Readlink(path); err == nil && strings.HasPrefix(target, dir+"/") {
			if err := os.Remove(path); err != nil {
				return fmt.Errorf("removing log link: %w", err)
			}
		}
	}
	return nil
}

// RemoveCgroups removes the empty cgroups that containerd made for containers.
// The kernel refuses to remove one in use, so nothing of others is at risk.
func RemoveCgroups() error {
	roots, err := filepath.Glob("/sys/fs/cgroup/*/k8s.io")
	if err != nil {
		return fmt.Errorf("listing cgroups: %w", err)
	}
	if _, err := os.Stat("/sys/fs/cgroup/k8s.io"); err == nil {
		roots = append(roots, "/sys/fs/cgroup/k8s.io")
	}
	for _, root := range roots {
		var dirs []string
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				dirs = append(dirs, path)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("listing cgroups: %w", err)
		}
		slices.Reverse(dirs)
		for _, dir := range dirs {
			if err := syscall.Rmdir(dir); err != nil && !errors.Is(err, syscall.EBUSY) && !errors.Is(err, syscall.ENOENT) {
				return fmt.Errorf("removing cgroup %s: %w", dir, err)
			}
		}
	}
	return nil
}

func run(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}
