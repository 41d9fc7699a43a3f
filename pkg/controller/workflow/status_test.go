// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"errors"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	kubefake "k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/record"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	argosyfake "argosy.dev/argosy/generated/clientset/versioned/fake"
	"argosy.dev/argosy/pkg/workflow"
)

// A pod's end is followed by the next pod although the write of a status takes as long as it likes.
func TestPodsDoNotWaitForStatusWrites(t *testing.T) {
	wf := twoSteps()
	w := newWorld(t, wf)
	second := make(chan struct{})
	w.cluster.PrependReactor("create", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
		if action.(clienttesting.CreateAction).GetObject().(metav1.Object).GetName() == wfv1.PodName(wf, "two[1].b", "work") {
			close(second)
		}
		return false, nil, nil
	})
	var first sync.Once
	w.argosy.PrependReactor("update", "workflows", func(clienttesting.Action) (bool, runtime.Object, error) {
		first.Do(func() {
			select {
			case <-second:
			case <-time.After(10 * time.Second):
				t.Error("the second pod was not created while the first status write was under way")
			}
		})
		return false, nil, nil
	})
	if got := w.run(nil); got.Status.Phase != wfv1.WorkflowSucceeded {
		t.Errorf("phase %s (%s), want Succeeded", got.Status.Phase, got.Status.Message)
	}
	w.expectOncePods()
}

func TestLanding(t *testing.T) {
	key := types.NamespacedName{Namespace: "ns", Name: "two"}
	resource := wfv1.SchemeGroupVersion.WithResource("workflows").GroupResource()
	object := func(version string, phase wfv1.WorkflowPhase) *wfv1.Workflow {
		return &wfv1.Workflow{
			ObjectMeta: metav1.ObjectMeta{Name: "two", Namespace: "ns", ResourceVersion: version},
			Status:     wfv1.WorkflowStatus{Phase: phase, Message: "as of " + version},
		}
	}
	decided := func(message string) *wfv1.WorkflowStatus { return &wfv1.WorkflowStatus{Message: message} }
	cases := map[string]struct {
		// answer is how the write under version 5 of the status "first" ends, unless it is still under way; pending
		// was decided after it.
		under   bool
		answer  error
		pending *wfv1.WorkflowStatus
		// cached is the version that the cache has.
		cached string
		// version and message are of what is newest then; none if it cannot be known. pends is what is to be
		// written, and refused the version that met a conflict.
		version, message, pends, refused string
		fails                            bool
	}{
		"under way":                         {under: true, cached: "5", version: "5", message: "first"},
		"under way, more was decided":       {under: true, cached: "5", pending: decided("second"), version: "5", message: "second", pends: "second"},
		"under way, the cache has moved on": {under: true, cached: "6", pending: decided("second"), pends: "second"},
		"written":                           {cached: "5", version: "6", message: "as of 6"},
		"written, more was decided":         {cached: "5", pending: decided("second"), version: "6", message: "second", pends: "second"},
		"written, and changed by others":    {cached: "7", pending: decided("second"), version: "7", message: "as of 7"},
		"conflict":                          {answer: apierrors.NewConflict(resource, "two", nil), pending: decided("second"), cached: "6", version: "6", message: "as of 6", refused: "5"},
		"conflict, the cache lags":          {answer: apierrors.NewConflict(resource, "two", nil), cached: "5", version: "5", message: "as of 5", refused: "5"},
		"gone":                              {answer: apierrors.NewNotFound(resource, "two"), cached: "5", version: "5", message: "as of 5", refused: "5"},
		"no answer":                         {answer: errors.New("reset"), cached: "5", version: "5", message: "first", pends: "first", fails: true},
		"no answer, more was decided":       {answer: errors.New("reset"), pending: decided("second"), cached: "5", version: "5", message: "second", pends: "second", fails: true},
		"no answer, and yet it was written": {answer: errors.New("reset"), pending: decided("second"), cached: "6", version: "6", message: "as of 6", fails: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c, err := New(Config{Argosy: argosyfake.NewSimpleClientset(), Cluster: kubefake.NewClientset(), ExecutorImage: "executor"})
			if err != nil {
				t.Fatal(err)
			}
			f := &flight{status: decided("first"), basis: "5", landed: make(chan struct{})}
			m := &memory{flight: f, pending: tc.pending, basis: "5"}
			if !tc.under {
				if f.err = tc.answer; f.err == nil {
					f.written = object("6", wfv1.WorkflowRunning)
				}
				close(f.landed)
			}
			if err := c.land(t.Context(), key, m); (err != nil) != tc.fails {
				t.Errorf("landing: %v, want an error: %t", err, tc.fails)
			}
			var version, message, pends string
			if wf := m.newest(object(tc.cached, wfv1.WorkflowRunning)); wf != nil {
				version, message = wf.ResourceVersion, wf.Status.Message
			}
			if m.pending != nil {
				pends = m.pending.Message
			}
			if version != tc.version || message != tc.message || pends != tc.pends || m.refused != tc.refused {
				t.Errorf("newest is version %q, %q, to be written is %q, refused %q; want %q, %q, %q, %q",
					version, message, pends, m.refused, tc.version, tc.message, tc.pends, tc.refused)
			}
			if under := m.flight != nil; under != tc.under {
				t.Errorf("a write is under way: %t, want %t", under, tc.under)
			}
		})
	}
}

// The events of a workflow's last write are told though the cache drops the workflow before the write is answered.
func TestLastEventsAreTold(t *testing.T) {
	key := types.NamespacedName{Namespace: "ns", Name: "two"}
	c, err := New(Config{Argosy: argosyfake.NewSimpleClientset(), Cluster: kubefake.NewClientset(), ExecutorImage: "executor"})
	if err != nil {
		t.Fatal(err)
	}
	events := record.NewFakeRecorder(10)
	c.recorder = events
	f := &flight{status: &wfv1.WorkflowStatus{Phase: wfv1.WorkflowSucceeded}, basis: "5", landed: make(chan struct{}),
		events: []workflow.Event{{Type: "Normal", Reason: "WorkflowSucceeded", Message: "Workflow completed"}}}
	c.running[key] = &memory{flight: f, basis: "5"}
	if _, err := c.reconcile(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	if len(events.Events) > 0 || c.running[key] == nil {
		t.Fatalf("forgotten, or told of, before the write was answered: %d events", len(events.Events))
	}
	f.written = &wfv1.Workflow{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "two", ResourceVersion: "6"}, Status: *f.status}
	close(f.landed)
	if _, err := c.reconcile(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	if len(events.Events) != 1 || c.running[key] != nil {
		t.Errorf("%d events, remembered: %t", len(events.Events), c.running[key] != nil)
	}
}
