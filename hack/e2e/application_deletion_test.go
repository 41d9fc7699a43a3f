// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/hack/e2e/gitserver"
)

// starting waits until there are n objects whose names begin with a prefix, and returns their names.
func (w *world) starting(gvr schema.GroupVersionResource, prefix string, n int) (names []string) {
	w.Helper()
	err := wait.PollUntilContextTimeout(w.Context(), 200*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		list, err := admin.Dynamic.Resource(gvr).Namespace(w.ns).List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		names = nil
		for _, item := range list.Items {
			if strings.HasPrefix(item.GetName(), prefix) {
				names = append(names, item.GetName())
			}
		}
		slices.Sort(names)
		return len(names) == n, nil
	})
	if err != nil {
		w.Fatalf("waiting for %d objects named %s...: there are %v: %v", n, prefix, names, err)
	}
	return names
}

// TestApplicationDeletionHooksOnce: the hooks of a deletion are those that there were when it began, and each runs once,
// whatever is committed meanwhile. Their finalizers go when they leave Git.
func TestApplicationDeletionHooksOnce(t *testing.T) {
	t.Parallel()
	unnamed := func(name, health, annotations string) string {
		return strings.Replace(telling(name, health, annotations), "name:", "generateName:", 1)
	}
	w := newWorld(t, map[string]string{
		"app/a.yaml": configMapFile("a", "1", ""), "app/pre.yaml": unnamed("pre-", "Progressing", as("PreDelete")),
		"app/post.yaml": telling("after", "Progressing", as("PostDelete", deletedWhen("HookSucceeded"))),
		"left/b.yaml":   configMapFile("b", "1", ""), "left/pre.yaml": telling("never", "Degraded", as("PreDelete")),
	})
	w.tellingMaps()
	for name, finalizers := range map[string]int{"app": 4, "left": 2} {
		w.app(name, name, "syncPolicy: {automated: {}}")
		w.is(name, appv1.SyncStatusSynced, appv1.HealthHealthy)
		w.until(name, "it has the finalizers of its hooks", func(a *appv1.Application) bool { return len(a.Finalizers) == finalizers })
	}
	app := w.get("app")
	w.patch("app", `{"metadata":{"finalizers":["`+strings.Join(app.Finalizers, `","`)+`","resources-finalizer.argocd.argoproj.io"]}}`)
	w.remove("app")
	hook := w.starting(configMaps, "pre-", 1)[0]
	w.repo.Commit(map[string]string{
		"app/pre.yaml": unnamed("pre-", "Degraded", as("PreDelete")), "app/more.yaml": telling("more", "Degraded", as("PreDelete")),
		"app/post.yaml": gitserver.Deleted, "left/pre.yaml": gitserver.Deleted,
	})
	w.refreshed("left")
	w.until("left", "the finalizers of its hooks are gone", func(a *appv1.Application) bool { return len(a.Finalizers) == 0 })
	w.told(hook, "Healthy")
	waitFor(t, time.Minute, configMaps, w.ns, "after", func(*unstructured.Unstructured) (bool, error) { return true, nil })
	if w.object(configMaps, "a") != nil || w.object(configMaps, "more") != nil {
		t.Error("an object is still there, or a hook that came later has run")
	}
	w.told("after", "Healthy")
	w.gone(applications, "app")
	w.gone(configMaps, "after")
	if names := w.starting(configMaps, "pre-", 1); names[0] != hook {
		t.Errorf("another hook has run: %v", names)
	}
}

// TestApplicationDeletedLeavesNoHook: an application that takes nothing along, and is deleted in the middle of a sync, leaves
// no hook that cannot be deleted.
func TestApplicationDeletedLeavesNoHook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/a.yaml": telling("a", "Progressing", as("PreSync")), "app/b.yaml": configMapFile("b", "1", ""), "done/c.yaml": telling("c", "Healthy", as("PreSync"))})
	w.tellingMaps()
	w.app("loose", "app", "syncPolicy: {automated: {}}")
	app := w.until("loose", "its hook is waited for", func(a *appv1.Application) bool {
		return a.Status.OperationState != nil && strings.Contains(a.Status.OperationState.Message, "waiting for completion of hook")
	})
	if !slices.Contains(app.Finalizers, appv1.FinalizerHooks) {
		t.Errorf("finalizers are %v", app.Finalizers)
	}
	w.remove("loose")
	w.gone(applications, "loose")
	if u := w.object(configMaps, "a"); u == nil || len(u.GetFinalizers()) > 0 || u.GetDeletionTimestamp() != nil {
		t.Errorf("the hook: %v", u)
	}
	w.app("done", "done")
	w.until("done", "it was looked at", func(a *appv1.Application) bool { return a.Status.Sync.Status != "" })
	w.phase(w.sync("done", ""), appv1.OperationSucceeded, "")
	w.until("done", "nothing holds it", func(a *appv1.Application) bool { return len(a.Finalizers) == 0 })
}

// TestApplicationDeletedThoughUnsupported: what keeps an application from being synced does not keep it from being deleted.
func TestApplicationDeletedThoughUnsupported(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/a.yaml": configMapFile("a", "1", ""), "app/pre.yaml": telling("pre", "Healthy", as("PreDelete"))})
	w.tellingMaps()
	w.app("app", "app", "syncPolicy: {automated: {}}")
	w.is("app", appv1.SyncStatusSynced, appv1.HealthHealthy)
	app := w.until("app", "it has the finalizers of its hook", func(a *appv1.Application) bool { return len(a.Finalizers) == 2 })
	w.patch("app", `{"metadata":{"finalizers":["`+strings.Join(app.Finalizers, `","`)+`","resources-finalizer.argocd.argoproj.io"]},"spec":{"source":{"plugin":{"name":"x"}}}}`)
	w.condition("app", appv1.ConditionInvalidSpecError, "plugin")
	w.remove("app")
	w.gone(applications, "app")
	w.gone(configMaps, "a")
	if w.object(configMaps, "pre") != nil {
		t.Error("a hook has run that nobody can know")
	}
}
