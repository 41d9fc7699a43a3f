// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

const (
	// definitionTimeout bounds the wait until a kind is served that comes with this operation.
	definitionTimeout = 2 * time.Minute
	// definitionAgain is how soon to look again for such a kind, where nobody tells that it has come.
	definitionAgain = 5 * time.Second
	// definitionSoon is the same where one may be about to come.
	definitionSoon = 500 * time.Millisecond
)

// propagation is what becomes of what a deleted object owns.
func propagation(options settings) metav1.DeletionPropagation {
	switch options[object.OptionPropagation] {
	case "background":
		return metav1.DeletePropagationBackground
	case "orphan":
		return metav1.DeletePropagationOrphan
	}
	return metav1.DeletePropagationForeground
}

// apply applies an object or creates a hook, if that is not done yet. It is working where there is an effect, waiting where
// the kind is not served yet, complete where there is nothing to do.
func (s *stepper) apply(t *task) verdict {
	if result := s.resultOf(t); result != nil && (result.Status != "" || result.HookPhase != "") {
		if result.HookPhase == appv1.OperationFailed && result.Status == appv1.ResultSyncFailed {
			return failed
		}
		return complete
	}
	id := s.id(t, VerbApply)
	if outcome, done := s.in.Done[id]; done {
		switch {
		case outcome.Err != "":
			s.broken(t, outcome.Err)
			return failed
		case t.hook:
			s.results.set(t, "", t.Key.Label()+" created", appv1.OperationRunning)
		default:
			s.results.set(t, appv1.ResultSynced, orElse(outcome.Message, t.Key.Label()+" configured"), appv1.OperationRunning)
		}
		return complete
	}
	force, mode := s.force(t), s.mode(t)
	switch {
	case t.hook && s.made(t):
		s.results.set(t, "", t.Key.Label()+" created", appv1.OperationRunning)
		return complete
	case !t.hook && t.Live != nil && !t.Modified && !force && mode != Replace:
		s.results.set(t, appv1.ResultSynced, t.Key.Label()+" unchanged", appv1.OperationRunning)
		return complete
	}
	if problem := s.problem(t); problem != "" {
		s.broken(t, problem)
		return failed
	}
	if !t.Served {
		if !s.comes(t) {
			if t.Coming {
				s.later(definitionSoon)
				return waiting
			}
			s.broken(t, notServed(t.Key))
			return failed
		}
		left := definitionTimeout - s.in.Now.Sub(s.busy())
		switch {
		case left > 0:
			s.later(min(left, definitionAgain))
			return waiting
		case s.plan.definitions[t.Key.GroupKind()] != nil:
			s.broken(t, fmt.Sprintf("the cluster does not serve %s/%s, though its definition was applied", t.Key.Group, t.Key.Kind))
		default:
			s.broken(t, notServed(t.Key))
		}
		return failed
	}
	target := t.Target
	if t.hook {
		target = marked(target, s.operation, t.at.phase, s.ends(t))
	}
	s.effect(Apply{
		For: id, Object: target, Mode: mode, Create: t.Live == nil, Force: force,
		NoValidation: s.settings.of(t.facts, object.OptionValidate) == "false",
		Migrate:      mode == ServerSide && s.settings[object.OptionMigration] != "false", MigrationManager: s.in.MigrationManager,
	})
	return working
}

// comes tells whether a kind that the cluster does not serve will be: its definition is part of the operation and comes
// before, or something of an earlier wave, such as an operator, is said to bring it.
func (s *stepper) comes(t *task) bool {
	if definition := s.plan.definitions[t.Key.GroupKind()]; definition != nil && definition.at.compare(t.at) <= 0 {
		return true
	}
	return s.settings.of(t.facts, object.OptionSkipDryRun) == "true"
}

// busy is when this try last did something, as far as is known.
func (s *stepper) busy() time.Time {
	at := s.in.State.StartedAt.Time
	if s.in.Since.After(at) {
		at = s.in.Since
	}
	for id, outcome := range s.in.Done {
		if id.Retry == s.in.State.RetryCount && outcome.At.After(at) {
			at = outcome.At
		}
	}
	return at
}

// mode is how an object is applied.
func (s *stepper) mode(t *task) Mode {
	switch {
	case s.settings.of(t.facts, object.OptionReplace) == "true":
		return Replace
	case s.settings.of(t.facts, object.OptionServerSideApply) == "false":
		return ClientSide
	}
	return ServerSide
}

// force tells whether an object is deleted and created anew.
func (s *stepper) force(t *task) bool {
	if t.hook {
		return false // it is deleted before by its own policy
	}
	if s.settings.of(t.facts, object.OptionForce) == "true" {
		return true
	}
	strategy := s.in.State.Operation.Sync.SyncStrategy
	return strategy != nil && (strategy.Hook != nil && ptr.Deref(strategy.Hook.Force, false) ||
		strategy.Apply != nil && ptr.Deref(strategy.Apply.Force, false))
}

// made tells whether the live object is a hook that this try of the operation has made, for this phase or a later one.
func (s *stepper) made(t *task) bool {
	if t.Live == nil {
		return false
	}
	operation, phase := madeIn(t.Live)
	return s.current(t, operation) && (place{phase: phase}).compare(place{phase: t.at.phase}) >= 0
}

// current tells whether a hook of that operation is of this try. What has a result already is, also if it was made in an
// earlier one: then this goes on where that was broken off.
func (s *stepper) current(t *task, operation string) bool {
	if operation == s.operation || s.terminating && s.own(operation) {
		return true
	}
	result := s.resultOf(t)
	return result != nil && result.HookPhase != "" && s.own(operation)
}

// own tells whether an operation is this one, in whichever try.
func (s *stepper) own(operation string) bool {
	name := operationName(s.in.State.StartedAt.Time, s.in.UID, 0)
	return operation == name || strings.HasPrefix(operation, name+"-")
}

// inTheWay tells whether a live object must be deleted before the hook is created.
func (s *stepper) inTheWay(t *task) bool {
	if t.Live == nil || s.made(t) || !slices.Contains(object.DeletePolicies(t.Target), object.BeforeHookCreation) {
		return false
	}
	_, applied := s.in.Done[s.id(t, VerbApply)]
	return !applied
}

// ends tells whether a hook has an end that must be seen. One of a kind without a check, such as a ServiceAccount, has done all
// that it does once it is there.
func (s *stepper) ends(t *task) bool {
	return s.in.Checked == nil || s.in.Checked(t.Key.GroupKind())
}

// hook tells how far a hook is that was created.
func (s *stepper) hook(t *task) verdict {
	message := t.Key.Label() + " created"
	if result := s.resultOf(t); result != nil {
		if result.HookPhase == appv1.OperationFailed {
			return failed
		}
		message = result.Message
	}
	switch {
	case t.Live == nil && !s.ends(t):
		s.results.set(t, "", message, appv1.OperationSucceeded)
		return complete
	case t.Live == nil && s.terminating:
		s.results.set(t, "", terminated, appv1.OperationFailed)
		return failed
	case t.Live == nil:
		s.results.set(t, "", "the hook was deleted before its end was seen", appv1.OperationFailed)
		return failed
	case !s.made(t) && !s.adopted(t) || !s.reached(t):
		return waiting // what we have written is not seen yet
	}
	if _, phase := madeIn(t.Live); s.made(t) && phase != t.at.phase {
		s.results.set(t, "", message, appv1.OperationSucceeded) // or a later phase would not have begun
		return complete
	}
	status := s.in.Health(t.Live)
	if status == nil {
		s.results.set(t, "", message, appv1.OperationSucceeded)
		return complete
	}
	message = orElse(status.Message, message)
	switch status.Status {
	case appv1.HealthHealthy:
		s.results.set(t, "", message, appv1.OperationSucceeded)
		return complete
	case appv1.HealthDegraded, appv1.HealthUnknown:
		s.results.set(t, "", message, appv1.OperationFailed)
		return failed
	}
	s.results.set(t, "", message, appv1.OperationRunning)
	return waiting
}

// adopted tells that our apply of a hook has changed a live one whose annotation something else has taken away.
func (s *stepper) adopted(t *task) bool {
	outcome, done := s.in.Done[s.id(t, VerbApply)]
	return done && outcome.Err == "" && s.reached(t)
}

// healthy tells whether an object is healthy as it was applied. What has no check is.
func (s *stepper) healthy(t *task) verdict {
	result := s.resultOf(t)
	if result == nil || result.HookPhase == appv1.OperationFailed {
		return failed
	}
	switch {
	case t.Live == nil:
		s.results.set(t, result.Status, "the object was deleted before it was healthy", appv1.OperationFailed)
		return failed
	case !s.reached(t):
		return waiting
	}
	status := s.in.Health(t.Live)
	switch {
	case status == nil || status.Status == appv1.HealthHealthy:
		s.results.set(t, result.Status, result.Message, appv1.OperationSucceeded)
		return complete
	case status.Status == appv1.HealthDegraded:
		s.results.set(t, result.Status, orElse(status.Message, result.Message), appv1.OperationFailed)
		return failed
	}
	return waiting
}

// reached tells that the live object is at least what our apply has made of it: an older one says nothing of its health.
func (s *stepper) reached(t *task) bool {
	outcome, done := s.in.Done[s.id(t, VerbApply)]
	return !done || outcome.Err != "" || !older(t.Live, outcome)
}

func older(live *unstructured.Unstructured, than Outcome) bool {
	have, err1 := strconv.ParseUint(live.GetResourceVersion(), 10, 64)
	want, err2 := strconv.ParseUint(than.ResourceVersion, 10, 64)
	if err1 == nil && err2 == nil {
		return have < want
	}
	return live.GetGeneration() < than.Generation
}
