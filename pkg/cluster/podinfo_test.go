// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestPodInfo(t *testing.T) {
	const two = `spec: {nodeName: n1, containers: [{name: a, image: "a:1"}, {name: b, image: "b:1"}]`
	for name, test := range map[string]struct{ pod, want string }{
		"running": {two + `}, status: {phase: Running, containerStatuses: [{name: a, ready: true, restartCount: 1, state: {running: {}}}, {name: b, ready: true, restartCount: 2, state: {running: {}}}]}`,
			"[{Status Reason Running} {Containers 2/2} {Node n1} {Restart Count 3}]"},
		"pending": {`spec: {containers: [{name: a}]}, status: {phase: Pending}`, "[{Status Reason Pending} {Containers 0/1}]"},
		"evicted": {`spec: {containers: [{name: a}]}, status: {phase: Failed, reason: Evicted}`, "[{Status Reason Evicted} {Containers 0/1}]"},
		"no image": {two + `}, status: {phase: Pending, containerStatuses: [{name: a, ready: true, state: {running: {}}}, {name: b, ready: false, state: {waiting: {reason: ImagePullBackOff}}}]}`,
			"[{Status Reason ImagePullBackOff} {Containers 1/2} {Node n1}]"},
		"failed": {`spec: {containers: [{name: a}]}, status: {phase: Failed, containerStatuses: [{name: a, state: {terminated: {exitCode: 3}}}]}`,
			"[{Status Reason ExitCode:3} {Containers 0/1}]"},
		"initializing": {`spec: {initContainers: [{name: i}, {name: j}], containers: [{name: a}]}, status: {phase: Pending, initContainerStatuses: [{name: i, state: {terminated: {exitCode: 0}}}, {name: j, state: {running: {}}}]}`,
			"[{Status Reason Init:1/2} {Containers 0/1}]"},
		"initializing badly": {`spec: {initContainers: [{name: i}], containers: [{name: a}]}, status: {phase: Pending, initContainerStatuses: [{name: i, restartCount: 4, state: {waiting: {reason: CrashLoopBackOff}}}]}`,
			"[{Status Reason Init:CrashLoopBackOff} {Containers 0/1} {Restart Count 4}]"},
		"sidecar": {`spec: {initContainers: [{name: s, restartPolicy: Always}], containers: [{name: a}]}, status: {phase: Running, initContainerStatuses: [{name: s, ready: true, started: true, state: {running: {}}}], containerStatuses: [{name: a, ready: true, state: {running: {}}}]}`,
			"[{Status Reason Running} {Containers 2/2}]"},
	} {
		u := parse(t, "{apiVersion: v1, kind: Pod, metadata: {name: p}, "+test.pod+"}")
		if got := fmt.Sprint(info(u)); got != test.want {
			t.Errorf("%s: %s", name, got)
		}
		// What a cache holds of a pod says the same.
		if got := fmt.Sprint(info(&unstructured.Unstructured{Object: summary(u)})); got != test.want {
			t.Errorf("%s, from its summary: %s", name, got)
		}
	}
}
