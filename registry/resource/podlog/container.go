// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package podlog

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// ContainerStatus returns the status of the container of the given name, nil if there is none yet.
func ContainerStatus(p *corev1.Pod, name string) *corev1.ContainerStatus {
	for _, statuses := range [][]corev1.ContainerStatus{p.Status.ContainerStatuses, p.Status.InitContainerStatuses, p.Status.EphemeralContainerStatuses} {
		for i := range statuses {
			if statuses[i].Name == name {
				return &statuses[i]
			}
		}
	}
	return nil
}

// NotStarted says why the container has no log; empty if it may have one.
func NotStarted(p *corev1.Pod, container string) string {
	s := ContainerStatus(p, container)
	if s != nil && (s.State.Running != nil || s.State.Terminated != nil) {
		return ""
	}
	reason := p.Status.Reason
	if s != nil && s.State.Waiting != nil && s.State.Waiting.Reason != "" {
		reason = s.State.Waiting.Reason
	}
	if reason == "" {
		reason = string(p.Status.Phase)
	}
	return fmt.Sprintf("container %q in pod %q is waiting to start: %s", container, p.Name, reason)
}
