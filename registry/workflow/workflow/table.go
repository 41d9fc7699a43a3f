// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/registry/resource"
)

// table prints the peer's columns (Status, Age, Message), and how far the
// workflow is and how long it takes, which is what one wants to know first.
func table() resource.Table[*wfv1.Workflow] {
	return resource.Table[*wfv1.Workflow]{
		Columns: []metav1.TableColumnDefinition{
			resource.Column("Status", "Phase of the workflow."),
			resource.Column("Progress", "Pods that have ended, of those known so far."),
			resource.Column("Duration", "Time from start to end, or until now."),
			resource.AgeColumn,
			resource.Column("Message", "Why the workflow is in its phase."),
			resource.Wide("Template", "Entrypoint, or the template that the workflow runs."),
			resource.Wide("Service Account", "Service account of the pods."),
			resource.Wide("Started", "Time of the start."),
			resource.Wide("Finished", "Time of the end."),
			resource.Wide("Held", "Suspended, or being stopped or terminated."),
		},
		Row: func(wf *wfv1.Workflow, now time.Time) []any {
			return []any{
				status(wf), string(wf.Status.Progress), took(wf, now), resource.Age(wf, now), resource.OneLine(wf.Status.Message),
				runs(wf), wf.Spec.ServiceAccountName, resource.Timestamp(wf.Status.StartedAt), resource.Timestamp(wf.Status.FinishedAt), held(wf),
			}
		},
	}
}

func status(wf *wfv1.Workflow) string {
	if wf.Status.Phase == "" {
		return string(wfv1.WorkflowPending)
	}
	return string(wf.Status.Phase)
}

func took(wf *wfv1.Workflow, now time.Time) string {
	if wf.Status.StartedAt.IsZero() {
		return ""
	}
	if !wf.Status.FinishedAt.IsZero() {
		now = wf.Status.FinishedAt.Time
	}
	return duration.HumanDuration(now.Sub(wf.Status.StartedAt.Time))
}

func runs(wf *wfv1.Workflow) string {
	ref := wf.Spec.WorkflowTemplateRef
	if ref == nil {
		return wf.Spec.Entrypoint
	}
	kind := "wftmpl/"
	if ref.ClusterScope {
		kind = "cwft/"
	}
	if wf.Spec.Entrypoint == "" {
		return kind + ref.Name
	}
	return kind + ref.Name + ":" + wf.Spec.Entrypoint
}

func held(wf *wfv1.Workflow) string {
	if wf.Status.Fulfilled() {
		return ""
	}
	var held []string
	if wf.Spec.Suspend != nil && *wf.Spec.Suspend {
		held = append(held, "Suspended")
	}
	if wf.Spec.Shutdown != "" {
		held = append(held, string(wf.Spec.Shutdown))
	}
	return strings.Join(held, ",")
}
