// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"fmt"

	"argosy.dev/argosy/pkg/application/object"
)

// check looks at all tasks before anything is done, so that one bad object fails the operation with nothing applied. Once
// something was done, each task is looked at when its turn comes. It is waiting where it cannot be known yet whether a kind is
// served.
func (s *stepper) check() verdict {
	for i := range s.results.list {
		if r := &s.results.list[i]; r.Kind != namespaceKind && (r.Status != "" || r.HookPhase != "") {
			return complete
		}
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
