// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sort"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// outcome is how a workflow ended, in the form golden.json has. Names of the
// run are replaced by $WF, $UID and $NS.
type outcome struct {
	Phase   string                    `json:"phase,omitempty"`
	Message string                    `json:"message,omitempty"`
	Nodes   map[string]map[string]any `json:"nodes,omitempty"`
	Outputs map[string]any            `json:"outputs,omitempty"`
	Seconds float64                   `json:"seconds,omitempty"`
	// Loose: the case depends on chance or addresses, only its phase counts.
	Loose bool `json:"loose,omitempty"`
	// Timeout: the peer did not end it either; it is not compared.
	Timeout bool `json:"timeout,omitempty"`
	// Rejected is the HTTP code of the refusal at submission, 0 if accepted.
	Rejected int    `json:"rejected,omitempty"`
	Error    string `json:"error,omitempty"`
}

// normalise brings a finished workflow into the form of golden.json.
func normalise(wf *unstructured.Unstructured) (outcome, error) {
	var in struct {
		Status struct {
			Phase, Message string
			Nodes          map[string]struct {
				Name, DisplayName, Type, Phase, TemplateName, BoundaryID string

				TemplateRef       map[string]any
				Inputs, Outputs   map[string]any
				Children          []string
				Daemoned          bool
				MemoizationStatus *struct{ Hit bool }
			}
			Outputs map[string]any
		}
	}
	data, err := wf.MarshalJSON()
	if err != nil {
		return outcome{}, fmt.Errorf("encode workflow: %w", err)
	}
	if err := json.Unmarshal(data, &in); err != nil {
		return outcome{}, fmt.Errorf("decode workflow: %w", err)
	}
	st := in.Status
	names := map[string]string{}
	for id, n := range st.Nodes {
		names[id] = n.Name
	}
	nameOf := func(id string) any {
		if n, ok := names[id]; ok {
			return n
		}
		return "?"
	}
	out := outcome{Phase: st.Phase, Message: st.Message, Nodes: map[string]map[string]any{}}
	for _, n := range st.Nodes {
		o := map[string]any{"type": n.Type, "phase": n.Phase, "displayName": n.DisplayName}
		set := func(key string, value any, present bool) {
			if present {
				o[key] = value
			}
		}
		set("templateName", n.TemplateName, n.TemplateName != "")
		set("templateRef", n.TemplateRef, len(n.TemplateRef) > 0)
		for side, v := range map[string]map[string]any{"inputs": n.Inputs, "outputs": n.Outputs} {
			ps := parameters(v)
			set(side+".parameters", ps, len(ps) > 0)
			arts := artifacts(v)
			set(side+".artifacts", arts, len(arts) > 0)
			for _, k := range []string{"result", "exitCode"} {
				x, ok := v[k]
				set(side+"."+k, x, ok)
			}
		}
		sort.Slice(n.Children, func(i, j int) bool { return fmt.Sprint(nameOf(n.Children[i])) < fmt.Sprint(nameOf(n.Children[j])) })
		var children []any
		for _, c := range n.Children {
			children = append(children, nameOf(c))
		}
		set("children", children, len(children) > 0)
		set("boundary", nameOf(n.BoundaryID), n.BoundaryID != "")
		set("daemoned", true, n.Daemoned)
		if n.MemoizationStatus != nil {
			o["memo.hit"] = n.MemoizationStatus.Hit
		}
		out.Nodes[n.Name] = o
	}
	if st.Outputs != nil {
		out.Outputs = map[string]any{"parameters": parameters(st.Outputs), "artifacts": artifacts(st.Outputs)}
	}
	return anonymous(out, wf)
}

// anonymous replaces the names of this run.
func anonymous(o outcome, wf *unstructured.Unstructured) (outcome, error) {
	data, err := json.Marshal(o)
	if err != nil {
		return o, fmt.Errorf("encode outcome: %w", err)
	}
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		return o, fmt.Errorf("decode outcome: %w", err)
	}
	// One after the other, as the recorder did: a namespace whose name is part
	// of a workflow's name must not win.
	replace := func(s string) string {
		s = strings.ReplaceAll(s, wf.GetName(), "$WF")
		if uid := string(wf.GetUID()); uid != "" {
			s = strings.ReplaceAll(s, uid, "$UID")
		}
		if ns := wf.GetNamespace(); ns != "" {
			s = strings.ReplaceAll(s, ns, "$NS")
		}
		return s
	}
	data, err = json.Marshal(mapStrings(tree, replace))
	if err != nil {
		return o, fmt.Errorf("encode outcome: %w", err)
	}
	var res outcome
	if err := json.Unmarshal(data, &res); err != nil {
		return o, fmt.Errorf("decode outcome: %w", err)
	}
	return res, nil
}

func mapStrings(x any, f func(string) string) any {
	switch x := x.(type) {
	case string:
		return f(x)
	case []any:
		for i := range x {
			x[i] = mapStrings(x[i], f)
		}
		return x
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, v := range x {
			out[f(k)] = mapStrings(v, f)
		}
		return out
	}
	return x
}

func parameters(side map[string]any) map[string]any {
	out := map[string]any{}
	list, _ := side["parameters"].([]any)
	for _, p := range list {
		if m, ok := p.(map[string]any); ok {
			out[fmt.Sprint(m["name"])] = m["value"]
		}
	}
	return out
}

func artifacts(side map[string]any) []any {
	out := []any{}
	list, _ := side["artifacts"].([]any)
	for _, a := range list {
		if m, ok := a.(map[string]any); ok {
			out = append(out, fmt.Sprint(m["name"]))
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].(string) < out[j].(string) })
	return out
}

// compare says in which points got differs from what the peer did. Only the
// phase counts of loose cases, and for chance only that it ended by itself.
func compare(want, got outcome, chance bool) []string {
	if want.Rejected != 0 || got.Rejected != 0 {
		// To refuse at submission what the peer fails at once is agreement.
		if got.Rejected != 0 && (want.Rejected != 0 || want.Phase == "Error" || want.Phase == "Failed") {
			return nil
		}
		return []string{fmt.Sprintf("rejected: want %d, got %d %s", want.Rejected, got.Rejected, got.Error)}
	}
	if got.Timeout {
		return []string{fmt.Sprintf("did not end: phase %q %s", got.Phase, got.Message)}
	}
	var diffs []string
	byChance := chance && (got.Phase == "Succeeded" || got.Phase == "Failed")
	if want.Phase != got.Phase && !byChance {
		diffs = append(diffs, fmt.Sprintf("phase: want %s, got %s (%s)", want.Phase, got.Phase, got.Message))
	}
	if want.Loose {
		return diffs
	}
	for _, n := range union(want.Nodes, got.Nodes) {
		w, wok := want.Nodes[n]
		g, gok := got.Nodes[n]
		switch {
		case !gok:
			diffs = append(diffs, "no node "+n)
		case !wok:
			diffs = append(diffs, "extra node "+n)
		default:
			for _, f := range union(w, g) {
				if !reflect.DeepEqual(w[f], g[f]) {
					diffs = append(diffs, fmt.Sprintf("%s.%s: want %s, got %s", n, f, short(w[f]), short(g[f])))
				}
			}
		}
	}
	if !reflect.DeepEqual(want.Outputs, got.Outputs) {
		diffs = append(diffs, fmt.Sprintf("workflow outputs: want %s, got %s", short(want.Outputs), short(got.Outputs)))
	}
	return diffs
}

func union[V any](a, b map[string]V) []string {
	var out []string
	for k := range a {
		out = append(out, k)
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			out = append(out, k)
		}
	}
	sort.Strings(out)
	return out
}

func short(x any) string {
	data, err := json.Marshal(x)
	if err != nil {
		return err.Error()
	}
	if len(data) > 120 {
		return string(data[:120]) + "…"
	}
	return string(data)
}
