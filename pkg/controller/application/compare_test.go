// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"argosy.dev/argosy/pkg/application"
	"argosy.dev/argosy/pkg/application/object"
	"argosy.dev/argosy/pkg/cluster"
)

// TestTargetsAndKinds: a new kind in the cluster has only those manifests made ready anew that have it.
func TestTargetsAndKinds(t *testing.T) {
	k, made := newKnown(), 0
	have, other := schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, schema.GroupVersionKind{Group: "x", Version: "v1", Kind: "Thing"}
	served := map[schema.GroupVersionKind]bool{have: true}
	namespaced := func(gvk schema.GroupVersionKind) (bool, bool) { return served[gvk], served[gvk] }
	get := func(digest string, kinds *cluster.Kinds, of ...schema.GroupVersionKind) {
		k.targets(digest, kinds, namespaced, func(asks func(schema.GroupVersionKind) (bool, bool)) application.Targets {
			made++
			for _, gvk := range of {
				asks(gvk)
			}
			return application.Targets{}
		})
	}
	before, after := &cluster.Kinds{}, &cluster.Kinds{}
	for i, step := range []struct {
		digest string
		kinds  *cluster.Kinds
		of     []schema.GroupVersionKind
		serve  bool
		want   int
	}{
		{"a", before, []schema.GroupVersionKind{have}, false, 1},
		{"b", before, []schema.GroupVersionKind{have, other}, false, 2},
		{"a", before, nil, false, 2},
		{"a", after, nil, true, 2},
		{"b", after, []schema.GroupVersionKind{have, other}, false, 3},
		{"", after, nil, false, 4},
		{"", after, nil, false, 5},
	} {
		served[other] = served[other] || step.serve
		if get(step.digest, step.kinds, step.of...); made != step.want {
			t.Errorf("step %d: made ready %d times, not %d", i, made, step.want)
		}
	}
}

// TestVerdictOfMode: whether an object differs depends on how it is applied, which an operation may say.
func TestVerdictOfMode(t *testing.T) {
	k := newKnown()
	c := &application.Compared{Key: object.Key{Kind: "ConfigMap", Name: "a"}, Target: annotated("a", "b"), Live: annotated("a", "c"), Modified: true}
	for i, step := range []struct {
		mode          cluster.Mode
		there, before bool
	}{
		{cluster.ServerSide, false, false},
		{cluster.ServerSide, true, true},
		{cluster.ClientSide, false, false},
		{cluster.ServerSide, false, false},
	} {
		fingerprint, modified, there := k.verdict(c, step.mode)
		if there != step.there || modified != step.before || fingerprint == "" {
			t.Errorf("step %d: %t, %t", i, there, modified)
		}
		k.learn(c, step.mode, fingerprint)
	}
}
