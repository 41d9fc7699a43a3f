// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"strings"
	"testing"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// TestApplicationSelectiveSync: only what was selected is synced, without hooks; a namespace must agree if it is given
// (scenarios 46-48).
func TestApplicationSelectiveSync(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{
		"app/a.yaml": serviceFile("a", 80), "app/b.yaml": stuckDeployment("b", "replicas: 0"), "app/hook.yaml": podFile("hook", "true", as("PreSync")),
	})
	w.everywhere()
	other := w.extra("other")
	w.repo.Commit(map[string]string{
		"two/ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: " + other + "}\n",
		"two/a.yaml":  configMapFile("twice", "1", ""), "two/b.yaml": strings.Replace(configMapFile("twice", "1", ""), "name: twice", "name: twice\n  namespace: "+other, 1),
	})
	w.app("one", "app")
	w.is("one", appv1.SyncStatusOutOfSync, appv1.HealthMissing)
	app := w.sync("one", `{"resources":[{"kind":"Service","name":"a"}]}`)
	w.phase(app, appv1.OperationSucceeded, "")
	w.outcome(app, map[string]string{"Service/a": "Synced"})
	app = w.until("one", "the service is there", func(a *appv1.Application) bool { return a.Status.Health.Status == appv1.HealthHealthy })
	if a, b := w.resource(app, "Service", "a"), w.resource(app, "Deployment", "b"); app.Status.Sync.Status != appv1.SyncStatusOutOfSync ||
		a.Health == nil || a.Health.Status != appv1.HealthHealthy || b.Health == nil || b.Health.Status != appv1.HealthMissing || len(app.Status.History) != 0 {
		t.Errorf("%s, %+v, %+v, history %v", app.Status.Sync.Status, a, b, app.Status.History)
	}

	w.app("two", "two")
	w.is("two", appv1.SyncStatusOutOfSync, appv1.HealthMissing)
	w.phase(w.sync("two", `{"resources":[{"kind":"Namespace","name":"`+other+`"}]}`), appv1.OperationSucceeded, "")
	for selected, want := range map[string]int{`,"namespace":"` + other + `"`: 1, "": 2, `,"namespace":"none"`: 0} {
		app = w.sync("two", `{"resources":[{"kind":"ConfigMap","name":"twice"`+selected+`}]}`)
		if got := 0; app.Status.OperationState.SyncResult != nil {
			if got = len(app.Status.OperationState.SyncResult.Resources); got != want {
				t.Errorf("%s: %d results, not %d: %+v", selected, got, want, app.Status.OperationState)
			}
		}
	}
}

// TestApplicationInvalid: what is wrong with an application is told by a condition, and does not change while it stays
// (scenarios 58-61).
func TestApplicationInvalid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{
		"app/a.yaml": configMapFile("a", "1", ""), "skip/a.yaml": configMapFile("skipped", "1", ""),
		"global/a.yaml": "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: e2e-unused-of-lifecycle}\nrules: []\n",
		"two/a.yaml":    configMapFile("b", "1", "") + "---\n" + configMapFile("c", "1", ""),
	})
	w.everywhere()
	w.app("path", "none-such")
	w.app("project", "app", "project: none-such")
	w.app("url", "", "source: {repoURL: '"+w.git.HTTPS("none-such.git")+"', path: app}")
	w.appIn("global", "", "global", "")
	w.appIn("nowhere", "", "two", "")
	create(t, admin, w.ns, "apiVersion: application.argosy.dev/v1alpha1\nkind: Application\nmetadata: {name: skipped, annotations: {argocd.argoproj.io/skip-reconcile: 'true'}}\nspec:\n"+
		"  project: default\n  destination: {name: in-cluster, namespace: "+w.ns+"}\n  source: {repoURL: '"+w.url()+"', path: skip}\n")
	path := w.condition("path", appv1.ConditionComparisonError, "none-such")
	if path.Status.Sync.Status != appv1.SyncStatusUnknown || path.Status.Health.Status == "" {
		t.Errorf("%+v", path.Status)
	}
	w.condition("project", appv1.ConditionInvalidSpecError, "none-such")
	w.condition("url", appv1.ConditionComparisonError, "")
	global := w.until("global", "it was looked at", func(a *appv1.Application) bool { return a.Status.Sync.Status == appv1.SyncStatusOutOfSync })
	nowhere := w.condition("nowhere", appv1.ConditionInvalidSpecError, "")
	for app, want := range map[*appv1.Application]int{global: 0, nowhere: 2} {
		got := 0
		for _, c := range app.Status.Conditions {
			if c.Type == appv1.ConditionInvalidSpecError {
				got++
			}
		}
		if got != want {
			t.Errorf("%s: %d conditions: %+v", app.Name, got, app.Status.Conditions)
		}
	}
	again := w.refreshed("path")
	if was, is := path.Status.Conditions[0].LastTransitionTime, again.Status.Conditions[0].LastTransitionTime; was == nil || !was.Equal(is) {
		t.Errorf("the condition is of %s, and was of %s", is, was)
	}

	if s := w.get("skipped").Status; s.Sync.Status != "" || len(s.Resources) != 0 {
		t.Errorf("looked at: %+v", s)
	}
	w.patch("skipped", `{"metadata":{"annotations":{"argocd.argoproj.io/skip-reconcile":"nonsense"}}}`)
	w.is("skipped", appv1.SyncStatusOutOfSync, appv1.HealthMissing)
}
