// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// antiAffinity returns the strategy's wish to keep versions apart; nil if there is none.
func antiAffinity(s *rov1.RolloutStrategy) *rov1.AntiAffinity {
	switch {
	case s.BlueGreen != nil:
		return s.BlueGreen.AntiAffinity
	case s.Canary != nil:
		return s.Canary.AntiAffinity
	}
	return nil
}

// apartFrom returns an affinity that keeps pods apart from those of a version, as the strategy wishes, besides what the
// affinity says otherwise. An earlier rule of this kind is replaced; without a wish or a version it is dropped.
func apartFrom(affinity *corev1.Affinity, wish *rov1.AntiAffinity, hash string) *corev1.Affinity {
	affinity = affinity.DeepCopy()
	if affinity == nil {
		affinity = &corev1.Affinity{}
	}
	rules := affinity.PodAntiAffinity
	if rules == nil {
		rules = &corev1.PodAntiAffinity{}
	}
	preferred := slices.DeleteFunc(rules.PreferredDuringSchedulingIgnoredDuringExecution,
		func(t corev1.WeightedPodAffinityTerm) bool { return ourTerm(t.PodAffinityTerm) })
	required := slices.DeleteFunc(rules.RequiredDuringSchedulingIgnoredDuringExecution, ourTerm)
	if wish != nil && hash != "" {
		term := corev1.PodAffinityTerm{TopologyKey: corev1.LabelHostname, LabelSelector: &metav1.LabelSelector{
			MatchExpressions: []metav1.LabelSelectorRequirement{{Key: rov1.LabelPodTemplateHash, Operator: metav1.LabelSelectorOpIn, Values: []string{hash}}},
		}}
		switch {
		case wish.RequiredDuringSchedulingIgnoredDuringExecution != nil:
			required = append(required, term)
		case wish.PreferredDuringSchedulingIgnoredDuringExecution != nil:
			weight := wish.PreferredDuringSchedulingIgnoredDuringExecution.Weight
			preferred = append(preferred, corev1.WeightedPodAffinityTerm{Weight: weight, PodAffinityTerm: term})
		}
	}
	affinity.PodAntiAffinity = nil
	if len(preferred)+len(required) > 0 {
		affinity.PodAntiAffinity = &corev1.PodAntiAffinity{
			PreferredDuringSchedulingIgnoredDuringExecution: preferred, RequiredDuringSchedulingIgnoredDuringExecution: required,
		}
	}
	if affinity.NodeAffinity == nil && affinity.PodAffinity == nil && affinity.PodAntiAffinity == nil {
		return nil
	}
	return affinity
}

// ourTerm tells that a term names pods by the hash of their template: nobody but the server does.
func ourTerm(term corev1.PodAffinityTerm) bool {
	return term.LabelSelector != nil && slices.ContainsFunc(term.LabelSelector.MatchExpressions,
		func(q metav1.LabelSelectorRequirement) bool { return q.Key == rov1.LabelPodTemplateHash })
}

// hasOurTerm tells that an affinity holds such a term.
func hasOurTerm(affinity *corev1.Affinity) bool {
	if affinity == nil || affinity.PodAntiAffinity == nil {
		return false
	}
	return slices.ContainsFunc(affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution, ourTerm) ||
		slices.ContainsFunc(affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution,
			func(t corev1.WeightedPodAffinityTerm) bool { return ourTerm(t.PodAffinityTerm) })
}
