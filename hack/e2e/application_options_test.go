// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/hack/e2e/gitserver"
)

// results that have the name, and their messages.
func (w *world) message(app *appv1.Application, kind, name string) string {
	w.Helper()
	if s := app.Status.OperationState; s != nil && s.SyncResult != nil {
		for _, r := range s.SyncResult.Resources {
			if r.Kind == kind && r.Name == name {
				return r.Message
			}
		}
	}
	w.Errorf("%s: no result of %s/%s", app.Name, kind, name)
	return ""
}

// appIn creates an application that goes to another namespace, empty for none.
func (w *world) appIn(name, namespace, path, policy string) {
	w.Helper()
	destination := "{name: in-cluster}"
	if namespace != "" {
		destination = "{name: in-cluster, namespace: " + namespace + "}"
	}
	create(w.T, admin, w.ns, strings.Join([]string{
		"apiVersion: application.argosy.dev/v1alpha1", "kind: Application", "metadata: {name: " + name + "}", "spec:",
		"  destination: " + destination, "  source: {repoURL: '" + w.url() + "', path: " + path + "}", "  syncPolicy: {" + policy + "}",
	}, "\n"))
}

// extra is the name of a further namespace of the test, which is deleted with it.
func (w *world) extra(suffix string) string {
	w.Helper()
	name := w.ns + "-" + suffix
	w.Cleanup(func() {
		err := admin.Kube.CoreV1().Namespaces().Delete(context.Background(), name, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			w.Errorf("delete namespace: %v", err)
		}
	})
	return name
}

// TestApplicationCreateNamespace: the namespace comes before everything, with the metadata that it is to have, and stays
// when the application goes (scenarios 29-32); one that had a manifest is not pruned with it (45).
func TestApplicationCreateNamespace(t *testing.T) {
	t.Parallel()
	const account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: sa}\n"
	w := newWorld(t, map[string]string{
		"app/a.yaml": configMapFile("a", "1", ""), "app/sa.yaml": account,
		"bad/sa.yaml": account, "bad/b.yaml": "apiVersion: none.example.org/v1\nkind: Nothing\nmetadata: {name: x}\n",
	})
	w.everywhere()
	made, failing, had := w.extra("made"), w.extra("failing"), w.extra("had")
	w.repo.Commit(map[string]string{
		"plain/ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: " + had + "}\n", "plain/c.yaml": configMapFile("c", "1", ""),
	})
	w.appIn("made", made, "app", "syncOptions: [CreateNamespace=true], managedNamespaceMetadata: {labels: {team: a}, annotations: {note: b}}")
	w.is("made", appv1.SyncStatusOutOfSync, appv1.HealthMissing)
	app := w.sync("made", "")
	w.phase(app, appv1.OperationSucceeded, "")
	w.outcome(app, map[string]string{"Namespace/" + made: "Synced", "ServiceAccount/sa": "Synced", "ConfigMap/a": "Synced"})
	ns, err := admin.Kube.CoreV1().Namespaces().Get(within(t, time.Minute), made, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if ns.Labels["team"] != "a" || ns.Annotations["note"] != "b" || ns.Annotations["kubectl.kubernetes.io/last-applied-configuration"] != "" {
		t.Errorf("namespace: %v %v", ns.Labels, ns.Annotations)
	}
	w.is("made", appv1.SyncStatusSynced, appv1.HealthHealthy)
	w.patch("made", cascade)
	w.remove("made")
	w.gone(applications, "made")
	if ns, err = admin.Kube.CoreV1().Namespaces().Get(within(t, time.Minute), made, metav1.GetOptions{}); err != nil || ns.DeletionTimestamp != nil {
		t.Errorf("the namespace went with the application: %v", err)
	}

	w.appIn("failing", failing, "bad", "syncOptions: [CreateNamespace=true]")
	w.until("failing", "it was looked at", func(a *appv1.Application) bool { return a.Status.Sync.Status != "" })
	app = w.sync("failing", "")
	w.phase(app, appv1.OperationFailed, "")
	if got := outcomes(app); got["Namespace/"+failing] != "Synced" || got["Nothing/x"] != "SyncFailed" || got["ServiceAccount/sa"] == "Synced" {
		t.Errorf("outcomes %v", got)
	}

	w.appIn("had", had, "plain", "automated: {prune: true}, syncOptions: [CreateNamespace=false]")
	w.is("had", appv1.SyncStatusSynced, appv1.HealthHealthy)
	w.patch("had", `{"spec":{"syncPolicy":{"syncOptions":["CreateNamespace=true"]}}}`)
	w.repo.Commit(map[string]string{"plain/ns.yaml": gitserver.Deleted, "plain/c.yaml": configMapFile("c", "2", "")})
	app = w.sync("had", `{"prune":true}`)
	w.phase(app, appv1.OperationSucceeded, "")
	if ns, err = admin.Kube.CoreV1().Namespaces().Get(within(t, time.Minute), had, metav1.GetOptions{}); err != nil || ns.DeletionTimestamp != nil {
		t.Errorf("the namespace was pruned: %v", err)
	}
}

// TestApplicationApplyOptions: how objects are applied (scenarios 33-36, 41-43).
func TestApplicationApplyOptions(t *testing.T) {
	t.Parallel()
	option := func(o string) string { return "argocd.argoproj.io/sync-options: '" + o + "'" }
	typo := func(name, annotations string) string {
		return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + ", annotations: {" + annotations + "}}\ndatum: {a: b}\n"
	}
	secret := func(value string) string {
		return "apiVersion: v1\nkind: Secret\nmetadata: {name: fixed}\nimmutable: true\nstringData: {a: " + value + "}\n"
	}
	big := strings.Repeat("0123456789abcdef", 20<<10) // 320 KiB: too big for an annotation
	forced := strings.Replace(stuckDeployment("forced", "replicas: 0"), "{name: forced}", "{name: forced, annotations: {"+option("Force=true,Replace=true")+"}}", 1)
	w := newWorld(t, map[string]string{
		"strict/a.yaml": typo("strict", ""), "loose/a.yaml": typo("loose", option("Validate=false")),
		"only/a.yaml": configMapFile("only-a", "1", ""), "only/b.yaml": configMapFile("only-b", "1", ""),
		"replace/a.yaml": configMapFile("replaced", "1", option("Replace=true")), "replace/b.yaml": configMapFile("asked", "1", ""),
		"force/a.yaml": forced, "fixed/a.yaml": secret("one"), "big/a.yaml": configMapFile("big", big, ""),
		"status/a.yaml": stuckDeployment("status", "replicas: 0") + "status: {replicas: 5}\n",
	})
	for _, name := range []string{"strict", "loose", "replace", "force", "fixed", "big", "status"} {
		w.app(name, name)
	}
	w.app("only", "only", "syncPolicy: {syncOptions: [ApplyOutOfSyncOnly=true]}")
	synced := func(name, fields string) *appv1.Application {
		t.Helper()
		w.until(name, "it was looked at", func(a *appv1.Application) bool { return a.Status.Sync.Status != "" })
		return w.sync(name, fields)
	}
	app := synced("strict", "")
	w.phase(app, appv1.OperationFailed, "datum")
	w.phase(synced("loose", ""), appv1.OperationSucceeded, "")

	w.phase(synced("only", ""), appv1.OperationSucceeded, "")
	w.is("only", appv1.SyncStatusSynced, appv1.HealthHealthy)
	w.repo.Commit(map[string]string{"only/b.yaml": configMapFile("only-b", "2", "")})
	app = w.sync("only", "")
	w.phase(app, appv1.OperationSucceeded, "")
	w.outcome(app, map[string]string{"ConfigMap/only-b": "Synced"})
	if len(app.Status.History) != 2 {
		t.Errorf("history %+v", app.Status.History)
	}

	app = synced("replace", "")
	if got := w.message(app, "ConfigMap", "replaced"); got != "configmap/replaced created" {
		t.Errorf("message %q", got)
	}
	w.repo.Commit(map[string]string{"replace/a.yaml": configMapFile("replaced", "2", option("Replace=true"))})
	app = w.sync("replace", `{"syncOptions":["Replace=true"]}`)
	for _, name := range []string{"replaced", "asked"} {
		if got := w.message(app, "ConfigMap", name); got != "configmap/"+name+" replaced" {
			t.Errorf("message %q", got)
		}
	}

	w.phase(synced("force", ""), appv1.OperationSucceeded, "")
	first := w.object(deployments, "forced").GetUID()
	w.repo.Commit(map[string]string{"force/a.yaml": strings.ReplaceAll(forced, "app: forced", "app: other")})
	w.phase(w.sync("force", ""), appv1.OperationSucceeded, "")
	if u := w.object(deployments, "forced"); u == nil || u.GetUID() == first || field(u, "spec", "selector", "matchLabels", "app") != "other" {
		t.Errorf("not made anew: %v", u)
	}
	w.until("force", "it is in sync", func(a *appv1.Application) bool { return a.Status.Sync.Status == appv1.SyncStatusSynced })

	w.phase(synced("fixed", ""), appv1.OperationSucceeded, "")
	w.repo.Commit(map[string]string{"fixed/a.yaml": secret("two")})
	app = w.sync("fixed", "")
	w.phase(app, appv1.OperationFailed, "immutable")
	if err := admin.Kube.CoreV1().Secrets(w.ns).Delete(t.Context(), "fixed", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	w.phase(w.sync("fixed", ""), appv1.OperationSucceeded, "")
	w.is("fixed", appv1.SyncStatusSynced, appv1.HealthHealthy)

	w.phase(synced("big", ""), appv1.OperationSucceeded, "")
	w.phase(w.sync("big", ""), appv1.OperationSucceeded, "")
	w.repo.Commit(map[string]string{"big/a.yaml": configMapFile("big", big+"!", "")})
	w.phase(w.sync("big", `{"syncOptions":["ServerSideApply=true"]}`), appv1.OperationSucceeded, "")
	if got := field(w.object(configMaps, "big"), "data", "value"); got != big+"!" {
		t.Errorf("%d bytes", len(got))
	}

	w.phase(synced("status", ""), appv1.OperationSucceeded, "")
	w.is("status", appv1.SyncStatusSynced, appv1.HealthHealthy)
}

// TestApplicationSkipHook: what says Skip is no difference, until it does not say so any longer (scenario 44).
func TestApplicationSkipHook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/a.yaml": configMapFile("a", "1", ""), "app/b.yaml": configMapFile("b", "1", "")})
	w.app("one", "app", "syncPolicy: {automated: {}}")
	w.is("one", appv1.SyncStatusSynced, appv1.HealthHealthy)
	w.patch("one", `{"spec":{"syncPolicy":null}}`)
	head := w.repo.Commit(map[string]string{"app/b.yaml": configMapFile("b", "2", as("Skip"))})
	if err := w.verb(admin, "one", "refresh", ""); err != nil {
		t.Fatal(err)
	}
	w.until("one", "Skip is no difference", func(a *appv1.Application) bool {
		return a.Status.Sync.Revision == head && a.Status.Sync.Status == appv1.SyncStatusSynced
	})
	head = w.repo.Commit(map[string]string{"app/b.yaml": configMapFile("b", "2", "")})
	if err := w.verb(admin, "one", "refresh", ""); err != nil {
		t.Fatal(err)
	}
	w.until("one", "it is out of sync", func(a *appv1.Application) bool {
		return a.Status.Sync.Revision == head && a.Status.Sync.Status == appv1.SyncStatusOutOfSync
	})
}

// TestApplicationPruning: pruning is asked for, forbidden, or waits for somebody's agreement, and so is deletion
// (scenarios 37-40).
func TestApplicationPruning(t *testing.T) {
	t.Parallel()
	annotated := map[string]string{
		"required": "", "never": "argocd.argoproj.io/sync-options: Prune=false", "neverapp": "",
		"extra": "argocd.argoproj.io/compare-options: IgnoreExtraneous", "confirm": "argocd.argoproj.io/sync-options: Prune=confirm",
		"keep": "argocd.argoproj.io/sync-options: Delete=confirm",
	}
	files := map[string]string{}
	for name, annotation := range annotated {
		files[name+"/a.yaml"], files[name+"/b.yaml"] = configMapFile(name+"-a", "1", annotation), configMapFile(name+"-b", "1", "")
	}
	w := newWorld(t, files)
	for name := range annotated {
		policy := ""
		if name == "neverapp" {
			policy = "syncPolicy: {syncOptions: [Prune=false]}"
		}
		w.app(name, name, policy)
	}
	for name := range annotated {
		w.is(name, appv1.SyncStatusOutOfSync, appv1.HealthMissing)
		w.phase(w.sync(name, ""), appv1.OperationSucceeded, "")
		w.is(name, appv1.SyncStatusSynced, appv1.HealthHealthy)
		if name != "keep" {
			files[name+"/a.yaml"] = gitserver.Deleted
		}
	}
	w.repo.Commit(files)
	for name, prune := range map[string]string{"required": `{"prune":false}`, "never": `{"prune":true}`, "neverapp": `{"prune":true}`, "extra": `{"prune":false}`} {
		app := w.sync(name, prune)
		w.phase(app, appv1.OperationSucceeded, "")
		w.outcome(app, map[string]string{"ConfigMap/" + name + "-a": "PruneSkipped", "ConfigMap/" + name + "-b": "Synced"})
		want := appv1.SyncStatusOutOfSync
		if name == "extra" {
			want = appv1.SyncStatusSynced
		}
		app = w.until(name, "it is "+string(want), func(a *appv1.Application) bool { return a.Status.Sync.Status == want })
		if r := w.resource(app, "ConfigMap", name+"-a"); r.Status != appv1.SyncStatusOutOfSync || !r.RequiresPruning && name == "required" {
			t.Errorf("%s: %+v", name, r)
		}
		if w.object(configMaps, name+"-a") == nil {
			t.Errorf("%s: pruned", name)
		}
	}

	before := w.get("confirm")
	if err := w.verb(admin, "confirm", "sync", `{"prune":true}`); err != nil {
		t.Fatal(err)
	}
	w.until("confirm", "an agreement is waited for", func(a *appv1.Application) bool {
		return a.Status.OperationState != nil && strings.Contains(a.Status.OperationState.Message, "waiting for pruning confirmation of /ConfigMap/confirm-a")
	})
	if w.object(configMaps, "confirm-a") == nil {
		t.Error("pruned before somebody agreed")
	}
	agree := func(name string) {
		w.patch(name, `{"metadata":{"annotations":{"argocd.argoproj.io/deletion-approved":"`+time.Now().Add(time.Minute).UTC().Format(time.RFC3339)+`"}}}`)
	}
	agree("confirm")
	w.phase(w.ended("confirm", before), appv1.OperationSucceeded, "")
	w.gone(configMaps, "confirm-a")

	w.patch("keep", cascade)
	w.remove("keep")
	w.until("keep", "it is being deleted", func(a *appv1.Application) bool { return a.DeletionTimestamp != nil })
	if w.object(configMaps, "keep-a") == nil || w.object(configMaps, "keep-b") == nil {
		t.Error("deleted before somebody agreed")
	}
	agree("keep")
	w.gone(applications, "keep")
	w.gone(configMaps, "keep-a")
}
