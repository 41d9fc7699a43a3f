// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"fmt"
	"slices"
	"time"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

// wave goes on with a wave: what is pruned, and hooks of earlier operations, are deleted; then one kind after the other is
// applied; then the wave is waited for. Of the last wave only hooks are.
func (s *stepper) wave(w *wave, last bool) verdict {
	if s.over(w, last) {
		return complete
	}
	slices.SortFunc(w.tasks, (*task).compare)
	for _, part := range []func(*wave) verdict{s.confirmed, s.remove, s.applyAll} {
		if v := part(w); v != complete {
			return v
		}
	}
	return s.settled(w, last)
}

// over tells by the results alone that a wave is complete.
func (s *stepper) over(w *wave, last bool) bool {
	for _, t := range w.tasks {
		result := s.resultOf(t)
		switch {
		case result == nil:
			return false
		case result.HookPhase == appv1.OperationSucceeded:
		case last && !t.hook && (result.Status == appv1.ResultSynced || result.Status == appv1.ResultPruned):
		default:
			return false
		}
	}
	return true
}

// confirmed waits, before anything else in the wave, until somebody agrees to deletions that need it.
func (s *stepper) confirmed(w *wave) verdict {
	var unconfirmed []*task
	for _, t := range w.tasks {
		if t.prune && t.spared == "" && s.undone(t) && s.settings.of(t.facts, object.OptionPrune) == "confirm" &&
			!approved(s.in.Approved, s.in.State.StartedAt.Time) {
			unconfirmed = append(unconfirmed, t)
		}
	}
	if len(unconfirmed) > 0 {
		return s.wait("waiting for pruning confirmation of %s", list(unconfirmed, "resource"))
	}
	return complete
}

// approved tells whether an approval of deletions holds for what began at a time.
func approved(value string, began time.Time) bool {
	at, err := time.Parse(time.RFC3339, value)
	return err == nil && !at.Before(began.Truncate(time.Second))
}

// remove deletes what is pruned, and hooks that are in the way.
func (s *stepper) remove(w *wave) verdict {
	wrong, spent := false, false
	var going []*task
	for _, t := range w.tasks {
		switch {
		case t.spared != "":
			s.results.set(t, appv1.ResultPruneSkipped, t.spared, appv1.OperationSucceeded)
		case t.prune && s.undone(t):
			wrong = !s.prune(t) || wrong
		case t.hook && s.resultOf(t) == nil && s.inTheWay(t):
			wrong = !s.clear(t, t.at.phase) || wrong
			going = append(going, t)
			// A hook of several phases is all there is to show that it has run in an earlier one.
			operation, _ := madeIn(t.Live)
			spent = spent || operation == s.operation
		}
	}
	switch {
	case wrong && len(s.decision.Effects) == 0:
		return failed
	case len(s.decision.Effects) > 0:
		s.decision.Write = s.decision.Write || spent
		s.decision.State.Message = "deleting " + s.names("resource")
		return working
	case len(going) > 0:
		return s.wait("waiting for deletion of hook %s", list(going, "hook"))
	}
	return complete
}

// prune deletes an object. It returns false if that has failed.
func (s *stepper) prune(t *task) bool {
	if t.Live.GetDeletionTimestamp() != nil {
		s.results.set(t, appv1.ResultPruned, "pruned", appv1.OperationRunning)
		return true
	}
	effect := Delete{For: s.id(t, VerbDelete), Propagation: propagation(s.settings)}
	outcome, done := s.in.Done[effect.For]
	switch {
	case !done:
		s.results.set(t, "", "", "") // what it was is no longer seen when it is gone
		s.effect(effect)
	case outcome.Err != "":
		s.broken(t, outcome.Err)
		return false
	default:
		s.results.set(t, appv1.ResultPruned, orElse(outcome.Message, "pruned"), appv1.OperationRunning)
	}
	return true
}

// clear deletes a hook, and lets it go. It returns false if that has failed.
func (s *stepper) clear(t *task, phase object.Phase) bool {
	if t.Live.GetDeletionTimestamp() == nil {
		effect := Delete{For: ID{Key: t.Key, Phase: phase, Retry: s.in.State.RetryCount, Verb: VerbDelete, UID: t.Live.GetUID()}, Propagation: propagation(s.settings)}
		if outcome, done := s.in.Done[effect.For]; !done {
			s.effect(effect)
		} else if outcome.Err != "" {
			return s.refused(outcome, func(why string) { s.broken(t, why) })
		}
	}
	return s.release(t.Object, phase, func(why string) { s.broken(t, why) })
}

// refused tells why a hook could not be deleted or let go. Where the operation is being terminated, what a cluster has not
// answered is asked again instead.
func (s *stepper) refused(outcome Outcome, fail func(why string)) bool {
	if s.terminating && outcome.Silent {
		s.silent = outcome.Err
	} else {
		fail(outcome.Err)
	}
	return false
}

// release takes our finalizer off a hook.
func (s *stepper) release(o *Object, phase object.Phase, fail func(why string)) bool {
	if !hasHookFinalizer(o.Live) {
		return true
	}
	effect := RemoveFinalizer{
		For:       ID{Key: o.Key, Phase: phase, Retry: s.in.State.RetryCount, Verb: VerbFinalize, UID: o.Live.GetUID()},
		Finalizer: object.FinalizerHook,
	}
	if outcome, done := s.in.Done[effect.For]; !done {
		s.effect(effect)
	} else if outcome.Err != "" {
		return s.refused(outcome, fail)
	}
	return true
}

// applyAll applies what has to be, one kind after the other.
func (s *stepper) applyAll(w *wave) verdict {
	for start := 0; start < len(w.tasks); {
		end := start + 1
		for end < len(w.tasks) && w.tasks[end].Key.GroupKind() == w.tasks[start].Key.GroupKind() {
			end++
		}
		wrong := false
		var unserved []*task
		for _, t := range w.tasks[start:end] {
			if t.prune {
				continue
			}
			switch s.apply(t) {
			case failed:
				wrong = true
			case waiting:
				unserved = append(unserved, t)
			}
		}
		switch {
		case len(s.decision.Effects) > 0:
			s.decision.State.Message = "applying " + s.names("resource")
			return working
		case wrong:
			return failed
		case len(unserved) > 0:
			return s.wait("waiting for the definition of %s", list(unserved, "resource"))
		}
		start = end
	}
	return complete
}

// settled waits until all of a wave are healthy, what was pruned is gone, and hooks have run.
func (s *stepper) settled(w *wave, last bool) verdict {
	wrong := false
	var hooks, objects, going []*task
	for _, t := range w.tasks {
		if result := s.resultOf(t); result != nil && result.HookPhase == appv1.OperationSucceeded {
			continue
		}
		switch {
		case t.hook:
			switch s.hook(t) {
			case waiting:
				hooks = append(hooks, t)
			case failed:
				wrong = true
			}
		case last:
		case t.prune && t.Live != nil:
			going = append(going, t)
		case t.prune:
			s.results.set(t, appv1.ResultPruned, s.resultOf(t).Message, appv1.OperationSucceeded)
		default:
			switch s.healthy(t) {
			case waiting:
				objects = append(objects, t)
			case failed:
				wrong = true
			}
		}
	}
	switch {
	case wrong:
		return failed
	case len(hooks) > 0:
		return s.wait("waiting for completion of hook %s", list(hooks, "hook"))
	case len(objects) > 0:
		return s.wait("waiting for healthy state of %s", list(objects, "resource"))
	case len(going) > 0:
		return s.wait("waiting for deletion of %s", list(going, "resource"))
	}
	return complete
}

// list names the first of some tasks (only that is looked at), and says how many more there are, in the peer's words.
func list(tasks []*task, noun string) string {
	k := tasks[0].Key
	text := k.Group + "/" + k.Kind + "/" + k.Name
	switch more := len(tasks) - 1; {
	case more == 1:
		text += " and 1 more " + noun
	case more > 1:
		text += fmt.Sprintf(" and %d more %ss", more, noun)
	}
	return text
}

// names are the objects of all effects.
func (s *stepper) names(noun string) string {
	tasks := make([]*task, len(s.decision.Effects))
	tasks[0] = &task{Object: &Object{Key: s.decision.Effects[0].ID().Key}}
	return list(tasks, noun)
}

func (s *stepper) effect(e Effect) { s.decision.Effects = append(s.decision.Effects, e) }

func (s *stepper) id(t *task, verb Verb) ID {
	id := ID{Key: t.Key, Phase: t.at.phase, Retry: s.in.State.RetryCount, Verb: verb}
	if verb == VerbDelete || verb == VerbFinalize {
		id.UID = t.Live.GetUID()
	}
	return id
}

// broken records that a task could not be done.
func (s *stepper) broken(t *task, why string) {
	s.results.set(t, appv1.ResultSyncFailed, why, appv1.OperationFailed)
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
