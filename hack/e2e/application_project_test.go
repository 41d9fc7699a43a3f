// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/hack/e2e/framework"
)

// project creates a project. spec is YAML, one key a line.
func (w *world) project(name, spec string) {
	w.Helper()
	create(w.T, admin, w.ns, "apiVersion: application.argosy.dev/v1alpha1\nkind: AppProject\nmetadata: {name: "+name+"}\nspec:\n  "+strings.ReplaceAll(strings.TrimSpace(spec), "\n", "\n  "))
}

// anywhere permits all sources and destinations.
const anywhere = "sourceRepos: ['*']\ndestinations: [{server: '*', namespace: '*'}]\n"

// TestApplicationNotPermitted: a source, destination or kind that the project does not permit is told by a condition, and
// nothing is touched (59, 86, 87).
func TestApplicationNotPermitted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/a.yaml": configMapFile("a", "one", "")})
	for name, c := range map[string]struct{ spec, says string }{
		"source":      {"sourceRepos: ['https://git.example.com/*']\ndestinations: [{server: '*', namespace: '*'}]", "is not permitted in project 'source'"},
		"denied":      {fmt.Sprintf("sourceRepos: ['*', %q]\ndestinations: [{server: '*', namespace: '*'}]", "!"+w.url()), "is not permitted in project 'denied'"},
		"destination": {"sourceRepos: ['*']\ndestinations: [{server: '*', namespace: elsewhere}]", "do not match any of the allowed destinations in project 'destination'"},
		"namespace":   {"sourceRepos: ['*']\ndestinations: [{server: '*', namespace: '*'}, {server: '*', namespace: '!" + w.ns + "'}]", "do not match any of the allowed destinations"},
		"missing":     {"", "references project missing which does not exist"},
	} {
		if c.spec != "" {
			w.project(name, c.spec)
		}
		w.app(name, "app", "project: "+name, automated)
		app := w.condition(name, appv1.ConditionInvalidSpecError, c.says)
		if app.Status.Sync.Status != appv1.SyncStatusUnknown {
			t.Errorf("%s: sync status %s", name, app.Status.Sync.Status)
		}
	}
	if w.object(configMaps, "a") != nil {
		t.Error("what is not permitted was synced")
	}
}

// TestApplicationKindNotPermitted: a sync of a kind that the project does not permit fails before anything is applied; what
// is there already of it is neither changed nor deleted (87).
func TestApplicationKindNotPermitted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{
		"app/a.yaml": configMapFile("a", "one", ""), "app/s.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: s}\n",
		"cluster/a.yaml": configMapFile("c", "one", ""), "cluster/role.yaml": "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: e2e-never-made}\n",
	})
	w.everywhere()
	w.project("kinds", anywhere)
	w.app("kinds", "app", "project: kinds", "syncPolicy: {automated: {prune: true}}")
	w.is("kinds", appv1.SyncStatusSynced, appv1.HealthHealthy)
	projects := appv1.SchemeGroupVersion.WithResource("appprojects")
	if _, err := admin.Dynamic.Resource(projects).Namespace(w.ns).Patch(within(t, time.Minute), "kinds", "application/merge-patch+json",
		[]byte(`{"spec":{"namespaceResourceBlacklist":[{"group":"","kind":"ConfigMap"}]}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	w.repo.Commit(map[string]string{"app/a.yaml": configMapFile("a", "two", "")})
	w.refresh("kinds")
	app := w.until("kinds", "the kind is refused", func(a *appv1.Application) bool {
		text := fmt.Sprint(a.Status.Conditions)
		if s := a.Status.OperationState; s != nil {
			text += fmt.Sprint(s.Message, s.SyncResult)
		}
		return strings.Contains(text, "ConfigMap is not permitted in project kinds")
	})
	if got := field(w.object(configMaps, "a"), "data", "value"); got != "one" {
		t.Errorf("value %q, %+v", got, app.Status)
	}
	w.repo.Commit(map[string]string{"app/a.yaml": "\x00deleted"})
	w.refresh("kinds")
	w.until("kinds", "it is no longer wanted", func(a *appv1.Application) bool {
		return a.Status.Sync.Status == appv1.SyncStatusSynced && len(a.Status.Resources) == 1
	})
	if w.object(configMaps, "a") == nil {
		t.Error("what is not permitted was pruned")
	}
	w.app("cluster", "cluster", "project: kinds-2")
	w.project("kinds-2", anywhere)
	w.refresh("cluster")
	w.is("cluster", appv1.SyncStatusOutOfSync, appv1.HealthMissing)
	app = w.sync("cluster", "")
	w.phase(app, appv1.OperationFailed, "")
	if said := fmt.Sprint(app.Status.OperationState.Message, results(app), app.Status.OperationState.SyncResult); !strings.Contains(said, "ClusterRole is not permitted in project kinds-2") {
		t.Errorf("the sync says %s", said)
	}
	if w.object(configMaps, "c") != nil {
		t.Error("a sync that is refused has applied something")
	}
}

// TestApplicationServiceAccounts: an application is synced as the account that its project names, with that account's
// rights; who lacks which right is told (88).
func TestApplicationServiceAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/a.yaml": configMapFile("a", "one", "")})
	w.account("nothing", "")
	w.account("reader", "view")
	w.account("deployer", "edit")
	rule := func(account string) string {
		return anywhere + "destinationServiceAccounts: [{server: '*', namespace: '" + w.ns + "', defaultServiceAccount: " + account + "}]"
	}
	says := func(name string, texts ...string) {
		t.Helper()
		w.until(name, fmt.Sprintf("it says %q", texts), func(a *appv1.Application) bool {
			said := fmt.Sprint(a.Status.Conditions)
			if s := a.Status.OperationState; s != nil {
				said += s.Message
				if s.SyncResult != nil {
					for _, r := range s.SyncResult.Resources {
						said += r.Message
					}
				}
			}
			for _, text := range texts {
				if !strings.Contains(said, text) {
					return false
				}
			}
			return true
		})
	}
	for name, account := range map[string]string{"none": "nothing", "reads": "reader", "may": w.ns + ":deployer", "absent": "nobody"} {
		w.project(name, rule(account))
	}
	w.project("elsewhere", anywhere+"destinationServiceAccounts: [{server: '*', namespace: other, defaultServiceAccount: deployer}]")
	w.app("none", "app", "project: none", automated)
	says("none", "system:serviceaccount:"+w.ns+":nothing", "forbidden", "configmaps")
	w.app("absent", "app", "project: absent", automated)
	says("absent", "system:serviceaccount:"+w.ns+":nobody", "forbidden")
	w.app("elsewhere", "app", "project: elsewhere", automated)
	says("elsewhere", "no matching service account found for destination server", w.ns)
	w.app("reads", "app", "project: reads")
	w.is("reads", appv1.SyncStatusOutOfSync, appv1.HealthMissing)
	app := w.sync("reads", "")
	w.phase(app, appv1.OperationFailed, "")
	says("reads", "system:serviceaccount:"+w.ns+":reader", `cannot patch resource "configmaps"`)
	if w.object(configMaps, "a") != nil {
		t.Fatal("who may not has synced")
	}
	w.app("may", "app", "project: may", automated)
	w.is("may", appv1.SyncStatusSynced, appv1.HealthHealthy)
	w.value("a", "value", "one")
}

// TestApplicationPerson: who may sync need not be able to edit, and who edits not to sync, nor to do so by the field
// operation; the Event, the operation and the audit log name the person.
func TestApplicationPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/a.yaml": configMapFile("a", "one", "")})
	w.app("shop", "app")
	w.is("shop", appv1.SyncStatusOutOfSync, appv1.HealthMissing)
	allow(t, w.ns, "alice", alice, applications.Group, "create", "applications/sync")
	for _, v := range []string{"get", "patch", "update"} {
		allow(t, w.ns, "bob", bob, applications.Group, v, "applications")
		allow(t, w.ns, "bob", bob, framework.CompatGroup, v, "applications")
	}
	ctx := within(t, 3*time.Minute)
	compat := framework.Compat("applications")
	edit := []byte(`{"spec":{"revisionHistoryLimit":3}}`)
	_, err := alice.Dynamic.Resource(applications).Namespace(w.ns).Patch(ctx, "shop", "application/merge-patch+json", edit, metav1.PatchOptions{})
	forbidden(t, "an edit by who may only sync", "alice", err)
	for _, verb := range []string{"rollback", "terminate", "refresh"} {
		forbidden(t, verb+" by who may only sync", "alice", w.verb(alice, "shop", verb, ""))
	}
	forbidden(t, "manifests of her own", "alice", w.verb(alice, "shop", "sync", `{"manifests":["{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}"]}`))
	forbidden(t, "sync by who may only edit", "bob", w.verb(bob, "shop", "sync", ""))
	for _, gvr := range []schema.GroupVersionResource{applications, compat} {
		_, err = bob.Dynamic.Resource(gvr).Namespace(w.ns).Patch(ctx, "shop", "application/merge-patch+json", []byte(`{"operation":{"sync":{}}}`), metav1.PatchOptions{})
		forbidden(t, "operation by who may only edit", "bob", err)
		if err == nil || !strings.Contains(err.Error(), "applications/sync") {
			t.Errorf("the refusal does not name the right: %v", err)
		}
		if _, err := bob.Dynamic.Resource(gvr).Namespace(w.ns).Patch(ctx, "shop", "application/merge-patch+json", edit, metav1.PatchOptions{}); err != nil {
			t.Errorf("an edit by who may edit: %v", err)
		}
	}
	before := w.get("shop")
	if before.Operation != nil || before.Status.OperationState != nil {
		t.Fatalf("an operation of who may not: %+v", before)
	}
	if err := w.verb(alice, "shop", "sync", `{"message":"looks good"}`); err != nil {
		t.Fatalf("sync by who may: %v", err)
	}
	app := w.ended("shop", before)
	w.phase(app, appv1.OperationSucceeded, "")
	if by := app.Status.OperationState.Operation.InitiatedBy; by == nil || by.Username != "alice" {
		t.Errorf("initiated by %+v", by)
	}
	waitEvent(t, w.ns, "shop", func(_, message string) bool {
		return strings.Contains(message, "alice") && strings.Contains(message, "looks good")
	}, "an Event that names alice and her message")
	audited(t, "/namespaces/"+w.ns+"/applications/shop/sync", "alice")

	// The peer's clients write the whole application in argoproj.io: with the right to sync in that group, it is a sync.
	allow(t, w.ns, "bob", bob, framework.CompatGroup, "create", "applications/sync")
	w.repo.Commit(map[string]string{"app/a.yaml": configMapFile("a", "two", "")})
	before = w.get("shop")
	eventually(t, time.Minute, "the peer's PUT", func(ctx context.Context) error {
		whole, err := bob.Dynamic.Resource(compat).Namespace(w.ns).Get(ctx, "shop", metav1.GetOptions{})
		if err != nil {
			return err
		}
		whole.Object["operation"] = map[string]any{"sync": map[string]any{"revision": "main", "syncStrategy": map[string]any{"hook": map[string]any{}}}, "initiatedBy": map[string]any{"username": "somebody else"}}
		delete(whole.Object["status"].(map[string]any), "operationState")
		_, err = bob.Dynamic.Resource(compat).Namespace(w.ns).Update(ctx, whole, metav1.UpdateOptions{})
		return err
	})
	app = w.ended("shop", before)
	w.phase(app, appv1.OperationSucceeded, "")
	if by := app.Status.OperationState.Operation.InitiatedBy; by == nil || by.Username != "bob" {
		t.Errorf("initiated by %+v", by)
	}
	w.value("a", "value", "two")

	// Manifests of one's own need a right of their own besides.
	allow(t, w.ns, "alice", alice, applications.Group, "create", "applications/override")
	before = w.get("shop")
	if err := w.verb(alice, "shop", "sync", `{"manifests":["{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {value: mine}}"]}`); err != nil {
		t.Fatalf("sync of own manifests by who may: %v", err)
	}
	w.ended("shop", before)
	w.value("a", "value", "mine")
}
