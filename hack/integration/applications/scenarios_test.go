// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package applications

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

var (
	services    = schema.GroupVersionResource{Version: "v1", Resource: "services"}
	definitions = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
)

// definition is a manifest that defines a kind of a group, with fields of any shape in its spec.
func definition(group, kind string) string {
	plural := strings.ToLower(kind) + "s"
	return fmt.Sprintf(`apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %[3]s.%[1]s}
spec:
  group: %[1]s
  scope: Namespaced
  names: {kind: %[2]s, plural: %[3]s}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, x-kubernetes-preserve-unknown-fields: true}}}}}]
`, group, kind, plural)
}

// undefine takes a definition away at the end of the test.
func (w *world) undefine(group, kind string) {
	w.Cleanup(func() {
		err := w.dynamic.Resource(definitions).Delete(context.Background(), strings.ToLower(kind)+"s."+group, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			w.Errorf("taking the definition away: %v", err)
		}
	})
}

// diff fails the test unless the application's diff is empty.
func (w *world) same(name string) {
	w.Helper()
	found, err := w.engine.Diff(w.Context(), w.get(name), &appv1.ApplicationDiffOptions{})
	w.must(err)
	if len(found.Resources) > 0 {
		w.Errorf("differences: %+v", found.Resources)
	}
}

// Scenario 32: a namespace that was created for an application stays when the application goes.
func TestCreatedNamespaceStays(t *testing.T) {
	w := newWorld(t, map[string]string{"app/a.yaml": configMap("a", "Healthy", "")})
	target := w.ns + "-new"
	w.app("app", "app", "syncPolicy: {syncOptions: [CreateNamespace=true]}")
	w.patch("app", "{spec: {destination: {namespace: "+target+"}}, metadata: {finalizers: [resources-finalizer.argocd.argoproj.io/background]}}")
	w.is("app", appv1.SyncStatusOutOfSync)
	app := w.sync("app", "")
	w.phase(app, appv1.OperationSucceeded, "")
	if got := results(app); len(got) != 2 || got["Namespace/"+target] != "Synced/Succeeded" {
		t.Errorf("results %v", got)
	}
	w.must(w.argosy.ApplicationV1alpha1().Applications(w.ns).Delete(t.Context(), "app", metav1.DeleteOptions{}))
	w.gone("app")
	ns, err := w.kube.CoreV1().Namespaces().Get(t.Context(), target, metav1.GetOptions{})
	w.must(err)
	if ns.DeletionTimestamp != nil || w.object(configMaps, target, "a") != nil {
		t.Error("the namespace goes, or the object has stayed")
	}
}

// Scenario 33: fields that the server does not know fail a sync, unless validation is off; and nothing is applied then.
func TestValidation(t *testing.T) {
	const odd = "apiVersion: v1\nkind: Service\nmetadata: {name: odd}\nspec: {ports: [{port: 80}], colour: red}\n"
	w := newWorld(t, map[string]string{"app/s.yaml": odd, "app/a.yaml": configMap("a", "Healthy", "")})
	w.app("app", "app", "")
	w.is("app", appv1.SyncStatusOutOfSync)
	app := w.sync("app", "")
	w.phase(app, appv1.OperationFailed, "colour")
	if got := results(app); len(got) != 1 || got["Service/odd"] != "SyncFailed/Failed" || w.object(configMaps, w.ns, "a") != nil {
		t.Errorf("results %v: %+v", got, app.Status.OperationState.SyncResult.Resources)
	}
	app = w.sync("app", "syncOptions: [Validate=false]")
	w.phase(app, appv1.OperationSucceeded, "")
	if w.object(services, w.ns, "odd") == nil || w.object(configMaps, w.ns, "a") == nil {
		t.Error("something is missing")
	}
	w.is("app", appv1.SyncStatusSynced)
}

// Scenario 63: quantities in custom resources are the same however they are written, if the settings say that they are
// quantities.
func TestKnownTypes(t *testing.T) {
	w := newWorld(t, map[string]string{
		"kinds/crd.yaml": definition("known.example.com", "Dummy"),
		"app/d.yaml":     "apiVersion: known.example.com/v1\nkind: Dummy\nmetadata: {name: d}\nspec: {requests: {cpu: 2000m}}\n",
	})
	dummies := schema.GroupVersionResource{Group: "known.example.com", Version: "v1", Resource: "dummys"}
	w.undefine("known.example.com", "Dummy")
	w.app("kinds", "kinds", "")
	w.is("kinds", appv1.SyncStatusOutOfSync)
	w.phase(w.sync("kinds", ""), appv1.OperationSucceeded, "")
	w.app("app", "app", "")
	w.is("app", appv1.SyncStatusOutOfSync)
	w.phase(w.sync("app", "retry: {limit: 5}"), appv1.OperationSucceeded, "")
	w.is("app", appv1.SyncStatusSynced)
	_, err := w.dynamic.Resource(dummies).Namespace(w.ns).Patch(t.Context(), "d", types.MergePatchType, []byte(`{"spec":{"requests":{"cpu":"2"}}}`), metav1.PatchOptions{})
	w.must(err)
	w.is("app", appv1.SyncStatusOutOfSync)
	w.settings(map[string]string{"resource.customizations.knownTypeFields.known.example.com_Dummy": "- field: spec.requests\n  type: core/v1/ResourceList\n"})
	w.is("app", appv1.SyncStatusSynced)
	w.same("app")
}

// Scenario 69: an object that has moved from another application is taken over by a sync: its id is rewritten, and a label
// of the user's stays.
func TestMovedObject(t *testing.T) {
	for _, option := range []string{"ServerSideApply=true", "ServerSideApply=false"} {
		t.Run(option, func(t *testing.T) {
			w := newWorld(t, map[string]string{"app/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {app.kubernetes.io/instance: mine}}\ndata: {health: Healthy}\n"})
			old := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "data": map[string]any{"health": "Healthy"}}}
			old.SetName("a")
			old.SetLabels(map[string]string{"app.kubernetes.io/instance": "mine"})
			old.SetAnnotations(map[string]string{appv1.AnnotationTrackingID: "other:/ConfigMap:" + w.ns + "/a"})
			_, err := w.dynamic.Resource(configMaps).Namespace(w.ns).Create(t.Context(), old, metav1.CreateOptions{FieldManager: "argocd-controller"})
			w.must(err)
			w.app("app", "app", "syncPolicy: {syncOptions: ["+option+"]}")
			w.is("app", appv1.SyncStatusOutOfSync)
			w.phase(w.sync("app", ""), appv1.OperationSucceeded, "")
			w.is("app", appv1.SyncStatusSynced)
			now := w.object(configMaps, w.ns, "a")
			if id := now.GetAnnotations()[appv1.AnnotationTrackingID]; id != w.ns+"_app:/ConfigMap:"+w.ns+"/a" || now.GetLabels()["app.kubernetes.io/instance"] != "mine" {
				t.Errorf("tracking id %q, labels %v", id, now.GetLabels())
			}
		})
	}
}

// Scenario 78: a definition that a chart has among its crds comes before what it defines.
func TestHelmDefinitions(t *testing.T) {
	const group = "crds.example.com"
	w := newWorld(t, map[string]string{
		"chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n", "chart/crds/crd.yaml": definition(group, "Widget"),
		"chart/templates/w.yaml": "apiVersion: " + group + "/v1\nkind: Widget\nmetadata: {name: w}\nspec: {a: 1}\n",
	})
	w.undefine(group, "Widget")
	w.app("app", "chart", "")
	w.is("app", appv1.SyncStatusOutOfSync)
	app := w.sync("app", "")
	w.phase(app, appv1.OperationSucceeded, "")
	if got := results(app); len(got) != 2 || got["Widget/w"] == "" || got["CustomResourceDefinition/widgets."+group] == "" {
		t.Errorf("results %v", got)
	}
	w.is("app", appv1.SyncStatusSynced)
}

// Scenario 80: what a generator has made before, and says that it may stay, does not make an application out of sync.
func TestGeneratedMapsMayStay(t *testing.T) {
	file := func(value string) string {
		return "generatorOptions: {annotations: {argocd.argoproj.io/compare-options: IgnoreExtraneous}}\nconfigMapGenerator:\n- {name: my-map, literals: [health=Healthy, foo=" + value + "]}\n"
	}
	w := newWorld(t, map[string]string{"app/kustomization.yaml": file("bar")})
	w.app("app", "app", "")
	w.is("app", appv1.SyncStatusOutOfSync)
	w.phase(w.sync("app", ""), appv1.OperationSucceeded, "")
	w.is("app", appv1.SyncStatusSynced)
	w.repo.Commit(map[string]string{"app/kustomization.yaml": file("baz")})
	w.phase(w.sync("app", ""), appv1.OperationSucceeded, "")
	app := w.until("app", "synced with two maps", func(app *appv1.Application) bool {
		return app.Status.Sync.Status == appv1.SyncStatusSynced && len(app.Status.Resources) == 2
	})
	extra := slices.IndexFunc(app.Status.Resources, func(r appv1.ResourceStatus) bool { return r.RequiresPruning })
	if extra < 0 || app.Status.Resources[extra].Status != appv1.SyncStatusOutOfSync {
		t.Errorf("resources %+v", app.Status.Resources)
	}
}

// Scenario 90: an application of another namespace than the control plane's is one like any other, with the projects of its own
// namespace; that of another is not to be had.
func TestApplicationInItsNamespace(t *testing.T) {
	w := newWorld(t, map[string]string{"app/a.yaml": configMap("a", "Healthy", "")})
	project := &appv1.AppProject{ObjectMeta: metav1.ObjectMeta{Name: "elsewhere"}, Spec: appv1.AppProjectSpec{
		SourceRepos: []string{"*"}, Destinations: []appv1.ProjectDestination{{Server: "*", Namespace: "*"}}, SourceNamespaces: []string{"*"},
	}}
	_, err := w.argosy.ApplicationV1alpha1().AppProjects("argocd").Create(t.Context(), project, metav1.CreateOptions{})
	w.must(err)
	w.app("forbidden", "app", "project: elsewhere")
	w.until("forbidden", "refused", func(app *appv1.Application) bool {
		return slices.ContainsFunc(app.Status.Conditions, func(c appv1.ApplicationCondition) bool {
			return c.Type == appv1.ConditionInvalidSpecError && strings.Contains(c.Message, "elsewhere")
		})
	})
	if s := w.get("forbidden").Status; s.Sync.Status != appv1.SyncStatusUnknown || len(s.Resources) > 0 {
		t.Errorf("status %+v", s)
	}
	w.app("app", "app", "project: default")
	w.is("app", appv1.SyncStatusOutOfSync)
	w.phase(w.sync("app", ""), appv1.OperationSucceeded, "")
	if id := w.object(configMaps, w.ns, "a").GetAnnotations()[appv1.AnnotationTrackingID]; id != w.ns+"_app:/ConfigMap:"+w.ns+"/a" {
		t.Errorf("tracking id %q", id)
	}
}

// Scenario 91: the tree shows what an object of the whole cluster owns in a namespace.
func TestOwnedAcrossNamespaces(t *testing.T) {
	w := newWorld(t, nil)
	name := "owner-" + w.ns
	w.repo.Commit(map[string]string{"app/role.yaml": "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: " + name + "}\nrules: []\n"})
	w.app("app", "app", "")
	w.is("app", appv1.SyncStatusOutOfSync)
	w.phase(w.sync("app", ""), appv1.OperationSucceeded, "")
	owner, err := w.kube.RbacV1().ClusterRoles().Get(t.Context(), name, metav1.GetOptions{})
	w.must(err)
	_, err = w.kube.RbacV1().Roles(w.ns).Create(t.Context(), &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "owned", OwnerReferences: []metav1.OwnerReference{
		{APIVersion: "rbac.authorization.k8s.io/v1", Kind: "ClusterRole", Name: name, UID: owner.UID},
	}}}, metav1.CreateOptions{})
	w.must(err)
	nodes, err := w.engine.Tree(t.Context(), w.get("app"))
	w.must(err)
	var got []string
	for _, n := range nodes {
		got = append(got, n.Kind+"/"+n.Name)
	}
	if !slices.Equal(got, []string{"ClusterRole/" + name, "Role/owned"}) {
		t.Errorf("tree %v", got)
	}
}
