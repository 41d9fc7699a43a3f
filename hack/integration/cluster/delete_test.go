// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"argosy.dev/argosy/pkg/application/object"
	"argosy.dev/argosy/pkg/cluster"
)

func TestDelete(t *testing.T) {
	f := start(t, cluster.Config{})
	c := f.use("app", cluster.ServiceAccount(f.namespace, "default-account"))
	done, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: f.configMap("d", "app", "1")})
	f.must(err)
	key, uid := object.KeyOf(done.Object), done.Object.GetUID()
	there := func() bool {
		live, err := c.Get(f.ctx, key, "")
		f.must(err)
		return live != nil
	}
	dry, err := c.Delete(f.ctx, cluster.DeleteRequest{Key: key, UID: uid, DryRun: true, Propagation: metav1.DeletePropagationBackground})
	f.must(err)
	if !there() || dry.Message != "pruned (dry run)" {
		t.Errorf("a dry run: %+v, there %t", dry, there())
	}
	other, err := c.Delete(f.ctx, cluster.DeleteRequest{Key: key, UID: "another"})
	f.must(err)
	if !other.Gone || !there() {
		t.Errorf("the object of that UID is not there: %+v, there %t", other, there())
	}
	gone, err := c.Delete(f.ctx, cluster.DeleteRequest{Key: key, UID: uid, Propagation: metav1.DeletePropagationBackground})
	f.must(err)
	if !gone.Gone || gone.Message != "pruned" || there() {
		t.Errorf("%+v, there %t", gone, there())
	}
	again, err := c.Delete(f.ctx, cluster.DeleteRequest{Key: key, UID: uid})
	f.must(err)
	if !again.Gone {
		t.Errorf("the second time: %+v", again)
	}
	// What comes after it is another object.
	next, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: f.configMap("d", "app", "2")})
	f.must(err)
	if live, err := c.Get(f.ctx, key, ""); err != nil || live == nil || live.GetUID() != next.Object.GetUID() {
		t.Errorf("the cache shows %v, %v", live, err)
	}
}

// An object with a finalizer is going until the finalizer is taken off, and the cache shows it.
func TestFinalizer(t *testing.T) {
	f := start(t, cluster.Config{})
	c := f.use("app", cluster.ServiceAccount(f.namespace, "default-account"))
	u := f.configMap("h", "app", "1")
	u.SetFinalizers([]string{"example.com/other", object.FinalizerHook})
	done, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: u})
	f.must(err)
	key, uid := object.KeyOf(u), done.Object.GetUID()
	deleted, err := c.Delete(f.ctx, cluster.DeleteRequest{Key: key, UID: uid, Propagation: metav1.DeletePropagationBackground})
	f.must(err)
	live, err := c.Get(f.ctx, key, "")
	f.must(err)
	if deleted.Gone || live == nil || live.GetDeletionTimestamp() == nil {
		t.Fatalf("%+v, %v", deleted, live)
	}
	f.must(c.RemoveFinalizer(f.ctx, key, "another", object.FinalizerHook))
	f.must(c.RemoveFinalizer(f.ctx, key, uid, "example.com/none"))
	f.wire.reset()
	f.must(c.RemoveFinalizer(f.ctx, key, uid, object.FinalizerHook))
	if live, err = c.Get(f.ctx, key, ""); err != nil || live == nil || len(live.GetFinalizers()) != 1 {
		t.Fatalf("after the first: %v, %v", live, err)
	}
	f.must(c.RemoveFinalizer(f.ctx, key, uid, "example.com/other"))
	if live, err = c.Get(f.ctx, key, ""); err != nil || live != nil {
		t.Errorf("after the second: %v, %v", live, err)
	}
	if len(f.wire.asked()) != 2 {
		t.Errorf("requests: %v", f.wire.requests)
	}
	f.must(c.RemoveFinalizer(f.ctx, key, uid, "example.com/other"))
}

// The cache's view may be behind what others did to the finalizers.
func TestFinalizerAfterOthers(t *testing.T) {
	f := start(t, cluster.Config{})
	c := f.use("app", cluster.ServiceAccount(f.namespace, "default-account"))
	u := f.configMap("o", "app", "1")
	u.SetFinalizers([]string{"example.com/a", "example.com/b", object.FinalizerHook})
	done, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: u})
	f.must(err)
	for range 3 {
		live, err := f.dynamic.Resource(configMaps).Namespace(f.namespace).Get(f.ctx, "o", metav1.GetOptions{})
		f.must(err)
		live.SetFinalizers(append([]string{"example.com/new-" + live.GetResourceVersion()}, live.GetFinalizers()...))
		_, err = f.dynamic.Resource(configMaps).Namespace(f.namespace).Update(f.ctx, live, metav1.UpdateOptions{})
		f.must(err)
	}
	f.must(c.RemoveFinalizer(f.ctx, object.KeyOf(u), done.Object.GetUID(), object.FinalizerHook))
	live, err := f.dynamic.Resource(configMaps).Namespace(f.namespace).Get(f.ctx, "o", metav1.GetOptions{})
	f.must(err)
	if got := len(live.GetFinalizers()); got != 5 {
		t.Errorf("%d finalizers are left: %v", got, live.GetFinalizers())
	}
}

func TestDeleteNamespace(t *testing.T) {
	f := start(t, cluster.Config{})
	c := f.use("app", f.everywhere())
	name := f.newNamespace()
	key := object.Key{Kind: "Namespace", Name: name}
	for range 2 { // the second answer is a conflict, since it is going already
		deleted, err := c.Delete(f.ctx, cluster.DeleteRequest{Key: key})
		f.must(err)
		if deleted.Gone {
			t.Error("a namespace is gone at once")
		}
	}
}

// Some kinds answer a deletion with the object as it was.
func TestDeleteAnswersWithTheObject(t *testing.T) {
	f := start(t, cluster.Config{})
	c := f.use("app", cluster.ServiceAccount(f.namespace, "default-account"))
	for _, text := range []string{
		`{apiVersion: v1, kind: Service, metadata: {name: x}, spec: {ports: [{port: 80}]}}`,
		`{apiVersion: v1, kind: ServiceAccount, metadata: {name: x}}`,
		`{apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {containers: [{name: a, image: a}]}}`,
		`{apiVersion: apps/v1, kind: Deployment, metadata: {name: x}, spec: {selector: {matchLabels: {app: web}}, template: ` + template + `}}`,
	} {
		done, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: f.manifest(text)})
		f.must(err)
		key := object.KeyOf(done.Object)
		if live, err := c.Get(f.ctx, key, ""); err != nil || live == nil {
			t.Fatalf("%s: %v, %v", key, live, err)
		}
		deleted, err := c.Delete(f.ctx, cluster.DeleteRequest{Key: key, UID: done.Object.GetUID(), Propagation: metav1.DeletePropagationBackground})
		f.must(err)
		_, there := f.dynamic.Resource(mustFind(f, c, key).GVR()).Namespace(f.namespace).Get(f.ctx, "x", metav1.GetOptions{})
		if deleted.Gone != apierrors.IsNotFound(there) {
			t.Errorf("%s: gone %t, but %v", key, deleted.Gone, there)
		}
		live, err := c.Get(f.ctx, key, "")
		f.must(err)
		if deleted.Gone != (live == nil) {
			t.Errorf("%s: gone %t, but the cache has %v", key, deleted.Gone, live)
		}
	}
}

func mustFind(f *fixture, c *cluster.Cache, key object.Key) cluster.Kind {
	f.Helper()
	kind, err := c.Find(f.ctx, key.GroupKind(), "")
	f.must(err)
	return kind
}
