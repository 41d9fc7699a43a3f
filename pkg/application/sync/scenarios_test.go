// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"strings"
	"testing"

	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
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
