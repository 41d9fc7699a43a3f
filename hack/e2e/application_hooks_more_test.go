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

// cascade is the finalizer with which an application takes its objects along.
const cascade = `{"metadata":{"finalizers":["resources-finalizer.argocd.argoproj.io"]}}`

// remove deletes an application, and does not wait until it is gone.
func (w *world) remove(name string) {
	w.Helper()
	if err := admin.Dynamic.Resource(applications).Namespace(w.ns).Delete(within(w.T, time.Minute), name, metav1.DeleteOptions{}); err != nil {
		w.Fatal(err)
	}
}

// told changes what a ConfigMap says of how it does.
func (w *world) told(name, health string) {
	w.Helper()
	patch := []byte(`{"data":{"health":"` + health + `"}}`)
	if _, err := admin.Dynamic.Resource(configMaps).Namespace(w.ns).Patch(within(w.T, time.Minute), name, "application/merge-patch+json", patch, metav1.PatchOptions{}); err != nil {
		w.Fatal(err)
	}
}

// TestApplicationDeletionHooks: hooks run before an application's objects go, and after; one that fails keeps all, until it
// is mended in Git (scenarios 19-21).
func TestApplicationDeletionHooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{
		"app/a.yaml":    configMapFile("a", "1", ""),
		"app/pre.yaml":  podFile("before", "sleep 1", as("PreDelete")),
		"app/post.yaml": telling("after", "Progressing", as("PostDelete", deletedWhen("HookSucceeded"))),
		"bad/b.yaml":    configMapFile("b", "1", ""),
		"bad/pre.yaml":  telling("fails", "Degraded", as("PreDelete")),
	})
	w.tellingMaps()
	for _, name := range []string{"app", "bad"} {
		w.app(name, name, "syncPolicy: {automated: {}}")
		w.is(name, appv1.SyncStatusSynced, appv1.HealthHealthy)
	}
	app := w.until("app", "it has the finalizers of its hooks", func(a *appv1.Application) bool { return len(a.Finalizers) == 4 })
	if w.object(pods, "before") != nil || w.object(configMaps, "after") != nil || len(outcomes(app)) != 1 {
		t.Errorf("hooks of deletion have run in a sync: %v", outcomes(app))
	}
	w.until("bad", "it has the finalizer of its hook", func(a *appv1.Application) bool { return len(a.Finalizers) == 2 })
	w.patch("app", `{"metadata":{"finalizers":["`+strings.Join(app.Finalizers, `","`)+`","resources-finalizer.argocd.argoproj.io"]}}`)
	w.remove("app")
	w.remove("bad")

	waitFor(t, time.Minute, pods, w.ns, "before", func(u *unstructured.Unstructured) (bool, error) {
		if field(u, "status", "phase") != "Succeeded" && w.object(configMaps, "a") == nil {
			t.Error("the objects went before the hook had run")
		}
		return field(u, "status", "phase") == "Succeeded", nil
	})
	waitFor(t, time.Minute, configMaps, w.ns, "after", func(*unstructured.Unstructured) (bool, error) { return true, nil })
	if w.object(configMaps, "a") != nil {
		t.Error("the hook that comes after runs while there are objects")
	}
	w.get("app")
	w.told("after", "Healthy")
	w.gone(applications, "app")
	w.gone(configMaps, "after")
	if u := w.object(pods, "before"); u == nil || len(u.GetFinalizers()) > 0 {
		t.Errorf("the first hook: %v", u)
	}

	w.condition("bad", appv1.ConditionDeletionError, "as told")
	w.repo.Commit(map[string]string{"bad/pre.yaml": telling("fails", "Healthy", as("PreDelete"))})
	if err := w.verb(admin, "bad", "refresh", ""); err != nil {
		t.Fatal(err)
	}
	w.gone(applications, "bad")
	if w.object(configMaps, "b") == nil {
		t.Error("an application without the finalizer has taken its objects along")
	}
}

// TestApplicationDeletedWhileSyncing: a deletion does not wait for the sync that runs (scenario 55).
func TestApplicationDeletedWhileSyncing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/a.yaml": telling("a", "Progressing", as("PreSync")), "app/b.yaml": configMapFile("b", "1", "")})
	w.tellingMaps()
	w.app("stuck", "app", "syncPolicy: {automated: {}}")
	w.until("stuck", "its hook is waited for", func(a *appv1.Application) bool {
		return a.Status.OperationState != nil && strings.Contains(a.Status.OperationState.Message, "waiting for completion of hook")
	})
	w.patch("stuck", cascade)
	w.remove("stuck")
	w.gone(applications, "stuck")
	w.gone(configMaps, "a")
}

// TestApplicationHelmHooks: Helm's hooks run as ours do: by phase, by weight, and they are deleted as they say.
func TestApplicationHelmHooks(t *testing.T) {
	t.Parallel()
	helm := func(hook string, more ...string) string {
		return strings.Join(append([]string{"helm.sh/hook: " + hook}, more...), ", ")
	}
	w := newWorld(t, map[string]string{
		"chart/Chart.yaml":            "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
		"chart/templates/a.yaml":      configMapFile("a", "1", ""),
		"chart/templates/first.yaml":  telling("first", "Progressing", helm("pre-install", `helm.sh/hook-weight: "-5"`)),
		"chart/templates/second.yaml": telling("second", "Healthy", helm("pre-upgrade", `helm.sh/hook-weight: "5"`, "helm.sh/hook-delete-policy: hook-succeeded")),
		"chart/templates/last.yaml":   podFile("last", "true", helm("post-install")),
		"chart/templates/test.yaml":   telling("test", "Healthy", helm("test")),
	})
	w.tellingMaps()
	w.app("helm", "chart")
	before := w.is("helm", appv1.SyncStatusOutOfSync, appv1.HealthMissing)
	if before.Status.SourceType != appv1.SourceTypeHelm {
		t.Errorf("source type %s", before.Status.SourceType)
	}
	if err := w.verb(admin, "helm", "sync", ""); err != nil {
		t.Fatal(err)
	}
	w.until("helm", "the first hook is waited for", func(a *appv1.Application) bool {
		return a.Status.OperationState != nil && strings.Contains(a.Status.OperationState.Message, "waiting for completion of hook /ConfigMap/first")
	})
	if w.object(configMaps, "second") != nil || w.object(configMaps, "a") != nil {
		t.Error("the first hook was not waited for")
	}
	w.told("first", "Healthy")
	app := w.ended("helm", before)
	w.phase(app, appv1.OperationSucceeded, "")
	w.outcome(app, map[string]string{"ConfigMap/first": "Succeeded", "ConfigMap/second": "Succeeded", "ConfigMap/a": "Synced", "Pod/last": "Succeeded"})
	w.gone(configMaps, "second")
	if w.object(configMaps, "test") != nil || w.object(configMaps, "first") == nil {
		t.Error("the hook of a test has run, or one that is to stay has gone")
	}
}

// TestApplicationWaves: a wave waits for the one before; what is degraded in it ends the sync, and can be mended in Git
// (scenario 22); waves go backwards when objects are pruned (25).
func TestApplicationWaves(t *testing.T) {
	t.Parallel()
	wave := func(n string) string { return "argocd.argoproj.io/sync-wave: '" + n + "'" }
	w := newWorld(t, map[string]string{
		"app/a.yaml": telling("a", "Degraded", wave("1")), "app/b.yaml": telling("b", "Healthy", wave("2")),
		"rbac/sa.yaml":      "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: runner, annotations: {" + wave("-2") + "}}\n",
		"rbac/role.yaml":    "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: runner, annotations: {" + wave("-2") + "}}\nrules: [{apiGroups: ['example.org'], resources: [things], verbs: [get]}]\n",
		"rbac/binding.yaml": "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: runner, annotations: {" + wave("-1") + "}}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: runner}\nsubjects: [{kind: ServiceAccount, name: runner}]\n",
		"rbac/pod.yaml":     strings.Replace(podFile("runner", "trap 'exit 0' TERM; while true; do sleep 0.1; done", ""), "Never", "Always", 1),
		"rbac/keep.yaml":    configMapFile("keep", "1", ""),
	})
	w.tellingMaps()
	w.app("waves", "app")
	w.app("rbac", "rbac")
	w.is("waves", appv1.SyncStatusOutOfSync, appv1.HealthMissing)
	app := w.sync("waves", "")
	w.phase(app, appv1.OperationFailed, "")
	w.outcome(app, map[string]string{"ConfigMap/a": "Synced"})
	degraded := w.is("waves", appv1.SyncStatusOutOfSync, appv1.HealthDegraded)
	if r := w.resource(degraded, "ConfigMap", "b"); r.Health == nil || r.Health.Status != appv1.HealthMissing {
		t.Errorf("%+v", r)
	}
	w.repo.Commit(map[string]string{"app/a.yaml": telling("a", "Healthy", wave("1"))})
	w.phase(w.sync("waves", ""), appv1.OperationSucceeded, "")
	app = w.is("waves", appv1.SyncStatusSynced, appv1.HealthHealthy)
	if was, is := degraded.Status.Health.LastTransitionTime, app.Status.Health.LastTransitionTime; was == nil || is == nil || is.Before(was) {
		t.Errorf("last transition at %s, before that %s", is, was)
	}

	w.is("rbac", appv1.SyncStatusOutOfSync, appv1.HealthMissing)
	w.phase(w.sync("rbac", ""), appv1.OperationSucceeded, "")
	w.is("rbac", appv1.SyncStatusSynced, appv1.HealthHealthy)
	order := recordDeleted(t, w.ns)
	w.repo.Commit(map[string]string{"rbac/sa.yaml": gitserver.Deleted, "rbac/role.yaml": gitserver.Deleted, "rbac/binding.yaml": gitserver.Deleted, "rbac/pod.yaml": gitserver.Deleted})
	app = w.sync("rbac", `{"prune":true}`)
	w.phase(app, appv1.OperationSucceeded, "")
	w.outcome(app, map[string]string{"ServiceAccount/runner": "Pruned", "Role/runner": "Pruned", "RoleBinding/runner": "Pruned", "Pod/runner": "Pruned", "ConfigMap/keep": "Synced"})
	if got := order(); !strings.HasPrefix(got, "Pod RoleBinding ") || len(strings.Fields(got)) != 4 {
		t.Errorf("pruned in the order %s", got)
	}
}

// TestApplicationLastWave: what is applied last is not waited for: neither what progresses nor what is degraded makes a
// sync fail (scenarios 6, 23, 24).
func TestApplicationLastWave(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"slow/a.yaml": stuckDeployment("slow", ""), "bad/a.yaml": stuckDeployment("bad", "progressDeadlineSeconds: 1")})
	for name, health := range map[string]appv1.HealthStatusCode{"slow": appv1.HealthProgressing, "bad": appv1.HealthDegraded} {
		w.app(name, name)
		w.is(name, appv1.SyncStatusOutOfSync, appv1.HealthMissing)
		w.phase(w.sync(name, ""), appv1.OperationSucceeded, "successfully synced (all tasks run)")
		w.is(name, appv1.SyncStatusSynced, health)
	}
}
