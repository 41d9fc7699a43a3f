// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"argosy.dev/argosy/pkg/application/object"
)

// The answer to a deletion says that the object is going. The watch may have said that it is gone before that is read.
func TestAnswerAfterTheEnd(t *testing.T) {
	kind := Kind{GroupVersionKind: schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, Resource: "configmaps", Namespaced: true}
	at := func(version string) *unstructured.Unstructured {
		u := &unstructured.Unstructured{}
		u.SetGroupVersionKind(kind.GroupVersionKind)
		u.SetNamespace("ns")
		u.SetName("a")
		u.SetUID("1")
		u.SetResourceVersion(version)
		if version != "5" {
			now := metav1.Now()
			u.SetDeletionTimestamp(&now)
		}
		return u
	}
	c := &Cache{
		caches: &Caches{config: Config{Changed: func(Change) {}}}, ctx: t.Context(),
		tables: map[schema.GroupKind]*table{}, users: map[string]*user{}, index: newIndex(), waiting: map[object.Key][]chan struct{}{},
	}
	tb := &table{kind: kind, items: map[place]*item{}, gone: nil, scopes: map[string]*scope{}}
	c.tables[kind.GroupKind()] = tb
	s := newScope(c, tb, "")
	t.Cleanup(s.cancel)
	tb.scopes[""] = s
	if err := s.Replace([]any{at("5")}, "5"); err != nil {
		t.Fatal(err)
	}
	c.learn(kind, at("6"))
	if it := c.lookup(object.KeyOf(at("6"))); it == nil || it.version != "6" {
		t.Fatalf("what was answered is not known: %+v", it)
	}
	if err := s.Delete(at("7")); err != nil {
		t.Fatal(err)
	}
	c.learn(kind, at("6"))
	if it := c.lookup(object.KeyOf(at("6"))); it != nil {
		t.Error("an object that is gone is back")
	}
	c.learn(kind, at("8"))
	if c.lookup(object.KeyOf(at("8"))) == nil {
		t.Error("a later object is not known")
	}
}
