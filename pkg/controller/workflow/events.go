// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/workflow"
)

// Events of one workflow beyond this burst are dropped until the rate allows more. The default (25, then
// one in five minutes) is made for components that repeat themselves; a workflow's nodes do not.
const (
	eventBurst = 1000
	eventRate  = 10.0
)

// component is the source that `kubectl describe` shows of our Events.
const component = "argosy-workflow-controller"

func newRecorder() (record.EventBroadcaster, record.EventRecorder) {
	broadcaster := record.NewBroadcasterWithCorrelatorOptions(record.CorrelatorOptions{BurstSize: eventBurst, QPS: eventRate})
	return broadcaster, broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: component})
}

func eventSink(cluster kubernetes.Interface) record.EventSink {
	return &typedcorev1.EventSinkImpl{Interface: cluster.CoreV1().Events("")}
}

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
