// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package loop

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
)

func pod(name, uid, version string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(uid), ResourceVersion: version}}
}

func TestOverlay(t *testing.T) {
	for _, test := range []struct {
		name    string
		know    func(*Overlay[string, *corev1.Pod])
		cached  *corev1.Pod
		seen    string
		version string // that is shown; empty: none
		behind  bool
	}{
		{name: "nothing is known", cached: pod("p", "1", "5"), seen: "9", version: "5"},
		{name: "written, the cache is older", know: func(o *Overlay[string, *corev1.Pod]) { o.Wrote("p", pod("p", "1", "10")) }, cached: pod("p", "1", "9"), seen: "9", version: "10", behind: true},
		{name: "written, the cache is as new", know: func(o *Overlay[string, *corev1.Pod]) { o.Wrote("p", pod("p", "1", "10")) }, cached: pod("p", "1", "10"), seen: "10", version: "10"},
		{name: "created, the cache has not got so far", know: func(o *Overlay[string, *corev1.Pod]) { o.Wrote("p", pod("p", "1", "10")) }, seen: "9", version: "10", behind: true},
		{name: "created, and deleted by another", know: func(o *Overlay[string, *corev1.Pod]) { o.Wrote("p", pod("p", "1", "10")) }, seen: "11"},
		{name: "created, it is not known how far the cache is", know: func(o *Overlay[string, *corev1.Pod]) { o.Wrote("p", pod("p", "1", "10")) }, version: "10", behind: true},
		{name: "deleted, the cache does not know", know: func(o *Overlay[string, *corev1.Pod]) { o.Deleted("p", "1") }, cached: pod("p", "1", "9"), seen: "9", behind: true},
		{name: "deleted, and another of the name", know: func(o *Overlay[string, *corev1.Pod]) { o.Deleted("p", "1") }, cached: pod("p", "2", "11"), seen: "11", version: "11"},
		{name: "deleted, the cache knows", know: func(o *Overlay[string, *corev1.Pod]) { o.Deleted("p", "1") }, seen: "11"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := &Overlay[string, *corev1.Pod]{}
			if test.know != nil {
				test.know(o)
			}
			view := map[string]*corev1.Pod{}
			if test.cached != nil {
				view["p"] = test.cached
			}
			if behind := o.Apply(view, test.seen); behind != test.behind {
				t.Errorf("behind: %t", behind)
			}
			version := ""
			if shown := view["p"]; shown != nil {
				version = shown.ResourceVersion
			}
			if version != test.version {
				t.Errorf("shows version %q, want %q", version, test.version)
			}
			if !test.behind && len(o.written)+len(o.deleted) > 0 {
				t.Error("something is remembered that the cache knows")
			}
		})
	}
}

// A key that is added is worked on once the caches are full, again after an error, a panic, and after the time that it asks for;
// Run returns when told to.
func TestRun(t *testing.T) {
	cluster := fake.NewClientset(pod("p", "1", "1"))
	factory := informers.NewSharedInformerFactory(cluster, 0)
	pods := factory.Core().V1().Pods().Informer()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var runs atomic.Int32
	l := New("test", "test", 2, cluster, func(_ context.Context, key types.NamespacedName) (time.Duration, error) {
		if len(pods.GetStore().ListKeys()) != 1 {
			t.Error("the cache was not filled")
		}
		switch runs.Add(1) {
		case 1:
			return 0, errors.New("at first it fails")
		case 2:
			panic("then it panics")
		case 3:
			return time.Millisecond, nil
		default:
			cancel()
			return 0, nil
		}
	})
	var failures atomic.Int32
	l.Measures(func(key types.NamespacedName, _ time.Duration, err error) {
		if key.Name != "p" {
			t.Errorf("measured: %s", key)
		}
		if err != nil {
			failures.Add(1)
		}
	})
	if err := On(pods, func(p *corev1.Pod) { l.Add(types.NamespacedName{Name: p.Name}) }); err != nil {
		t.Fatal(err)
	}
	l.Uses(factory, pods)
	if err := l.Run(ctx); err != nil {
		t.Error(err)
	}
	if n := runs.Load(); n != 4 {
		t.Errorf("%d runs, want 4", n)
	}
	if n := failures.Load(); n != 2 {
		t.Errorf("%d failures were measured, want that of an error and that of a panic", n)
	}
}

func TestSooner(t *testing.T) {
	for _, test := range []struct{ a, b, want time.Duration }{{0, 0, 0}, {0, 3, 3}, {3, 0, 3}, {2, 3, 2}, {3, 2, 2}} {
		if got := Sooner(test.a, test.b); got != test.want {
			t.Errorf("%d, %d: %d", test.a, test.b, got)
		}
	}
}
