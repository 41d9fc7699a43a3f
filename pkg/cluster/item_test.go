// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"reflect"
	"runtime"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"argosy.dev/argosy/pkg/application/object"
)

var configMapTable = &table{kind: Kind{GroupVersionKind: schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, Resource: "configmaps", Namespaced: true}}

func parse(t testing.TB, text string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	raw, err := yaml.YAMLToJSON([]byte(text))
	if err == nil {
		err = u.UnmarshalJSON(raw)
	}
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func never(*item) bool { return false }

func mustItem(t testing.TB, tab *table, u *unstructured.Unstructured) *item {
	t.Helper()
	it, err := newItem(tab, u.DeepCopy(), "app.kubernetes.io/instance", never)
	if err != nil {
		t.Fatal(err)
	}
	return it
}

const managed = `
apiVersion: v1
kind: ConfigMap
metadata:
  name: a
  namespace: n
  uid: u
  resourceVersion: "7"
  annotations: {argocd.argoproj.io/tracking-id: "app:/ConfigMap:n/a"}
  managedFields: [{manager: m, operation: Apply, time: "2026-01-01T00:00:00Z", fieldsType: FieldsV1, fieldsV1: {"f:data": {}}}]
data: {n: "1"}
other: {int: 9007199254740993, float: 1.5, "null": null, list: [1, {a: b}]}
`

// What is held in full comes back as it was, but for the times of managed fields.
func TestItemHoldsTheWholeObject(t *testing.T) {
	u := parse(t, managed)
	got := mustItem(t, configMapTable, u).object(configMapTable.kind)
	want := u.DeepCopy()
	delete(want.Object["metadata"].(map[string]any)["managedFields"].([]any)[0].(map[string]any), "time")
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestItemThatLooksTheSame(t *testing.T) {
	base := mustItem(t, configMapTable, parse(t, managed))
	for name, test := range map[string]struct {
		change func(*unstructured.Unstructured)
		same   bool
	}{
		"version": {func(u *unstructured.Unstructured) { u.SetResourceVersion("8") }, true},
		"times": {func(u *unstructured.Unstructured) {
			u.Object["metadata"].(map[string]any)["managedFields"].([]any)[0].(map[string]any)["time"] = "2027-01-01T00:00:00Z"
		}, true},
		"managers": {func(u *unstructured.Unstructured) { u.SetManagedFields(nil) }, false},
		"label":    {func(u *unstructured.Unstructured) { u.SetLabels(map[string]string{"a": "b"}) }, false},
		"content":  {func(u *unstructured.Unstructured) { u.Object["data"] = map[string]any{"n": "2"} }, false},
		"uid":      {func(u *unstructured.Unstructured) { u.SetUID("v") }, false},
	} {
		u := parse(t, managed)
		test.change(u)
		if got := base.same(mustItem(t, configMapTable, u)); got != test.same {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestWhoseAnItemIs(t *testing.T) {
	for value, want := range map[string]struct {
		instance string
		full     bool
	}{
		"app:/ConfigMap:n/a": {"app", true},
		"app:/ConfigMap:n/b": {"", false}, // copied from another object
		"app:/Secret:n/a":    {"", false},
		"nonsense":           {"", false},
	} {
		u := parse(t, managed)
		object.Annotate(u, "argocd.argoproj.io/tracking-id", value)
		it := mustItem(t, configMapTable, u)
		if it.instance != want.instance || it.full != want.full || !it.annotated {
			t.Errorf("%s: %q, full %t", value, it.instance, it.full)
		}
		if got := it.object(configMapTable.kind); !want.full && got.Object["data"] != nil || got.GetName() != "a" || got.GetUID() != "u" || got.GetResourceVersion() != "7" {
			t.Errorf("%s: %v", value, got)
		}
	}
}

// A cache's object is decoded once for all who use it at a time.
func TestDecodedOnce(t *testing.T) {
	it := mustItem(t, configMapTable, parse(t, managed))
	first := it.object(configMapTable.kind)
	if it.object(configMapTable.kind) != first {
		t.Error("decoded twice")
	}
	runtime.KeepAlive(first)
}

// BenchmarkMemory tells what 5,000 objects of applications cost: "held" is what a cache holds, "decoded" is what the same
// objects cost as maps.
func BenchmarkMemory(b *testing.B) {
	const n = 5000
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	source := func(i int) *unstructured.Unstructured {
		u := parse(b, managed)
		u.SetName(fmt.Sprintf("config-%d", i))
		u.SetUID("00000000-0000-0000-0000-000000000000")
		u.SetCreationTimestamp(metav1.Now())
		object.Track(u, fmt.Sprintf("application-%d", i/10))
		return u
	}
	for name, make := range map[string]func(*index, map[place]*item, int) any{
		"decoded": func(_ *index, _ map[place]*item, i int) any { return source(i) },
		"held": func(x *index, items map[place]*item, i int) any {
			it := mustItem(b, configMapTable, source(i))
			items[it.place] = it
			x.add(it)
			return it
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				before := heap()
				x, items := newIndex(), map[place]*item{}
				all := []any{}
				for i := range n {
					all = append(all, make(&x, items, i))
				}
				b.ReportMetric(float64(heap()-before)/n, "B/object")
				runtime.KeepAlive(all)
				runtime.KeepAlive(x)
			}
		})
	}
}
