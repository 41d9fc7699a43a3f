// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"argosy.dev/argosy/apis/verb"
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

const suspending = `
metadata: {name: w}
spec:
  entrypoint: main
  onExit: p
  templates:
  - {name: p, container: {image: i, command: [c]}}
  - name: s
    inputs: {parameters: [{name: who, default: nobody}]}
    suspend: {}
    outputs: {parameters: [{name: o, globalName: g, valueFrom: {supplied: {}, default: d}}]}
  - name: main
    dag:
      tasks:
      - {name: A, template: s, arguments: {parameters: [{name: who, value: alice}]}}
      - {name: B, template: s}
      - {name: C, template: p, depends: A}`

func TestResume(t *testing.T) {
	s := simulate(t, suspending, nil)
	s.run()
	if got := s.node(".A"); got.Phase != wfv1.NodeRunning || got.Inputs.Parameter("who").Value.String() != "alice" {
		t.Fatalf("%+v", got)
	}
	err := Resume(s.wf, &wfv1.WorkflowResume{NodeFieldSelector: "inputs.parameters.who.value=alice,displayName!=B", Request: verb.Request{Message: "fine"}}, s.now)
	if err != nil {
		t.Fatal(err)
	}
	if n := s.node(".A"); n.Phase != wfv1.NodeSucceeded || n.Message != "fine" || n.Outputs.Parameter("o").Value.String() != "d" {
		t.Errorf("%+v", n)
	}
	if s.node(".B").Phase != wfv1.NodeRunning {
		t.Error("the other node was resumed too")
	}
	if got := s.wf.Status.Outputs.Parameter("g").Value.String(); got != "d" {
		t.Errorf("global output %q", got)
	}
	s.run()
	if s.node(".C").Phase != wfv1.NodeSucceeded {
		t.Errorf("the workflow did not go on: %s", describe(s.wf))
	}
	if err := Resume(s.wf, &wfv1.WorkflowResume{}, s.now); err != nil {
		t.Fatal(err)
	}
	if s.run(); s.wf.Status.Phase != wfv1.WorkflowSucceeded {
		t.Error(describe(s.wf))
	}
}

func TestShutdown(t *testing.T) {
	for _, c := range []struct {
		name, want string
		verb       func(*wfv1.Workflow) error
	}{
		{
			name: "stop fails what is suspended and runs the exit handler",
			verb: func(wf *wfv1.Workflow) error { return Stop(wf, &wfv1.WorkflowStop{}, time.Time{}) },
			want: `
Failed "Stopped with strategy 'Stop'" 1/1
$ DAG Failed ""
$.A Suspend Failed "Stopped with strategy 'Stop'" who=alice
$.B Suspend Failed "Stopped with strategy 'Stop'" who=nobody
$.C Skipped Omitted "omitted: depends condition not met"
$.onExit Pod Succeeded ""`,
		},
		{
			name: "terminate runs nothing more",
			verb: func(wf *wfv1.Workflow) error { return Terminate(wf, &wfv1.WorkflowTerminate{}, time.Time{}) },
			want: `
Failed "Stopped with strategy 'Terminate'" 
$ DAG Failed ""
$.A Suspend Failed "Stopped with strategy 'Terminate'" who=alice
$.B Suspend Failed "Stopped with strategy 'Terminate'" who=nobody
$.C Skipped Omitted "omitted: depends condition not met"`,
		},
		{
			name: "a suspended workflow can be stopped",
			verb: func(wf *wfv1.Workflow) error {
				if err := Suspend(wf, &wfv1.WorkflowSuspend{}, time.Time{}); err != nil {
					return err
				}
				return Terminate(wf, &wfv1.WorkflowTerminate{}, time.Time{})
			},
			want: `
Failed "Stopped with strategy 'Terminate'" 
$ DAG Failed ""
$.A Suspend Failed "Stopped with strategy 'Terminate'" who=alice
$.B Suspend Failed "Stopped with strategy 'Terminate'" who=nobody
$.C Skipped Omitted "omitted: depends condition not met"`,
		},
		{
			name: "stop of one node",
			verb: func(wf *wfv1.Workflow) error {
				if err := Stop(wf, &wfv1.WorkflowStop{NodeFieldSelector: "displayName=B", Request: verb.Request{Message: "no"}}, time.Time{}); err != nil {
					return err
				}
				return Resume(wf, &wfv1.WorkflowResume{}, time.Time{})
			},
			want: `
Failed "" 1/1 g=d
$ DAG Failed ""
$.A Suspend Succeeded "" who=alice
$.B Suspend Failed "no" who=nobody
$.onExit Pod Succeeded ""`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := simulate(t, suspending, nil)
			s.run()
			if err := c.verb(s.wf); err != nil {
				t.Fatal(err)
			}
			// The node that was ended by the verb has the verb's time.
			for id, n := range s.wf.Status.Nodes {
				if n.Phase.Fulfilled() {
					n.FinishedAt = metav1.NewTime(s.now)
					s.wf.Status.Nodes[id] = n
				}
			}
			if diff := cmp.Diff(strings.TrimSpace(c.want), strings.TrimSpace(describe(s.run()))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestVerbsRefuse(t *testing.T) {
	yes := true
	stop := func(r *wfv1.WorkflowStop) func(*wfv1.Workflow) error {
		return func(wf *wfv1.Workflow) error { return Stop(wf, r, time.Time{}) }
	}
	resume := func(r *wfv1.WorkflowResume) func(*wfv1.Workflow) error {
		return func(wf *wfv1.Workflow) error { return Resume(wf, r, time.Time{}) }
	}
	suspend := func(wf *wfv1.Workflow) error { return Suspend(wf, &wfv1.WorkflowSuspend{}, time.Time{}) }
	terminate := func(wf *wfv1.Workflow) error { return Terminate(wf, &wfv1.WorkflowTerminate{}, time.Time{}) }
	for _, c := range []struct {
		name   string
		change func(*wfv1.Workflow)
		verb   func(*wfv1.Workflow) error
		reason metav1.StatusReason
		says   string
	}{
		{"ended", func(wf *wfv1.Workflow) { wf.Status.Phase = wfv1.WorkflowError }, terminate, metav1.StatusReasonConflict, "it has ended, with phase Error"},
		{"stopping", func(wf *wfv1.Workflow) { wf.Spec.Shutdown = "Stop" }, stop(&wfv1.WorkflowStop{}), metav1.StatusReasonConflict, "being shut down already"},
		{"terminating", func(wf *wfv1.Workflow) { wf.Spec.Shutdown = "Terminate" }, terminate, metav1.StatusReasonConflict, "being terminated already"},
		{"suspend while stopping", func(wf *wfv1.Workflow) { wf.Spec.Shutdown = "Stop" }, suspend, metav1.StatusReasonConflict, "being shut down"},
		{"suspended", func(wf *wfv1.Workflow) { wf.Spec.Suspend = &yes }, suspend, metav1.StatusReasonConflict, "suspended already"},
		{"not suspended", nil, resume(&wfv1.WorkflowResume{}), metav1.StatusReasonConflict, "it is not suspended"},
		{"no node", nil, resume(&wfv1.WorkflowResume{NodeFieldSelector: "displayName=x"}), metav1.StatusReasonConflict, `no suspended node matches "displayName=x"`},
		{"selector", nil, stop(&wfv1.WorkflowStop{NodeFieldSelector: "a b"}), metav1.StatusReasonInvalid, "nodeFieldSelector"},
		{"field", nil, resume(&wfv1.WorkflowResume{NodeFieldSelector: "color=red"}), metav1.StatusReasonInvalid, `unknown field "color"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			wf := &wfv1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: "w", UID: "u", ResourceVersion: "7"}}
			wf.Status.Phase = wfv1.WorkflowRunning
			if c.change != nil {
				c.change(wf)
			}
			before := wf.DeepCopy()
			err := c.verb(wf)
			if apierrors.ReasonForError(err) != c.reason || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %s: %s", err, c.reason, c.says)
			}
			if diff := cmp.Diff(before, wf); diff != "" {
				t.Errorf("a refused verb changed the workflow:\n%s", diff)
			}
		})
	}
}

func TestResumeNeedsOutputs(t *testing.T) {
	s := simulate(t, strings.Replace(suspending, ", default: d}", "}", 1), nil)
	s.run()
	err := Resume(s.wf, &wfv1.WorkflowResume{}, s.now)
	if !apierrors.IsConflict(err) || !strings.Contains(err.Error(), "output parameter 'o' has not been set") {
		t.Error(err)
	}
}
