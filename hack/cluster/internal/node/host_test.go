// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"slices"
	"strings"
	"testing"
)

func TestMountsBelow(t *testing.T) {
	mountinfo := strings.Join([]string{
		`1 0 8:1 / / rw - ext4 /dev/sda rw`,
		`2 1 0:2 / /repo/.local/kubelet/pods/a/volumes/x rw - tmpfs tmpfs rw`,
		`3 1 0:3 / /repo/.local-other rw - tmpfs tmpfs rw`,
		`4 1 0:4 / /repo/.local/with\040space rw - tmpfs tmpfs rw`,
		`5 1 0:5 / /run/argosy-cluster rw - tmpfs tmpfs rw`,
		`garbage`,
	}, "\n")
	got := mountsBelow(mountinfo, []string{"/run/argosy-cluster", "/repo/.local"})
	want := []string{"/run/argosy-cluster", "/repo/.local/with space", "/repo/.local/kubelet/pods/a/volumes/x"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestIsShim(t *testing.T) {
	const socket = "/run/argosy-cluster/containerd.sock"
	for _, test := range []struct {
		cmdline string
		want    bool
	}{
		{"/usr/bin/containerd-shim-runc-v2 -namespace k8s.io -id 1 -address " + socket, true},
		{"/usr/bin/containerd-shim-runc-v2 -namespace k8s.io -id 1 -address /run/containerd/containerd.sock", false},
		{"/usr/bin/containerd-shim-runc-v2 -id 1 -address", false},
		{"grep -address " + socket, false},
		{"", false},
	} {
		cmdline := strings.ReplaceAll(test.cmdline, " ", "\x00") + "\x00"
		if got := isShim([]byte(cmdline), socket); got != test.want {
			t.Errorf("%q: got %v", test.cmdline, got)
		}
	}
}

func TestInCgroup(t *testing.T) {
	const cgroups = "4:memory:/k8s.io/abc\n0::/k8s.io/abc\n"
	if !inCgroup(cgroups, "abc") || inCgroup(cgroups, "ab") || inCgroup("", "abc") {
		t.Error("a container is told by the whole name of its cgroup only")
	}
}
