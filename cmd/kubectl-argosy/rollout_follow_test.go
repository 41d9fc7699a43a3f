// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	metadatafake "k8s.io/client-go/metadata/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/ptr"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/generated/clientset/versioned/fake"
)

// followed is a rollout that is followed, in virtual time.
type followed struct {
	t       *testing.T
	cluster *metadatafake.FakeMetadataClient

	mu    sync.Mutex
	tree  rov1.RolloutTree
	reads int
	seen  []string
}

// message changes what the tree says.
func (f *followed) message(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tree.Message = text
}

func (f *followed) latest() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.seen) == 0 {
		return ""
	}
	return f.seen[len(f.seen)-1]
}

func (f *followed) read() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reads
}

// touch creates an object of the cluster anew, as something else that has the name.
func (f *followed) touch(resource string, labels map[string]string, owner types.UID) {
	f.t.Helper()
	gvr := corev1.SchemeGroupVersion.WithResource("pods")
	kind := "Pod"
	switch resource {
	case "replicasets":
		gvr, kind = appsv1.SchemeGroupVersion.WithResource(resource), "ReplicaSet"
	case "analysisruns":
		gvr, kind = rov1.SchemeGroupVersion.WithResource(resource), "AnalysisRun"
	}
	object := &metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: gvr.GroupVersion().String(), Kind: kind},
		ObjectMeta: metav1.ObjectMeta{Name: "x", Namespace: "ns", Labels: labels}}
	if owner != "" {
		object.OwnerReferences = []metav1.OwnerReference{{Kind: "Rollout", Name: "web", UID: owner, Controller: ptr.To(true)}}
	}
	if err := f.cluster.Tracker().Create(gvr, object, "ns"); err != nil {
		f.t.Fatal(err)
	}
	synctest.Wait()
}

// follow runs test while a rollout is followed by a caller who may watch all but forbidden.
func follow(t *testing.T, forbidden string, test func(*followed)) {
	synctest.Test(t, func(t *testing.T) {
		scheme := metadatafake.NewTestScheme()
		if err := metav1.AddMetaToScheme(scheme); err != nil {
			t.Fatal(err)
		}
		f := &followed{t: t, cluster: metadatafake.NewSimpleMetadataClient(scheme)}
		if forbidden != "" {
			f.cluster.PrependReactor("list", forbidden, func(clienttesting.Action) (bool, runtime.Object, error) {
				return true, nil, apierrors.NewForbidden(corev1.Resource(forbidden), "", nil)
			})
		}
		client := fake.NewClientset(&rov1.Rollout{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "ns", UID: "u"}, Status: rov1.RolloutStatus{Selector: "app=web"}})
		client.PrependReactor("get", "rollouts", func(action clienttesting.Action) (bool, runtime.Object, error) {
			if action.GetSubresource() != "tree" {
				return false, nil, nil
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			f.reads++
			return true, f.tree.DeepCopy(), nil
		})
		f.message("begins")
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			ended <- follower{client, f.cluster, "ns", "web", nil}.follow(ctx, func(t *rov1.RolloutTree) (bool, error) {
				f.mu.Lock()
				defer f.mu.Unlock()
				f.seen = append(f.seen, t.Message)
				return false, nil
			})
		}()
		time.Sleep(time.Minute) // of virtual time: all that begins has begun
		if f.latest() != "begins" {
			t.Errorf("shows %q", f.latest())
		}
		test(f)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		synctest.Wait()
	})
}

// TestFollowWatchesTheParts: where all parts may be watched, the tree is read when one changes, and not else.
func TestFollowWatchesTheParts(t *testing.T) {
	ours := map[string]string{"app": "web", rov1.LabelPodTemplateHash: "h"}
	for name, tc := range map[string]struct {
		resource string
		labels   map[string]string
		owner    types.UID
		shown    bool
	}{
		"a pod":                             {"pods", ours, "", true},
		"a ReplicaSet":                      {"replicasets", ours, "u", true},
		"an analysis run, without selector": {"analysisruns", map[string]string{rov1.LabelPodTemplateHash: "h"}, "u", true},
		"another's ReplicaSet":              {"replicasets", ours, "v", false},
		"a run that nobody owns":            {"analysisruns", ours, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			follow(t, "", func(f *followed) {
				reads := f.read()
				f.message("goes on")
				time.Sleep(time.Hour)
				if f.read() != reads {
					t.Errorf("%d reads without a change", f.read()-reads)
				}
				f.touch(tc.resource, tc.labels, tc.owner)
				if shown := f.latest() == "goes on"; shown != tc.shown {
					t.Errorf("shown at once: %t", shown)
				}
				if !tc.shown {
					return
				}
				// What another server tells a little later is seen, too.
				f.message("and on")
				time.Sleep(2 * refresh)
				if f.latest() != "and on" {
					t.Errorf("shows %q", f.latest())
				}
			})
		})
	}
}

// TestFollowWithoutWatch: where one of the parts must not be watched, the tree is read again and again, and a change of
// another part is shown at once all the same.
func TestFollowWithoutWatch(t *testing.T) {
	follow(t, "pods", func(f *followed) {
		f.message("goes on")
		time.Sleep(refresh + time.Millisecond)
		if f.latest() != "goes on" {
			t.Errorf("shows %q", f.latest())
		}
		reads := f.read()
		time.Sleep(10 * refresh)
		if n := f.read() - reads; n != 10 {
			t.Errorf("%d reads in 10 times the refresh", n)
		}
		f.message("and on")
		f.touch("replicasets", map[string]string{"app": "web", rov1.LabelPodTemplateHash: "h"}, "u")
		if f.latest() != "and on" {
			t.Errorf("shows %q", f.latest())
		}
	})
}
