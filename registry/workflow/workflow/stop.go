// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	core "argosy.dev/argosy/pkg/workflow"
	"argosy.dev/argosy/registry/resource"
)

// NewStopREST returns the storage of workflows/stop: end the workflow, run its exit handlers.
func NewStopREST(store *genericregistry.Store, deps Deps) rest.Storage {
	return resource.NewVerbREST(store, kind(), resource.Verb[*wfv1.Workflow, *wfv1.WorkflowStop]{
		Kind:          "WorkflowStop",
		New:           func() *wfv1.WorkflowStop { return &wfv1.WorkflowStop{} },
		Preconditions: func(req *wfv1.WorkflowStop) *metav1.Preconditions { return req.Preconditions },
		Apply: func(ctx context.Context, wf *wfv1.Workflow, req *wfv1.WorkflowStop) error {
			if err := core.Stop(wf, req, deps.Now()); err != nil {
				return err
			}
			labelActor(ctx, wf, "Stop")
			return nil
		},
		Reason:  "StopRequested",
		Note:    "stop requested",
		Message: func(req *wfv1.WorkflowStop) string { return req.Message },
	}, deps.Events)
}
