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

// managedRoutes returns the managed routes that must stand. weighted are the routes that share the traffic: their port
// is the canary's, and a mirror route sends the requests themselves to where they send them.
func (v *virtualService) managedRoutes(weighted []map[string]any) []map[string]any {
	var routes []map[string]any
	for _, managed := range v.managed {
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

// headerRoute sends requests that have one of the headers to the canary.
func (v *virtualService) headerRoute(header rov1.SetHeaderRoute, weighted []map[string]any) map[string]any {
	matches := make([]any, 0, len(header.Match))
	for _, match := range header.Match {
		matches = append(matches, map[string]any{"headers": map[string]any{match.HeaderName: stringMatch(&match.HeaderValue)}})
	}
	return map[string]any{
		"name":  header.Name,
		"match": matches,
		"route": []any{map[string]any{"destination": v.canaryDestination(weighted), "weight": int64(100)}},
	}
}

// mirrorRoute sends copies of some requests to the canary, while the requests themselves flow as by weight.
func (v *virtualService) mirrorRoute(mirror rov1.SetMirrorRoute, weighted []map[string]any) map[string]any {
	matches := make([]any, 0, len(mirror.Match))
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
	route := map[string]any{
		"name":             mirror.Name,
		"match":            matches,
		"mirror":           v.canaryDestination(weighted),
		"mirrorPercentage": map[string]any{"value": percentage},
	}
	if len(weighted) > 0 {
		route["route"] = runtime.DeepCopyJSONValue(weighted[0]["route"])
	}
	return route
}

// canaryDestination is where managed routes send requests.
func (v *virtualService) canaryDestination(weighted []map[string]any) map[string]any {
	destination := map[string]any{"host": v.canaryHost}
	if len(weighted) > 0 {
		if destinations, _ := dicts(weighted[0], "route"); len(destinations) > 0 {
			if port := number(dict(dict(destinations[0], "destination"), "port"), "number"); port > 0 {
				destination["port"] = map[string]any{"number": port}
			}
		}
	}
	if v.rule != nil && v.rule.CanarySubsetName != "" {
		destination["subset"] = v.rule.CanarySubsetName
	}
	return destination
}

// stringMatch is a StringMatch as Istio writes it.
func stringMatch(match *rov1.StringMatch) map[string]any {
	m := map[string]any{}
	switch {
	case match == nil:
	case match.Exact != "":
		m["exact"] = match.Exact
	case match.Prefix != "":
		m["prefix"] = match.Prefix
	case match.Regex != "":
		m["regex"] = match.Regex
	}
	return m
}

// DestinationRule edits a DestinationRule: its two subsets select the pods of the desired hashes. A subset that an
// experiment has left behind, which selects by hash alone, goes; others stay.
func DestinationRule(object *unstructured.Unstructured, rollout string, rule rov1.IstioDestinationRule, desired Desired) error {
	subsets, ok := dicts(dict(object.Object, "spec"), "subsets")
	if !ok {
		return fmt.Errorf("it has no subsets")
	}
	for _, name := range []string{rule.CanarySubsetName, rule.StableSubsetName} {
		if !slices.ContainsFunc(subsets, func(s map[string]any) bool { return text(s, "name") == name }) {
			return fmt.Errorf("it has no subset %q", name)
		}
	}
	if desired.KeepHashes {
		return nil
	}
	annotations := object.GetAnnotations()
	if annotations[rov1.AnnotationManagedByRollout] != rollout {
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[rov1.AnnotationManagedByRollout] = rollout
		object.SetAnnotations(annotations)
	}
	var kept []map[string]any
	missing := slices.Clone(desired.Additional)
	for _, subset := range subsets {
		name := text(subset, "name")
		i := slices.IndexFunc(missing, func(d Destination) bool { return d.Service == name })
		switch {
		case name == rule.CanarySubsetName:
			setHash(subset, desired.Canary.Hash)
		case name == rule.StableSubsetName:
			setHash(subset, desired.Stable.Hash)
		case i >= 0:
			setHash(subset, missing[i].Hash)
			missing = slices.Delete(missing, i, i+1)
		case hashAlone(subset) && !slices.Contains(rule.AdditionalSubsetNames, name):
			continue
		}
		kept = append(kept, subset)
	}
	for _, d := range missing {
		subset := map[string]any{"name": d.Service}
		setHash(subset, d.Hash)
		kept = append(kept, subset)
	}
	object.Object["spec"].(map[string]any)["subsets"] = listOf(kept)
	return nil
}

// setHash lets a subset select the pods of a hash; of any, if it is empty.
func setHash(subset map[string]any, hash string) {
	labels := dict(subset, "labels")
	switch {
	case hash != "" && labels == nil:
		subset["labels"] = map[string]any{rov1.LabelPodTemplateHash: hash}
	case hash != "":
		labels[rov1.LabelPodTemplateHash] = hash
	default:
		delete(labels, rov1.LabelPodTemplateHash)
	}
}

// hashAlone tells that a subset has nothing but a name and the hash that it selects.
func hashAlone(subset map[string]any) bool {
	labels := dict(subset, "labels")
	return len(subset) == 2 && len(labels) == 1 && text(labels, rov1.LabelPodTemplateHash) != ""
}
