// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"strings"
	"testing"
	"time"

	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

const (
	pod  = "{kind: Pod, metadata: {name: pod}, spec: {a: 1}}"
	hook = "{kind: Pod, metadata: {name: hook, annotations: {argocd.argoproj.io/hook: PHASE}}, spec: {a: 1}}"
)

func hookIn(phase string) string { return strings.ReplaceAll(hook, "PHASE", phase) }

func docs(d ...string) string { return strings.Join(d, "\n---\n") }

var full = appv1.SyncOperation{Prune: ptr.To(true)}

// expect holds how an operation has ended.
func (s *sim) expect(phase appv1.OperationPhase, message string, results int) {
	s.t.Helper()
	state := s.in.State
	if state.Phase != phase || !strings.Contains(state.Message, message) || len(state.SyncResult.Resources) != results {
		s.t.Fatalf("%s %q with %d results, not %s %q with %d:\n%+v\n%s", state.Phase, state.Message, len(state.SyncResult.Resources), phase, message,
			results, state.SyncResult.Resources, s.order())
	}
}

func (s *sim) expectOrder(order string) {
	s.t.Helper()
	if s.order() != order {
		s.t.Fatalf("order is %s, not %s", s.order(), order)
	}
}

// 1: a hook of each phase succeeds.
func TestHookSuccessful(t *testing.T) {
	for phase, order := range map[string]string{
		"PreSync": "apply hook, apply pod", "Sync": "apply hook, apply pod", "PostSync": "apply pod, apply hook",
	} {
		s := newSim(t, docs(pod, hookIn(phase)))
		s.sync(full)
		s.expect(appv1.OperationSucceeded, "successfully synced (all tasks run)", 2)
		s.expectOrder(order)
		r := s.result("hook")
		if r.HookPhase != appv1.OperationSucceeded || r.Message != "pod/hook created" || r.HookType != phase || r.SyncPhase != phase || r.Status != "" {
			t.Errorf("%s: result is %+v", phase, r)
		}
		if hasHookFinalizer(s.get("hook")) {
			t.Errorf("%s: the finalizer is still there", phase)
		}
		if s.writes != 2 {
			t.Errorf("%s: %d writes", phase, s.writes)
		}
	}
}

// 2, 3, 4: a hook fails.
func TestHookFailure(t *testing.T) {
	for phase, results := range map[string]int{"PreSync": 1, "Sync": 2, "PostSync": 2} {
		s := newSim(t, docs(pod, hookIn(phase)))
		s.fates["hook"] = fate{health: appv1.HealthDegraded}
		s.sync(full)
		s.expect(appv1.OperationFailed, "one or more synchronization tasks completed unsuccessfully", results)
		if r := s.result("hook"); r.HookPhase != appv1.OperationFailed {
			t.Errorf("%s: result is %+v", phase, r)
		}
		if s.has("pod") != (phase != "PreSync") {
			t.Errorf("%s: the pod is there: %v", phase, s.has("pod"))
		}
	}
}

// 5: what the hook waits for fails, so the hook does not run.
func TestPostSyncHookPodFailure(t *testing.T) {
	s := newSim(t, docs(pod, hookIn("PostSync")))
	s.fates["pod"] = fate{health: appv1.HealthDegraded}
	s.sync(full)
	s.expect(appv1.OperationFailed, "completed unsuccessfully", 1)
	s.expectOrder("apply pod")
}

// 6, 23, 24: what is applied last is not waited for.
func TestLastWaveIsNotWaitedFor(t *testing.T) {
	for _, health := range []appv1.HealthStatusCode{"", appv1.HealthDegraded} {
		s := newSim(t, docs("{kind: Deployment, metadata: {name: web}, spec: {a: 1}}", hookIn("Sync")))
		s.fates["web"] = fate{health: health}
		s.sync(full)
		s.expect(appv1.OperationSucceeded, "", 2)
	}
}

// 7, 8: a failure has the hooks of SyncFail run, whether they succeed or not.
func TestSyncFailHooks(t *testing.T) {
	for _, health := range []appv1.HealthStatusCode{appv1.HealthHealthy, appv1.HealthDegraded} {
		s := newSim(t, docs(pod, hookIn("Sync"), "{kind: Pod, metadata: {name: f1, annotations: {argocd.argoproj.io/hook: SyncFail}}}",
			"{kind: Pod, metadata: {name: f2, annotations: {argocd.argoproj.io/hook: SyncFail}}}"))
		s.fates["hook"], s.fates["f1"] = fate{health: appv1.HealthDegraded}, fate{health: health}
		s.sync(full)
		s.expect(appv1.OperationFailed, "completed unsuccessfully", 4)
		if r := s.result("f1"); (r.HookPhase == appv1.OperationFailed) != (health == appv1.HealthDegraded) {
			t.Errorf("%s: %+v", health, r)
		}
	}
	s := newSim(t, docs(pod, hookIn("SyncFail")))
	s.sync(full)
	s.expect(appv1.OperationSucceeded, "", 1)
}

// 9: a hook that cannot be created does not break off others.
func TestInvalidHookWaitsForOthers(t *testing.T) {
	s := newSim(t, docs(hookIn("Sync"), "{kind: Pod, metadata: {name: bad, annotations: {argocd.argoproj.io/hook: Sync}}}"))
	s.rejects["bad"], s.fates["hook"] = "pods \"bad\" is invalid", fate{health: appv1.HealthHealthy, after: 5e9}
	s.sync(full)
	s.expect(appv1.OperationFailed, "one or more objects failed to apply, reason: pods \"bad\" is invalid", 2)
	if s.result("bad").Status != appv1.ResultSyncFailed || s.result("hook").HookPhase != appv1.OperationSucceeded {
		t.Errorf("results: %+v", s.in.State.SyncResult.Resources)
	}
}

// 10, 11: hooks are deleted by their policies.
func TestHookDeletePolicies(t *testing.T) {
	for _, policy := range []string{"HookSucceeded", "HookFailed"} {
		for _, health := range []appv1.HealthStatusCode{appv1.HealthHealthy, appv1.HealthDegraded} {
			s := newSim(t, docs(pod, strings.Replace(hookIn("Sync"), "Sync}", "Sync, argocd.argoproj.io/hook-delete-policy: "+policy+"}", 1)))
			s.fates["hook"] = fate{health: health}
			s.sync(full)
			if gone := (policy == "HookSucceeded") == (health == appv1.HealthHealthy); s.has("hook") == gone {
				t.Errorf("%s, %s: the hook is there: %v", policy, health, s.has("hook"))
			}
		}
	}
}

// 12: the second sync creates the hook anew. 17: somebody else's deletion does not hide the end of a hook.
func TestHookAgain(t *testing.T) {
	s := newSim(t, docs(pod, hookIn("PreSync")))
	s.sync(full)
	before := s.get("hook").GetUID()
	s.now = s.now.Add(time.Minute)
	s.between = func() {
		if u := s.get("hook"); u != nil && u.GetUID() != before && u.GetDeletionTimestamp() == nil {
			s.apply(Delete{For: ID{Key: object.KeyOf(u), UID: u.GetUID()}})
		}
	}
	s.sync(full)
	s.expect(appv1.OperationSucceeded, "", 2)
	s.expectOrder("delete hook, apply hook, delete hook")
	if s.result("pod").Message != "pod/pod unchanged" || s.has("hook") {
		t.Errorf("results: %+v; hook is there: %v", s.in.State.SyncResult.Resources, s.has("hook"))
	}
}

// 13, 18: termination deletes running hooks; completed ones keep their result.
func TestTerminate(t *testing.T) {
	s := newSim(t, docs(pod, hookIn("PreSync"), "{kind: Pod, metadata: {name: done, annotations: {argocd.argoproj.io/hook: PreSync}}}"))
	s.fates["hook"] = fate{}
	s.begin(full, &appv1.RetryStrategy{Limit: ptr.To(int64(5))})
	s.until(func() bool { return s.result("done").HookPhase == appv1.OperationSucceeded })
	if m := s.in.State.Message; m != "waiting for completion of hook /Pod/hook" {
		t.Errorf("message is %q", m)
	}
	s.in.State.Phase = appv1.OperationTerminating
	s.finish()
	s.expect(appv1.OperationFailed, "Operation terminated", 2)
	if r := s.result("hook"); r.HookPhase != appv1.OperationFailed || r.Message != "Terminated" || s.has("hook") {
		t.Errorf("result of the running hook: %+v", r)
	}
	if r := s.result("done"); r.HookPhase != appv1.OperationSucceeded || hasHookFinalizer(s.get("done")) {
		t.Errorf("result of the hook that has run: %+v", r)
	}
}

// Hooks that run are broken off by what there is, where the manifests are not known any longer.
func TestTerminateWithoutManifests(t *testing.T) {
	s := newSim(t, docs(pod, hookIn("PreSync"), "{kind: Pod, metadata: {generateName: made-, annotations: {argocd.argoproj.io/hook: PreSync}}}"))
	s.fates["hook"], s.fates["made-1234567-presync-1767323045"] = fate{}, fate{}
	s.begin(full, nil)
	s.until(func() bool {
		return s.has("hook") && s.in.State.Message == "waiting for completion of hook /Pod/hook and 1 more hook"
	})
	s.set("")
	s.in.State.Phase = appv1.OperationTerminating
	s.finish()
	s.expect(appv1.OperationFailed, "Operation terminated", 2)
	if len(s.live) != 0 {
		t.Errorf("what is left: %v", s.live)
	}
}

// A hook of a kind that has no check has done all it does once it is there: it bears no finalizer, and whoever deletes it does
// not make the sync fail.
func TestHookWithoutCheck(t *testing.T) {
	s := newSim(t, docs(strings.Replace(hookIn("PreSync"), "name: hook", "name: slow", 1), strings.Replace(hookIn("PreSync"), "kind: Pod", "kind: ServiceAccount", 1)))
	s.fates["slow"] = fate{health: appv1.HealthHealthy, after: 9e9}
	s.begin(full, nil)
	s.until(func() bool { return s.has("slow") })
	if hasHookFinalizer(s.get("hook")) || !hasHookFinalizer(s.get("slow")) {
		t.Error("the one must have a finalizer, the other not")
	}
	delete(s.live, object.KeyOf(s.get("hook")))
	s.finish()
	s.expect(appv1.OperationSucceeded, "", 2)
	s.expectOrder("apply hook, apply slow")
}

// 14, 15, 16: what is skipped is not applied; a name is needed, except of hooks.
func TestNames(t *testing.T) {
	s := newSim(t, docs(pod, hookIn("Skip")))
	s.sync(full)
	s.expect(appv1.OperationSucceeded, "", 1)
	s = newSim(t, docs(pod, "{kind: ConfigMap, metadata: {generateName: x-}}"))
	s.sync(full)
	s.expect(appv1.OperationFailed, "one or more synchronization tasks are not valid", 1)
	s.expectOrder("")
	s = newSim(t, docs(pod, "{kind: Pod, metadata: {generateName: x-, annotations: {argocd.argoproj.io/hook: 'PreSync,PostSync'}}}"))
	s.sync(full)
	s.expect(appv1.OperationSucceeded, "", 3)
	s.expectOrder("apply x-1234567-presync-1767323045, apply pod, apply x-1234567-postsync-1767323045")
	// Two of the same prefix both run.
	s = newSim(t, docs("{kind: Pod, metadata: {generateName: x-, annotations: {argocd.argoproj.io/hook: PreSync}}, spec: {a: 1}}",
		"{kind: Pod, metadata: {generateName: x-, annotations: {argocd.argoproj.io/hook: PreSync}}, spec: {a: 2}}"))
	s.sync(full)
	s.expect(appv1.OperationSucceeded, "", 2)
	s.expectOrder("apply x-1234567-presync-1767323045, apply x-1234567-presync-1767323045-2")
}

// 22: a wave that fails holds up the next, until it is mended.
func TestWaves(t *testing.T) {
	s := newSim(t, docs(strings.Replace(pod, "name: pod", "name: pod, annotations: {argocd.argoproj.io/sync-wave: '-1'}", 1), "{kind: ConfigMap, metadata: {name: cm}}"))
	s.fates["pod"] = fate{health: appv1.HealthDegraded}
	s.sync(full)
	s.expect(appv1.OperationFailed, "", 1)
	s.fates["pod"] = fate{health: appv1.HealthHealthy, after: 9e9}
	s.tick()
	s.begin(full, nil)
	s.set(docs(strings.Replace(pod, "name: pod}, spec: {a: 1", "name: pod, annotations: {argocd.argoproj.io/sync-wave: '-1'}}, spec: {a: 2", 1), "{kind: ConfigMap, metadata: {name: cm}}"))
	s.until(func() bool { return s.in.State.Message == "waiting for healthy state of /Pod/pod" })
	s.finish()
	s.expect(appv1.OperationSucceeded, "", 2)
	s.expectOrder("apply pod, apply cm")
}

// 25: what is pruned goes in waves turned round.
func TestPruneOrder(t *testing.T) {
	object := func(name, wave, options string) string {
		return "{kind: ConfigMap, metadata: {name: " + name + ", annotations: {argocd.argoproj.io/sync-wave: '" + wave + "', argocd.argoproj.io/sync-options: '" + options + "'}}}"
	}
	s := newSim(t, docs(object("a", "0", ""), object("b", "1", ""), object("c", "7", ""), object("last", "7", "PruneLast=true"), object("kept", "0", "Prune=false")))
	s.sync(full)
	s.set("")
	s.sync(appv1.SyncOperation{})
	s.expect(appv1.OperationSucceeded, "", 5)
	if a, kept := s.result("a"), s.result("kept"); a.Status != appv1.ResultPruneSkipped || a.Message != "ignored (requires pruning)" || kept.Message != "ignored (no prune)" {
		t.Errorf("results: %+v, %+v", a, kept)
	}
	s.sync(full)
	s.expectOrder("delete c, delete b, delete a, delete last")
	s.expect(appv1.OperationSucceeded, "", 5)
	if r := s.result("a"); r.Status != appv1.ResultPruned || r.Message != "pruned" {
		t.Errorf("result: %+v", r)
	}
}

// 26: retries, their waits and words.
func TestRetry(t *testing.T) {
	s := newSim(t, docs(pod, hookIn("PreSync")))
	s.fates["hook"] = fate{health: appv1.HealthDegraded}
	s.begin(full, &appv1.RetryStrategy{Limit: ptr.To(int64(1)), Backoff: &appv1.Backoff{Duration: "30s"}})
	s.until(func() bool { return s.stored.RetryCount == 1 })
	failed := s.stored.FinishedAt.Time
	if at := failed.Add(30 * time.Second).Format(time.Kitchen); !strings.HasSuffix(s.stored.Message, ". Retrying attempt #1 at "+at+".") || s.stored.Phase != appv1.OperationRunning {
		t.Errorf("%s: %s", s.stored.Phase, s.stored.Message)
	}
	s.until(func() bool { return s.stored.FinishedAt == nil })
	if waited := s.now.Sub(failed); waited < 30*time.Second || waited > 32*time.Second {
		t.Errorf("waited %s", waited)
	}
	s.finish()
	s.expect(appv1.OperationFailed, "(retried 1 times).", 1)
	s.expectOrder("apply hook, delete hook, apply hook")
}
