// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	corev1 "k8s.io/api/core/v1"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/workflow"
)

// component is the source that `kubectl describe` shows of our Events.
const component = "argosy-workflow-controller"

// tell sends Events about the workflow. The reference is always of the native group, whichever group the
// workflow came by, so that `kubectl describe` finds all of them in one place.
func (c *Controller) tell(wf *wfv1.Workflow, events []workflow.Event) {
	if len(events) == 0 {
		return
	}
	about := &corev1.ObjectReference{
		APIVersion:      wfv1.SchemeGroupVersion.String(),
		Kind:            "Workflow",
		Namespace:       wf.Namespace,
		Name:            wf.Name,
		UID:             wf.UID,
		ResourceVersion: wf.ResourceVersion,
	}
	for _, event := range events {
		c.recorder.AnnotatedEventf(about, event.Annotations, event.Type, event.Reason, "%s", event.Message)
	}
}
