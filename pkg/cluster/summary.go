// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// path leads to a field.
type path []string

// kept are the fields that are held of objects which no application has made, by kind: what tells the health of what
// controllers make for an application, and what a tree shows of it. Of other kinds nothing but metadata is held.
var kept = map[schema.GroupKind][]path{
	{Kind: "Pod"}: {
		{"spec", "nodeName"}, {"spec", "restartPolicy"},
		{"status", "phase"}, {"status", "reason"}, {"status", "message"}, {"status", "conditions"},
	},
	{Group: "apps", Kind: "ReplicaSet"}: {
		{"spec", "replicas"}, {"status", "replicas"}, {"status", "readyReplicas"}, {"status", "availableReplicas"},
		{"status", "observedGeneration"}, {"status", "conditions"},
	},
	{Group: "batch", Kind: "Job"}: {
		{"spec", "suspend"}, {"status", "active"}, {"status", "succeeded"}, {"status", "failed"}, {"status", "conditions"},
	},
	{Kind: "PersistentVolumeClaim"}: {{"status", "phase"}},
}

// metadataKept is what is held of the metadata of these kinds.
var metadataKept = []path{
	{"metadata", "name"}, {"metadata", "namespace"}, {"metadata", "uid"}, {"metadata", "creationTimestamp"},
	{"metadata", "deletionTimestamp"}, {"metadata", "generation"}, {"metadata", "ownerReferences"},
	{"metadata", "annotations", "deployment.kubernetes.io/revision"}, {"metadata", "annotations", "rollout.argoproj.io/revision"},
}

// summary is what is held of an object that is not held in full. Nil: only what every item has.
func summary(u *unstructured.Unstructured) map[string]any {
	kind := u.GroupVersionKind().GroupKind()
	paths, some := kept[kind]
	if !some {
		return nil
	}
	out := map[string]any{"apiVersion": u.GetAPIVersion(), "kind": u.GetKind()}
	for _, set := range [][]path{metadataKept, paths} {
		for _, p := range set {
			if value, there, err := unstructured.NestedFieldNoCopy(u.Object, p...); err == nil && there {
				put(out, p, value)
			}
		}
	}
	at, statuses := podSpecPath(kind), path{"status"}
	for _, list := range []string{"containers", "initContainers"} {
		if short := shortened(u.Object, append(at[:len(at):len(at)], list), "name", "image", "restartPolicy"); short != nil {
			put(out, append(at[:len(at):len(at)], list), short)
		}
	}
	if kind.Kind == "Pod" {
		for _, list := range []string{"containerStatuses", "initContainerStatuses"} {
			p := append(statuses[:1:1], list)
			if short := shortened(u.Object, p, "name", "ready", "started", "restartCount", "state", "lastState"); short != nil {
				put(out, p, short)
			}
		}
	}
	return out
}

// podSpecPath is where a kind has the description of pods.
func podSpecPath(kind schema.GroupKind) path {
	switch kind {
	case schema.GroupKind{Kind: "Pod"}:
		return path{"spec"}
	case schema.GroupKind{Group: "batch", Kind: "CronJob"}:
		return path{"spec", "jobTemplate", "spec", "template", "spec"}
	default:
		return path{"spec", "template", "spec"}
	}
}

// shortened returns a list of objects with some of their fields, nil if there is none.
func shortened(in map[string]any, at path, fields ...string) []any {
	list, there, err := unstructured.NestedFieldNoCopy(in, at...)
	entries, ok := list.([]any)
	if err != nil || !there || !ok {
		return nil
	}
	out := make([]any, 0, len(entries))
	for _, entry := range entries {
		values, ok := entry.(map[string]any)
		if !ok {
			continue
		}
		short := map[string]any{}
		for _, field := range fields {
			if value, has := values[field]; has {
				short[field] = value
			}
		}
		out = append(out, short)
	}
	return out
}

// put sets a field, and makes what leads to it.
func put(out map[string]any, at path, value any) {
	for _, name := range at[:len(at)-1] {
		next, ok := out[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			out[name] = next
		}
		out = next
	}
	out[at[len(at)-1]] = value
}
