// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"argosy.dev/argosy/hack/e2e/framework"
)

// processes finds the processes of a container on this machine by its cgroup.
// The local cluster's node is this machine.
func processes(containerID string) ([]int, error) {
	_, id, ok := strings.Cut(containerID, "://")
	if !ok || len(id) < 16 {
		return nil, fmt.Errorf("container id %q", containerID)
	}
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, d := range dirs {
		cgroup, err := os.ReadFile(filepath.Join(d, "cgroup"))
		if err != nil || !strings.Contains(string(cgroup), id) {
			continue // ended meanwhile, or another container's
		}
		pid, err := strconv.Atoi(filepath.Base(d))
		if err != nil {
			return nil, err
		}
		pids = append(pids, pid)
	}
	if len(pids) == 0 {
		return nil, fmt.Errorf("no process of container %s on this machine", id)
	}
	return pids, nil
}

// killServer kills our server's processes with no chance to say good-bye and
// returns how often the container had been restarted before.
func killServer(t *testing.T) (pod string, restarts int32) {
	t.Helper()
	p := serverPod(t)
	c := p.Status.ContainerStatuses[serverContainer(t, p)]
	pids, err := processes(c.ContainerID)
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatalf("kill %d: %v", pid, err)
		}
	}
	return p.Name, c.RestartCount
}

// waitServer waits until the server's container was started more often than
// restarts and is ready.
func waitServer(t *testing.T, pod string, restarts int32) {
	t.Helper()
	_, err := framework.WaitFor(within(t, 2*time.Minute), admin.Dynamic, corev1.SchemeGroupVersion.WithResource("pods"), systemNamespace, pod, func(o *unstructured.Unstructured) (bool, error) {
		var p corev1.Pod
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &p); err != nil {
			return false, err
		}
		for _, c := range p.Status.ContainerStatuses {
			if (c.Name == serverName || len(p.Status.ContainerStatuses) == 1) && c.RestartCount > restarts && c.Ready {
				return true, nil
			}
		}
		return false, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// Ready is one thing, that requests come through the aggregator again is
	// another, and nothing to watch.
	eventually(t, time.Minute, "requests through the aggregator", func(ctx context.Context) error {
		return admin.Kube.CoreV1().RESTClient().Get().RequestURI("/apis/" + framework.NativeGroup + "/v1alpha1").Do(ctx).Error()
	})
}

// clusterTool runs the local cluster's own program.
func clusterTool(t *testing.T, args ...string) error {
	t.Helper()
	return run(within(t, 5*time.Minute), filepath.Join(filepath.Dir(admin.Kubeconfig), "bin", "cluster"), args...)
}
