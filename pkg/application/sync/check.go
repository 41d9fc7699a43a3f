// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"fmt"
	"slices"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

// begun tells that something was done already in this try, as far as is known, but for namespaces.
func (s *stepper) begun() bool {
	return slices.ContainsFunc(s.results.list, func(r appv1.ResourceResult) bool { return r.Kind != namespaceKind && !pending(r) })
}

// check looks at all tasks before anything is done, so that one bad object fails the operation with nothing applied. Once
// something was done, each task is looked at when its turn comes. It is waiting where it cannot be known yet whether a kind is
// served.
func (s *stepper) check() verdict {
	if s.begun() {
		return complete
	}
	var coming []*task
	for _, waves := range [][]*wave{s.plan.waves, s.plan.fails} {
		for _, w := range waves {
			for _, t := range w.tasks {
				if t.prune {
					continue
				}
				problem := s.problem(t)
				if problem == "" && !t.Served && !s.comes(t) {
					// That definitions have changed may not be known yet in the moment in which a try begins.
					if t.Coming || s.in.Now.Sub(s.busy()) < 2*definitionSoon {
						coming = append(coming, t)
						continue
					}
					problem = notServed(t.Key)
				}
				if problem != "" {
					s.broken(t, problem)
					s.problems = append(s.problems, problem)
				}
			}
		}
	}
	switch {
	case len(s.problems) > 0:
		return failed
	case len(coming) > 0:
		s.later(definitionSoon)
		return s.wait("waiting for the definition of %s", list(coming, "resource"))
	}
	return complete
}

// rehearse asks the cluster, before anything is done, whether it would take the objects that are to be created, so that one
// that it would not take fails the operation with nothing applied. Of those that are there the comparison has asked
// already (Refused). What may depend on something that comes with the same sync is not asked for, and no hooks: the hooks
// of SyncFail are for those that cannot be created.
func (s *stepper) rehearse() verdict {
	if s.begun() || s.single() {
		return complete
	}
	for _, w := range s.plan.waves {
		for _, t := range w.tasks {
			if t.prune || t.hook || t.Live != nil || !t.Served || s.plan.definitions[t.Key.GroupKind()] != nil {
				continue
			}
			if needed := s.plan.namespaces[t.Key.Namespace]; needed != nil && needed.Live == nil {
				continue
			}
			id := s.id(t, VerbCheck)
			outcome, done := s.in.Done[id]
			switch {
			case !done:
				s.effect(Apply{For: id, Object: t.Target, Mode: s.mode(t), Create: true, DryRun: true, NoValidation: s.settings.of(t.facts, object.OptionValidate) == "false"})
			case outcome.Err != "":
				s.broken(t, outcome.Err)
				s.problems = append(s.problems, outcome.Err)
			}
		}
	}
	switch {
	case len(s.decision.Effects) > 0:
		s.decision.State.Message = "dry run of " + s.names("resource")
		return working
	case len(s.problems) > 0:
		return failed
	}
	return complete
}

// single tells that there is nothing that could be left half done.
func (s *stepper) single() bool {
	return len(s.plan.waves) == 1 && len(s.plan.waves[0].tasks) == 1
}

// problem says why a task can never be done, whatever the cluster serves.
func (s *stepper) problem(t *task) string {
	switch {
	case t.Refused != "":
		return t.Refused
	case t.Key.Name == "":
		return fmt.Sprintf("an object of kind %s has no name: resource name may not be empty", t.Key.Kind)
	case t.Served && t.Namespaced && t.Key.Namespace == "":
		return fmt.Sprintf("Namespace for %s %s is missing.", t.Key.Name, kindOf(t.Key))
	}
	return ""
}

func kindOf(k object.Key) string {
	if k.Group == "" {
		return k.Kind
	}
	return k.Group + "/" + k.Kind
}

func notServed(k object.Key) string {
	return fmt.Sprintf("The Kubernetes API could not find %s for requested resource %s/%s. Make sure the %q CRD is installed on the destination cluster.",
		k.Group+"/"+k.Kind, k.Namespace, k.Name, k.Kind)
}
