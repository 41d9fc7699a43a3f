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

// NewTerminateREST returns the storage of workflows/terminate: end the workflow at once.
func NewTerminateREST(store *genericregistry.Store, deps Deps) rest.Storage {
	return resource.NewVerbREST(store, kind(), resource.Verb[*wfv1.Workflow, *wfv1.WorkflowTerminate]{
		Kind:          "WorkflowTerminate",
		New:           func() *wfv1.WorkflowTerminate { return &wfv1.WorkflowTerminate{} },
		Preconditions: func(req *wfv1.WorkflowTerminate) *metav1.Preconditions { return req.Preconditions },
		Apply: func(ctx context.Context, wf *wfv1.Workflow, req *wfv1.WorkflowTerminate) error {
			if err := core.Terminate(wf, req, deps.Now()); err != nil {
				return err
			}
			labelActor(ctx, wf, "Terminate")
			return nil
		},
		Reason:  "TerminateRequested",
		Note:    "termination requested",
		Message: func(req *wfv1.WorkflowTerminate) string { return req.Message },
	}, deps.Events)
}
