// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

const (
	// setWeightRange is the peer's.
	setWeightRange = "SetWeight needs to be between 0 and %d"

	needsATemplate = "at least one template must be given"
	// maxPauseSeconds keeps a pause within what its type holds.
	maxPauseSeconds = 1<<31 - 1
)

// validateStep checks one step. The peer finds two types in one step only where both are among four of them; here no
// step may have two.
func validateStep(c *rov1.CanaryStrategy, s *rov1.CanaryStep, path *field.Path) field.ErrorList {
	errs := stepType(s, path)
	if w := s.SetWeight; w != nil {
		if limit := c.GetMaxTrafficWeight(); *w < 0 || *w > limit {
			errs = append(errs, field.Invalid(path.Child("setWeight"), *w, fmt.Sprintf(setWeightRange, limit)))
		}
	}
	if p := s.Pause; p != nil {
		errs = append(errs, validatePause(p, path.Child("pause", "duration"))...)
	}
	if s.SetCanaryScale != nil {
		errs = append(errs, validateSetCanaryScale(c, s.SetCanaryScale, path.Child("setCanaryScale"))...)
	}
	if a := s.Analysis; a != nil {
		errs = append(errs, validateRolloutAnalysis(a, path.Child("analysis"))...)
	}
	if e := s.Experiment; e != nil {
		errs = append(errs, validateStepExperiment(c, e, path.Child("experiment"))...)
	}
	if r := s.SetHeaderRoute; r != nil {
		errs = append(errs, validateHeaderRoute(c, r, path.Child("setHeaderRoute"))...)
	}
	if r := s.SetMirrorRoute; r != nil {
		errs = append(errs, validateMirrorRoute(c, r, path.Child("setMirrorRoute"))...)
	}
	if p := s.Plugin; p != nil {
		errs = append(errs, required(p.Name, path.Child("plugin", "name"))...)
	}
	return errs
}

// stepType refuses a step that does nothing, and one that waits for two things. A scale and routes may be set beside
// what it waits for: the peer takes such steps, and there are manifests with them.
func stepType(s *rov1.CanaryStep, path *field.Path) field.ErrorList {
	waits := []option{
		{"setWeight", s.SetWeight != nil}, {"pause", s.Pause != nil}, {"analysis", s.Analysis != nil},
		{"experiment", s.Experiment != nil}, {"plugin", s.Plugin != nil},
	}
	if s.SetCanaryScale == nil && s.SetHeaderRoute == nil && s.SetMirrorRoute == nil {
		return exactlyOne(path, append(waits, option{"setCanaryScale", false}, option{"setHeaderRoute", false}, option{"setMirrorRoute", false})...)
	}
	if len(set(waits...)) == 0 {
		return nil
	}
	return exactlyOne(path, waits...)
}

func validatePause(p *rov1.PauseStep, path *field.Path) field.ErrorList {
	d := p.Duration
	if d == nil {
		return nil
	}
	seconds := int64(d.IntVal)
	if d.Type == intstr.String {
		var err error
		if seconds, err = strconv.ParseInt(d.StrVal, 10, 64); err != nil {
			parsed, err := time.ParseDuration(d.StrVal)
			if err != nil {
				return field.ErrorList{field.Invalid(path, d.StrVal, "must be a number of seconds or a duration such as 1h30m")}
			}
			seconds = int64(parsed / time.Second)
			if parsed < 0 {
				seconds = -1
			}
		}
	}
	switch {
	case seconds < 0:
		return field.ErrorList{field.Invalid(path, d.String(), invalidDuration)}
	case seconds > maxPauseSeconds:
		return field.ErrorList{field.Invalid(path, d.String(), "must be shorter than 68 years")}
	}
	return nil
}

func validateSetCanaryScale(c *rov1.CanaryStrategy, s *rov1.SetCanaryScale, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if c.TrafficRouting == nil {
		errs = append(errs, field.Forbidden(path, onlyWithRouting))
	}
	errs = append(errs, nonnegativePointer(s.Replicas, path.Child("replicas"))...)
	return append(errs, nonnegativePointer(s.Weight, path.Child("weight"))...)
}

func validateHeaderRoute(c *rov1.CanaryStrategy, r *rov1.SetHeaderRoute, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	t := c.TrafficRouting
	if t == nil || t.Istio == nil && t.ALB == nil && t.Apisix == nil && len(t.Plugins) == 0 {
		errs = append(errs, field.Forbidden(path, "only with the router istio, alb or apisix, or a plugin"))
	}
	errs = append(errs, validateManaged(c, r.Name, path.Child("name"))...)
	for i, m := range r.Match {
		at := path.Child("match").Index(i)
		errs = append(errs, required(m.HeaderName, at.Child("headerName"))...)
		value := at.Child("headerValue")
		if found := validateMatch(&m.HeaderValue, value); len(found) > 0 {
			errs = append(errs, found...)
		} else if t != nil && t.ALB != nil && m.HeaderValue.Exact == "" {
			errs = append(errs, field.Required(value.Child("exact"), "the router alb compares whole values only"))
		}
	}
	return errs
}

func validateMirrorRoute(c *rov1.CanaryStrategy, r *rov1.SetMirrorRoute, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if t := c.TrafficRouting; t == nil || t.Istio == nil && len(t.Plugins) == 0 {
		errs = append(errs, field.Forbidden(path, "only with the router istio, or a plugin"))
	}
	errs = append(errs, validateManaged(c, r.Name, path.Child("name"))...)
	errs = append(errs, between(r.Percentage, 0, 100, path.Child("percentage"))...)
	for i, m := range r.Match {
		at := path.Child("match").Index(i)
		if m.Method != nil {
			errs = append(errs, validateMatch(m.Method, at.Child("method"))...)
		}
		if m.Path != nil {
			errs = append(errs, validateMatch(m.Path, at.Child("path"))...)
		}
		for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
			errs = append(errs, validateMatch(ptr.To(m.Headers[name]), at.Child("headers").Key(name))...)
		}
	}
	return errs
}

// validateManaged refuses a route that the rollout may not set.
func validateManaged(c *rov1.CanaryStrategy, name string, path *field.Path) field.ErrorList {
	if name == "" {
		return required(name, path)
	}
	if c.TrafficRouting != nil && slices.Contains(c.TrafficRouting.ManagedRoutes, rov1.ManagedRoute{Name: name}) {
		return nil
	}
	return field.ErrorList{field.Invalid(path, name, "must be one of trafficRouting.managedRoutes")}
}

func validateMatch(m *rov1.StringMatch, path *field.Path) field.ErrorList {
	return exactlyOne(path, option{"exact", m.Exact != ""}, option{"prefix", m.Prefix != ""}, option{"regex", m.Regex != ""})
}

func validateStepExperiment(c *rov1.CanaryStrategy, e *rov1.RolloutExperimentStep, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	templates := path.Child("templates")
	if len(e.Templates) == 0 {
		errs = append(errs, field.Required(templates, needsATemplate))
	}
	taken := names{}
	for i, t := range e.Templates {
		at := templates.Index(i)
		errs = append(errs, taken.add(t.Name, at.Child("name"))...)
		errs = append(errs, oneOf(t.SpecRef, at.Child("specRef"), rov1.StableSpecRef, rov1.CanarySpecRef)...)
		errs = append(errs, nonnegativePointer(t.Replicas, at.Child("replicas"))...)
		errs = append(errs, metadata(t.Metadata, at.Child("metadata"))...)
		if t.Selector != nil {
			errs = append(errs, selector(t.Selector, at.Child("selector"))...)
		}
		if t.Weight != nil {
			errs = append(errs, between(t.Weight, 0, c.GetMaxTrafficWeight(), at.Child("weight"))...)
			if r := c.TrafficRouting; r == nil || r.SMI == nil && r.ALB == nil && r.Istio == nil && len(r.Plugins) == 0 {
				errs = append(errs, field.Invalid(at.Child("weight"), *t.Weight, "only with the router smi, alb or istio, or a plugin"))
			}
		}
		if t.Service != nil {
			errs = append(errs, serviceName(t.Service.Name, at.Child("service", "name"))...)
		}
	}
	errs = append(errs, duration(e.Duration, path.Child("duration"))...)
	errs = append(errs, nonnegativePointer(e.ScaleDownDelaySeconds, path.Child("scaleDownDelaySeconds"))...)
	analyses := names{}
	for i, a := range e.Analyses {
		at := path.Child("analyses").Index(i)
		errs = append(errs, analyses.add(a.Name, at.Child("name"))...)
		errs = append(errs, objectName(a.TemplateName, at.Child("templateName"))...)
		errs = append(errs, validateRunArguments(a.Args, at.Child("args"))...)
	}
	errs = append(errs, validateDryRun(e.DryRun, path.Child("dryRun"))...)
	return append(errs, metadata(e.AnalysisRunMetadata, path.Child("analysisRunMetadata"))...)
}
