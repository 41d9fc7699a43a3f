// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/generated/clientset/versioned"
	"argosy.dev/argosy/generated/informers/externalversions"
	"argosy.dev/argosy/hack/e2e/framework"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Informers of client-go get their first list as a stream of watch events, and
// see objects of either group under their own.
func TestInformerWatchList(t *testing.T) {
	t.Parallel()
	for _, group := range []string{framework.NativeGroup, framework.CompatGroup} {
		t.Run(group, func(t *testing.T) {
			ns := newNamespace(t)
			gvr := schema.GroupVersionResource{Group: group, Version: "v1alpha1", Resource: "workflowtemplates"}
			var streamed, listed atomic.Int32
			cfg := rest.CopyConfig(admin.Config)
			cfg.Wrap(func(next http.RoundTripper) http.RoundTripper {
				return roundTripper(func(r *http.Request) (*http.Response, error) {
					if r.URL.Query().Get("sendInitialEvents") == "true" {
						streamed.Add(1)
					} else if r.Method == http.MethodGet && r.URL.Query().Get("watch") != "true" {
						listed.Add(1)
					}
					return next.RoundTrip(r)
				})
			})
			c, err := framework.ForConfig(cfg, admin.Kubeconfig)
			if err != nil {
				t.Fatal(err)
			}
			create(t, admin, ns, template)
			type event struct {
				kind    watch.EventType
				version string
			}
			events := make(chan event, 10)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			ended, err := framework.Record(ctx, c.Dynamic, gvr, ns, "", func(e watch.EventType, o *unstructured.Unstructured) {
				events <- event{e, o.GetAPIVersion()}
			})
			if err != nil {
				t.Fatal(err)
			}
			if streamed.Load() != 1 || listed.Load() != 0 {
				t.Errorf("the first list came by %d streams and %d lists", streamed.Load(), listed.Load())
			}
			// Written through the native group, seen through the informer's.
			native := admin.Dynamic.Resource(framework.Native("workflowtemplates")).Namespace(ns)
			if _, err := native.Patch(ctx, "greet", types.MergePatchType, []byte(`{"metadata":{"labels":{"team":"z"}}}`), metav1.PatchOptions{}); err != nil {
				t.Fatal(err)
			}
			if err := native.Delete(ctx, "greet", metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
			for _, kind := range []watch.EventType{watch.Added, watch.Modified, watch.Deleted} {
				select {
				case e := <-events:
					if e.kind != kind || e.version != gvr.GroupVersion().String() {
						t.Errorf("event %v, want %s of %s", e, kind, gvr.GroupVersion())
					}
				case <-ctx.Done():
					t.Fatalf("no event %s", kind)
				}
			}
			cancel()
			<-ended
		})
	}
}

// The generated informers work against the server: typed objects, by the same
// stream.
func TestGeneratedInformer(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	wf := startGated(t, ns)
	client, err := versioned.NewForConfig(admin.Config)
	if err != nil {
		t.Fatal(err)
	}
	factory := externalversions.NewSharedInformerFactoryWithOptions(client, 0, externalversions.WithNamespace(ns))
	informer := factory.Workflow().V1alpha1().Workflows()
	// Before the start, or the factory does not know of it.
	shared := informer.Informer()
	ended := make(chan *wfv1.Workflow, 1)
	if _, err := shared.AddEventHandler(cache.ResourceEventHandlerFuncs{UpdateFunc: func(_, o any) {
		if w, ok := o.(*wfv1.Workflow); ok && w.Status.Phase == wfv1.WorkflowFailed {
			select {
			case ended <- w:
			default:
			}
		}
	}}); err != nil {
		t.Fatal(err)
	}
	ctx := within(t, time.Minute)
	factory.StartWithContext(ctx)
	if !cache.WaitForCacheSync(ctx.Done(), shared.HasSynced) {
		t.Fatal("the informer did not sync")
	}
	got, err := informer.Lister().Workflows(ns).Get(wf.GetName())
	if err != nil || got.Spec.Entrypoint != "main" || got.Status.Phase != wfv1.WorkflowRunning {
		t.Fatalf("from the cache: %v %v", got, err)
	}
	if _, err := verb(ctx, admin, framework.Native("workflows"), ns, wf.GetName(), "stop", nil, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	select {
	case w := <-ended:
		if w.UID != wf.GetUID() {
			t.Errorf("event of another workflow %s", w.Name)
		}
	case <-ctx.Done():
		t.Error("the informer did not see the end")
	}
}
