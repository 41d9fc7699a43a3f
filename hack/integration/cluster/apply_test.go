// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"argosy.dev/argosy/pkg/application/object"
	"argosy.dev/argosy/pkg/cluster"
)

// A server-side apply is one request, and what it answered is in the cache at once.
func TestServerSideApplyIsOneRequest(t *testing.T) {
	f := start(t, cluster.Config{})
	c := f.use("app", cluster.ServiceAccount(f.namespace, "default-account"))
	u := f.configMap("a", "app", "1")
	key := object.KeyOf(u)
	f.must(c.Watch(f.ctx, "app", cluster.Needs{Instance: "app", Objects: []object.Key{key}}))
	f.wire.reset()
	done, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: u, Migrate: cluster.MigratedManagers})
	f.must(err)
	if done.Message != "configmap/a serverside-applied" {
		t.Errorf("message %q", done.Message)
	}
	if !c.Seen(key, done.Object.GetResourceVersion()) {
		t.Error("the cache does not show what was written")
	}
	live, err := c.Get(f.ctx, key, "")
	f.must(err)
	if live == nil || live.GetResourceVersion() != done.Object.GetResourceVersion() || live.GetUID() != done.Object.GetUID() {
		t.Fatalf("the cache shows %v", live)
	}
	fields := live.GetManagedFields()
	if len(fields) != 1 || fields[0].Manager != "argocd-controller" || fields[0].Operation != metav1.ManagedFieldsOperationApply {
		t.Errorf("managed fields %v", fields)
	}
	if got := keys(c.Managed("app", false)); !slices.Equal(got, []string{"configmap/a"}) {
		t.Errorf("managed: %v", got)
	}
	if f.wire.count("PATCH", "/configmaps/a") != 1 || len(f.wire.requests) != 1 {
		t.Errorf("requests: %v", f.wire.requests)
	}
}
