// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"slices"
	"time"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

// terminated is the message of a hook that was broken off, in the peer's words.
const terminated = "Terminated"

// silentAgain is after which time a cluster that has not answered is asked again to end a hook.
const silentAgain = 10 * time.Second

// hasFailed tells by what is remembered, or by a hook of SyncFail that is there, that the try has failed already: it must not
// go on after a crash as if nothing had happened.
func (s *stepper) hasFailed() bool {
	for _, w := range s.plan.fails {
		for _, t := range w.tasks {
			if s.made(t) || s.resultOf(t) != nil {
				return true
			}
		}
	}
	for i := range s.results.list {
		if r := &s.results.list[i]; r.SyncPhase != string(object.SyncFail) && (r.Status == appv1.ResultSyncFailed || r.HookPhase == appv1.OperationFailed) {
			return true
		}
	}
	return false
}

// fail brings a failed try to its end: hooks that run are waited for, then those of SyncFail run.
func (s *stepper) fail() {
	s.failing, s.decision.Effects = true, nil
	s.record()
	if s.await(s.plan.waves) {
		return
	}
loop:
	for _, w := range s.plan.fails {
		switch s.wave(w, true) {
		case working, waiting:
			return
		case failed:
			break loop
		}
	}
	if s.await(s.plan.fails) {
		return
	}
	var unapplied, unhealthy []string
	for i := range s.results.list {
		switch r := &s.results.list[i]; {
		case r.Status == appv1.ResultSyncFailed:
			unapplied = append(unapplied, r.Message)
		case r.HookPhase == appv1.OperationFailed:
			unhealthy = append(unhealthy, r.Message)
		}
	}
	if len(unapplied) > 0 {
		s.finish("one or more objects failed to apply" + reasons(unapplied))
		return
	}
	s.finish("one or more synchronization tasks completed unsuccessfully" + reasons(unhealthy))
}

// record keeps what came of applies that the failure of another one has overtaken.
func (s *stepper) record() {
	for _, w := range s.plan.waves {
		for _, t := range w.tasks {
			if t.prune || s.resultOf(t) != nil {
				continue
			}
			if _, done := s.in.Done[s.id(t, VerbApply)]; done {
				s.apply(t)
			}
		}
	}
}

// await says that hooks are waited for, if any of these waves run.
func (s *stepper) await(waves []*wave) bool {
	running := s.runningHooks(waves)
	if len(running) > 0 {
		s.wait("waiting for completion of hook %s", list(running, "hook"))
	}
	return len(running) > 0
}

// running tells whether a hook of this try is there, and has not ended.
func (s *stepper) running(t *task) bool {
	result := s.resultOf(t)
	if result == nil && !s.made(t) || result != nil && result.HookPhase != appv1.OperationRunning {
		return false
	}
	return s.hook(t) == waiting
}

// runningHooks are the hooks of this try among waves that have not ended.
func (s *stepper) runningHooks(waves ...[]*wave) (running []*task) {
	for _, w := range slices.Concat(waves...) {
		for _, t := range w.tasks {
			if t.hook && s.running(t) {
				running = append(running, t)
			}
		}
	}
	return running
}

// terminate ends the operation now: hooks that run are deleted.
func (s *stepper) terminate(message string) {
	s.terminating = true
	var stopped []*task
	for _, t := range s.runningHooks(s.plan.waves, s.plan.fails) {
		if t.Live != nil {
			stopped = append(stopped, t)
		}
	}
	for _, o := range s.plan.strays {
		if operation, phase := madeIn(o.Live); s.own(operation) {
			t := &task{Object: o, facts: facts{hook: true}, at: place{phase: phase}}
			if s.running(t) {
				stopped = append(stopped, t)
			}
		}
	}
	for _, t := range stopped {
		s.clear(t, t.at.phase)
	}
	if len(s.decision.Effects) > 0 {
		s.decision.State.Message = "operation is terminating"
		return
	}
	if s.silent != "" {
		s.decision.State.Message = "operation is terminating: " + s.silent
		s.later(silentAgain)
		return
	}
	for _, t := range stopped {
		if result := s.resultOf(t); result == nil || result.Status != appv1.ResultSyncFailed {
			s.results.set(t, "", terminated, appv1.OperationFailed)
		}
	}
	// Of a hook without a manifest that is gone by now there is only its result.
	for _, r := range slices.Clone(s.results.list) {
		if r.HookType != "" && r.HookPhase == appv1.OperationRunning {
			key := object.Key{Group: r.Group, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name}
			s.results.set(&task{Object: &Object{Key: key}, facts: facts{hook: true}, at: place{phase: object.Phase(r.SyncPhase)}}, "", terminated, appv1.OperationFailed)
		}
	}
	s.end(appv1.OperationFailed, message)
}

// strip takes our finalizer off hooks of earlier operations that have no manifest any longer: nobody else would.
func (s *stepper) strip() {
	for _, o := range s.plan.strays {
		if operation, _ := madeIn(o.Live); !s.own(operation) {
			s.release(o, "", func(string) {}) // it does not concern this operation, and is tried again in the next
		}
	}
}

// remember has what is to be synced stored before anything is done, where that cannot be seen from live objects afterwards:
// an object that was out of sync when a sync of such objects began is waited for, though it is in sync after a crash.
func (s *stepper) remember() {
	if s.settings[object.OptionOutOfSyncOnly] != "true" || s.lastWave() == 0 || !s.results.untouched() {
		return
	}
	for _, w := range s.plan.waves {
		for _, t := range w.tasks {
			if !t.hook && !t.prune && s.resultOf(t) == nil {
				s.results.set(t, "", "", "")
				s.decision.Write = true
			}
		}
	}
}
