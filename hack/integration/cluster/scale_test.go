// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"argosy.dev/argosy/hack/integration/kubetest"
	"argosy.dev/argosy/pkg/application/object"
	"argosy.dev/argosy/pkg/cluster"
)

// Many applications at a time cost one request an object, and one watch.
func TestManyApplications(t *testing.T) {
	const applications, each = 60, 10
	f := start(t, cluster.Config{})
	everywhere := f.everywhere()
	group, ctx := errgroup.WithContext(f.ctx)
	group.SetLimit(16)
	for i := range applications {
		group.Go(func() error {
			name := fmt.Sprintf("app-%d", i)
			c, err := f.caches.Use(name, f.own(), everywhere)
			if err != nil {
				return err
			}
			needs := cluster.Needs{Instance: name}
			for j := range each {
				needs.Objects = append(needs.Objects, object.KeyOf(f.configMap(fmt.Sprintf("%s-%d", name, j), name, "")))
			}
			if err := c.Watch(ctx, name, needs); err != nil {
				return err
			}
			for j, key := range needs.Objects {
				if live, err := c.Get(ctx, key, "v1"); err != nil || live != nil {
					return fmt.Errorf("before it is applied: %v, %w", live, err)
				}
				done, err := c.Apply(ctx, cluster.ApplyRequest{Object: f.configMap(fmt.Sprintf("%s-%d", name, j), name, "1"), Migrate: cluster.MigratedManagers})
				if err != nil {
					return err
				}
				if !c.Seen(key, done.Object.GetResourceVersion()) {
					return fmt.Errorf("%s is not seen", key)
				}
			}
			if got := len(c.Managed(name, false)); got != each {
				return fmt.Errorf("%s has %d objects", name, got)
			}
			return nil
		})
	}
	f.must(group.Wait())
	if n := f.wire.count("PATCH", ""); n != applications*each {
		t.Errorf("%d PATCHes", n)
	}
	if n := f.wire.count("GET", "/configmaps") + f.wire.count("WATCH", "/configmaps"); n != 1 {
		t.Errorf("%d reads of ConfigMaps", n)
	}
	if n := f.wire.count("GET", "/api"); n > 12 { // discovery: at first, and as often after the definitions were listed
		t.Errorf("%d requests of discovery", n)
	}
	t.Logf("%d requests for %d objects", len(f.wire.requests), applications*each)
}

// After the API server was away everything goes on, with what has happened.
func TestOutage(t *testing.T) {
	server, err := kubetest.Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	before := admin
	admin = server.Config
	t.Cleanup(func() { admin = before })
	f := start(t, cluster.Config{})
	c := f.use("a", f.everywhere())
	u := f.configMap("a", "a", "1")
	key := object.KeyOf(u)
	f.must(c.Watch(f.ctx, "a", cluster.Needs{Instance: "a", Objects: []object.Key{key}}))
	_, err = c.Apply(f.ctx, cluster.ApplyRequest{Object: u})
	f.must(err)
	f.must(server.Outage(f.ctx, func() {
		f.eventually("the cache knows that the cluster is away", func() bool { return c.Err() != nil })
		if live, err := c.Get(f.ctx, key, ""); err != nil || live == nil {
			t.Errorf("what is known is not told: %v, %v", live, err)
		}
		if _, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: u}); err == nil {
			t.Error("applied to a cluster that is away")
		}
	}))
	told := len(f.changesOf(key))
	_, err = dynamic.NewForConfigOrDie(server.Config).Resource(configMaps).Namespace(f.namespace).Patch(f.ctx, "a", types.MergePatchType, []byte(`{"data":{"key":"2"}}`), metav1.PatchOptions{})
	f.must(err)
	f.eventually("the change is told", func() bool { return len(f.changesOf(key)) > told })
	if err := c.Err(); err != nil {
		t.Errorf("the cluster is there again: %v", err)
	}
}
