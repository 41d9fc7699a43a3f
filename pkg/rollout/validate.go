// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"fmt"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/apis/rollout/validation"
	"argosy.dev/argosy/pkg/rollout/traffic"
)

// NotBuilt names the fields of a rollout that nothing acts upon yet. Such a rollout is accepted with a warning, and not
// touched by the loop.
func NotBuilt(ro *rov1.Rollout) field.ErrorList {
	errs := append(traffic.Unsupported(ro), traffic.Untaken(ro)...)
	if c := ro.Spec.Strategy.Canary; c != nil {
		for i, s := range c.Steps {
			path := field.NewPath("spec", "strategy", "canary", "steps").Index(i)
			if s.Experiment != nil {
				errs = append(errs, field.Forbidden(path.Child("experiment"), "this version does not run experiments"))
			}
			if s.Plugin != nil {
				errs = append(errs, field.Forbidden(path.Child("plugin"), "this version does not run plugins"))
			}
		}
	}
	return errs
}

// validate returns the first thing that keeps the rollout from being acted upon: in its spec, or in what it names.
func (r *run) validate() *field.Error {
	for _, errs := range []func() field.ErrorList{
		func() field.ErrorList { return validation.ValidateRollout(r.ro) },
		func() field.ErrorList { return NotBuilt(r.ro) },
		r.wrongServices,
		r.wrongAnalyses,
		r.wrongRoutes,
	} {
		if list := errs(); len(list) > 0 {
			return list[0]
		}
	}
	return nil
}

// Invalid tells that a rollout is not acted upon for what is wrong with its spec, by what was decided about it last.
func Invalid(ro *rov1.Rollout, d Decision) bool {
	status := &ro.Status
	if d.Status != nil {
		status = d.Status
	}
	return conditionOf(status, rov1.RolloutConditionInvalidSpec) != nil
}

// invalid says what keeps the rollout from being acted upon. Everything else stays as it is.
func (r *run) invalid(err *field.Error) {
	message := fmt.Sprintf("The Rollout %q is invalid: %v", r.ro.Name, err)
	r.setCondition(rov1.RolloutConditionInvalidSpec, metav1.ConditionTrue, "InvalidSpec", message)
	r.observed()
	r.phase()
}

func (r *run) wrongServices() (errs field.ErrorList) {
	for _, named := range namedServices(&r.spec.Strategy) {
		s := r.services[named.name]
		if s == nil {
			errs = append(errs, field.Invalid(named.at, named.name, fmt.Sprintf("service %q not found", named.name)))
			continue
		}
		if owner, owned := s.Annotations[rov1.AnnotationManagedByRollout]; owned && owner != r.ro.Name {
			errs = append(errs, field.Invalid(named.at, named.name, fmt.Sprintf("Service %q is managed by another Rollout", named.name)))
		}
		for _, key := range slices.Sorted(maps.Keys(s.Spec.Selector)) {
			if key != rov1.LabelPodTemplateHash && r.template.Labels[key] != s.Spec.Selector[key] {
				errs = append(errs, field.Invalid(named.at, named.name, fmt.Sprintf("Service %q has unmatch label %q in rollout", named.name, key)))
				break
			}
		}
	}
	return errs
}

func (r *run) wrongAnalyses() (errs field.ErrorList) {
	for _, named := range namedAnalyses(&r.spec.Strategy) {
		at, first := named.at.Child("templates"), named.Templates[0].TemplateName
		run, err := r.planned(named.RolloutAnalysis, "", "")
		if err != nil {
			errs = append(errs, field.Invalid(at, first, err.Error()))
			continue
		}
		for _, m := range run.Spec.Metrics {
			if m.Interval != "" && m.Count == nil && !named.background {
				errs = append(errs, field.Invalid(at, first, fmt.Sprintf("metric %q runs indefinitely: it needs a count", m.Name)))
			}
		}
	}
	return errs
}

// wrongRoutes returns what is wrong with the routers' objects: what would be if the split as it is were written again, with the
// managed routes of all steps.
func (r *run) wrongRoutes() field.ErrorList {
	if c := r.spec.Strategy.Canary; c == nil || c.TrafficRouting == nil {
		return nil
	}
	desired := desiredOf(r.prev.Canary.Weights)
	desired.Stable.Service, desired.Canary.Service = r.sides()
	for _, s := range r.spec.Strategy.Canary.Steps {
		if s.SetHeaderRoute != nil && len(s.SetHeaderRoute.Match) > 0 {
			desired.Headers = append(desired.Headers, *s.SetHeaderRoute)
		}
		if s.SetMirrorRoute != nil && len(s.SetMirrorRoute.Match) > 0 {
			desired.Mirrors = append(desired.Mirrors, *s.SetMirrorRoute)
		}
	}
	_, problems := traffic.Plan(r.ro, r.world.Routes, desired)
	return problems
}
