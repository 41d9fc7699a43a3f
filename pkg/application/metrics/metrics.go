// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package metrics tells of applications, the clusters they go to and the repositories they come from as the peer's metrics
// do, by the same names and labels, so that users' dashboards and alerts go on working. What there is is told from the
// caches as they are when it is asked for; what has happened is counted as it happens.
package metrics

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/project"
	"argosy.dev/argosy/pkg/series"
)

// Source returns what there is, from caches. What it returns is not changed.
type Source interface {
	Applications() []*appv1.Application
	// Server is the URL of the cluster that an application goes to, as far as it is known.
	Server(app *appv1.Application) string
	Clusters() []Cluster
}

// Cluster is what is known of a cluster.
type Cluster struct {
	// Server is its URL, Name what applications may call it, and Version that of its API server.
	Server, Name, Version string
	// Kinds is how many kinds are watched there, and Objects how many objects of them are known.
	Kinds, Objects int
	// Reachable tells that it could be reached when it was last tried.
	Reachable bool
}

// Request is a request to a cluster on behalf of an application.
type Request struct {
	Server, Verb, Resource, Namespace string
	DryRun                            bool
	// Code is the status of the answer, 0 if there was none.
	Code int
}

// Metrics are the metrics of the family. They are made by New, and safe for concurrent use.
type Metrics struct {
	*series.Family[Source]
	reconcile                                *series.Histogram
	syncs, syncTime, requests                *series.Counter
	gitRequests, fetchFailures, listFailures *series.Counter
	gitTime                                  *series.Histogram
	orphans                                  *series.Level
}

var (
	lookTimes = []float64{0.25, 0.5, 1, 2, 4, 8, 16}
	gitTimes  = []float64{0.1, 0.25, 0.5, 1, 2, 4, 10, 20}
)

// New returns metrics of which nothing is known yet.
func New() *Metrics {
	m := &Metrics{
		reconcile: series.NewHistogram("argocd_app_reconcile", "Application reconciliation performance in seconds.", lookTimes, "namespace", "dest_server"),
		syncs:     series.NewCounter("argocd_app_sync_total", "Number of application syncs.", "namespace", "name", "project", "dest_server", "phase", "dry_run"),
		syncTime:  series.NewCounter("argocd_app_sync_duration_seconds_total", "Application sync performance in seconds total.", "namespace", "name", "project", "dest_server"),
		requests: series.NewCounter("argocd_app_k8s_request_total", "Number of kubernetes requests executed during application reconciliation.",
			"namespace", "name", "project", "server", "response_code", "verb", "resource_kind", "resource_namespace", "dry_run"),
		orphans:       series.NewLevel("argocd_app_orphaned_resources_count", "Number of orphaned resources per application", "namespace", "name", "project"),
		gitRequests:   series.NewCounter("argocd_git_request_total", "Number of git requests performed by repo server", "repo", "request_type"),
		gitTime:       series.NewHistogram("argocd_git_request_duration_seconds", "Git requests duration seconds.", gitTimes, "repo", "request_type"),
		fetchFailures: series.NewCounter("argocd_git_fetch_fail_total", "Number of git fetch requests failures by repo server", "repo"),
		listFailures:  series.NewCounter("argocd_git_lsremote_fail_total", "Number of git ls-remote requests failures by repo server", "repo"),
	}
	ended := func() {
		m.reconcile.Reset()
		m.syncs.Reset()
		m.syncTime.Reset()
		m.requests.Reset()
		m.orphans.Reset()
	}
	m.Family = series.NewFamily(gauges, tell, ended, m.reconcile, m.syncs, m.syncTime, m.requests, m.orphans, m.gitRequests, m.gitTime, m.fetchFailures, m.listFailures)
	return m
}

// Reconciled counts a look at an application of a namespace that goes to a cluster, and how long it took.
func (m *Metrics) Reconciled(namespace, server string, took time.Duration) {
	m.reconcile.Observe("", took.Seconds(), namespace, server)
}

// Synced counts an operation that has ended.
func (m *Metrics) Synced(app *appv1.Application, server string) {
	state := app.Status.OperationState
	dry := state.Operation.Sync != nil && state.Operation.Sync.DryRun != nil && *state.Operation.Sync.DryRun
	owner, where, what := ownerOf(app)
	m.syncs.Add(owner, 1, where, what, app.Spec.GetProject(), server, string(state.Phase), strconv.FormatBool(dry))
	if state.FinishedAt != nil {
		m.syncTime.Add(owner, max(state.FinishedAt.Sub(state.StartedAt.Time).Seconds(), 0), where, what, app.Spec.GetProject(), server)
	}
}

// Requested counts a request on behalf of an application.
func (m *Metrics) Requested(app *appv1.Application, r Request) {
	owner, where, what := ownerOf(app)
	code := "unknown"
	if r.Code > 0 {
		code = strconv.Itoa(r.Code)
	}
	m.requests.Add(owner, 1, where, what, app.Spec.GetProject(), r.Server, code, r.Verb, r.Resource, r.Namespace, strconv.FormatBool(r.DryRun))
}

// Orphaned tells how many objects in an application's namespace belong to no application.
func (m *Metrics) Orphaned(app *appv1.Application, n int) {
	owner, where, what := ownerOf(app)
	m.orphans.Forget(owner) // its project may have changed
	m.orphans.Set(owner, float64(n), where, what, app.Spec.GetProject())
}

// GitRequest counts a request to a repository: "ls-remote" or "fetch".
func (m *Metrics) GitRequest(repo, kind string, took time.Duration, err error) {
	repo = project.Clean(repo)
	m.gitRequests.Add(repo, 1, repo, kind)
	m.gitTime.Observe(repo, took.Seconds(), repo, kind)
	switch {
	case err == nil:
	case kind == "fetch":
		m.fetchFailures.Add(repo, 1, repo)
	default:
		m.listFailures.Add(repo, 1, repo)
	}
}

// ForgetRepository drops what was counted of a repository that nobody uses any longer.
func (m *Metrics) ForgetRepository(repo string) {
	repo = project.Clean(repo)
	m.gitRequests.Forget(repo)
	m.gitTime.Forget(repo)
	m.fetchFailures.Forget(repo)
	m.listFailures.Forget(repo)
}

// Forget drops what was counted of an application that is gone.
func (m *Metrics) Forget(namespace, name string) {
	owner := namespace + "/" + name
	m.syncs.Forget(owner)
	m.syncTime.Forget(owner)
	m.requests.Forget(owner)
	m.orphans.Forget(owner)
}

func ownerOf(app *appv1.Application) (owner, namespace, name string) {
	return app.Namespace + "/" + app.Name, app.Namespace, app.Name
}

var (
	info = series.NewGauge("argocd_app_info", "Information about application.",
		"namespace", "name", "project", "autosync_enabled", "repo", "dest_server", "dest_namespace", "sync_status", "health_status", "operation")
	condition = series.NewGauge("argocd_app_condition", "Report application conditions.", "namespace", "name", "project", "condition")

	clusterInfo    = series.NewGauge("argocd_cluster_info", "Information about cluster.", "server", "k8s_version", "name")
	clusterStatus  = series.NewGauge("argocd_cluster_connection_status", "The k8s cluster current connection status.", "server", "k8s_version")
	clusterKinds   = series.NewGauge("argocd_cluster_api_resources", "Number of monitored Kubernetes API resources.", "server")
	clusterObjects = series.NewGauge("argocd_cluster_api_resource_objects", "Number of k8s resource objects in the cache.", "server")

	gauges = []series.Gauge{info, condition, clusterInfo, clusterStatus, clusterKinds, clusterObjects}
)

func tell(out chan<- prometheus.Metric, source Source) {
	for _, app := range source.Applications() {
		tellApplication(out, app, source.Server(app))
	}
	for _, c := range source.Clusters() {
		clusterInfo.Tell(out, 1, c.Server, c.Version, c.Name)
		clusterStatus.Tell(out, one(c.Reachable), c.Server, c.Version)
		clusterKinds.Tell(out, float64(c.Kinds), c.Server)
		clusterObjects.Tell(out, float64(c.Objects), c.Server)
	}
}

func tellApplication(out chan<- prometheus.Metric, app *appv1.Application, server string) {
	_, namespace, name := ownerOf(app)
	repo := ""
	if sources := app.Spec.GetSources(); len(sources) > 0 {
		repo = project.NormalizeURL(project.Clean(sources[0].RepoURL))
	}
	info.Tell(out, 1, namespace, name, app.Spec.GetProject(), strconv.FormatBool(app.Spec.IsAutomated()), repo, server, app.Spec.Destination.Namespace,
		orUnknown(string(app.Status.Sync.Status)), orUnknown(string(app.Status.Health.Status)), operationOf(app))
	numbers := map[string]int{}
	for _, c := range app.Status.Conditions {
		if c.Status == "" { // the others hold or not, and are no complaint
			numbers[string(c.Type)]++
		}
	}
	for kind, n := range numbers {
		condition.Tell(out, float64(n), namespace, name, app.Spec.GetProject(), kind)
	}
}

func orUnknown(word string) string {
	if word == "" {
		return "Unknown"
	}
	return word
}

// operationOf is what is being done with an application, in the peer's words; empty for nothing.
func operationOf(app *appv1.Application) string {
	state := app.Status.OperationState
	switch {
	case app.DeletionTimestamp != nil:
		return "delete"
	case app.Operation != nil && app.Operation.Sync != nil,
		state != nil && (state.Phase == appv1.OperationRunning || state.Phase == appv1.OperationTerminating):
		return "sync"
	}
	return ""
}

func one(holds bool) float64 {
	if holds {
		return 1
	}
	return 0
}
