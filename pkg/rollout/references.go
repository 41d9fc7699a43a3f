// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/rollout/traffic"
)

// Services returns the names of the Services that the rollout names and directs, each once, in a fixed order.
func Services(ro *rov1.Rollout) []string {
	var names []string
	add := func(list ...string) {
		for _, name := range list {
			if name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	if bg := ro.Spec.Strategy.BlueGreen; bg != nil {
		add(bg.ActiveService, bg.PreviewService)
	}
	if c := ro.Spec.Strategy.Canary; c != nil {
		add(c.StableService, c.CanaryService)
		if c.PingPong != nil {
			add(c.PingPong.PingService, c.PingPong.PongService)
		}
	}
	return names
}

// TemplateRefs returns the analysis templates that the rollout names, each once, in a fixed order.
func TemplateRefs(ro *rov1.Rollout) []rov1.AnalysisTemplateRef {
	var refs []rov1.AnalysisTemplateRef
	add := func(analysis *rov1.RolloutAnalysis) {
		if analysis == nil {
			return
		}
		for _, ref := range analysis.Templates {
			if !slices.Contains(refs, ref) {
				refs = append(refs, ref)
			}
		}
	}
	if bg := ro.Spec.Strategy.BlueGreen; bg != nil {
		add(bg.PrePromotionAnalysis)
		add(bg.PostPromotionAnalysis)
	}
	if c := ro.Spec.Strategy.Canary; c != nil {
		if c.Analysis != nil {
			add(&c.Analysis.RolloutAnalysis)
		}
		for i := range c.Steps {
			add(c.Steps[i].Analysis)
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
	service := func(name string, at *field.Path) {
		add(traffic.Ref{Resource: "services", Namespace: ro.Namespace, Name: name}, "Service", at)
	}
	analysis := func(a *rov1.RolloutAnalysis, at *field.Path) {
		if a == nil {
			return
		}
		for i, named := range a.Templates {
			ref, kind := traffic.Ref{Group: rov1.GroupName, Resource: "analysistemplates", Namespace: ro.Namespace, Name: named.TemplateName}, "AnalysisTemplate"
			if named.GetClusterScope() {
				ref.Resource, ref.Namespace, kind = "clusteranalysistemplates", "", "ClusterAnalysisTemplate"
			}
			add(ref, kind, at.Child("templates").Index(i).Child("templateName"))
		}
	}
	strategy := field.NewPath("spec", "strategy")
	if bg := ro.Spec.Strategy.BlueGreen; bg != nil {
		at := strategy.Child("blueGreen")
		service(bg.ActiveService, at.Child("activeService"))
		service(bg.PreviewService, at.Child("previewService"))
		analysis(bg.PrePromotionAnalysis, at.Child("prePromotionAnalysis"))
		analysis(bg.PostPromotionAnalysis, at.Child("postPromotionAnalysis"))
	}
	if c := ro.Spec.Strategy.Canary; c != nil {
		at := strategy.Child("canary")
		service(c.StableService, at.Child("stableService"))
		service(c.CanaryService, at.Child("canaryService"))
		if c.PingPong != nil {
			service(c.PingPong.PingService, at.Child("pingPong", "pingService"))
			service(c.PingPong.PongService, at.Child("pingPong", "pongService"))
		}
		for _, named := range traffic.NamedBy(ro) {
			add(named.Ref, named.Kind, named.At)
		}
		if c.Analysis != nil {
			analysis(&c.Analysis.RolloutAnalysis, at.Child("analysis"))
		}
		for i := range c.Steps {
			analysis(c.Steps[i].Analysis, at.Child("steps").Index(i).Child("analysis"))
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
