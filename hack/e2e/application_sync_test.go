// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/hack/e2e/gitserver"
)

// TestApplicationSynced: from Git to the cluster, by a request; then a new commit is seen, and synced (scenarios 23, 53).
func TestApplicationSynced(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/a.yaml": configMapFile("a", "one", ""), "app/b.yaml": configMapFile("b", "one", "")})
	w.app("one", "app")
	app := w.is("one", appv1.SyncStatusOutOfSync, appv1.HealthMissing)
	if app.Status.SourceType != appv1.SourceTypeDirectory || len(app.Status.Resources) != 2 {
		t.Errorf("status: %+v", app.Status)
	}
	app = w.sync("one", "")
	w.phase(app, appv1.OperationSucceeded, "successfully synced (all tasks run)")
	app = w.is("one", appv1.SyncStatusSynced, appv1.HealthHealthy)
	if by := app.Status.OperationState.Operation.InitiatedBy; by == nil || by.Username == "" {
		t.Errorf("initiated by %+v", by)
	}
	if len(app.Status.History) != 1 || app.Status.History[0].Revision != app.Status.Sync.Revision {
		t.Errorf("history %+v", app.Status.History)
	}
	if got := results(app); len(got) != 2 || !strings.HasPrefix(got["ConfigMap/a"], "Synced") {
		t.Errorf("results %v", got)
	}
	waitFor(t, time.Minute, applications, w.ns, "one", func(u *unstructured.Unstructured) (bool, error) {
		conditions, _, err := unstructured.NestedSlice(u.Object, "status", "conditions")
		for _, c := range conditions {
			if c := c.(map[string]any); c["type"] == "Ready" && c["status"] == "True" {
				return true, err
			}
		}
		return false, err
	})

	head := w.repo.Commit(map[string]string{"app/a.yaml": configMapFile("a", "two", "")})
	if err := w.verb(admin, "one", "refresh", ""); err != nil {
		t.Fatal(err)
	}
	app = w.until("one", "the new commit is seen", func(a *appv1.Application) bool { return a.Status.Sync.Revision == head })
	if app.Status.Sync.Status != appv1.SyncStatusOutOfSync || app.Annotations[appv1.AnnotationRefresh] != "" {
		t.Errorf("%s, annotations %v", app.Status.Sync.Status, app.Annotations)
	}
	app = w.sync("one", "")
	w.phase(app, appv1.OperationSucceeded, "")
	if got := field(w.object(configMaps, "a"), "data", "value"); got != "two" {
		t.Errorf("value %q", got)
	}
}

// TestApplicationAutomated: syncs without anybody's doing, drift is healed, what has no manifest is pruned (scenario 49).
func TestApplicationAutomated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/a.yaml": configMapFile("a", "one", ""), "app/b.yaml": configMapFile("b", "one", "")})
	w.app("auto", "app", "syncPolicy: {automated: {selfHeal: true, prune: true}}")
	app := w.is("auto", appv1.SyncStatusSynced, appv1.HealthHealthy)
	if by := app.Status.OperationState.Operation.InitiatedBy; by == nil || by.Automated == nil || !*by.Automated {
		t.Errorf("initiated by %+v", by)
	}
	if _, err := admin.Dynamic.Resource(configMaps).Namespace(w.ns).Patch(t.Context(), "a", "application/merge-patch+json", []byte(`{"data":{"value":"drift"}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, time.Minute, configMaps, w.ns, "a", func(u *unstructured.Unstructured) (bool, error) { return field(u, "data", "value") == "one", nil })
	w.repo.Commit(map[string]string{"app/b.yaml": gitserver.Deleted})
	if err := w.verb(admin, "auto", "refresh", ""); err != nil {
		t.Fatal(err)
	}
	w.gone(configMaps, "b")
}

// TestApplicationDeleted: what an application has made goes with it, if its finalizer says so, and else stays.
func TestApplicationDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/a.yaml": configMapFile("a", "one", ""), "kept/b.yaml": configMapFile("b", "one", "")})
	for name, path := range map[string]string{"cascading": "app", "kept": "kept"} {
		w.app(name, path, "syncPolicy: {automated: {}}")
		w.is(name, appv1.SyncStatusSynced, appv1.HealthHealthy)
	}
	w.patch("cascading", `{"metadata":{"finalizers":["resources-finalizer.argocd.argoproj.io"]}}`)
	for _, name := range []string{"cascading", "kept"} {
		if err := admin.Dynamic.Resource(applications).Namespace(w.ns).Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		w.gone(applications, name)
	}
	w.gone(configMaps, "a")
	if w.object(configMaps, "b") == nil {
		t.Error("what an application without a finalizer has made is gone")
	}
}
