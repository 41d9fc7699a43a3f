// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"reflect"
	"strings"
	"testing"

	"k8s.io/utils/ptr"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

func TestWorkflowPhases(t *testing.T) {
	for phase, want := range map[wfv1.WorkflowPhase]struct{ completed, bad bool }{
		wfv1.WorkflowUnknown:   {},
		wfv1.WorkflowPending:   {},
		wfv1.WorkflowRunning:   {},
		wfv1.WorkflowSucceeded: {completed: true},
		wfv1.WorkflowFailed:    {completed: true, bad: true},
		wfv1.WorkflowError:     {completed: true, bad: true},
	} {
		status := wfv1.WorkflowStatus{Phase: phase}
		if phase.Completed() != want.completed || status.Fulfilled() != want.completed || phase.FailedOrError() != want.bad {
			t.Errorf("%q: completed %t, bad %t", phase, phase.Completed(), phase.FailedOrError())
		}
	}
}

func TestNodePhases(t *testing.T) {
	type outcome struct{ fulfilled, completed, succeeded, bad bool }
	for _, tc := range []struct {
		node wfv1.NodeStatus
		want outcome
	}{
		{wfv1.NodeStatus{}, outcome{}},
		{wfv1.NodeStatus{Phase: wfv1.NodePending}, outcome{}},
		{wfv1.NodeStatus{Phase: wfv1.NodeRunning}, outcome{}},
		{wfv1.NodeStatus{Phase: wfv1.NodeSucceeded}, outcome{fulfilled: true, completed: true, succeeded: true}},
		{wfv1.NodeStatus{Phase: wfv1.NodeFailed}, outcome{fulfilled: true, completed: true, bad: true}},
		{wfv1.NodeStatus{Phase: wfv1.NodeError}, outcome{fulfilled: true, completed: true, bad: true}},
		{wfv1.NodeStatus{Phase: wfv1.NodeSkipped}, outcome{fulfilled: true}},
		{wfv1.NodeStatus{Phase: wfv1.NodeOmitted}, outcome{fulfilled: true}},
		{wfv1.NodeStatus{Phase: wfv1.NodeRunning, Daemoned: ptr.To(true)}, outcome{fulfilled: true}},
		{wfv1.NodeStatus{Phase: wfv1.NodeRunning, Daemoned: ptr.To(false)}, outcome{}},
		{wfv1.NodeStatus{Phase: wfv1.NodePending, Daemoned: ptr.To(true)}, outcome{}},
	} {
		n := &tc.node
		if got := (outcome{n.Fulfilled(), n.Completed(), n.Succeeded(), n.FailedOrError()}); got != tc.want {
			t.Errorf("%s, daemoned %t: got %+v, want %+v", n.Phase, n.IsDaemoned(), got, tc.want)
		}
	}
}

// Each type of template is told by the field of its name, and by no other.
func TestTemplateTypes(t *testing.T) {
	all := []wfv1.TemplateType{
		wfv1.TemplateTypeContainer, wfv1.TemplateTypeContainerSet, wfv1.TemplateTypeScript, wfv1.TemplateTypeSteps,
		wfv1.TemplateTypeDAG, wfv1.TemplateTypeSuspend, wfv1.TemplateTypeResource, wfv1.TemplateTypeData,
		wfv1.TemplateTypeHTTP, wfv1.TemplateTypePlugin,
	}
	pods := map[wfv1.TemplateType]bool{"container": true, "containerSet": true, "script": true, "resource": true, "data": true}
	both := &wfv1.Template{}
	for i, want := range all {
		var field reflect.StructField
		for _, f := range reflect.VisibleFields(reflect.TypeFor[wfv1.Template]()) {
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name == string(want) {
				field = f
			}
		}
		tmpl := &wfv1.Template{Name: "x"}
		for _, t := range []*wfv1.Template{tmpl, both} {
			v := reflect.ValueOf(t).Elem().FieldByName(field.Name)
			if v.Kind() == reflect.Slice {
				v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			} else {
				v.Set(reflect.New(v.Type().Elem()))
			}
		}
		if got := tmpl.Type(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := tmpl.IsPodType(); got != pods[want] {
			t.Errorf("%s: pod %t", want, got)
		}
		if got := tmpl.IsLeaf(); got != (want != "steps" && want != "dag") {
			t.Errorf("%s: leaf %t", want, got)
		}
		if got := both.Types(); len(got) != i+1 {
			t.Errorf("got types %v", got)
		}
	}
	for _, tmpl := range []*wfv1.Template{both, {}} {
		if tmpl.Type() != wfv1.TemplateTypeUnknown || tmpl.IsLeaf() || tmpl.IsPodType() {
			t.Errorf("type %q, leaf %t, pod %t", tmpl.Type(), tmpl.IsLeaf(), tmpl.IsPodType())
		}
	}
}

func TestLookups(t *testing.T) {
	spec := wfv1.WorkflowSpec{Templates: []wfv1.Template{{Name: "a"}, {Name: "b"}}}
	if got := spec.Template("b"); got != &spec.Templates[1] {
		t.Errorf("got %v", got)
	}
	if got := spec.Template("c"); got != nil {
		t.Errorf("got %v", got)
	}
	parameters := []wfv1.Parameter{{Name: "a"}, {Name: "b"}}
	in, out, args := wfv1.Inputs{Parameters: parameters}, wfv1.Outputs{Parameters: parameters}, wfv1.Arguments{Parameters: parameters}
	for _, find := range []func(string) *wfv1.Parameter{in.Parameter, out.Parameter, args.Parameter} {
		if find("b") != &parameters[1] || find("c") != nil {
			t.Error("wrong parameter")
		}
	}
	nodes := wfv1.Nodes{"id": {ID: "id", Name: "n"}}
	if n, ok := nodes.Find("n"); !ok || n.ID != "id" {
		t.Errorf("got %+v, %t", n, ok)
	}
	if _, ok := nodes.Find("m"); ok {
		t.Error("found a node that is not there")
	}
}
