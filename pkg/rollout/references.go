// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/rollout/traffic"
)

// namedService is a Service that a rollout names and directs, and where it does.
type namedService struct {
	name string
	at   *field.Path
}

// namedServices returns the Services of a strategy, in a fixed order. One may come twice.
func namedServices(s *rov1.RolloutStrategy) (all []namedService) {
	add := func(name string, at *field.Path) {
		if name != "" {
			all = append(all, namedService{name, at})
		}
	}
	if bg := s.BlueGreen; bg != nil {
		at := field.NewPath("spec", "strategy", "blueGreen")
		add(bg.ActiveService, at.Child("activeService"))
		add(bg.PreviewService, at.Child("previewService"))
	}
	if c := s.Canary; c != nil {
		at := field.NewPath("spec", "strategy", "canary")
		add(c.StableService, at.Child("stableService"))
		add(c.CanaryService, at.Child("canaryService"))
		if c.PingPong != nil {
			add(c.PingPong.PingService, at.Child("pingPong", "pingService"))
			add(c.PingPong.PongService, at.Child("pingPong", "pongService"))
		}
	}
	return all
}

// namedAnalysis is an analysis that a rollout is judged by, and where it names it.
type namedAnalysis struct {
	*rov1.RolloutAnalysis
	at *field.Path
	// background tells that it runs beside the steps, and may do so without an end.
	background bool
}

// namedAnalyses returns the analyses of a strategy that name a template, in a fixed order.
func namedAnalyses(s *rov1.RolloutStrategy) (all []namedAnalysis) {
	add := func(analysis *rov1.RolloutAnalysis, at *field.Path, background bool) {
		if analysis != nil && len(analysis.Templates) > 0 {
			all = append(all, namedAnalysis{analysis, at, background})
		}
	}
	if bg := s.BlueGreen; bg != nil {
		at := field.NewPath("spec", "strategy", "blueGreen")
		add(bg.PrePromotionAnalysis, at.Child("prePromotionAnalysis"), false)
		add(bg.PostPromotionAnalysis, at.Child("postPromotionAnalysis"), false)
	}
	if c := s.Canary; c != nil {
		at := field.NewPath("spec", "strategy", "canary")
		if c.Analysis != nil {
			add(&c.Analysis.RolloutAnalysis, at.Child("analysis"), true)
		}
		for i := range c.Steps {
			add(c.Steps[i].Analysis, at.Child("steps").Index(i).Child("analysis"), false)
		}
	}
	return all
}

// Services returns the names of the Services that the rollout names and directs, each once, in a fixed order.
func Services(ro *rov1.Rollout) (names []string) {
	for _, s := range namedServices(&ro.Spec.Strategy) {
		if !slices.Contains(names, s.name) {
			names = append(names, s.name)
		}
	}
	return names
}

// TemplateRefs returns the analysis templates that the rollout names, each once, in a fixed order.
func TemplateRefs(ro *rov1.Rollout) (refs []rov1.AnalysisTemplateRef) {
	for _, analysis := range namedAnalyses(&ro.Spec.Strategy) {
		for _, ref := range analysis.Templates {
			if !slices.Contains(refs, ref) {
				refs = append(refs, ref)
			}
		}
	}
	return refs
}

// Reference is an object that a rollout names and does not make, and where it does.
type Reference struct {
	traffic.Ref
	Kind string
	At   *field.Path
}

// References returns what the rollout names itself, each object once: its workload, Services, objects of traffic routers and
// analysis templates.
func References(ro *rov1.Rollout) []Reference {
	var all []Reference
	add := func(ref traffic.Ref, kind string, at *field.Path) {
		if ref.Name != "" && !slices.ContainsFunc(all, func(r Reference) bool { return r.Ref == ref }) {
			all = append(all, Reference{ref, kind, at})
		}
	}
	if ref, ok := WorkloadRef(ro); ok {
		add(ref, ro.Spec.WorkloadRef.Kind, field.NewPath("spec", "workloadRef", "name"))
	}
	for _, service := range namedServices(&ro.Spec.Strategy) {
		add(traffic.Ref{Resource: "services", Namespace: ro.Namespace, Name: service.name}, "Service", service.at)
	}
	for _, named := range traffic.NamedBy(ro) {
		add(named.Ref, named.Kind, named.At)
	}
	for _, analysis := range namedAnalyses(&ro.Spec.Strategy) {
		for i, named := range analysis.Templates {
			ref, kind := traffic.Ref{Group: rov1.GroupName, Resource: "analysistemplates", Namespace: ro.Namespace, Name: named.TemplateName}, "AnalysisTemplate"
			if named.GetClusterScope() {
				ref.Resource, ref.Namespace, kind = "clusteranalysistemplates", "", "ClusterAnalysisTemplate"
			}
			add(ref, kind, analysis.at.Child("templates").Index(i).Child("templateName"))
		}
	}
	return all
}

// WorkloadRef names the workload whose template a rollout uses. ok is false if it uses none, or one of a kind that has no
// pod template: no object is looked up then.
func WorkloadRef(ro *rov1.Rollout) (ref traffic.Ref, ok bool) {
	named := ro.Spec.WorkloadRef
	if named == nil {
		return ref, false
	}
	kinds := map[string]traffic.Ref{
		"Deployment":  {Group: "apps", Resource: "deployments"},
		"ReplicaSet":  {Group: "apps", Resource: "replicasets"},
		"PodTemplate": {Resource: "podtemplates"},
	}
	ref, ok = kinds[named.Kind]
	ref.Namespace, ref.Name = ro.Namespace, named.Name
	return ref, ok
}
