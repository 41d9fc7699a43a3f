// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"argosy.dev/argosy/pkg/application/object"
	"argosy.dev/argosy/pkg/cluster"
)

// definition is a CustomResourceDefinition of a kind in the group of a test.
func (f *fixture) definition(group, kind string) *unstructured.Unstructured {
	f.Helper()
	u := &unstructured.Unstructured{}
	f.must(yaml.Unmarshal(fmt.Appendf(nil, `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %[1]ss.%[2]s}
spec:
  group: %[2]s
  scope: Namespaced
  names: {kind: %[3]s, plural: %[1]ss}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
`, strings.ToLower(kind), group, kind), &u.Object))
	return u
}

// A kind that is served later is told to whoever needs it, and so is its end.
func TestKindsComeAndGo(t *testing.T) {
	f := start(t, cluster.Config{})
	group := f.namespace + ".example.com"
	c := f.use("a", f.everywhere())
	f.use("b", f.everywhere())
	kind := schema.GroupKind{Group: group, Kind: "Thing"}
	key := object.Key{Group: group, Kind: "Thing", Namespace: f.namespace, Name: "x"}
	needs := cluster.Needs{Instance: "a", Objects: []object.Key{key}}
	f.must(c.Watch(f.ctx, "a", needs)) // not served is no error
	var unserved *cluster.NotServed
	if _, err := c.Get(f.ctx, key, ""); !errors.As(err, &unserved) {
		t.Fatalf("a kind that is not served: %v", err)
	}
	definition := f.definition(group, "Thing")
	_, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: definition})
	f.must(err)
	f.eventually("its users are told that the kind is served", func() bool {
		return slices.Equal(f.changesOf(object.Key{Group: group, Kind: "Thing"}), []string{"a"})
	})
	thing := f.manifest(`{apiVersion: ` + group + `/v1, kind: Thing, metadata: {name: x}, spec: {a: [1]}}`)
	object.Track(thing, "a")
	f.must(c.Watch(f.ctx, "a", needs))
	done, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: thing})
	f.must(err)
	if !c.Seen(key, done.Object.GetResourceVersion()) {
		t.Error("the cache does not show what was written")
	}
	// A client-side apply replaces lists of such kinds.
	f.must(unstructured.SetNestedSlice(thing.Object, []any{int64(2)}, "spec", "a"))
	done, err = c.Apply(f.ctx, cluster.ApplyRequest{Object: thing, Mode: cluster.ClientSide})
	f.must(err)
	if list, _, _ := unstructured.NestedSlice(done.Object.Object, "spec", "a"); len(list) != 1 || list[0] != int64(2) {
		t.Errorf("merged: %v", list)
	}
	kinds, err := c.Kinds(f.ctx)
	f.must(err)
	for _, want := range []string{"v1", "v1/Pod", "apps/v1/Deployment", group + "/v1/Thing"} {
		if !slices.Contains(kinds.APIVersions(), want) {
			t.Errorf("API versions lack %s", want)
		}
	}
	if !strings.HasPrefix(kinds.KubeVersion(), "v1.") {
		t.Errorf("version %s", kinds.KubeVersion())
	}
	f.must(f.dynamic.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}).Delete(f.ctx, definition.GetName(), metav1.DeleteOptions{}))
	f.eventually("its users are told that the kind is not served", func() bool {
		return len(f.changesOf(object.Key{Group: group, Kind: "Thing"})) == 2
	})
	if _, err := c.Get(f.ctx, key, ""); !errors.As(err, &unserved) {
		t.Errorf("a kind that is no longer served: %v", err)
	}
	if slices.Contains(c.Watching(), kind) || len(c.Managed("a", false)) != 0 {
		t.Errorf("still known: %v, %v", c.Watching(), c.Managed("a", false))
	}
	deleted, err := c.Delete(f.ctx, cluster.DeleteRequest{Key: key})
	f.must(err)
	if !deleted.Gone {
		t.Error("an object went with its kind")
	}
}
