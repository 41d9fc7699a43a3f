// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"argosy.dev/argosy/pkg/application/object"
	"argosy.dev/argosy/pkg/cluster"
)

var (
	configMaps = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
	services   = schema.GroupVersionResource{Version: "v1", Resource: "services"}
)

// A server-side apply is one request, and what it answered is in the cache at once.
func TestServerSideApplyIsOneRequest(t *testing.T) {
	f := start(t, cluster.Config{})
	c := f.use("app", cluster.ServiceAccount(f.namespace, "default-account"))
	u := f.configMap("a", "app", "1")
	key := object.KeyOf(u)
	f.must(c.Watch(f.ctx, "app", cluster.Needs{Instance: "app", Objects: []object.Key{key}}))
	f.wire.reset()
	for _, value := range []string{"1", "2"} {
		u = f.configMap("a", "app", value)
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
		if got, _, _ := unstructured.NestedString(live.Object, "data", "key"); got != value {
			t.Errorf("the cache shows the value %q, not %q", got, value)
		}
		fields := live.GetManagedFields()
		if len(fields) != 1 || fields[0].Manager != "argocd-controller" || fields[0].Operation != metav1.ManagedFieldsOperationApply {
			t.Errorf("managed fields %v", fields)
		}
	}
	if got := keys(c.Managed("app", false)); !slices.Equal(got, []string{"configmap/a"}) {
		t.Errorf("managed: %v", got)
	}
	if f.wire.count("PATCH", "/configmaps/a") != 2 || f.wire.count("", "") != 0 || len(f.wire.asked()) != 2 {
		t.Errorf("requests: %v", f.wire.requests)
	}
}

func TestValidationAndDryRun(t *testing.T) {
	f := start(t, cluster.Config{})
	c := f.use("app", cluster.ServiceAccount(f.namespace, "default-account"))
	u := f.manifest(`{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{port: 80, portt: 81}]}}`)
	_, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: u})
	if err == nil || !strings.Contains(err.Error(), "portt") {
		t.Fatalf("an unknown field: %v", err)
	}
	done, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: u, NoValidation: true, DryRun: true})
	f.must(err)
	if done.Message != "service/s created (dry run)" || done.Object.GetUID() == "" {
		t.Errorf("a dry run: %q, %v", done.Message, done.Object)
	}
	if _, err := f.dynamic.Resource(services).Namespace(f.namespace).Get(f.ctx, "s", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("after a dry run: %v", err)
	}
	if live, err := c.Get(f.ctx, object.KeyOf(u), ""); err != nil || live != nil {
		t.Errorf("the cache shows a dry run: %v %v", live, err)
	}
	done, err = c.Apply(f.ctx, cluster.ApplyRequest{Object: u, NoValidation: true})
	f.must(err)
	if done.Message != "service/s created" || done.Object.GetUID() == "" {
		t.Errorf("without validation: %q, %v", done.Message, done.Object)
	}
}

// Fields that a client-side apply wrote, and that the manifest no longer has, go.
func TestMigration(t *testing.T) {
	f := start(t, cluster.Config{})
	c := f.use("app", cluster.ServiceAccount(f.namespace, "default-account"))
	for _, manager := range cluster.MigratedManagers {
		t.Run(manager, func(t *testing.T) {
			old := f.configMap("m-"+manager, "app", "1")
			f.must(unstructured.SetNestedField(old.Object, "x", "data", "old"))
			_, err := f.dynamic.Resource(configMaps).Namespace(f.namespace).Create(f.ctx, old, metav1.CreateOptions{FieldManager: manager})
			f.must(err)
			u := f.configMap("m-"+manager, "app", "1")
			if _, err := c.Get(f.ctx, object.KeyOf(u), ""); err != nil {
				t.Fatal(err)
			}
			f.eventually("the cache shows the object", func() bool {
				live, err := c.Get(f.ctx, object.KeyOf(u), "")
				return err == nil && live != nil
			})
			f.wire.reset()
			done, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: u, Migrate: cluster.MigratedManagers})
			f.must(err)
			if _, there, _ := unstructured.NestedString(done.Object.Object, "data", "old"); there {
				t.Error("a field that is not in the manifest stays")
			}
			for _, entry := range done.Object.GetManagedFields() {
				if entry.Operation != metav1.ManagedFieldsOperationApply {
					t.Errorf("left: %v", entry)
				}
			}
			if f.wire.writes() != 2 {
				t.Errorf("requests: %v", f.wire.requests)
			}
			f.wire.reset()
			_, err = c.Apply(f.ctx, cluster.ApplyRequest{Object: u, Migrate: cluster.MigratedManagers})
			f.must(err)
			if len(f.wire.asked()) != 1 {
				t.Errorf("the second time: %v", f.wire.requests)
			}
		})
	}
}

func TestReplace(t *testing.T) {
	f := start(t, cluster.Config{})
	c := f.use("app", cluster.ServiceAccount(f.namespace, "default-account"))
	u := f.configMap("r", "app", "1")
	done, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: u, Mode: cluster.Replace})
	f.must(err)
	if done.Message != "configmap/r created" {
		t.Errorf("message %q", done.Message)
	}
	uid := done.Object.GetUID()
	// Somebody else's write comes between, three times.
	left := 3
	f.wire.before = func(r *http.Request) {
		if r.Method != http.MethodPut || left == 0 {
			return
		}
		left--
		patch := []byte(`{"data":{"theirs":"` + strings.Repeat("x", left) + `"}}`)
		if _, err := f.dynamic.Resource(configMaps).Namespace(f.namespace).Patch(f.ctx, "r", types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			t.Error(err)
		}
	}
	u = f.configMap("r", "app", "2")
	done, err = c.Apply(f.ctx, cluster.ApplyRequest{Object: u, Mode: cluster.Replace})
	f.must(err)
	if left != 0 || f.wire.count("PUT", "") != 4 {
		t.Errorf("requests: %v", f.wire.requests)
	}
	if _, theirs, _ := unstructured.NestedString(done.Object.Object, "data", "theirs"); theirs || done.Message != "configmap/r replaced" || done.Object.GetUID() != uid {
		t.Errorf("%q: %v", done.Message, done.Object)
	}
}

// Force deletes, waits for the object to be gone, and creates; but never a namespace.
func TestForce(t *testing.T) {
	f := start(t, cluster.Config{})
	c := f.use("app", f.everywhere())
	u := f.configMap("f", "app", "1")
	before, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: u})
	f.must(err)
	_, err = f.dynamic.Resource(configMaps).Namespace(f.namespace).Patch(f.ctx, "f", types.MergePatchType,
		[]byte(`{"metadata":{"finalizers":["example.com/hold"]}}`), metav1.PatchOptions{})
	f.must(err)
	type result struct {
		cluster.Applied
		err error
	}
	came := make(chan result, 1)
	go func() {
		done, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: u, Mode: cluster.Replace, Force: true})
		came <- result{done, err}
	}()
	f.eventually("the object is being deleted", func() bool {
		live, err := f.dynamic.Resource(configMaps).Namespace(f.namespace).Get(f.ctx, "f", metav1.GetOptions{})
		return err == nil && live.GetDeletionTimestamp() != nil
	})
	select {
	case r := <-came:
		t.Fatalf("it did not wait: %v", r)
	default:
	}
	f.must(c.RemoveFinalizer(f.ctx, object.KeyOf(u), before.Object.GetUID(), "example.com/hold"))
	r := <-came
	f.must(r.err)
	if r.Message != "configmap/f replaced" || r.Object.GetUID() == before.Object.GetUID() {
		t.Errorf("%q, uid %s", r.Message, r.Object.GetUID())
	}

	namespace := &unstructured.Unstructured{}
	namespace.SetAPIVersion("v1")
	namespace.SetKind("Namespace")
	namespace.SetName(f.namespace)
	namespace.SetLabels(map[string]string{"a": "b"})
	f.wire.reset()
	for _, mode := range []cluster.Mode{cluster.Replace, cluster.ServerSide} {
		if _, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: namespace, Mode: mode, Force: true}); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
	}
	if f.wire.count("DELETE", "") != 0 {
		t.Error("a namespace was deleted")
	}
}

func TestClientSide(t *testing.T) {
	f := start(t, cluster.Config{})
	c := f.use("app", cluster.ServiceAccount(f.namespace, "default-account"))
	apply := func(text, message string) *unstructured.Unstructured {
		t.Helper()
		done, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: f.manifest(text), Mode: cluster.ClientSide})
		f.must(err)
		if done.Message != message {
			t.Errorf("message %q, not %q", done.Message, message)
		}
		return done.Object
	}
	first := `{apiVersion: v1, kind: Service, metadata: {name: c}, spec: {ports: [{name: a, port: 80}, {name: b, port: 81}], selector: {x: "1"}}}`
	apply(first, "service/c created")
	f.wire.reset()
	apply(first, "service/c unchanged")
	if len(f.wire.asked()) != 0 {
		t.Errorf("nothing was to be done: %v", f.wire.requests)
	}
	// Somebody adds a port, which stays; the manifest drops one, which goes.
	_, err := f.dynamic.Resource(services).Namespace(f.namespace).Patch(f.ctx, "c", types.StrategicMergePatchType,
		[]byte(`{"spec":{"ports":[{"name":"theirs","port":99}]}}`), metav1.PatchOptions{})
	f.must(err)
	f.eventually("the cache shows it", func() bool {
		live, err := c.Get(f.ctx, object.Key{Kind: "Service", Namespace: f.namespace, Name: "c"}, "")
		ports, _, _ := unstructured.NestedSlice(live.Object, "spec", "ports")
		return err == nil && len(ports) == 3
	})
	live := apply(`{apiVersion: v1, kind: Service, metadata: {name: c}, spec: {ports: [{name: a, port: 80}], selector: {x: "1"}}}`, "service/c configured")
	var names []string
	ports, _, _ := unstructured.NestedSlice(live.Object, "spec", "ports")
	for _, port := range ports {
		names = append(names, port.(map[string]any)["name"].(string))
	}
	if !slices.Contains(names, "theirs") || !slices.Contains(names, "a") || len(names) != 2 {
		t.Errorf("ports %v", names)
	}
}

// What a server says of a Secret that it refuses is not passed on if it holds values.
func TestErrorsHoldNoSecrets(t *testing.T) {
	f := start(t, cluster.Config{})
	c := f.use("app", cluster.ServiceAccount(f.namespace, "default-account"))
	const value = "correct horse battery"
	for _, text := range []string{
		`{apiVersion: v1, kind: Secret, metadata: {name: s}, type: kubernetes.io/dockerconfigjson, stringData: {.dockerconfigjson: "` + value + `"}}`,
		`{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {key: {nested: "` + value + `"}}}`,
		`{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {key: "` + value + `"}}`,
		`{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {"a/b ` + value + `": "` + value + `"}}`,
	} {
		for _, mode := range []cluster.Mode{cluster.ServerSide, cluster.Replace, cluster.ClientSide} {
			_, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: f.manifest(text), Mode: mode})
			if err == nil {
				t.Fatalf("%s: not refused: %s", mode, text)
			}
			t.Log(err)
			if strings.Contains(err.Error(), value) {
				t.Errorf("%s: %v", mode, err)
			}
		}
	}
}

func TestRightsThatAreLacking(t *testing.T) {
	f := start(t, cluster.Config{})
	c := f.use("app", cluster.ServiceAccount(f.namespace, "nobody"))
	_, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: f.configMap("a", "app", "1")})
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "system:serviceaccount:"+f.namespace+":nobody") {
		t.Errorf("the account without rights is not named: %v", err)
	}
	_, err = c.Delete(f.ctx, cluster.DeleteRequest{Key: object.Key{Kind: "ConfigMap", Namespace: f.namespace, Name: "a"}})
	if !apierrors.IsForbidden(err) {
		t.Errorf("deleting: %v", err)
	}
}

func TestNamesThatAreNone(t *testing.T) {
	f := start(t, cluster.Config{})
	c := f.use("app", cluster.ServiceAccount(f.namespace, "default-account"))
	f.must(c.Watch(f.ctx, "app", cluster.Needs{}))
	f.wire.reset()
	for _, name := range []string{"", "..", "a/../../b", "a/status", "%2e%2e"} {
		u := f.configMap("a", "app", "1")
		u.SetName(name)
		for _, mode := range []cluster.Mode{cluster.ServerSide, cluster.Replace, cluster.ClientSide} {
			if _, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: u, Mode: mode}); err == nil {
				t.Errorf("%q was applied", name)
			}
		}
		if _, err := c.Delete(f.ctx, cluster.DeleteRequest{Key: object.KeyOf(u)}); err == nil {
			t.Errorf("%q was deleted", name)
		}
	}
	u := f.configMap("a", "app", "1")
	u.SetNamespace("..")
	if _, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: u}); err == nil {
		t.Error("a namespace that is none")
	}
	if f.wire.writes() != 0 {
		t.Errorf("requests: %v", f.wire.requests)
	}
}

func TestKindThatIsNotServed(t *testing.T) {
	f := start(t, cluster.Config{})
	c := f.use("app", cluster.ServiceAccount(f.namespace, "default-account"))
	var unserved *cluster.NotServed
	_, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: f.manifest(`{apiVersion: example.com/v1, kind: Nothing, metadata: {name: n}}`)})
	if !errors.As(err, &unserved) {
		t.Errorf("applying: %v", err)
	}
	if _, err := c.Find(f.ctx, schema.GroupKind{Kind: "ConfigMap"}, "v9"); !errors.As(err, &unserved) || unserved.Version != "v9" {
		t.Errorf("a version that is not served: %v", err)
	}
}

// The role of a binding cannot be changed: it is deleted and created anew, if whoever syncs may create the other.
func TestBindingOfAnotherRole(t *testing.T) {
	f := start(t, cluster.Config{})
	admin := f.use("app", cluster.ServiceAccount(f.namespace, "default-account"))
	binding := func(role string) *unstructured.Unstructured {
		return f.manifest(`{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: b},
			roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ` + role + `}, subjects: [{kind: ServiceAccount, name: x, namespace: ` + f.namespace + `}]}`)
	}
	f.must(admin.Watch(f.ctx, "app", cluster.Needs{Instance: "app", Objects: []object.Key{object.KeyOf(binding("view"))}}))
	for _, mode := range []cluster.Mode{cluster.ServerSide, cluster.ClientSide} {
		t.Run(string(mode), func(t *testing.T) {
			before, err := admin.Apply(f.ctx, cluster.ApplyRequest{Object: binding("view"), Mode: mode})
			f.must(err)
			again, err := admin.Apply(f.ctx, cluster.ApplyRequest{Object: binding("view"), Mode: mode})
			f.must(err)
			if again.Object.GetUID() != before.Object.GetUID() {
				t.Error("it was made anew for the same role")
			}
			dry, err := admin.Apply(f.ctx, cluster.ApplyRequest{Object: binding("edit"), Mode: mode, DryRun: true})
			f.must(err)
			if dry.Message != "rolebinding.rbac.authorization.k8s.io/b replaced (dry run)" {
				t.Errorf("dry run: %q", dry.Message)
			}
			done, err := admin.Apply(f.ctx, cluster.ApplyRequest{Object: binding("edit"), Mode: mode})
			f.must(err)
			name, _, _ := unstructured.NestedString(done.Object.Object, "roleRef", "name")
			if name != "edit" || done.Object.GetUID() == before.Object.GetUID() || done.Message != "rolebinding.rbac.authorization.k8s.io/b replaced" {
				t.Errorf("%q: %v", done.Message, done.Object)
			}
		})
	}
	// Who may write bindings, but not bind that role, loses nothing.
	const weak = "weak"
	_, err := f.client.RbacV1().Roles(f.namespace).Create(f.ctx, &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: weak}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{rbacv1.GroupName}, Resources: []string{"rolebindings"}, Verbs: []string{"*"}},
	}}, metav1.CreateOptions{})
	f.must(err)
	_, err = f.client.RbacV1().RoleBindings(f.namespace).Create(f.ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: weak}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: weak},
		Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: f.namespace, Name: weak}},
	}, metav1.CreateOptions{})
	f.must(err)
	c := f.use("weak", cluster.ServiceAccount(f.namespace, weak))
	f.must(c.Watch(f.ctx, "weak", cluster.Needs{Instance: "app", Objects: []object.Key{object.KeyOf(binding("view"))}, Namespaces: []string{f.namespace}}))
	if _, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: binding("cluster-admin")}); !apierrors.IsForbidden(errors.Unwrap(err)) {
		t.Errorf("a role that may not be bound: %v", err)
	}
	live, err := f.client.RbacV1().RoleBindings(f.namespace).Get(f.ctx, "b", metav1.GetOptions{})
	f.must(err)
	if live.RoleRef.Name != "edit" {
		t.Errorf("it is of role %s", live.RoleRef.Name)
	}
}
