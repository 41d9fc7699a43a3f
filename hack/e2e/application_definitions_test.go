// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

var definitions = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

// definitionFile defines the kind Thing of a group, whose ports have a default.
func definitionFile(group, description string) string {
	return fmt.Sprintf(`apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.%s}
spec:
  group: %s
  scope: Namespaced
  names: {kind: Thing, plural: things}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        description: %s
        properties:
          spec:
            type: object
            properties:
              ports:
                type: array
                items:
                  type: object
                  properties: {name: {type: string}, port: {type: integer, default: 80}}
`, group, group, description)
}

func thingFile(group, port, annotations string) string {
	return fmt.Sprintf("apiVersion: %s/v1\nkind: Thing\nmetadata: {name: thing, annotations: {%s}}\nspec: {ports: [{name: %s}, {name: b, port: 81}]}\n", group, annotations, port)
}

// undefine takes a definition away at the end of the test.
func (w *world) undefine(group string) {
	w.Cleanup(func() {
		err := admin.Dynamic.Resource(definitions).Delete(context.Background(), "things."+group, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			w.Errorf("delete the definition: %v", err)
		}
	})
}

// TestApplicationDefinitions: a definition and an object of it in one sync; synced again, the same and changed, by the server
// and by the client (scenario 42). What the server adds to lists is no difference.
func TestApplicationDefinitions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.everywhere()
	options := map[string]string{"server": "[]", "client": "[ServerSideApply=false]"}
	group := func(name string) string { return name + "." + w.ns + ".example" }
	files := map[string]string{}
	for name := range options {
		files[name+"/crd.yaml"], files[name+"/thing.yaml"] = definitionFile(group(name), "first"), thingFile(group(name), "a", "")
		w.undefine(group(name))
	}
	w.repo.Commit(files)
	for name, o := range options {
		w.app(name, name, "syncPolicy: {syncOptions: "+o+"}")
		w.until(name, "it was looked at", func(a *appv1.Application) bool { return a.Status.Sync.Status == appv1.SyncStatusOutOfSync })
		both := map[string]string{"CustomResourceDefinition/things." + group(name): "Synced", "Thing/thing": "Synced"}
		sync := func() {
			t.Helper()
			app := w.sync(name, "")
			w.phase(app, appv1.OperationSucceeded, "")
			w.outcome(app, both)
			w.until(name, "it is in sync", func(a *appv1.Application) bool { return a.Status.Sync.Status == appv1.SyncStatusSynced })
		}
		sync()
		sync()
		head := w.repo.Commit(map[string]string{name + "/crd.yaml": definitionFile(group(name), "second"), name + "/thing.yaml": thingFile(group(name), "c", "")})
		w.refreshed(name)
		w.until(name, "the change is seen", func(a *appv1.Application) bool {
			return a.Status.Sync.Status == appv1.SyncStatusOutOfSync && a.Status.Sync.Revision == head
		})
		sync()
		if text := fmt.Sprint(w.object(schema.GroupVersionResource{Group: group(name), Version: "v1", Resource: "things"}, "thing").Object["spec"]); !strings.Contains(text, "name:c port:80") {
			t.Errorf("%s: the object has %s", name, text)
		}
	}
}

// TestApplicationDefinitionComes: a kind that something of an earlier wave brings is waited for.
func TestApplicationDefinitionComes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.everywhere()
	group := "comes." + w.ns + ".example"
	w.repo.Commit(map[string]string{
		"app/operator.yaml": configMapFile("operator", "1", "argocd.argoproj.io/sync-wave: '-1'"),
		"app/thing.yaml":    thingFile(group, "a", "argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true"),
	})
	w.app("app", "app")
	before := w.until("app", "it was looked at", func(a *appv1.Application) bool { return a.Status.Sync.Status == appv1.SyncStatusOutOfSync })
	if err := w.verb(admin, "app", "sync", ""); err != nil {
		t.Fatal(err)
	}
	waitFor(t, time.Minute, configMaps, w.ns, "operator", func(*unstructured.Unstructured) (bool, error) { return true, nil })
	createAndForget(t, definitionFile(group, "brought"))
	app := w.ended("app", before)
	w.phase(app, appv1.OperationSucceeded, "")
	w.outcome(app, map[string]string{"ConfigMap/operator": "Synced", "Thing/thing": "Synced"})
}

// TestApplicationAsksKinds: a chart that asks what the cluster serves is rendered anew when a kind comes, and when it goes.
func TestApplicationAsksKinds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	group := "asks." + w.ns + ".example"
	w.repo.Commit(map[string]string{
		"chart/Chart.yaml":       "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
		"chart/templates/a.yaml": configMapFile("a", `{{ .Capabilities.APIVersions.Has `+"`"+group+"/v1/Thing`"+` }}`, ""),
	})
	w.app("asks", "chart", automated) // the commit is the same, so it takes selfHeal
	w.value("a", "value", "false")
	createAndForget(t, definitionFile(group, "asked for"))
	w.value("a", "value", "true")
	if err := admin.Dynamic.Resource(definitions).Delete(t.Context(), "things."+group, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	w.value("a", "value", "false")
}

// TestDefinitionsWatched: the server may see that the kinds which its cluster serves change, by the rights that we ship. Without
// them a kind is found some seconds after it has come, and applications that ask for it are not told.
func TestDefinitionsWatched(t *testing.T) {
	t.Parallel()
	for group, resource := range map[string]string{"apiextensions.k8s.io": "customresourcedefinitions", "apiregistration.k8s.io": "apiservices"} {
		for _, verb := range []string{"list", "watch"} {
			review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
				User:               "system:serviceaccount:argosy-system:argosy-apiserver",
				ResourceAttributes: &authorizationv1.ResourceAttributes{Group: group, Resource: resource, Verb: verb},
			}}
			answer, err := admin.Kube.AuthorizationV1().SubjectAccessReviews().Create(within(t, time.Minute), review, metav1.CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if !answer.Status.Allowed {
				t.Errorf("the server may not %s %s.%s", verb, resource, group)
			}
		}
	}
}
