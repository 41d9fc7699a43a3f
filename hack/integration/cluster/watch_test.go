// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"argosy.dev/argosy/pkg/application/object"
	"argosy.dev/argosy/pkg/cluster"
)

// Two applications with the same rights share what is watched; one with other rights has its own.
func TestWatchesAreShared(t *testing.T) {
	f := start(t, cluster.Config{})
	everywhere := f.everywhere()
	a, b := f.use("a", everywhere), f.use("b", everywhere)
	if a != b {
		t.Fatal("two caches for the same rights")
	}
	for user, name := range map[string]string{"a": "one", "b": "two"} {
		needs := cluster.Needs{Instance: user, Objects: []object.Key{{Kind: "ConfigMap", Namespace: f.namespace, Name: name}}}
		for range 3 {
			f.must(a.Watch(f.ctx, user, needs))
		}
		_, err := a.Get(f.ctx, needs.Objects[0], "")
		f.must(err)
	}
	if n := f.wire.count("WATCH", "/api/v1/configmaps"); n != 1 {
		t.Errorf("%d watches of ConfigMaps", n)
	}
	if n := f.wire.count("WATCH", "/api/v1/"); n != 1 {
		t.Errorf("%d watches in all", n)
	}
	other := f.use("c", cluster.ServiceAccount(f.namespace, "default-account"))
	if other == a {
		t.Error("one cache for different rights")
	}
	if again := f.use("d", everywhere); again != a {
		t.Error("a third user has a cache of its own")
	}
}

// Whoever may not list the whole cluster has each namespace watched that it needs; what is forbidden there is an error of
// that namespace alone.
func TestNamespacesOneByOne(t *testing.T) {
	f := start(t, cluster.Config{})
	second, third := f.newNamespace(), f.newNamespace()
	f.allow(second, f.namespace, "default-account")
	c := f.use("app", cluster.ServiceAccount(f.namespace, "default-account"))
	in := func(namespace string) object.Key {
		return object.Key{Kind: "ConfigMap", Namespace: namespace, Name: "kube-root-ca.crt"}
	}
	f.must(c.Watch(f.ctx, "app", cluster.Needs{Instance: "app", Objects: []object.Key{in(f.namespace)}, Namespaces: []string{second}}))
	if f.wire.count("WATCH", "/namespaces/"+f.namespace+"/configmaps") != 1 || f.wire.count("WATCH", "/namespaces/"+second+"/configmaps") != 1 {
		t.Errorf("requests: %v", f.wire.requests)
	}
	if n := f.wire.count("GET", "/api/v1/configmaps") + f.wire.count("WATCH", "/api/v1/configmaps"); n != 1 {
		t.Errorf("the whole cluster was asked for %d times", n)
	}
	c = f.use("other", cluster.ServiceAccount(f.namespace, "default-account"))
	err := c.Watch(f.ctx, "other", cluster.Needs{Instance: "other", Objects: []object.Key{in(third), in(second)}})
	var problem *cluster.WatchError
	if !errors.As(err, &problem) || problem.Namespace != third || !strings.Contains(err.Error(), "forbidden") {
		t.Fatalf("a namespace without rights: %v", err)
	}
	if _, err := c.Get(f.ctx, in(second), ""); err != nil {
		t.Errorf("a namespace with rights: %v", err)
	}
	if _, err := c.Get(f.ctx, in(third), ""); !errors.As(err, &problem) {
		t.Errorf("a namespace without rights: %v", err)
	}
	f.must(c.Watch(f.ctx, "app", cluster.Needs{Instance: "app", Objects: []object.Key{in(f.namespace)}, Namespaces: []string{second}}))
	// Once the right is there, who needs it is told, and it works.
	f.allow(third, f.namespace, "default-account")
	f.eventually("the user is told that the kind can be read", func() bool {
		return slices.Contains(f.changesOf(object.Key{Kind: "ConfigMap"}), "other")
	})
	f.must(c.Watch(f.ctx, "other", cluster.Needs{Instance: "other", Objects: []object.Key{in(third), in(second)}}))
}

// Changes are told to those whom they concern, and to nobody if nothing that can be seen has changed.
func TestChanges(t *testing.T) {
	f := start(t, cluster.Config{})
	everywhere := f.everywhere()
	c := f.use("a", everywhere)
	f.use("b", everywhere)
	key := func(name string) object.Key {
		return object.Key{Kind: "ConfigMap", Namespace: f.namespace, Name: name}
	}
	f.must(c.Watch(f.ctx, "a", cluster.Needs{Instance: "instance-a", Objects: []object.Key{key("a"), key("shared")}}))
	f.must(c.Watch(f.ctx, "b", cluster.Needs{Instance: "instance-b", Objects: []object.Key{key("shared")}}))
	create := func(name, instance string) {
		t.Helper()
		_, err := f.dynamic.Resource(configMaps).Namespace(f.namespace).Create(f.ctx, f.configMap(name, instance, "1"), metav1.CreateOptions{})
		f.must(err)
	}
	create("untracked", "")
	create("a", "")              // by its name
	create("b", "instance-b")    // by its instance
	create("shared", "nobody's") // by both their names
	create("last", "instance-a")
	patch := func(name, body string) {
		t.Helper()
		_, err := f.dynamic.Resource(configMaps).Namespace(f.namespace).Patch(f.ctx, name, types.MergePatchType, []byte(body), metav1.PatchOptions{FieldManager: "test"})
		f.must(err)
	}
	f.eventually("the last one is told", func() bool { return len(f.changesOf(key("last"))) > 0 })
	for name, want := range map[string][]string{"untracked": nil, "a": {"a"}, "b": {"b"}, "shared": {"a", "b"}, "last": {"a"}} {
		got := f.changesOf(key(name))
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s was told to %v, not %v", name, got, want)
		}
	}
	// The same field written anew: another version of the object, that looks the same but for times.
	before := len(f.changesOf(key("last")))
	patch("last", `{"data":{"key":"2"}}`)
	f.eventually("a change is told", func() bool { return len(f.changesOf(key("last"))) == before+1 })
	patch("untracked", `{"data":{"key":"2"}}`)
	f.must(f.dynamic.Resource(configMaps).Namespace(f.namespace).Delete(f.ctx, "last", metav1.DeleteOptions{}))
	f.eventually("the end is told", func() bool { return len(f.changesOf(key("last"))) == before+2 })
	if got := f.changesOf(key("untracked")); len(got) != 0 {
		t.Errorf("what concerns nobody was told to %v", got)
	}
	// An instance taken off is told to whose it was.
	patch("b", `{"metadata":{"annotations":null}}`)
	f.eventually("the loss is told", func() bool { return len(f.changesOf(key("b"))) == 2 })
	if got := keys(c.Managed("instance-b", false)); len(got) != 0 {
		t.Errorf("managed: %v", got)
	}
}

// What an application has not made is held without content, until somebody needs it.
func TestOnlyWhatIsNeededIsHeldInFull(t *testing.T) {
	f := start(t, cluster.Config{})
	c := f.use("a", f.everywhere())
	u := f.configMap("theirs", "", "1")
	_, err := f.dynamic.Resource(configMaps).Namespace(f.namespace).Create(f.ctx, u, metav1.CreateOptions{})
	f.must(err)
	other := object.Key{Kind: "ConfigMap", Namespace: f.namespace, Name: "none"}
	f.must(c.Watch(f.ctx, "a", cluster.Needs{Instance: "a", Objects: []object.Key{other}}))
	f.wire.reset()
	for range 2 {
		live, err := c.Get(f.ctx, object.KeyOf(u), "")
		f.must(err)
		if live == nil || live.Object["data"] == nil {
			t.Fatalf("live: %v", live)
		}
	}
	if len(f.wire.asked()) != 1 {
		t.Errorf("requests: %v", f.wire.requests)
	}
	// Named as a need, it stays in full when it changes.
	f.must(c.Watch(f.ctx, "a", cluster.Needs{Instance: "a", Objects: []object.Key{object.KeyOf(u)}}))
	_, err = f.dynamic.Resource(configMaps).Namespace(f.namespace).Patch(f.ctx, "theirs", types.MergePatchType, []byte(`{"data":{"key":"2"}}`), metav1.PatchOptions{})
	f.must(err)
	f.eventually("the change is told", func() bool { return len(f.changesOf(object.KeyOf(u))) > 0 })
	live, err := c.Get(f.ctx, object.KeyOf(u), "")
	f.must(err)
	if data, _ := live.Object["data"].(map[string]any); data["key"] != "2" || len(f.wire.asked()) != 1 {
		t.Errorf("live %v; requests: %v", live, f.wire.requests)
	}
}

// Objects that were tracked by label belong to an application that says so.
func TestLabels(t *testing.T) {
	f := start(t, cluster.Config{})
	c := f.use("a", f.everywhere())
	u := f.configMap("labelled", "", "1")
	u.SetLabels(map[string]string{"app.kubernetes.io/instance": "a"})
	_, err := f.dynamic.Resource(configMaps).Namespace(f.namespace).Create(f.ctx, u, metav1.CreateOptions{})
	f.must(err)
	needs := cluster.Needs{Instance: "a", Objects: []object.Key{{Kind: "ConfigMap", Namespace: f.namespace, Name: "none"}}}
	f.must(c.Watch(f.ctx, "a", needs))
	if got := keys(c.Managed("a", false)); len(got) != 0 {
		t.Errorf("by annotation alone: %v", got)
	}
	needs.Label = true
	f.must(c.Watch(f.ctx, "a", needs))
	managed := c.Managed("a", true)
	if got := keys(managed); !slices.Equal(got, []string{"configmap/labelled"}) || managed[0].Object["data"] == nil {
		t.Errorf("by label: %v", managed)
	}
}

// A version in which a kind is not watched is asked for once per change.
func TestOtherVersions(t *testing.T) {
	f := start(t, cluster.Config{})
	c := f.use("a", f.everywhere())
	u := f.manifest(`{apiVersion: autoscaling/v1, kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: {maxReplicas: 3, targetCPUUtilizationPercentage: 50, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: d}}}`)
	object.Track(u, "a")
	key := object.KeyOf(u)
	f.must(c.Watch(f.ctx, "a", cluster.Needs{Instance: "a", Objects: []object.Key{key}}))
	done, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: u})
	f.must(err)
	f.eventually("the watch shows it", func() bool { return c.Seen(key, done.Object.GetResourceVersion()) })
	f.wire.reset()
	for range 3 {
		v1, err := c.Get(f.ctx, key, "v1")
		f.must(err)
		v2, err := c.Get(f.ctx, key, "")
		f.must(err)
		if v1.GetAPIVersion() != "autoscaling/v1" || v2.GetAPIVersion() != "autoscaling/v2" {
			t.Errorf("%s and %s", v1.GetAPIVersion(), v2.GetAPIVersion())
		}
	}
	if len(f.wire.asked()) != 1 {
		t.Errorf("requests: %v", f.wire.requests)
	}
}

// What nobody uses ends after a while: watches, and then the cache.
func TestUnusedEnds(t *testing.T) {
	f := start(t, cluster.Config{Idle: 200 * time.Millisecond})
	everywhere := f.everywhere()
	c := f.use("a", everywhere)
	needs := func(kind string) cluster.Needs {
		return cluster.Needs{Instance: "a", Objects: []object.Key{{Kind: kind, Namespace: f.namespace, Name: "x"}}}
	}
	f.must(c.Watch(f.ctx, "a", needs("ConfigMap")))
	f.must(c.Watch(f.ctx, "a", needs("Secret")))
	f.eventually("the watch that nobody needs has ended", func() bool {
		watching := c.Watching()
		return !slices.Contains(watching, schema.GroupKind{Kind: "ConfigMap"}) && slices.Contains(watching, schema.GroupKind{Kind: "Secret"})
	})
	f.must(c.Watch(f.ctx, "a", needs("ConfigMap"))) // and it begins anew
	f.caches.Release("a")
	f.eventually("the cache has ended", func() bool { return f.caches.Len() == 0 })
	if _, err := c.Get(f.ctx, needs("ConfigMap").Objects[0], ""); err == nil {
		t.Error("a cache that has ended answers")
	}
	if again := f.use("a", everywhere); again == c {
		t.Error("a cache that has ended is given out")
	}
}

func TestOwnCredentialsNeedAnIdentity(t *testing.T) {
	f := start(t, cluster.Config{})
	if _, err := f.caches.Use("a", f.own(), ""); err == nil {
		t.Error("the server's own credentials were given out")
	}
	for _, identity := range []cluster.Identity{"admin", "system:masters", "system:serviceaccount:a", "system:serviceaccount:a:b:c", "system:serviceaccount::b"} {
		if _, err := f.caches.Use("a", f.own(), identity); err == nil {
			t.Errorf("%q is no service account", identity)
		}
	}
}

// A manifest may name a namespace where its kind has none.
func TestObjectsOfTheWholeCluster(t *testing.T) {
	f := start(t, cluster.Config{})
	c := f.use("a", f.everywhere())
	u := f.manifest(`{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: ` + f.namespace + `}, rules: []}`)
	key := object.KeyOf(u)
	f.must(c.Watch(f.ctx, "a", cluster.Needs{Instance: "a", Objects: []object.Key{key}}))
	done, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: u})
	f.must(err)
	f.wire.reset()
	live, err := c.Get(f.ctx, key, "")
	f.must(err)
	if live == nil || live.GetUID() != done.Object.GetUID() || live.GetNamespace() != "" || len(f.wire.asked()) != 0 {
		t.Errorf("%v; requests: %v", live, f.wire.requests)
	}
	key.Namespace = ""
	if got := f.changesOf(key); !slices.Equal(got, []string{"a"}) {
		t.Errorf("told: %v", got)
	}
}

// A right that is taken away is told, and no more is shown of what it was for.
func TestRightsThatAreTakenAway(t *testing.T) {
	f := start(t, cluster.Config{Grace: time.Millisecond})
	second := f.newNamespace()
	f.allow(second, f.namespace, "default-account")
	c := f.use("a", cluster.ServiceAccount(f.namespace, "default-account"))
	in := func(namespace string) object.Key {
		return object.Key{Kind: "ConfigMap", Namespace: namespace, Name: "a"}
	}
	needs := cluster.Needs{Instance: "a", Objects: []object.Key{in(f.namespace), in(second)}}
	f.must(c.Watch(f.ctx, "a", needs))
	f.must(f.client.RbacV1().RoleBindings(second).DeleteCollection(f.ctx, metav1.DeleteOptions{}, metav1.ListOptions{}))
	f.cut(second) // watches that are open go on: the right is looked at when the next begins
	f.eventually("the user is told", func() bool { return len(f.changesOf(object.Key{Kind: "ConfigMap"})) > 0 })
	var problem *cluster.WatchError
	if err := c.Watch(f.ctx, "a", needs); !errors.As(err, &problem) || problem.Namespace != second {
		t.Errorf("after the right is gone: %v", err)
	}
	if _, err := c.Get(f.ctx, in(f.namespace), ""); err != nil {
		t.Errorf("where the right is left: %v", err)
	}
}
