// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"k8s.io/utils/ptr"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/registry/resource"
)

// table prints the peer's columns (Status, Age, Message), and how far the
// workflow is and how long it takes, which is what one wants to know first.
func table() resource.Table[*wfv1.Workflow] {
	return resource.Table[*wfv1.Workflow]{
		resource.Text("Status", "Phase of the workflow.", status),
		resource.Text("Progress", "Pods that have ended, of those known so far.", func(wf *wfv1.Workflow) string { return string(wf.Status.Progress) }),
		resource.Timed("Duration", "Time from start to end, or until now.", took),
		resource.Age[*wfv1.Workflow](),
		resource.Text("Message", "Why the workflow is in its phase.", func(wf *wfv1.Workflow) string { return resource.OneLine(wf.Status.Message) }),
		resource.Wide(resource.Text("Template", "Entrypoint, or the template that the workflow runs.", runs)),
		resource.Wide(resource.Text("Service Account", "Service account of the pods.", func(wf *wfv1.Workflow) string { return wf.Spec.ServiceAccountName })),
		resource.Wide(resource.Text("Started", "Time of the start.", func(wf *wfv1.Workflow) string { return resource.Timestamp(wf.Status.StartedAt) })),
		resource.Wide(resource.Text("Finished", "Time of the end.", func(wf *wfv1.Workflow) string { return resource.Timestamp(wf.Status.FinishedAt) })),
		resource.Wide(resource.Text("Held", "Suspended, or being stopped or terminated.", held)),
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
	if ptr.Deref(ref.ClusterScope, false) {
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
