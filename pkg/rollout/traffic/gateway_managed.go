// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// AnnotationManagedRules is where a route remembers which of its rules are managed routes of which rollout: rules of the
// Gateway API need not have names. It is the JSON of the rules as they were written, by rollout.
const AnnotationManagedRules = "rollout.argosy.dev/managed-rules"

// records are the managed rules of a route, by rollout.
type records map[string][]map[string]any

func recordsOf(object *unstructured.Unstructured) (records, error) {
	kept := records{}
	value, ok := object.GetAnnotations()[AnnotationManagedRules]
	if !ok {
		return kept, nil
	}
	if err := json.Unmarshal([]byte(value), &kept); err != nil {
		return nil, fmt.Errorf("annotation %s: %w", AnnotationManagedRules, err)
	}
	return kept, nil
}

// set records the managed rules of a rollout.
func (r records) set(object *unstructured.Unstructured, rollout string, rules []map[string]any) error {
	r[rollout] = rules
	if len(rules) == 0 {
		delete(r, rollout)
	}
	annotations := object.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	if len(r) == 0 {
		if delete(annotations, AnnotationManagedRules); len(annotations) == 0 {
			annotations = nil
		}
	} else {
		value, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("annotation %s: %w", AnnotationManagedRules, err)
		}
		annotations[AnnotationManagedRules] = string(value)
	}
	object.SetAnnotations(annotations)
	return nil
}

// covers tells whether an observed value says all that the recorded one says: the cluster may have added defaults.
func covers(observed, recorded any) bool {
	switch recorded := recorded.(type) {
	case map[string]any:
		o, ok := observed.(map[string]any)
		if !ok {
			return false
		}
		for key, value := range recorded {
			if there, ok := o[key]; !ok || !covers(there, value) {
				return false
			}
		}
		return true
	case []any:
		o, ok := observed.([]any)
		if !ok || len(o) != len(recorded) {
			return false
		}
		for i := range recorded {
			if !covers(o[i], recorded[i]) {
				return false
			}
		}
		return true
	case int64, float64:
		a, b := map[string]any{"": observed}, map[string]any{"": recorded}
		return number(a, "") == number(b, "")
	default:
		return reflect.DeepEqual(observed, recorded)
	}
}

// sameRules tells whether nothing of the recorded rules is unwanted.
func sameRules(recorded, wanted []map[string]any) bool {
	return covers(listOf(wanted), listOf(recorded))
}

// allCovered tells whether each wanted rule is among the observed ones.
func allCovered(observed, wanted []map[string]any) bool {
	return !slices.ContainsFunc(wanted, func(w map[string]any) bool {
		return !slices.ContainsFunc(observed, func(o map[string]any) bool { return covers(o, w) })
	})
}

// managedRules returns the rules of the managed routes that must stand, in the rollout's order. weighted are the rules
// that share the traffic.
func (g *gatewayEdit) managedRules(namespace string, weighted []map[string]any) ([]map[string]any, error) {
	var rules []map[string]any
	for _, managed := range routing(g.rollout).ManagedRoutes {
		for _, header := range g.desired.Headers {
			if header.Name != managed.Name || len(header.Match) == 0 {
				continue
			}
			for _, rule := range weighted {
				rules = append(rules, g.headerRule(namespace, header, rule))
			}
		}
		for _, mirror := range g.desired.Mirrors {
			if mirror.Name != managed.Name || len(mirror.Match) == 0 {
				continue
			}
			for _, rule := range weighted {
				made, err := g.mirrorRule(namespace, mirror, rule)
				if err != nil {
					return nil, err
				}
				rules = append(rules, made)
			}
		}
	}
	return rules, nil
}

// headerRule sends requests that the rule matches, and that have all the headers, to the canary. The router prefers it
// to the rule, since it matches more headers.
func (g *gatewayEdit) headerRule(namespace string, header rov1.SetHeaderRoute, rule map[string]any) map[string]any {
	var headers []any
	for _, match := range header.Match {
		headers = append(headers, headerMatch(match.HeaderName, &match.HeaderValue))
	}
	canary, _ := g.backends(namespace, rule)
	made := map[string]any{"matches": withHeaders(rule, headers), "backendRefs": []any{allTo(canary)}}
	keep(made, rule, "filters", "timeouts")
	return made
}

// mirrorRule copies requests to the canary, while the requests themselves flow as by the rule.
func (g *gatewayEdit) mirrorRule(namespace string, mirror rov1.SetMirrorRoute, rule map[string]any) (map[string]any, error) {
	if g.grpc {
		return nil, fmt.Errorf("setMirrorRoute %q: requests of a GRPCRoute are not told apart by path and method here; take it out, or use an HTTPRoute", mirror.Name)
	}
	var matches []any
	for _, match := range mirror.Match {
		m := map[string]any{}
		if match.Path != nil {
			kind, value := kindOf(match.Path, "PathPrefix")
			m["path"] = map[string]any{"type": kind, "value": value}
		}
		if match.Method != nil {
			if match.Method.Exact == "" {
				return nil, fmt.Errorf("setMirrorRoute %q: an HTTPRoute matches a method by its exact name only", mirror.Name)
			}
			m["method"] = match.Method.Exact
		}
		var headers []any
		for _, name := range sortedKeys(match.Headers) {
			value := match.Headers[name]
			headers = append(headers, headerMatch(name, &value))
		}
		if len(headers) > 0 {
			m["headers"] = headers
		}
		matches = append(matches, m)
	}
	canary, _ := g.backends(namespace, rule)
	to := runtime.DeepCopyJSON(canary)
	delete(to, "weight")
	delete(to, "filters")
	copyTo := map[string]any{"backendRef": to}
	if mirror.Percentage != nil && *mirror.Percentage != 100 {
		copyTo["percent"] = int64(*mirror.Percentage)
	}
	made := map[string]any{"matches": matches, "backendRefs": runtime.DeepCopyJSONValue(rule["backendRefs"])}
	keep(made, rule, "filters", "timeouts")
	filters, _ := made["filters"].([]any)
	made["filters"] = append(filters, map[string]any{"type": "RequestMirror", "requestMirror": copyTo})
	return made, nil
}

// withHeaders returns the matches of a rule, each with more headers.
func withHeaders(rule map[string]any, headers []any) []any {
	matches, _ := dicts(rule, "matches")
	if len(matches) == 0 {
		matches = []map[string]any{{}}
	}
	var out []any
	for _, match := range matches {
		match = runtime.DeepCopyJSON(match)
		existing, _ := match["headers"].([]any)
		match["headers"] = append(existing, runtime.DeepCopyJSONValue(headers).([]any)...)
		out = append(out, match)
	}
	return out
}

// allTo returns a reference to a backend that gets all that comes by its rule.
func allTo(backend map[string]any) map[string]any {
	ref := runtime.DeepCopyJSON(backend)
	ref["weight"] = int64(1)
	return ref
}

// keep copies parts of a rule.
func keep(made, rule map[string]any, keys ...string) {
	for _, key := range keys {
		if value, ok := rule[key]; ok {
			made[key] = runtime.DeepCopyJSONValue(value)
		}
	}
}

// headerMatch matches a header. Routes know no prefixes of headers, but regular expressions.
func headerMatch(name string, match *rov1.StringMatch) map[string]any {
	kind, value := kindOf(match, "")
	return map[string]any{"name": name, "type": kind, "value": value}
}

// kindOf returns the type and value of a match in a route. prefix is the type for prefixes; empty: there is none.
func kindOf(match *rov1.StringMatch, prefix string) (kind, value string) {
	switch {
	case match == nil:
		return "Exact", ""
	case match.Regex != "":
		return "RegularExpression", match.Regex
	case match.Prefix != "" && prefix != "":
		return prefix, match.Prefix
	case match.Prefix != "":
		return "RegularExpression", regexp.QuoteMeta(match.Prefix) + ".*"
	default:
		return "Exact", match.Exact
	}
}

func sortedKeys(headers map[string]rov1.StringMatch) []string {
	keys := make([]string, 0, len(headers))
	for key := range headers {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, strings.Compare)
	return keys
}
