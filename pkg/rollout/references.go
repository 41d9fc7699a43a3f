// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"slices"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
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
