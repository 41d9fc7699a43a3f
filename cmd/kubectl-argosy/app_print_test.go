// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/apis/raw"
)

var appNow = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func someApplication(t *testing.T) *appv1.Application {
	t.Helper()
	app := &appv1.Application{}
	if err := yaml.UnmarshalStrict([]byte(`
metadata: {name: web, namespace: shop, generation: 2}
spec:
  project: web
  destination: {name: in-cluster, namespace: shop}
  source: {repoURL: https://git.example/shop.git, path: deploy, targetRevision: main}
  syncPolicy: {automated: {prune: true}}
status:
  sync: {status: OutOfSync, revision: "0123456789012345678901234567890123456789"}
  health: {status: Degraded, message: "1 of 2\nfailed"}
  resources:
  - {group: apps, version: v1, kind: Deployment, namespace: shop, name: web, status: OutOfSync, health: {status: Degraded, message: no image}}
  - {version: v1, kind: ConfigMap, namespace: shop, name: old, status: OutOfSync, requiresPruning: true}
  - {version: v1, kind: Namespace, name: shop, status: Synced}
  conditions:
  - {type: SyncError, message: "failed \u001b[2Jagain"}
  - {type: OrphanedResourceWarning, message: 2 objects}
  - {type: Ready, status: "False", message: ""}
  operationState:
    phase: Failed
    message: one failed
    startedAt: "2026-11-28T11:00:00Z"
    finishedAt: "2026-11-28T11:30:00Z"
    retryCount: 2
    operation: {sync: {}, initiatedBy: {username: alice}}
    syncResult:
      revision: abc
      resources:
      - {group: apps, version: v1, kind: Deployment, namespace: shop, name: web, status: SyncFailed, message: immutable, syncPhase: Sync}
      - {group: batch, version: v1, kind: Job, namespace: shop, name: migrate, hookType: PreSync, hookPhase: Succeeded, syncPhase: PreSync}
  history:
  - {id: 3, revision: v1, deployedAt: "2026-11-26T12:00:00Z", initiatedBy: {automated: true}, source: {repoURL: https://git.example/shop.git, path: deploy}}
`), app); err != nil {
		t.Fatal(err)
	}
	return app
}

// looks checks a picture, and that colours move nothing.
func looks(t *testing.T, want string, draw func(appPrinter) string) {
	t.Helper()
	got := draw(appPrinter{now: appNow})
	if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), got); diff != "" {
		t.Errorf("%s\n%s", diff, got)
	}
	colored := draw(appPrinter{now: appNow, color: true})
	if plain := strings.NewReplacer(green, "", yellow, "", red, "", blue, "", faint, "", reset, "").Replace(colored); plain != got {
		t.Errorf("colours move the columns:\n%s", plain)
	}
	if colored == got {
		t.Error("no colours")
	}
}

func TestApplicationIsDrawn(t *testing.T) {
	app := someApplication(t)
	looks(t, `
Name:          web
Namespace:     shop
Project:       web
Destination:   in-cluster/shop
Source:        https://git.example/shop.git deploy @ main
Sync Policy:   Automated, prune
Sync Status:   ▲ OutOfSync to 0123456
Health Status: ✖ Degraded (1 of 2 failed)
Operation:     ✖ Failed 30m ago, tried again 2 times, by alice: one failed
Condition:     SyncError failed �[2Jagain
Condition:     OrphanedResourceWarning 2 objects

GROUP  KIND        NAMESPACE  NAME  SYNC         HEALTH      HOOK  MESSAGE
apps   Deployment  shop       web   ▲ OutOfSync  ✖ Degraded        no image
       ConfigMap   shop       old   ▲ OutOfSync  -                 its manifest is gone: prune deletes it
       Namespace              shop  ✔ Synced     -
`, func(p appPrinter) string { return p.summary(app) + "\n" + p.resources(app) })
	looks(t, `
NAMESPACE  NAME  PROJECT  SYNC         HEALTH      POLICY            REVISION  CONDITIONS                         DESTINATION      SOURCE
shop       web   web      ▲ OutOfSync  ✖ Degraded  Automated, prune  0123456   SyncError,OrphanedResourceWarning  in-cluster/shop  https://git.example/shop.git deploy @ main
`, func(p appPrinter) string { return p.list([]appv1.Application{*app}, true, true) })
	want := `
ID  AGE  REVISION  BY         SOURCE
3   2d   v1        automated  https://git.example/shop.git deploy
`
	if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), appPrinter{now: appNow}.history(app.Status.History)); diff != "" {
		t.Error(diff)
	}
}

func TestOperationIsDrawn(t *testing.T) {
	p := appPrinter{now: appNow}
	app := someApplication(t)
	app.Operation = &appv1.Operation{Sync: &appv1.SyncOperation{}, InitiatedBy: &appv1.OperationInitiator{Username: "bob"}}
	if got, want := p.operation(app), "◌ Requested, by bob"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	app.Status.OperationState.Phase, app.Status.OperationState.FinishedAt, app.Status.OperationState.RetryCount = appv1.OperationRunning, nil, 0
	if got, want := p.operation(app), "◌ Running 60m ago, by alice: one failed"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	app.Operation, app.Status.OperationState = nil, nil
	if got := p.operation(app); got != "" {
		t.Errorf("got %q", got)
	}
}

// What was told once is not told again.
func TestResultsAreTold(t *testing.T) {
	p, told := appPrinter{now: appNow}, map[string]string{}
	all := someApplication(t).Status.OperationState.SyncResult.Resources
	want := []string{"✖ SyncFailed Deployment shop/web: immutable", "✔ Succeeded Job shop/migrate (PreSync)"}
	if diff := cmp.Diff(want, p.results(all, told)); diff != "" {
		t.Error(diff)
	}
	all[0].Status, all[0].Message = "Synced", "done"
	if diff := cmp.Diff([]string{"✔ Synced Deployment shop/web: done"}, p.results(all, told)); diff != "" {
		t.Error(diff)
	}
}

func someTree() *appv1.ApplicationTree {
	ago := func(d time.Duration) metav1.Time { return metav1.NewTime(appNow.Add(-d)) }
	health := func(status appv1.HealthStatusCode, message string) *appv1.HealthStatus {
		return &appv1.HealthStatus{Status: status, Message: message}
	}
	return &appv1.ApplicationTree{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop", CreationTimestamp: ago(3 * time.Hour)},
		Sync:       appv1.SyncStatusOutOfSync, Health: appv1.HealthStatus{Status: appv1.HealthProgressing},
		Nodes: []appv1.ApplicationTreeNode{
			{Group: "apps", Kind: "Deployment", Namespace: "shop", Name: "web", UID: "d", Sync: appv1.SyncStatusSynced, Health: health(appv1.HealthProgressing, "1 of 2"), CreationTimestamp: ago(time.Hour), SyncWave: 2},
			{Group: "apps", Kind: "ReplicaSet", Namespace: "shop", Name: "web-a", UID: "r", Parents: []types.UID{"d"}, Health: health(appv1.HealthProgressing, ""), CreationTimestamp: ago(time.Minute)},
			{Kind: "Pod", Namespace: "shop", Name: "web-a-1", UID: "p", Parents: []types.UID{"r"}, Health: health(appv1.HealthHealthy, ""), Info: []appv1.Info{{Name: "Status", Value: "Running"}, {Name: "Containers", Value: "1/1"}}, CreationTimestamp: ago(time.Minute)},
			{Kind: "ConfigMap", Namespace: "shop", Name: "new", Sync: appv1.SyncStatusOutOfSync, Health: health(appv1.HealthMissing, "")},
			{Kind: "ConfigMap", Namespace: "shop", Name: "old", UID: "c", Sync: appv1.SyncStatusOutOfSync, RequiresPruning: true},
			// Two that own each other.
			{Kind: "Odd", Name: "a", UID: "x", Parents: []types.UID{"y"}},
			{Kind: "Odd", Name: "b", UID: "y", Parents: []types.UID{"x"}},
			{Kind: "Self", Name: "s", UID: "s", Parents: []types.UID{"s", "gone"}},
		},
	}
}

func TestApplicationTreeIsDrawn(t *testing.T) {
	looks(t, `
NAME              KIND         SYNC         HEALTH         AGE  INFO
web               Application  ▲ OutOfSync  ◌ Progressing  3h
├──web            Deployment   ✔ Synced     ◌ Progressing  60m  wave:2,1 of 2
│  └──web-a       ReplicaSet                ◌ Progressing  60s
│     └──web-a-1  Pod                       ✔ Healthy      60s  Status:Running,Containers:1/1
├──new            ConfigMap    ▲ OutOfSync  ○ Missing
├──old            ConfigMap    ▲ OutOfSync  -                   to prune
├──s              Self                      -
└──a              Odd                       -
   └──b           Odd                       -
`, func(p appPrinter) string { return p.tree(someTree()) })
}

func TestChangesOfATreeAreTold(t *testing.T) {
	p, told, tree := appPrinter{now: appNow}, map[string]string{}, someTree()
	tree.Nodes = tree.Nodes[:4]
	want := `
Application web OutOfSync Progressing
Deployment shop/web Synced Progressing wave:2,1 of 2
ReplicaSet shop/web-a - Progressing
Pod shop/web-a-1 - Healthy Status:Running,Containers:1/1
ConfigMap shop/new OutOfSync Missing
`
	if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), p.changes(tree, told)); diff != "" {
		t.Error(diff)
	}
	tree.Health.Status = appv1.HealthHealthy
	tree.Nodes = tree.Nodes[:3]
	if diff := cmp.Diff("Application web OutOfSync Healthy\nConfigMap shop/new gone\n", p.changes(tree, told)); diff != "" {
		t.Error(diff)
	}
	if got := p.changes(tree, told); got != "" {
		t.Errorf("nothing has changed: %q", got)
	}
}

func TestDiffIsDrawn(t *testing.T) {
	diff := &appv1.ApplicationDiff{Resources: []appv1.ApplicationDiffResource{
		{Group: "apps", Kind: "Deployment", Namespace: "shop", Name: "web", Change: appv1.DiffModified, Diff: "--- live/apps/Deployment/shop/web\n+++ target/apps/Deployment/shop/web\n@@ -1,2 +1,2 @@\n spec:\n-  replicas: 1\n+  replicas: \u001b[31m2\n"},
		{Kind: "ConfigMap", Namespace: "shop", Name: "new", Change: appv1.DiffAdded, Diff: "@@ -0,0 +1 @@\n+a: b"},
		{Kind: "Namespace", Name: "old", Change: appv1.DiffRemoved, Diff: "@@ -1 +0,0 @@\n-a: b\n"},
	}}
	looks(t, `
# deployment.apps/web in shop would be changed
--- live/deployment.apps/web in shop
+++ target/deployment.apps/web in shop
@@ -1,2 +1,2 @@
 spec:
-  replicas: 1
+  replicas: �[31m2
# configmap/new in shop would be made
--- /dev/null
+++ target/configmap/new in shop
@@ -0,0 +1 @@
+a: b
# namespace/old would be deleted, if pruned
--- live/namespace/old
+++ /dev/null
@@ -1 +0,0 @@
-a: b
`, func(p appPrinter) string { return p.diff(diff) })
}

func TestManifestsAreWritten(t *testing.T) {
	m := &appv1.ApplicationManifests{Manifests: []raw.Object{
		{Raw: []byte(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"}}`)}, {Raw: []byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}`)},
	}}
	for format, want := range map[string]string{
		"name": "deployment.apps/web\nconfigmap/a\n",
		"yaml": "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n",
	} {
		got, err := manifestText(m, format)
		if err != nil || got != want {
			t.Errorf("%s: %v\n%s", format, err, got)
		}
	}
}
