// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

func autoApp() *appv1.Application {
	return &appv1.Application{Spec: appv1.ApplicationSpec{
		Source:     &appv1.ApplicationSource{RepoURL: "https://example.com/r"},
		SyncPolicy: &appv1.SyncPolicy{Automated: &appv1.SyncPolicyAutomated{}, SyncOptions: []string{"CreateNamespace=true"}},
	}}
}

func last(phase appv1.OperationPhase, revision string, heals int64, ago time.Duration) *appv1.OperationState {
	state := Begin(appv1.Operation{Sync: &appv1.SyncOperation{Revision: revision}}, appv1.SyncOperationResult{
		Revision: revision, Source: &appv1.ApplicationSource{RepoURL: "https://example.com/r"},
	}, simStart)
	if heals > 0 {
		state.Operation.Sync.AutoHealAttemptsCount = ptr.To(heals)
	}
	state.Phase, state.Message = phase, "it went so"
	state.FinishedAt = ptr.To(metav1.NewTime(simStart.Add(-ago)))
	return &state
}

// 49, 50 and the rest of what §1.3 says of automated syncs.
func TestAutoSync(t *testing.T) {
	out := appv1.ResourceStatus{Kind: "Service", Name: "svc", Namespace: "ns", Status: appv1.SyncStatusOutOfSync}
	in := appv1.ResourceStatus{Kind: "Service", Name: "other", Namespace: "ns", Status: appv1.SyncStatusSynced}
	extra := appv1.ResourceStatus{Kind: "Service", Name: "extra", Namespace: "ns", Status: appv1.SyncStatusOutOfSync, RequiresPruning: true}
	hook := appv1.ResourceStatus{Kind: "Job", Name: "hook", Namespace: "ns", Hook: true}
	heal := func(app *appv1.Application) { app.Spec.SyncPolicy.Automated.SelfHeal = ptr.To(true) }
	prune := func(app *appv1.Application) { app.Spec.SyncPolicy.Automated.Prune = ptr.To(true) }
	before := func(state *appv1.OperationState) func(*appv1.Application) {
		return func(app *appv1.Application) { app.Status.OperationState = state }
	}
	for _, c := range []struct {
		name      string
		change    []func(*appv1.Application)
		status    appv1.SyncStatusCode
		resources []appv1.ResourceStatus
		starts    bool
		only      int
		heals     int64
		err       string
		after     time.Duration
	}{
		{name: "out of sync", resources: []appv1.ResourceStatus{out, in}, starts: true},
		{name: "in sync", status: appv1.SyncStatusSynced, resources: []appv1.ResourceStatus{in}},
		{name: "unknown", status: appv1.SyncStatusUnknown},
		{name: "off", resources: []appv1.ResourceStatus{out}, change: []func(*appv1.Application){
			func(app *appv1.Application) { app.Spec.SyncPolicy.Automated.Enabled = ptr.To(false) },
		}},
		{name: "asked for", resources: []appv1.ResourceStatus{out}, change: []func(*appv1.Application){
			func(app *appv1.Application) { app.Operation = &appv1.Operation{} },
		}},
		{name: "running", resources: []appv1.ResourceStatus{out}, change: []func(*appv1.Application){before(last(appv1.OperationRunning, "old", 0, 0))}},
		{name: "deleting", resources: []appv1.ResourceStatus{out}, change: []func(*appv1.Application){
			func(app *appv1.Application) { app.DeletionTimestamp = ptr.To(metav1.NewTime(simStart)) },
		}},
		{name: "only pruning, which is off", resources: []appv1.ResourceStatus{in, extra}},
		{name: "only pruning", resources: []appv1.ResourceStatus{in, extra}, change: []func(*appv1.Application){prune}, starts: true},
		{name: "all pruned", resources: []appv1.ResourceStatus{extra}, change: []func(*appv1.Application){prune},
			err: "Skipping sync attempt to new: auto-sync will wipe out all resources"},
		{name: "all pruned, which is allowed", resources: []appv1.ResourceStatus{extra}, starts: true, change: []func(*appv1.Application){
			prune, func(app *appv1.Application) { app.Spec.SyncPolicy.Automated.AllowEmpty = ptr.To(true) },
		}},
		{name: "all pruned but a hook", resources: []appv1.ResourceStatus{extra, hook}, change: []func(*appv1.Application){prune},
			err: "Skipping sync attempt to new: auto-sync will wipe out all resources"},
		{name: "pruned beside a hook", resources: []appv1.ResourceStatus{extra, hook, in}, change: []func(*appv1.Application){prune}, starts: true},
		{name: "another revision before", resources: []appv1.ResourceStatus{out}, starts: true,
			change: []func(*appv1.Application){before(last(appv1.OperationFailed, "old", 0, 0))}},
		{name: "another source before", resources: []appv1.ResourceStatus{out}, starts: true, change: []func(*appv1.Application){
			before(last(appv1.OperationFailed, "new", 0, 0)), func(app *appv1.Application) { app.Spec.Source.Path = "changed" },
		}},
		{name: "failed before", resources: []appv1.ResourceStatus{out}, change: []func(*appv1.Application){heal, before(last(appv1.OperationFailed, "new", 0, 0))},
			err: "Failed last sync attempt to new: it went so"},
		{name: "drift", resources: []appv1.ResourceStatus{out}, change: []func(*appv1.Application){before(last(appv1.OperationSucceeded, "new", 0, 0))}},
		{name: "drift healed", resources: []appv1.ResourceStatus{out, in}, starts: true, only: 1, heals: 1,
			change: []func(*appv1.Application){heal, before(last(appv1.OperationSucceeded, "new", 0, 0))}},
		{name: "drift again", resources: []appv1.ResourceStatus{out}, after: time.Second,
			change: []func(*appv1.Application){heal, before(last(appv1.OperationSucceeded, "new", 1, time.Second))}},
		{name: "drift again, later", resources: []appv1.ResourceStatus{out}, starts: true, only: 1, heals: 2,
			change: []func(*appv1.Application){heal, before(last(appv1.OperationSucceeded, "new", 1, 2*time.Second))}},
		{name: "drift for the fourth time", resources: []appv1.ResourceStatus{out}, after: 54 * time.Second,
			change: []func(*appv1.Application){heal, before(last(appv1.OperationSucceeded, "new", 4, 0))}},
		{name: "drift all the time", resources: []appv1.ResourceStatus{out}, after: 300 * time.Second,
			change: []func(*appv1.Application){heal, before(last(appv1.OperationSucceeded, "new", 400, 0))}},
		{name: "drift after a quiet time", resources: []appv1.ResourceStatus{out}, starts: true, only: 1, heals: 1,
			change: []func(*appv1.Application){heal, before(last(appv1.OperationSucceeded, "new", 400, time.Hour))}},
	} {
		app := autoApp()
		for _, change := range c.change {
			change(app)
		}
		if c.status == "" {
			c.status = appv1.SyncStatusOutOfSync
		}
		d := AutoSync(app, Compared{Status: c.status, Revision: "new", Resources: c.resources}, simStart)
		if (d.Operation != nil) != c.starts || d.Error != c.err || d.After != c.after || (d.Reason == "") != c.starts {
			t.Errorf("%s: %+v", c.name, d)
			continue
		}
		if !c.starts {
			continue
		}
		sync := d.Operation.Sync
		if sync.Revision != "new" || len(sync.Resources) != c.only || ptr.Deref(sync.AutoHealAttemptsCount, 0) != c.heals ||
			!automated(d.Operation) || ptr.Deref(d.Operation.Retry.Limit, 0) != 5 || len(sync.SyncOptions) != 1 {
			t.Errorf("%s: %+v", c.name, sync)
		}
	}
}

// 51, 52: the history, and the way back.
func TestHistory(t *testing.T) {
	var history []appv1.RevisionHistory
	for _, revision := range []string{"a", "b", "c", "d"} {
		history = Complete(history, last(appv1.OperationSucceeded, revision, 0, 0), 3)
	}
	if len(history) != 3 || history[0].ID != 1 || history[2].ID != 3 || history[0].Revision != "b" || history[2].Source.RepoURL == "" {
		t.Errorf("history is %+v", history)
	}
	for name, change := range map[string]func(*appv1.OperationState){
		"failed":    func(s *appv1.OperationState) { s.Phase = appv1.OperationFailed },
		"selective": func(s *appv1.OperationState) { s.Operation.Sync.Resources = []appv1.SyncOperationResource{{Name: "a"}} },
		"dry":       func(s *appv1.OperationState) { s.Operation.Sync.DryRun = ptr.To(true) },
		"manifests": func(s *appv1.OperationState) { s.Operation.Sync.Manifests = []string{"a"} },
	} {
		state := last(appv1.OperationSucceeded, "e", 0, 0)
		change(state)
		if len(Complete(history[:1], state, 10)) != 1 {
			t.Errorf("%s is in the history", name)
		}
	}
	if len(Complete(history, last(appv1.OperationSucceeded, "e", 0, 0), 0)) != 0 {
		t.Errorf("a history of none has some")
	}
}

// A rollback, which is a sync by apply alone, runs no hooks.
func TestRollbackHasNoHooks(t *testing.T) {
	s := newSim(t, docs(pod, hookIn("PreSync")))
	s.sync(appv1.SyncOperation{Revision: "c", SyncStrategy: &appv1.SyncStrategy{Apply: &appv1.SyncStrategyApply{}}})
	s.expectOrder("apply pod")
}

func TestBackoff(t *testing.T) {
	for _, c := range []struct {
		backoff *appv1.Backoff
		n       int64
		want    time.Duration
	}{
		{nil, 1, 5 * time.Second},
		{nil, 3, 20 * time.Second},
		{nil, 1 << 40, 3 * time.Minute},
		{&appv1.Backoff{Duration: "7"}, 2, 14 * time.Second},
		{&appv1.Backoff{Duration: "1s", Factor: ptr.To(int64(10)), MaxDuration: "1h"}, 4, 1000 * time.Second},
		{&appv1.Backoff{Duration: "1s", Factor: ptr.To(int64(1))}, 1 << 40, time.Second},
		{&appv1.Backoff{Duration: "nonsense", MaxDuration: "2s"}, 1, 2 * time.Second},
	} {
		if got := backoff(&appv1.RetryStrategy{Backoff: c.backoff}, c.n); got != c.want {
			t.Errorf("%+v, %d: %s, not %s", c.backoff, c.n, got, c.want)
		}
	}
	for limit, want := range map[int64]bool{-1: true, 0: false, 3: false, 4: true} {
		if got := retriesLeft(&appv1.Operation{Retry: &appv1.RetryStrategy{Limit: ptr.To(limit)}}, 3); got != want {
			t.Errorf("limit %d: %v", limit, got)
		}
	}
}
