// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"
)

// ListWatch lists and watches a resource in namespace ("" is all), narrowed
// by selectors when they are not empty.
func ListWatch(dyn dynamic.Interface, gvr schema.GroupVersionResource, namespace, fieldSelector, labelSelector string) cache.ListerWatcher {
	r := dyn.Resource(gvr).Namespace(namespace)
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			o.FieldSelector, o.LabelSelector = fieldSelector, labelSelector
			return r.List(ctx, o)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.FieldSelector, o.LabelSelector = fieldSelector, labelSelector
			return r.Watch(ctx, o)
		},
	}
}

// WaitFor watches one object until done says so, and returns it as it then
// was. It survives restarts of the servers in between. The error tells what
// was seen last.
func WaitFor(ctx context.Context, dyn dynamic.Interface, gvr schema.GroupVersionResource, namespace, name string, done func(*unstructured.Unstructured) (bool, error)) (*unstructured.Unstructured, error) {
	var last *unstructured.Unstructured
	lw := ListWatch(dyn, gvr, namespace, fields.OneTermEqualSelector("metadata.name", name).String(), "")
	_, err := watchtools.UntilWithSync(ctx, lw, &unstructured.Unstructured{}, nil, func(e watch.Event) (bool, error) {
		o, ok := e.Object.(*unstructured.Unstructured)
		if !ok {
			return false, fmt.Errorf("watch of %s gave %T", gvr.Resource, e.Object)
		}
		last = o
		if e.Type == watch.Deleted {
			return false, fmt.Errorf("%s %s/%s was deleted", gvr.Resource, namespace, name)
		}
		return done(o)
	})
	if err != nil {
		return last, fmt.Errorf("wait for %s %s/%s: %w; last seen: %s", gvr.Resource, namespace, name, err, summary(last))
	}
	return last, nil
}

// WaitGone watches until the object is gone.
func WaitGone(ctx context.Context, dyn dynamic.Interface, gvr schema.GroupVersionResource, namespace, name string) error {
	lw := ListWatch(dyn, gvr, namespace, fields.OneTermEqualSelector("metadata.name", name).String(), "")
	_, err := watchtools.UntilWithSync(ctx, lw, &unstructured.Unstructured{},
		func(s cache.Store) (bool, error) { return len(s.List()) == 0, nil },
		func(e watch.Event) (bool, error) { return e.Type == watch.Deleted, nil })
	if err != nil {
		return fmt.Errorf("wait until %s %s/%s is gone: %w", gvr.Resource, namespace, name, err)
	}
	return nil
}

// Record watches a resource from now until ctx ends and calls see for every
// event, one at a time. It returns when the first list is in; what existed
// before comes as Added. After ctx ended, wait on the returned channel before
// reading what see wrote.
func Record(ctx context.Context, dyn dynamic.Interface, gvr schema.GroupVersionResource, namespace, labelSelector string, see func(watch.EventType, *unstructured.Unstructured)) (<-chan struct{}, error) {
	give := func(t watch.EventType, o any) {
		if d, ok := o.(cache.DeletedFinalStateUnknown); ok {
			o = d.Obj
		}
		if u, ok := o.(*unstructured.Unstructured); ok {
			see(t, u)
		}
	}
	_, ctl := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: ListWatch(dyn, gvr, namespace, "", labelSelector),
		ObjectType:    &unstructured.Unstructured{},
		Handler: cache.ResourceEventHandlerFuncs{
			AddFunc:    func(o any) { give(watch.Added, o) },
			UpdateFunc: func(_, o any) { give(watch.Modified, o) },
			DeleteFunc: func(o any) { give(watch.Deleted, o) },
		},
	})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		ctl.RunWithContext(ctx)
	}()
	if !cache.WaitForCacheSync(ctx.Done(), ctl.HasSynced) {
		return nil, fmt.Errorf("first list of %s did not come: %w", gvr.Resource, ctx.Err())
	}
	return ended, nil
}

func summary(o *unstructured.Unstructured) string {
	if o == nil {
		return "nothing"
	}
	phase, _, _ := unstructured.NestedString(o.Object, "status", "phase")
	message, _, _ := unstructured.NestedString(o.Object, "status", "message")
	progress, _, _ := unstructured.NestedString(o.Object, "status", "progress")
	a, err := meta.Accessor(o)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("resourceVersion %s, phase %q, progress %q, message %q", a.GetResourceVersion(), phase, progress, message)
}
