// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const finished = `{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow",
"metadata":{"name":"steps-x1","namespace":"ns-7","uid":"u-1"},
"status":{"phase":"Succeeded","nodes":{
 "steps-x1":{"id":"steps-x1","name":"steps-x1","displayName":"steps-x1","type":"Steps","templateName":"main","phase":"Succeeded","children":["steps-x1-2"]},
 "steps-x1-2":{"id":"steps-x1-2","name":"steps-x1[0].a","displayName":"a","type":"Pod","templateName":"a","phase":"Succeeded","boundaryID":"steps-x1",
   "inputs":{"parameters":[{"name":"m","value":"in ns-7"}]},"outputs":{"result":"u-1","exitCode":"0"}}}}}`

const recorded = `{"phase":"Succeeded","message":null,"nodes":{
 "$WF":{"type":"Steps","phase":"Succeeded","displayName":"$WF","templateName":"main","children":["$WF[0].a"]},
 "$WF[0].a":{"type":"Pod","phase":"Succeeded","displayName":"a","templateName":"a","templateRef":null,"boundary":"$WF","inputs.parameters":{"m":"in $NS"},"outputs.result":"$UID","outputs.exitCode":"0"}}}`

func normalised(t *testing.T) outcome {
	t.Helper()
	o := &unstructured.Unstructured{}
	if err := o.UnmarshalJSON([]byte(finished)); err != nil {
		t.Fatal(err)
	}
	got, err := normalise(o)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func golden(t *testing.T) outcome {
	t.Helper()
	var want outcome
	if err := json.Unmarshal([]byte(recorded), &want); err != nil {
		t.Fatal(err)
	}
	return want
}

func TestCompare(t *testing.T) {
	table := []struct {
		name   string
		change func(want, got *outcome)
		chance bool
		diffs  int
	}{
		{name: "same", change: func(_, _ *outcome) {}},
		{name: "another phase", change: func(_, g *outcome) { g.Phase = "Failed" }, diffs: 1},
		{name: "another phase by chance", change: func(_, g *outcome) { g.Phase = "Failed" }, chance: true},
		{name: "an error is not chance", change: func(_, g *outcome) { g.Phase = "Error" }, chance: true, diffs: 1},
		{name: "another result", change: func(_, g *outcome) { g.Nodes["$WF[0].a"]["outputs.result"] = "x" }, diffs: 1},
		{name: "lost child", change: func(_, g *outcome) { delete(g.Nodes["$WF"], "children") }, diffs: 1},
		{name: "lost node", change: func(_, g *outcome) { delete(g.Nodes, "$WF[0].a") }, diffs: 1},
		{name: "more nodes", change: func(w, _ *outcome) { delete(w.Nodes, "$WF[0].a") }, diffs: 1},
		{name: "loose does not look at nodes", change: func(w, g *outcome) { w.Loose = true; delete(g.Nodes, "$WF[0].a") }},
		{name: "loose looks at the phase", change: func(w, g *outcome) { w.Loose = true; g.Phase = "Failed" }, diffs: 1},
		{name: "outputs", change: func(_, g *outcome) { g.Outputs = map[string]any{"parameters": map[string]any{"a": "1"}} }, diffs: 1},
		{name: "refused", change: func(_, g *outcome) { *g = outcome{Rejected: 422} }, diffs: 1},
		{name: "refused what the peer fails", change: func(w, g *outcome) { w.Phase = "Error"; *g = outcome{Rejected: 422} }},
		{name: "accepted what the peer refuses", change: func(w, _ *outcome) { *w = outcome{Rejected: 400} }, diffs: 1},
		{name: "hangs", change: func(_, g *outcome) { g.Phase, g.Timeout = "Running", true }, diffs: 1},
	}
	for _, c := range table {
		t.Run(c.name, func(t *testing.T) {
			want, got := golden(t), normalised(t)
			c.change(&want, &got)
			if diffs := compare(want, got, c.chance); len(diffs) != c.diffs {
				t.Errorf("want %d differences, got %q", c.diffs, diffs)
			}
		})
	}
}

func TestListsOfCases(t *testing.T) {
	e, err := readExpectation("expected.txt", "xfail.txt", "refused.txt")
	if err != nil {
		t.Fatal(err)
	}
	if len(e.pass) == 0 {
		t.Error("no case is expected to pass")
	}
	write := func(text string) string {
		f := filepath.Join(t.TempDir(), "list")
		if err := os.WriteFile(f, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return f
	}
	for name, lists := range map[string][3]string{
		"twice":           {"a\na\n", "", ""},
		"in both":         {"a\n", "a why\n", ""},
		"no reason":       {"", "a\n", ""},
		"no reason there": {"", "", "a\n"},
		"unknown note":    {"a maybe\n", "", ""},
		"chance as one":   {"a chances\n", "", ""},
	} {
		if _, err := readExpectation(write(lists[0]), write(lists[1]), write(lists[2])); err == nil {
			t.Errorf("%s: want an error", name)
		}
	}
}

// A run in which the server was away must not look like one in which all was well.
func TestNothingTriedIsAFailure(t *testing.T) {
	if !manifestSummary(nil, expectation{}, "") {
		t.Error("no manifest was tried, and that passes")
	}
	if manifestSummary([]verdict{{Name: "a", Result: "refused"}}, expectation{refused: map[string]string{"a": "why"}}, "") {
		t.Error("a listed refusal fails")
	}
	if !manifestSummary([]verdict{{Name: "a", Result: "accepted"}, {Name: "b", Result: "fail"}}, expectation{}, "") {
		t.Error("a failure passes")
	}
}
