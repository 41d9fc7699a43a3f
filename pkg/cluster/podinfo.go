// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// images are the images of an object's containers.
func images(u *unstructured.Unstructured) []string {
	at := podSpecPath(u.GroupVersionKind().GroupKind())
	var out []string
	for _, list := range []string{"containers", "initContainers"} {
		for _, container := range maplist(u.Object, append(at[:len(at):len(at)], list)...) {
			if image, _ := container["image"].(string); image != "" && !slices.Contains(out, image) {
				out = append(out, image)
			}
		}
	}
	slices.Sort(out)
	return out
}

// info is what there is to say of an object in short. The names are the peer's.
func info(u *unstructured.Unstructured) []Info {
	switch u.GroupVersionKind().GroupKind() {
	case kindPod:
		return podInfo(u)
	case kindReplicaSet:
		for _, name := range []string{"deployment.kubernetes.io/revision", "rollout.argoproj.io/revision"} {
			if revision := u.GetAnnotations()[name]; revision != "" {
				return []Info{{Name: "Revision", Value: "Rev:" + revision}}
			}
		}
	}
	return nil
}

// podInfo says how a pod does, in the words that `kubectl get pods` has for it.
func podInfo(u *unstructured.Unstructured) []Info {
	text := func(fields ...string) string {
		value, _, _ := unstructured.NestedString(u.Object, fields...)
		return value
	}
	reason := text("status", "phase")
	if why := text("status", "reason"); why != "" {
		reason = why
	}
	containers := maplist(u.Object, "spec", "containers")
	inits := maplist(u.Object, "spec", "initContainers")
	total, ready, restarts := len(containers), 0, int64(0)
	sidecars := map[string]bool{}
	for _, container := range inits {
		if container["restartPolicy"] == "Always" {
			sidecars[fmt.Sprint(container["name"])] = true
			total++
		}
	}
	starting := false
	for i, status := range maplist(u.Object, "status", "initContainerStatuses") {
		restarts += count(status)
		sidecar := sidecars[fmt.Sprint(status["name"])]
		if sidecar && status["ready"] == true {
			ready++
		}
		if starting || sidecar && status["started"] == true {
			continue
		}
		state, why, code := containerState(status)
		switch {
		case state == "terminated" && code == 0:
			continue
		case state == "terminated":
			reason, starting = "Init:"+why, true
		case sidecar && state == "running":
			continue
		case state == "waiting" && why != "" && why != "PodInitializing":
			reason, starting = "Init:"+why, true
		default:
			reason, starting = fmt.Sprintf("Init:%d/%d", i, len(inits)), true
		}
	}
	if !starting {
		running := false
		for _, status := range slices.Backward(maplist(u.Object, "status", "containerStatuses")) {
			state, why, _ := containerState(status)
			switch {
			case state != "running" && why != "":
				reason = why
			case state == "running" && status["ready"] == true:
				running = true
			}
		}
		if reason == "Completed" && running {
			reason = "Running"
		}
	}
	for _, status := range maplist(u.Object, "status", "containerStatuses") {
		restarts += count(status)
		if status["ready"] == true {
			ready++
		}
	}
	if u.GetDeletionTimestamp() != nil {
		reason = "Terminating"
	}
	out := []Info{{Name: "Status Reason", Value: reason}, {Name: "Containers", Value: fmt.Sprintf("%d/%d", ready, total)}}
	if node := text("spec", "nodeName"); node != "" {
		out = append(out, Info{Name: "Node", Value: node})
	}
	if restarts > 0 {
		out = append(out, Info{Name: "Restart Count", Value: fmt.Sprint(restarts)})
	}
	return out
}

// containerState returns in what state a container is, and why.
func containerState(status map[string]any) (state, why string, code int64) {
	states, _ := status["state"].(map[string]any)
	for _, state := range []string{"terminated", "waiting", "running"} {
		content, there := states[state].(map[string]any)
		if !there {
			continue
		}
		why, _ := content["reason"].(string)
		code, _ := content["exitCode"].(int64)
		if state == "terminated" && why == "" {
			why = fmt.Sprintf("ExitCode:%d", code)
		}
		return state, why, code
	}
	return "", "", 0
}

func count(status map[string]any) int64 {
	restarts, _ := status["restartCount"].(int64)
	return restarts
}

// maplist returns the objects of a list.
func maplist(in map[string]any, at ...string) []map[string]any {
	list, _, _ := unstructured.NestedFieldNoCopy(in, at...)
	entries, _ := list.([]any)
	out := make([]map[string]any, 0, len(entries))
	for _, entry := range entries {
		if content, ok := entry.(map[string]any); ok {
			out = append(out, content)
		}
	}
	return out
}
