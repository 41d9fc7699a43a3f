// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

type world struct {
	apps     []*appv1.Application
	clusters []Cluster
}

func (w *world) Applications() []*appv1.Application   { return w.apps }
func (w *world) Server(app *appv1.Application) string { return app.Spec.Destination.Server }
func (w *world) Clusters() []Cluster                  { return w.clusters }

const server = "https://kubernetes.default.svc"

func application() *appv1.Application {
	app := &appv1.Application{ObjectMeta: metav1.ObjectMeta{Namespace: "argocd", Name: "shop"}}
	app.Spec.Source = &appv1.ApplicationSource{RepoURL: "https://me:secret@git.example.com/Shop.git"}
	app.Spec.Destination = appv1.ApplicationDestination{Server: server, Namespace: "shop"}
	app.Spec.SyncPolicy = &appv1.SyncPolicy{Automated: &appv1.SyncPolicyAutomated{}}
	return app
}

func told(t *testing.T, m *Metrics, want string, names ...string) {
	t.Helper()
	if err := testutil.CollectAndCompare(m, strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
}

// What is told of an application and of its cluster has the names and labels of the peer's metrics. Credentials in the
// URL of its repository are not told.
func TestApplication(t *testing.T) {
	app := application()
	app.Status.Sync.Status = appv1.SyncStatusOutOfSync
	app.Status.OperationState = &appv1.OperationState{Phase: appv1.OperationRunning}
	app.Status.Conditions = []appv1.ApplicationCondition{
		{Type: appv1.ConditionSyncError}, {Type: appv1.ConditionSyncError}, {Type: appv1.ConditionSynced, Status: metav1.ConditionFalse},
	}
	m := New()
	end := m.Tell(&world{apps: []*appv1.Application{app}, clusters: []Cluster{{Server: server, Name: "in-cluster", Version: "v1.37.0", Kinds: 3, Objects: 40, Reachable: true}}})
	told(t, m, `
# HELP argocd_app_condition Report application conditions.
# TYPE argocd_app_condition gauge
argocd_app_condition{condition="SyncError",name="shop",namespace="argocd",project="default"} 2
# HELP argocd_app_info Information about application.
# TYPE argocd_app_info gauge
argocd_app_info{autosync_enabled="true",dest_namespace="shop",dest_server="https://kubernetes.default.svc",health_status="Unknown",name="shop",namespace="argocd",operation="sync",project="default",repo="https://git.example.com/shop",sync_status="OutOfSync"} 1
# HELP argocd_cluster_api_resource_objects Number of k8s resource objects in the cache.
# TYPE argocd_cluster_api_resource_objects gauge
argocd_cluster_api_resource_objects{server="https://kubernetes.default.svc"} 40
# HELP argocd_cluster_api_resources Number of monitored Kubernetes API resources.
# TYPE argocd_cluster_api_resources gauge
argocd_cluster_api_resources{server="https://kubernetes.default.svc"} 3
# HELP argocd_cluster_connection_status The k8s cluster current connection status.
# TYPE argocd_cluster_connection_status gauge
argocd_cluster_connection_status{k8s_version="v1.37.0",server="https://kubernetes.default.svc"} 1
# HELP argocd_cluster_info Information about cluster.
# TYPE argocd_cluster_info gauge
argocd_cluster_info{k8s_version="v1.37.0",name="in-cluster",server="https://kubernetes.default.svc"} 1
`)
	end()
	if n := testutil.CollectAndCount(m); n != 0 {
		t.Errorf("%d series are told by a process that syncs no applications", n)
	}
}

// What has happened to an application is counted, and forgotten with it.
func TestCounted(t *testing.T) {
	m, app, began := New(), application(), metav1.Now()
	ended := metav1.NewTime(began.Add(3 * time.Second))
	app.Status.OperationState = &appv1.OperationState{
		Phase: appv1.OperationSucceeded, StartedAt: began, FinishedAt: &ended,
		Operation: appv1.Operation{Sync: &appv1.SyncOperation{DryRun: ptr.To(true)}},
	}
	m.Synced(app, server)
	m.Requested(app, Request{Server: server, Code: 409, Verb: "patch", Resource: "deployments", Namespace: "shop"})
	m.Orphaned(app, 4)
	m.Orphaned(app, 2)
	told(t, m, `
# HELP argocd_app_k8s_request_total Number of kubernetes requests executed during application reconciliation.
# TYPE argocd_app_k8s_request_total counter
argocd_app_k8s_request_total{dry_run="false",name="shop",namespace="argocd",project="default",resource_kind="deployments",resource_namespace="shop",response_code="409",server="https://kubernetes.default.svc",verb="patch"} 1
# HELP argocd_app_orphaned_resources_count Number of orphaned resources per application
# TYPE argocd_app_orphaned_resources_count gauge
argocd_app_orphaned_resources_count{name="shop",namespace="argocd",project="default"} 2
# HELP argocd_app_sync_duration_seconds_total Application sync performance in seconds total.
# TYPE argocd_app_sync_duration_seconds_total counter
argocd_app_sync_duration_seconds_total{dest_server="https://kubernetes.default.svc",name="shop",namespace="argocd",project="default"} 3
# HELP argocd_app_sync_total Number of application syncs.
# TYPE argocd_app_sync_total counter
argocd_app_sync_total{dest_server="https://kubernetes.default.svc",dry_run="true",name="shop",namespace="argocd",phase="Succeeded",project="default"} 1
`)
	m.Forget("argocd", "shop")
	if n := testutil.CollectAndCount(m); n != 0 {
		t.Errorf("%d series are left of what is gone", n)
	}
}

// Requests to repositories are counted by repository and kind, and forgotten with it.
func TestGit(t *testing.T) {
	m, repo := New(), "https://me:secret@git.example.com/shop.git"
	m.GitRequest(repo, "ls-remote", time.Second, nil)
	m.GitRequest(repo, "fetch", time.Second, errors.New("no"))
	told(t, m, `
# HELP argocd_git_fetch_fail_total Number of git fetch requests failures by repo server
# TYPE argocd_git_fetch_fail_total counter
argocd_git_fetch_fail_total{repo="https://git.example.com/shop.git"} 1
# HELP argocd_git_request_total Number of git requests performed by repo server
# TYPE argocd_git_request_total counter
argocd_git_request_total{repo="https://git.example.com/shop.git",request_type="fetch"} 1
argocd_git_request_total{repo="https://git.example.com/shop.git",request_type="ls-remote"} 1
`, "argocd_git_request_total", "argocd_git_fetch_fail_total", "argocd_git_lsremote_fail_total")
	m.ForgetRepository(repo)
	if n := testutil.CollectAndCount(m); n != 0 {
		t.Errorf("%d series are left of what is gone", n)
	}
}
