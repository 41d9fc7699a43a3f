// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/util/validation/field"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

// The verbs change the workflow they are given, which is a copy of the caller's, to record what is wanted; the loop does
// it. They return a Conflict (409) where the state of the workflow forbids it, and Invalid (422) where the request is
// wrong. Then the workflow is unchanged.

// Stop records that the workflow is to end: what runs is ended and exit handlers run. With a node selector only the
// suspended nodes that match it fail, and the workflow goes on from there.
func Stop(wf *wfv1.Workflow, req *wfv1.WorkflowStop, now time.Time) error {
	if err := notEnded(wf); err != nil {
		return err
	}
	if req.NodeFieldSelector != "" {
		return endSuspended(wf, "WorkflowStop", req.NodeFieldSelector, func(n *wfv1.NodeStatus) error {
			n.Phase, n.FinishedAt, n.Message = wfv1.NodeFailed, stamp(now), req.Message
			if n.Message == "" {
				n.Message = "Stopped"
			}
			return nil
		})
	}
	if wf.Spec.Shutdown != "" {
		return conflict(wf, "it is being shut down already, with strategy %s", wf.Spec.Shutdown)
	}
	wf.Spec.Shutdown = wfv1.ShutdownStrategyStop
	return nil
}

// Terminate records that the workflow is to end at once, without exit handlers. A workflow that is being stopped can
// still be terminated.
func Terminate(wf *wfv1.Workflow, req *wfv1.WorkflowTerminate, _ time.Time) error {
	if err := notEnded(wf); err != nil {
		return err
	}
	if wf.Spec.Shutdown == wfv1.ShutdownStrategyTerminate {
		return conflict(wf, "it is being terminated already")
	}
	wf.Spec.Shutdown = wfv1.ShutdownStrategyTerminate
	return nil
}

// Suspend records that nothing new is to begin in the workflow. Pods that run go on.
func Suspend(wf *wfv1.Workflow, req *wfv1.WorkflowSuspend, _ time.Time) error {
	if err := notEnded(wf); err != nil {
		return err
	}
	if wf.Spec.Shutdown != "" {
		return conflict(wf, "it is being shut down, with strategy %s", wf.Spec.Shutdown)
	}
	if wf.Spec.Suspend != nil && *wf.Spec.Suspend {
		return conflict(wf, "it is suspended already")
	}
	suspended := true
	wf.Spec.Suspend = &suspended
	return nil
}

// Resume lets a suspended workflow go on, and its suspended nodes too: all of them, or those that match the selector.
// Outputs that a suspended node was to be supplied with take their defaults.
func Resume(wf *wfv1.Workflow, req *wfv1.WorkflowResume, now time.Time) error {
	if err := notEnded(wf); err != nil {
		return err
	}
	if wf.Spec.Shutdown != "" {
		return conflict(wf, "it is being shut down, with strategy %s", wf.Spec.Shutdown)
	}
	resume := func(n *wfv1.NodeStatus) error {
		out, err := suppliedOutputs(n.Outputs)
		if err != nil {
			return conflict(wf, "node %s: %v", n.Name, err)
		}
		n.Phase, n.FinishedAt, n.Outputs = wfv1.NodeSucceeded, stamp(now), out
		if req.Message != "" {
			n.Message = req.Message
		}
		return nil
	}
	if req.NodeFieldSelector != "" {
		return endSuspended(wf, "WorkflowResume", req.NodeFieldSelector, resume)
	}
	suspended := wf.Spec.Suspend != nil && *wf.Spec.Suspend
	if err := endSuspended(wf, "WorkflowResume", "", resume); err != nil && (!suspended || !errors.Is(err, errNoneSuspended)) {
		return unwrapNone(err, wf)
	}
	wf.Spec.Suspend = nil
	return nil
}

// errNoneSuspended reports that no suspended node was there to be ended.
var errNoneSuspended = errors.New("no suspended node")

func unwrapNone(err error, wf *wfv1.Workflow) error {
	if errors.Is(err, errNoneSuspended) {
		return conflict(wf, "it is not suspended")
	}
	return err
}

// endSuspended changes the suspended nodes that match the selector.
func endSuspended(wf *wfv1.Workflow, kind, selector string, end func(*wfv1.NodeStatus) error) error {
	matches, err := nodeSelector(wf, kind, selector)
	if err != nil {
		return err
	}
	changed := map[string]wfv1.NodeStatus{}
	outputs := wf.Status.Outputs
	// In the order of ids, so that of two nodes that set the same global output the same one wins every time.
	for _, id := range slices.Sorted(maps.Keys(wf.Status.Nodes)) {
		n := wf.Status.Nodes[id]
		if n.Type != wfv1.NodeTypeSuspend || n.Phase != wfv1.NodeRunning || !matches(&n) {
			continue
		}
		if err := end(&n); err != nil {
			return err
		}
		changed[id] = n
		if n.Outputs != nil {
			if merged := withGlobals(outputs, n.Outputs); merged != nil {
				outputs = merged
			}
		}
	}
	if len(changed) == 0 {
		if selector == "" {
			return errNoneSuspended
		}
		return conflict(wf, "no suspended node matches %q", selector)
	}
	wf.Status.Nodes = maps.Clone(wf.Status.Nodes)
	maps.Copy(wf.Status.Nodes, changed)
	wf.Status.Outputs = outputs
	return nil
}

// nodeFields are what node selectors can name, besides inputs.parameters.NAME.value.
var nodeFields = map[string]func(n *wfv1.NodeStatus) string{
	"id":           func(n *wfv1.NodeStatus) string { return n.ID },
	"name":         func(n *wfv1.NodeStatus) string { return n.Name },
	"displayName":  func(n *wfv1.NodeStatus) string { return n.DisplayName },
	"templateName": func(n *wfv1.NodeStatus) string { return n.TemplateName },
	"phase":        func(n *wfv1.NodeStatus) string { return string(n.Phase) },
	"templateRef.name": func(n *wfv1.NodeStatus) string {
		if n.TemplateRef == nil {
			return ""
		}
		return n.TemplateRef.Name
	},
	"templateRef.template": func(n *wfv1.NodeStatus) string {
		if n.TemplateRef == nil {
			return ""
		}
		return n.TemplateRef.Template
	},
}

// nodeSelector parses a selector in the syntax of Kubernetes' field selectors.
func nodeSelector(wf *wfv1.Workflow, kind, selector string) (func(*wfv1.NodeStatus) bool, error) {
	path := field.NewPath("nodeFieldSelector")
	parsed, err := fields.ParseSelector(selector)
	if err != nil {
		return nil, invalid(wf, kind, field.Invalid(path, selector, err.Error()))
	}
	requirements := parsed.Requirements()
	for _, q := range requirements {
		if nodeFields[q.Field] == nil && inputOf(q.Field) == "" {
			return nil, invalid(wf, kind, field.Invalid(path, selector, fmt.Sprintf("unknown field %q: it must be one of %s or "+
				"inputs.parameters.NAME.value", q.Field, strings.Join(slices.Sorted(maps.Keys(nodeFields)), ", "))))
		}
	}
	return func(n *wfv1.NodeStatus) bool {
		set := fields.Set{}
		for _, q := range requirements {
			if get := nodeFields[q.Field]; get != nil {
				set[q.Field] = get(n)
			} else if n.Inputs != nil {
				if p := n.Inputs.Parameter(inputOf(q.Field)); p != nil && p.Value != nil {
					set[q.Field] = p.Value.String()
				}
			}
		}
		return parsed.Matches(set)
	}, nil
}

// inputOf returns NAME of inputs.parameters.NAME.value, or "".
func inputOf(f string) string {
	name, ok := strings.CutPrefix(f, "inputs.parameters.")
	if !ok {
		return ""
	}
	if name, ok = strings.CutSuffix(name, ".value"); !ok {
		return ""
	}
	return name
}

// notEnded refuses what every verb refuses.
func notEnded(wf *wfv1.Workflow) error {
	if wf.Status.Phase.Completed() {
		return conflict(wf, "it has ended, with phase %s", wf.Status.Phase)
	}
	return nil
}

func conflict(wf *wfv1.Workflow, format string, args ...any) error {
	return apierrors.NewConflict(wfv1.Resource("workflows"), wf.Name, fmt.Errorf(format, args...))
}

func invalid(wf *wfv1.Workflow, kind string, err *field.Error) error {
	return apierrors.NewInvalid(wfv1.Kind(kind), wf.Name, field.ErrorList{err})
}

func stamp(now time.Time) metav1.Time { return metav1.NewTime(now.UTC().Truncate(time.Second)) }
