// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

// dryRun asks the cluster what would come of each task, all at once, and changes nothing.
func (s *stepper) dryRun() {
	switch s.check() {
	case waiting:
		return
	case failed:
		s.finish("one or more synchronization tasks are not valid (dry run)" + reasons(s.problems))
		return
	}
	if t := s.namespaceTask(); t != nil && (t.Live == nil || s.differs(t)) {
		s.plan.namespaces[t.Key.Name] = t
		s.dry(t)
	}
	for _, w := range s.plan.waves {
		for _, t := range w.tasks {
			s.dry(t)
		}
	}
	switch {
	case len(s.decision.Effects) > 0:
		s.decision.State.Message = "dry run of " + s.names("resource")
	case len(s.problems) > 0:
		s.finish("one or more objects failed to apply (dry run)" + reasons(s.problems))
	default:
		s.succeed("successfully synced (dry run)")
	}
}

// dry asks what would come of a task. What needs something that is not there yet cannot be asked for.
func (s *stepper) dry(t *task) {
	const suffix = " (dry run)"
	if t.spared != "" {
		s.results.set(t, appv1.ResultPruneSkipped, t.spared, appv1.OperationSucceeded)
		return
	}
	verb, status, message := VerbApply, appv1.ResultSynced, t.Key.Label()+" configured"+suffix
	if t.prune {
		verb, status, message = VerbDelete, appv1.ResultPruned, "pruned"+suffix
	}
	if t.hook {
		status, message = "", t.Key.Label()+" created"+suffix
	}
	id := s.id(t, verb)
	outcome, done := s.in.Done[id]
	missing := false
	if needed := s.plan.namespaces[t.Key.Namespace]; needed != nil {
		missing = needed.Live == nil
	}
	switch {
	case done && outcome.Err != "":
		s.broken(t, outcome.Err)
		s.problems = append(s.problems, outcome.Err)
	case done:
		s.results.set(t, status, orElse(outcome.Message, message), appv1.OperationSucceeded)
	case t.prune:
		s.effect(Delete{For: id, Propagation: propagation(s.settings), DryRun: true})
	case !t.Served || missing || t.hook && t.Live != nil:
		s.results.set(t, status, t.Key.Label()+" created"+suffix, appv1.OperationSucceeded)
	case t.Live != nil && !t.Modified && s.mode(t) != Replace && !s.force(t):
		s.results.set(t, status, t.Key.Label()+" unchanged"+suffix, appv1.OperationSucceeded)
	default:
		s.effect(Apply{
			For: id, Object: t.Target, Mode: s.mode(t), Create: t.Live == nil, DryRun: true,
			NoValidation: s.settings.of(t.facts, object.OptionValidate) == "false",
		})
	}
}
