// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// managedRoutes returns the HTTP routes of the managed routes that must stand, in the rollout's order: Istio takes the
// first that matches. weighted is the first route that shares the traffic, with its weights set.
func (v *virtualServiceEdit) managedRoutes(weighted map[string]any) []map[string]any {
	var routes []map[string]any
	for _, managed := range routing(v.rollout).ManagedRoutes {
		for _, header := range v.desired.Headers {
			if header.Name == managed.Name && len(header.Match) > 0 {
				routes = append(routes, v.headerRoute(header, weighted))
			}
		}
		for _, mirror := range v.desired.Mirrors {
			if mirror.Name == managed.Name && len(mirror.Match) > 0 {
				routes = append(routes, v.mirrorRoute(mirror, weighted))
			}
		}
	}
	return routes
}

// headerRoute sends requests with any of the headers to the canary.
func (v *virtualServiceEdit) headerRoute(header rov1.SetHeaderRoute, weighted map[string]any) map[string]any {
	var matches []any
	for _, match := range header.Match {
		matches = append(matches, map[string]any{"headers": map[string]any{match.HeaderName: stringMatch(&match.HeaderValue)}})
	}
	return map[string]any{
		"name": header.Name, "match": matches,
		"route": []any{map[string]any{"destination": v.canaryDestination(weighted), "weight": int64(100)}},
	}
}

// mirrorRoute copies requests to the canary, while the requests themselves flow by weight as others do.
func (v *virtualServiceEdit) mirrorRoute(mirror rov1.SetMirrorRoute, weighted map[string]any) map[string]any {
	var matches []any
	for _, match := range mirror.Match {
		m := map[string]any{}
		if match.Method != nil {
			m["method"] = stringMatch(match.Method)
		}
		if match.Path != nil {
			m["uri"] = stringMatch(match.Path)
		}
		if len(match.Headers) > 0 {
			headers := map[string]any{}
			for name, value := range match.Headers {
				headers[name] = stringMatch(&value)
			}
			m["headers"] = headers
		}
		matches = append(matches, m)
	}
	percentage := int64(100)
	if mirror.Percentage != nil {
		percentage = int64(*mirror.Percentage)
	}
	return map[string]any{
		"name": mirror.Name, "match": matches,
		"mirror":           v.canaryDestination(weighted),
		"mirrorPercentage": map[string]any{"value": percentage},
		"route":            runtime.DeepCopyJSONValue(weighted["route"]),
	}
}

// canaryDestination returns where a route that is for the canary alone leads: as the weighted route does, and to the
// stable destination's port where the canary's names none.
func (v *virtualServiceEdit) canaryDestination(weighted map[string]any) map[string]any {
	destinations, _ := dicts(weighted, "route")
	var canary, port map[string]any
	for _, d := range destinations {
		to := dict(d, "destination")
		switch v.sideOf(to) {
		case canarySide:
			canary = runtime.DeepCopyJSON(to)
		case stableSide:
			port = dict(to, "port")
		}
	}
	if text(canary, "subset") == "" && v.namespace == v.rollout.Namespace {
		canary["host"] = v.desired.Canary.Service
	}
	if dict(canary, "port") == nil && port != nil {
		canary["port"] = runtime.DeepCopyJSON(port)
	}
	return canary
}

// stringMatch returns a match in Istio's form.
func stringMatch(match *rov1.StringMatch) map[string]any {
	switch {
	case match.Regex != "":
		return map[string]any{"regex": match.Regex}
	case match.Prefix != "":
		return map[string]any{"prefix": match.Prefix}
	default:
		return map[string]any{"exact": match.Exact}
	}
}

// editDestinationRule lets the subsets of a DestinationRule select the pods of the versions, and takes away those that an
// experiment has left. A rule serves one rollout, whose name it bears.
func editDestinationRule(object *unstructured.Unstructured, rollout string, rule *rov1.IstioDestinationRule, desired Desired) error {
	annotations := object.GetAnnotations()
	if other := annotations[rov1.AnnotationManagedByRollout]; other != "" && other != rollout {
		return fmt.Errorf("it is managed by another Rollout: %q", other)
	}
	if desired.released {
		releaseDestinationRule(object, rollout, rule)
		return nil
	}
	spec := dict(object.Object, "spec")
	subsets, _ := dicts(spec, "subsets")
	named := map[string]string{rule.CanarySubsetName: desired.Canary.Hash, rule.StableSubsetName: desired.Stable.Hash}
	for _, name := range rule.AdditionalSubsetNames {
		named[name] = desired.Stable.Hash
	}
	found := map[string]bool{}
	var kept []map[string]any
	for _, subset := range subsets {
		hash, ours := named[text(subset, "name")]
		switch {
		case ours:
			found[text(subset, "name")] = true
			if !desired.KeepHashes && hash != "" {
				selectHash(subset, hash)
			}
		case onlyHash(subset):
			continue
		}
		kept = append(kept, subset)
	}
	for _, name := range slices.Concat([]string{rule.CanarySubsetName, rule.StableSubsetName}, rule.AdditionalSubsetNames) {
		if !found[name] {
			return fmt.Errorf("it has no subset %q", name)
		}
	}
	if desired.KeepHashes {
		return nil
	}
	spec["subsets"] = listOf(kept)
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[rov1.AnnotationManagedByRollout] = rollout
	object.SetAnnotations(annotations)
	return nil
}

// releaseDestinationRule lets the subsets that a rollout named select the pods of all versions, as they did before it came.
func releaseDestinationRule(object *unstructured.Unstructured, rollout string, rule *rov1.IstioDestinationRule) {
	annotations := object.GetAnnotations()
	if annotations[rov1.AnnotationManagedByRollout] != rollout {
		return
	}
	if delete(annotations, rov1.AnnotationManagedByRollout); len(annotations) == 0 {
		annotations = nil
	}
	object.SetAnnotations(annotations)
	names := append([]string{rule.CanarySubsetName, rule.StableSubsetName}, rule.AdditionalSubsetNames...)
	subsets, _ := dicts(dict(object.Object, "spec"), "subsets")
	for _, subset := range subsets {
		labels := dict(subset, "labels")
		if !slices.Contains(names, text(subset, "name")) || labels == nil {
			continue
		}
		if delete(labels, rov1.LabelPodTemplateHash); len(labels) == 0 {
			delete(subset, "labels")
		}
	}
}

// selectHash lets a subset select the pods of a version, besides its other labels.
func selectHash(subset map[string]any, hash string) {
	labels := dict(subset, "labels")
	if labels == nil {
		labels = map[string]any{}
		subset["labels"] = labels
	}
	labels[rov1.LabelPodTemplateHash] = hash
}

// onlyHash tells that a subset selects by nothing but a version: no user writes such a subset, since hashes come and go.
func onlyHash(subset map[string]any) bool {
	labels := dict(subset, "labels")
	return len(labels) == 1 && text(labels, rov1.LabelPodTemplateHash) != ""
}
