// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package applications

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// A repository that is away when a sync begins, or while it runs, is waited for as the retries say.
func TestRepositoryAway(t *testing.T) {
	w := newWorld(t, map[string]string{"app/a.yaml": configMap("a", "Healthy", "")})
	w.app("app", "app", "")
	w.is("app", appv1.SyncStatusOutOfSync)
	back := w.away()
	w.begin("app", "retry: {limit: 30, backoff: {duration: 1s, factor: 1}}")
	w.says("app", "Retrying attempt #2")
	back()
	app := w.ended("app")
	w.phase(app, appv1.OperationSucceeded, "")
	if s := app.Status.OperationState; s.RetryCount < 2 || s.SyncResult.Revision != w.repo.Git("rev-parse", "HEAD") {
		t.Errorf("%+v", s)
	}
	back = w.away()
	app = w.sync("app", "retry: {limit: 1, backoff: {duration: 1s}}")
	w.phase(app, appv1.OperationError, "(retried 1 times).")
	app = w.sync("app", "")
	if w.phase(app, appv1.OperationError, ""); strings.Contains(app.Status.OperationState.Message, "retried") {
		t.Errorf("%q", app.Status.OperationState.Message)
	}
	back()
}

// What keeps from looking while a hook runs does not end it, nor run it again; it ends when the sync is terminated, also if its
// manifest cannot be had.
func TestSettingsBrokenWhileHookRuns(t *testing.T) {
	w := newWorld(t, map[string]string{"app/hook.yaml": configMap("hook", "Progressing", "argocd.argoproj.io/hook: PreSync"), "app/a.yaml": configMap("a", "Healthy", "")})
	w.app("app", "app", "project: some")
	project := &appv1.AppProject{ObjectMeta: metav1.ObjectMeta{Name: "some"}, Spec: appv1.AppProjectSpec{
		SourceRepos: []string{"*"}, Destinations: []appv1.ProjectDestination{{Server: "*", Namespace: "*"}},
	}}
	projects := w.argosy.ApplicationV1alpha1().AppProjects(w.ns)
	_, err := projects.Create(t.Context(), project, metav1.CreateOptions{})
	w.must(err)
	w.is("app", appv1.SyncStatusOutOfSync)
	w.begin("app", "retry: {limit: 30, backoff: {duration: 1s, factor: 1}}")
	w.says("app", "waiting for completion of hook /ConfigMap/hook")
	uid := w.object(configMaps, w.ns, "hook").GetUID()
	w.must(projects.Delete(t.Context(), "some", metav1.DeleteOptions{}))
	w.says("app", "Retrying attempt #1")
	_, err = projects.Create(t.Context(), project, metav1.CreateOptions{})
	w.must(err)
	w.says("app", "waiting for completion of hook /ConfigMap/hook")
	w.becomes("hook", "Healthy")
	app := w.ended("app")
	w.phase(app, appv1.OperationSucceeded, "")
	if got := w.object(configMaps, w.ns, "hook").GetUID(); got != uid {
		t.Error("the hook was made again")
	}
}

// A sync is terminated, with the hooks that run, though what it syncs is no longer to be had.
func TestTerminateWithoutManifests(t *testing.T) {
	w := newWorld(t, map[string]string{"app/hook.yaml": configMap("hook", "Progressing", "argocd.argoproj.io/hook: PreSync"), "app/a.yaml": configMap("a", "Healthy", "")})
	w.app("app", "app", "")
	w.is("app", appv1.SyncStatusOutOfSync)
	w.begin("app", "")
	w.says("app", "waiting for completion of hook /ConfigMap/hook")
	w.stop()
	back := w.away()
	defer back()
	_, err := w.argosy.ApplicationV1alpha1().Applications(w.ns).Terminate(t.Context(), "app", &appv1.ApplicationTerminate{ObjectMeta: metav1.ObjectMeta{Name: "app"}}, metav1.CreateOptions{})
	w.must(err)
	w.run() // with nothing of the repository
	app := w.ended("app")
	w.phase(app, appv1.OperationFailed, "Operation terminated")
	if got := results(app)["ConfigMap/hook"]; got != "/Failed" || !w.deleted(configMaps, "hook") {
		t.Errorf("the hook: %s; %v", got, w.object(configMaps, w.ns, "hook"))
	}
}

// All tries keep to the sources and the revision that the sync has begun with.
func TestRetriesKeepToWhatTheyBeganWith(t *testing.T) {
	bad := "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 99999}]}\n"
	w := newWorld(t, map[string]string{"app/s.yaml": bad, "app/a.yaml": configMap("a", "Healthy", "")})
	first := w.repo.Git("rev-parse", "HEAD")
	w.app("app", "app", "syncPolicy: {retry: {limit: 30, refresh: true, backoff: {duration: 1s, factor: 1}}}")
	w.is("app", appv1.SyncStatusOutOfSync)
	w.repo.Tag("v1", "")
	w.begin("app", "revision: v1")
	w.says("app", "Retrying attempt #1")
	w.repo.Commit(map[string]string{"app/s.yaml": strings.Replace(bad, "99999", "80", 1), "other/a.yaml": configMap("other", "Healthy", "")})
	w.patch("app", "{metadata: {annotations: {argocd.argoproj.io/refresh: normal}}, spec: {source: {path: other}}}")
	app := w.until("app", "one that tries the third time", func(app *appv1.Application) bool { return app.Status.OperationState.RetryCount > 2 })
	if s := app.Status.OperationState; s.SyncResult.Revision != first || s.SyncResult.Source.Path != "app" {
		t.Errorf("it syncs %+v", s.SyncResult)
	}
}

// An automated sync begins no more for a revision for which its retries are used up, and again for the next.
func TestAutomatedSyncGivesUp(t *testing.T) {
	bad := "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 99999}]}\n"
	w := newWorld(t, map[string]string{"app/s.yaml": bad})
	w.app("app", "app", "syncPolicy: {automated: {selfHeal: true}, retry: {limit: 1, backoff: {duration: 100ms}}}")
	app := w.until("app", "given up", func(app *appv1.Application) bool {
		for _, c := range app.Status.Conditions {
			if c.Type == appv1.ConditionSyncError && strings.Contains(c.Message, "(retried 1 times).") {
				return true
			}
		}
		return false
	})
	began := app.Status.OperationState.StartedAt
	w.patch("app", "{metadata: {annotations: {argocd.argoproj.io/refresh: normal}}}")
	app = w.until("app", "refreshed", func(app *appv1.Application) bool { return app.Annotations["argocd.argoproj.io/refresh"] == "" })
	if s := app.Status.OperationState; !s.StartedAt.Equal(&began) || s.Phase != appv1.OperationFailed {
		t.Errorf("%+v", s)
	}
	w.repo.Commit(map[string]string{"app/s.yaml": strings.Replace(bad, "99999", "80", 1)})
	w.patch("app", "{metadata: {annotations: {argocd.argoproj.io/refresh: normal}}}")
	w.is("app", appv1.SyncStatusSynced)
}

// An automated sync does not delete all there is because only a hook is left.
func TestHookIsNotEverything(t *testing.T) {
	w := newWorld(t, map[string]string{"app/a.yaml": configMap("a", "Healthy", ""), "app/hook.yaml": configMap("hook", "Healthy", "argocd.argoproj.io/hook: PreSync")})
	w.app("app", "app", "syncPolicy: {automated: {prune: true}}")
	w.is("app", appv1.SyncStatusSynced)
	w.repo.Git("rm", "-q", "app/a.yaml")
	w.repo.Commit(map[string]string{"app/hook.yaml": configMap("hook", "Healthy", "argocd.argoproj.io/hook: PostSync")})
	w.patch("app", "{metadata: {annotations: {argocd.argoproj.io/refresh: normal}}}")
	w.until("app", "kept from wiping", func(app *appv1.Application) bool {
		for _, c := range app.Status.Conditions {
			if c.Type == appv1.ConditionSyncError && strings.Contains(c.Message, "auto-sync will wipe out all resources") {
				return true
			}
		}
		return false
	})
	if w.object(configMaps, w.ns, "a") == nil {
		t.Error("it was deleted")
	}
}

// Terminating waits for a cluster that is silent: a hook that runs there is not left.
func TestTerminateWhileClusterIsSilent(t *testing.T) {
	w := newWorld(t, map[string]string{"app/hook.yaml": configMap("hook", "Progressing", "argocd.argoproj.io/hook: PreSync"), "app/a.yaml": configMap("a", "Healthy", "")})
	w.app("app", "app", "")
	w.is("app", appv1.SyncStatusOutOfSync)
	w.begin("app", "")
	w.says("app", "waiting for completion of hook /ConfigMap/hook")
	w.must(kube.Outage(t.Context(), func() {
		_, err := w.argosy.ApplicationV1alpha1().Applications(w.ns).Terminate(t.Context(), "app", &appv1.ApplicationTerminate{ObjectMeta: metav1.ObjectMeta{Name: "app"}}, metav1.CreateOptions{})
		w.must(err)
		app := w.says("app", "operation is terminating: ")
		w.phase(app, appv1.OperationTerminating, "")
	}))
	app := w.ended("app")
	w.phase(app, appv1.OperationFailed, "Operation terminated")
	if got := results(app)["ConfigMap/hook"]; got != "/Failed" || !w.deleted(configMaps, "hook") {
		t.Errorf("the hook: %s; %v", got, w.object(configMaps, w.ns, "hook"))
	}
}
