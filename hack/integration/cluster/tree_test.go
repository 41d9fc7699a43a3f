// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"argosy.dev/argosy/pkg/application/object"
	"argosy.dev/argosy/pkg/cluster"
)

var (
	deployments = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	replicaSets = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "replicasets"}
	pods        = schema.GroupVersionResource{Version: "v1", Resource: "pods"}
)

// make creates an object that the owners own, with a status if it has one.
func (f *fixture) make(resource schema.GroupVersionResource, text string, owners ...*unstructured.Unstructured) *unstructured.Unstructured {
	f.Helper()
	u := f.manifest(text)
	yes := true
	var references []metav1.OwnerReference
	for _, o := range owners {
		references = append(references, metav1.OwnerReference{APIVersion: o.GetAPIVersion(), Kind: o.GetKind(), Name: o.GetName(), UID: o.GetUID(), Controller: &yes})
	}
	u.SetOwnerReferences(references)
	made, err := f.dynamic.Resource(resource).Namespace(f.namespace).Create(f.ctx, u, metav1.CreateOptions{})
	f.must(err)
	if status, has := u.Object["status"]; has {
		made.Object["status"] = status
		made, err = f.dynamic.Resource(resource).Namespace(f.namespace).UpdateStatus(f.ctx, made, metav1.UpdateOptions{})
		f.must(err)
	}
	return made
}

const template = `{metadata: {labels: {app: web}}, spec: {containers: [{name: main, image: "web:1"}]}}`

// The tree of a Deployment has its ReplicaSets and Pods, with how they do; and their changes reach its application.
func TestTreeOfADeployment(t *testing.T) {
	f := start(t, cluster.Config{})
	c := f.use("a", f.everywhere())
	u := f.manifest(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {selector: {matchLabels: {app: web}}, template: ` + template + `}}`)
	object.Track(u, "a")
	key := object.KeyOf(u)
	f.must(c.Watch(f.ctx, "a", cluster.Needs{Instance: "a", Objects: []object.Key{key}}))
	done, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: u})
	f.must(err)
	set := f.make(replicaSets, `{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web-1, annotations: {deployment.kubernetes.io/revision: "1", other: x}}, spec: {selector: {matchLabels: {app: web}}, template: `+template+`}}`, done.Object)
	pod := f.make(pods, `{apiVersion: v1, kind: Pod, metadata: {name: web-1-a, labels: {app: web}}, spec: {containers: [{name: main, image: "web:1", env: [{name: A, value: b}]}]},
		status: {phase: Running, containerStatuses: [{name: main, image: "web:1", imageID: "", ready: false, restartCount: 3, state: {waiting: {reason: CrashLoopBackOff}}}]}}`, set)
	f.make(pods, `{apiVersion: v1, kind: Pod, metadata: {name: stranger}, spec: {containers: [{name: main, image: "web:2"}]}}`)

	nodes, err := c.Tree(f.ctx, []object.Key{key, {Kind: "ConfigMap", Namespace: f.namespace, Name: "absent"}})
	f.must(err)
	var got []string
	for _, n := range nodes {
		got = append(got, n.Key.Label())
	}
	if !slices.Equal(got, []string{"deployment.apps/web", "replicaset.apps/web-1", "pod/web-1-a"}) {
		t.Fatalf("nodes: %v", got)
	}
	if !slices.Equal(nodes[1].Parents, []types.UID{done.Object.GetUID()}) || !slices.Equal(nodes[2].Parents, []types.UID{set.GetUID()}) || nodes[0].Parents != nil {
		t.Errorf("parents: %v, %v, %v", nodes[0].Parents, nodes[1].Parents, nodes[2].Parents)
	}
	if got := fmt.Sprint(nodes[1].Info, nodes[1].Images, nodes[2].Info, nodes[2].Images); got !=
		"[{Revision Rev:1}] [web:1] [{Status Reason CrashLoopBackOff} {Containers 0/1} {Restart Count 3}] [web:1]" {
		t.Errorf("info: %s", got)
	}
	if phase, _, _ := unstructured.NestedString(nodes[2].Object.Object, "status", "phase"); phase != "Running" || nodes[2].UID != pod.GetUID() {
		t.Errorf("pod: %v", nodes[2])
	}
	if containers, _, _ := unstructured.NestedSlice(nodes[2].Object.Object, "spec", "containers"); containers[0].(map[string]any)["env"] != nil {
		t.Error("the environment of a pod is held")
	}
	// The pod's change reaches the application of its Deployment; the stranger's reaches nobody.
	podKey := object.Key{Kind: "Pod", Namespace: f.namespace, Name: "web-1-a"}
	before := len(f.changesOf(podKey))
	for _, name := range []string{"stranger", "web-1-a"} {
		_, err = f.dynamic.Resource(pods).Namespace(f.namespace).Patch(f.ctx, name, types.MergePatchType, []byte(`{"metadata":{"labels":{"x":"y"}}}`), metav1.PatchOptions{})
		f.must(err) // a change that nobody can see
		_, err = f.dynamic.Resource(pods).Namespace(f.namespace).Patch(f.ctx, name, types.StrategicMergePatchType, []byte(`{"status":{"phase":"Failed"}}`), metav1.PatchOptions{}, "status")
		f.must(err)
	}
	f.eventually("the pod's change is told", func() bool { return len(f.changesOf(podKey)) > before })
	if got := f.changesOf(podKey)[before:]; !slices.Equal(got, []string{"a"}) {
		t.Errorf("told: %v", got)
	}
	f.must(f.dynamic.Resource(pods).Namespace(f.namespace).Delete(f.ctx, "web-1-a", metav1.DeleteOptions{GracePeriodSeconds: new(int64)}))
	f.eventually("its end is told", func() bool { return len(f.changesOf(podKey)) == before+3 }) // it is ended, and then gone
	if got := f.changesOf(object.Key{Kind: "Pod", Namespace: f.namespace, Name: "stranger"}); got != nil {
		t.Errorf("a stranger's change was told to %v", got)
	}
	live, err := f.dynamic.Resource(deployments).Namespace(f.namespace).Get(f.ctx, "web", metav1.GetOptions{})
	f.must(err)
	if live.GetResourceVersion() != done.Object.GetResourceVersion() {
		t.Error("a tree changed the Deployment")
	}
}

// Of an object of a kind that is not Kubernetes' own, everything is looked for that it may own.
func TestTreeOfACustomResource(t *testing.T) {
	f := start(t, cluster.Config{})
	group := f.namespace + ".example.com"
	c := f.use("a", f.everywhere())
	_, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: f.definition(group, "Owner")})
	f.must(err)
	key := object.Key{Group: group, Kind: "Owner", Namespace: f.namespace, Name: "o"}
	f.must(c.Watch(f.ctx, "a", cluster.Needs{Instance: "a", Objects: []object.Key{key}}))
	f.eventually("the kind is served", func() bool {
		_, err := c.Find(f.ctx, key.GroupKind(), "")
		return err == nil
	})
	owner := f.manifest(`{apiVersion: ` + group + `/v1, kind: Owner, metadata: {name: o}}`)
	object.Track(owner, "a")
	f.must(c.Watch(f.ctx, "a", cluster.Needs{Instance: "a", Objects: []object.Key{key}}))
	done, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: owner})
	f.must(err)
	child := f.make(configMaps, `{apiVersion: v1, kind: ConfigMap, metadata: {name: child}}`, done.Object)
	f.make(schema.GroupVersionResource{Version: "v1", Resource: "secrets"}, `{apiVersion: v1, kind: Secret, metadata: {name: grandchild}}`, child)
	nodes, err := c.Tree(f.ctx, []object.Key{key})
	f.must(err)
	var got []string
	for _, n := range nodes {
		got = append(got, n.Key.Kind+"/"+n.Key.Name)
	}
	if !slices.Equal(got, []string{"Owner/o", "ConfigMap/child", "Secret/grandchild"}) {
		t.Errorf("nodes: %v", got)
	}
	f.wire.reset()
	if _, err := c.Tree(f.ctx, []object.Key{key}); err != nil || len(f.wire.asked()) != 0 {
		t.Errorf("the second time: %v, %v", f.wire.requests, err)
	}
}

func TestOrphans(t *testing.T) {
	f := start(t, cluster.Config{})
	c := f.use("a", cluster.ServiceAccount(f.namespace, "default-account"))
	f.make(configMaps, `{apiVersion: v1, kind: ConfigMap, metadata: {name: kube-root-ca.crt}}`)
	orphan := f.make(configMaps, `{apiVersion: v1, kind: ConfigMap, metadata: {name: orphan}}`)
	f.make(services, `{apiVersion: v1, kind: Service, metadata: {name: orphan}, spec: {ports: [{port: 80}]}}`)
	f.make(configMaps, `{apiVersion: v1, kind: ConfigMap, metadata: {name: owned}}`, orphan)
	u := f.configMap("managed", "b", "1")
	f.must(c.Watch(f.ctx, "a", cluster.Needs{Instance: "a", Objects: []object.Key{object.KeyOf(u)}}))
	_, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: u})
	f.must(err)
	nodes, err := c.Orphans(f.ctx, f.namespace)
	f.must(err)
	var got []string
	for _, n := range nodes {
		got = append(got, n.Key.Kind+"/"+n.Key.Name)
	}
	// The namespace's own binding gives the account its rights.
	if len(got) != 3 || got[0] != "ConfigMap/orphan" || got[1] != "Service/orphan" || nodes[2].Key.Kind != "RoleBinding" {
		t.Errorf("orphans: %v", got)
	}
}

// The volume claims of a StatefulSet are found by their names, and are no orphans.
func TestClaimsOfAStatefulSet(t *testing.T) {
	f := start(t, cluster.Config{})
	c := f.use("a", f.everywhere())
	u := f.manifest(`{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {selector: {matchLabels: {app: web}}, serviceName: db, template: ` + template + `,
		volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}}]}}`)
	object.Track(u, "a")
	f.must(c.Watch(f.ctx, "a", cluster.Needs{Instance: "a", Objects: []object.Key{object.KeyOf(u)}}))
	_, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: u})
	f.must(err)
	claims := schema.GroupVersionResource{Version: "v1", Resource: "persistentvolumeclaims"}
	for _, name := range []string{"data-db-0", "data-db-x", "data-db2-0"} {
		f.make(claims, `{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: `+name+`}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}}`)
	}
	nodes, err := c.Tree(f.ctx, []object.Key{object.KeyOf(u)})
	f.must(err)
	if len(nodes) != 2 || nodes[1].Key.Name != "data-db-0" {
		t.Errorf("nodes: %v", nodes)
	}
	orphans, err := c.Orphans(f.ctx, f.namespace)
	f.must(err)
	for _, n := range orphans {
		if n.Key.Name == "data-db-0" {
			t.Error("a claim of a StatefulSet is an orphan")
		}
	}
	if len(orphans) < 2 {
		t.Errorf("orphans: %v", orphans)
	}
}
