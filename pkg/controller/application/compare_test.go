// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"argosy.dev/argosy/pkg/application"
	"argosy.dev/argosy/pkg/application/health"
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

// TestVerdict: what was found out counts for the same manifest, version and way to apply it, which an operation may say; what
// was guessed, since the server did not say, only for a while.
func TestVerdict(t *testing.T) {
	k, noon := newKnown(), time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	c := &application.Compared{Key: object.Key{Kind: "ConfigMap", Name: "a"}, Target: annotated("a", "b"), Live: annotated("a", "c")}
	for i, step := range []struct {
		mode    cluster.Mode
		since   time.Time
		guessed time.Time // of what is learned then
		there   bool
	}{
		{cluster.ServerSide, noon, time.Time{}, false},
		{cluster.ServerSide, noon, time.Time{}, true},
		{cluster.ClientSide, noon, time.Time{}, false},
		{cluster.ServerSide, noon, noon.Add(time.Second), false},
		{cluster.ServerSide, noon, noon.Add(time.Second), true},
		{cluster.ServerSide, noon.Add(time.Minute), noon.Add(time.Minute), false},
		{cluster.ServerSide, noon, time.Time{}, true},
	} {
		v, there := k.verdict(c, step.mode, step.since)
		if there != step.there || v.fingerprint == "" || there && (!v.modified || v.rejected != "no") {
			t.Errorf("step %d: %t, %+v", i, there, v)
		}
		v.modified, v.rejected, v.guessed = true, "no", step.guessed
		k.learn(c.Key, v)
	}
}

// TestHealthFails: a check that fails is told at each look, not only at the first.
func TestHealthFails(t *testing.T) {
	overrides, err := health.NewOverrides(map[string]string{"Pod": "return {status = obj.none.none}"})
	if err != nil {
		t.Fatal(err)
	}
	k, told := newKnown(), 0
	for range 2 {
		k.health(annotated("a", "b"), overrides, func(error) { told++ })
	}
	if told != 2 {
		t.Errorf("told %d times", told)
	}
}
