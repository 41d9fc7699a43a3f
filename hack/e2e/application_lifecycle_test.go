// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/hack/e2e/framework"
	"argosy.dev/argosy/hack/e2e/gitserver"
)

// refreshed asks for a look at the sources, and waits until it is done.
func (w *world) refreshed(name string) *appv1.Application {
	w.Helper()
	if err := w.verb(admin, name, "refresh", ""); err != nil {
		w.Fatal(err)
	}
	return w.until(name, "it was refreshed", func(a *appv1.Application) bool { return a.Annotations[appv1.AnnotationRefresh] == "" })
}

// TestApplicationSelfHeal: drift stays where it is not to be healed; what cannot be synced is a condition, until it is mended,
// and was tried again as often as asked (scenarios 26, 49); explicit false stays, and keeps from pruning all (50).
func TestApplicationSelfHeal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/a.yaml": configMapFile("a", "1", ""), "app/s.yaml": serviceFile("s", 80), "empty/a.yaml": configMapFile("e", "1", "")})
	w.app("one", "app", "syncPolicy: {automated: {prune: true}, retry: {limit: 1, backoff: {duration: 1s, factor: 1}}}")
	w.app("empty", "empty", "syncPolicy: {automated: {prune: true, allowEmpty: false}}")
	first := w.is("one", appv1.SyncStatusSynced, appv1.HealthHealthy)
	w.is("empty", appv1.SyncStatusSynced, appv1.HealthHealthy)
	if _, err := admin.Dynamic.Resource(configMaps).Namespace(w.ns).Patch(t.Context(), "a", "application/merge-patch+json", []byte(`{"data":{"value":"drift"}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	w.until("one", "drift is seen", func(a *appv1.Application) bool { return a.Status.Sync.Status == appv1.SyncStatusOutOfSync })
	app := w.refreshed("one")
	if got := field(w.object(configMaps, "a"), "data", "value"); got != "drift" || !app.Status.OperationState.StartedAt.Equal(&first.Status.OperationState.StartedAt) {
		t.Errorf("value %q, operation of %s", got, app.Status.OperationState.StartedAt)
	}

	w.repo.Commit(map[string]string{"app/s.yaml": serviceFile("s", 99999), "empty/a.yaml": gitserver.Deleted, "empty/none.txt": "nothing"})
	if err := w.verb(admin, "one", "refresh", ""); err != nil {
		t.Fatal(err)
	}
	app = w.condition("one", appv1.ConditionSyncError, "Failed last sync attempt to")
	w.phase(app, appv1.OperationFailed, "(retried 1 times).")
	w.repo.Commit(map[string]string{"app/s.yaml": serviceFile("s", 81)})
	if err := w.verb(admin, "one", "refresh", ""); err != nil {
		t.Fatal(err)
	}
	w.until("one", "the condition is cleared", func(a *appv1.Application) bool {
		for _, c := range a.Status.Conditions {
			if c.Type == appv1.ConditionSyncError {
				return false
			}
		}
		return a.Status.Sync.Status == appv1.SyncStatusSynced
	})
	if got := field(w.object(configMaps, "a"), "data", "value"); got != "1" {
		t.Errorf("value %q", got)
	}

	if empty, there, err := unstructured.NestedBool(w.object(applications, "empty").Object, "spec", "syncPolicy", "automated", "allowEmpty"); empty || !there || err != nil {
		t.Errorf("allowEmpty: %v, %v, %v", empty, there, err)
	}
	if err := w.verb(admin, "empty", "refresh", ""); err != nil {
		t.Fatal(err)
	}
	w.condition("empty", appv1.ConditionSyncError, "auto-sync will wipe out all resources")
	if w.object(configMaps, "e") == nil {
		t.Error("all was pruned")
	}
}

// TestApplicationRetryRefreshes: the next try of a sync takes what the repository has by then, whether somebody asked for the
// sync or it began by itself (scenarios 27, 28).
func TestApplicationRetryRefreshes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/s.yaml": serviceFile("s", 99999), "auto/s.yaml": serviceFile("t", 99999)})
	const retry = `retry: {limit: 20, refresh: true, backoff: {duration: 1s, factor: 1}}`
	w.app("asked", "app")
	w.app("auto", "auto", "syncPolicy: {automated: {}, "+retry+"}")
	before := w.is("asked", appv1.SyncStatusOutOfSync, appv1.HealthMissing)
	if err := w.verb(admin, "asked", "sync", `{"retry":{"limit":20,"refresh":true,"backoff":{"duration":"1s","factor":1}}}`); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"asked", "auto"} {
		w.until(name, "it tries again", func(a *appv1.Application) bool {
			return a.Status.OperationState != nil && strings.Contains(a.Status.OperationState.Message, "Retrying attempt #")
		})
	}
	head := w.repo.Commit(map[string]string{"app/s.yaml": serviceFile("s", 80), "auto/s.yaml": serviceFile("t", 80)})
	app := w.ended("asked", before)
	w.phase(app, appv1.OperationSucceeded, "")
	if got := app.Status.OperationState.SyncResult.Revision; got != head || len(app.Status.History) != 1 || app.Status.History[0].Revision != head {
		t.Errorf("synced %s, not %s; history %+v", got, head, app.Status.History)
	}
	app = w.is("auto", appv1.SyncStatusSynced, appv1.HealthHealthy)
	if h := app.Status.History; len(h) != 1 || h[0].Revision != head || h[0].Source.Path != "auto" {
		t.Errorf("history %+v", h)
	}
}

// TestApplicationRollback: what was synced once is synced again, and is told as that (scenario 51); the history is as long as
// it may be (52).
func TestApplicationRollback(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/a.yaml": configMapFile("a", "1", ""), "app/hook.yaml": telling("hook", "Healthy", as("PreSync")), "short/a.yaml": configMapFile("short", "1", "")})
	w.app("one", "app")
	w.app("short", "short", "revisionHistoryLimit: 1")
	w.is("one", appv1.SyncStatusOutOfSync, appv1.HealthMissing)
	first := w.sync("one", "")
	w.is("short", appv1.SyncStatusOutOfSync, appv1.HealthMissing)
	w.sync("short", "")
	w.repo.Commit(map[string]string{"app/a.yaml": configMapFile("a", "2", ""), "short/a.yaml": configMapFile("short", "2", "")})
	second := w.sync("one", "")
	if short := w.sync("short", ""); len(short.Status.History) != 1 {
		t.Errorf("history %+v", short.Status.History)
	}
	if len(second.Status.History) != 2 || second.Status.History[0].Revision != first.Status.Sync.Revision {
		t.Fatalf("history %+v", second.Status.History)
	}
	if err := w.verb(admin, "one", "rollback", `{"id":0}`); err != nil {
		t.Fatal(err)
	}
	app := w.ended("one", second)
	w.phase(app, appv1.OperationSucceeded, "")
	w.outcome(app, map[string]string{"ConfigMap/a": "Synced"})
	if h := app.Status.History; len(h) != 3 || h[2].Revision != h[0].Revision {
		t.Errorf("history %+v", h)
	}
	if got := field(w.object(configMaps, "a"), "data", "value"); got != "1" {
		t.Errorf("value %q", got)
	}
	w.until("one", "it is out of sync", func(a *appv1.Application) bool { return a.Status.Sync.Status == appv1.SyncStatusOutOfSync })
	list, err := admin.Kube.CoreV1().Events(w.ns).List(within(t, time.Minute), metav1.ListOptions{FieldSelector: "involvedObject.name=one"})
	if err != nil {
		t.Fatal(err)
	}
	told := false
	for _, e := range list.Items {
		told = told || strings.Contains(e.Message, "rollback")
	}
	if !told {
		t.Errorf("no event tells of the rollback: %+v", list.Items)
	}
	w.patch("one", `{"spec":{"syncPolicy":{"automated":{}}}}`)
	if err := w.verb(admin, "one", "rollback", `{"id":0}`); err == nil {
		t.Error("rolled back though syncs are automated")
	}
}

// TestApplicationLocalManifests: manifests that are no repository's are synced, unless syncs are automated; then they may be
// tried only (scenario 56).
func TestApplicationLocalManifests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/a.yaml": configMapFile("a", "1", ""), "auto/a.yaml": configMapFile("b", "1", "")})
	local := func(name string) string {
		return `"manifests":["{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"` + name + `\"},\"data\":{\"value\":\"local\"}}"]`
	}
	w.app("one", "app")
	w.app("auto", "auto", "syncPolicy: {automated: {}}")
	w.is("one", appv1.SyncStatusOutOfSync, appv1.HealthMissing)
	w.phase(w.sync("one", "{"+local("a")+"}"), appv1.OperationSucceeded, "")
	if got := field(w.object(configMaps, "a"), "data", "value"); got != "local" {
		t.Errorf("value %q", got)
	}
	w.is("one", appv1.SyncStatusOutOfSync, appv1.HealthHealthy)
	w.is("auto", appv1.SyncStatusSynced, appv1.HealthHealthy)
	if err := w.verb(admin, "auto", "sync", "{"+local("b")+"}"); err == nil {
		t.Error("local manifests are synced though syncs are automated")
	}
	w.phase(w.sync("auto", `{"dryRun":true,`+local("b")+"}"), appv1.OperationSucceeded, "")
	if got := field(w.object(configMaps, "b"), "data", "value"); got != "1" {
		t.Errorf("value %q", got)
	}
}

// TestApplicationManagesItself: an application that is among its own objects comes to rest (scenario 57).
func TestApplicationManagesItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/a.yaml": configMapFile("a", "1", "")})
	w.repo.Commit(map[string]string{"app/self.yaml": "apiVersion: application.argosy.dev/v1alpha1\nkind: Application\nmetadata: {name: self}\nspec:\n  project: default\n" +
		"  destination: {name: in-cluster, namespace: " + w.ns + "}\n  source: {repoURL: '" + w.url() + "', path: app}\n  syncPolicy: {automated: {selfHeal: true}}\n"})
	w.app("self", "app", "syncPolicy: {automated: {selfHeal: true}}")
	w.is("self", appv1.SyncStatusSynced, appv1.HealthHealthy)
	var changes atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := framework.Record(ctx, admin.Dynamic, applications, w.ns, "", func(kind watch.EventType, _ *unstructured.Unstructured) {
		if kind == watch.Modified {
			changes.Add(1)
		}
	}); err != nil {
		t.Fatal(err)
	}
	head := w.repo.Commit(map[string]string{"app/a.yaml": configMapFile("a", "2", "")})
	w.refreshed("self")
	w.until("self", "the new commit is synced", func(a *appv1.Application) bool {
		return a.Status.Sync.Status == appv1.SyncStatusSynced && a.Status.Sync.Revision == head && len(a.Status.History) == 2
	})
	w.refreshed("self")
	if n := changes.Load(); n > 12 {
		t.Errorf("%d changes for one commit", n)
	}
	// It does not wait for itself either.
	w.patch("self", cascade)
	w.remove("self")
	w.gone(applications, "self")
	w.gone(configMaps, "a")
}
