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

// NewSuspendREST returns the storage of workflows/suspend: start nothing new.
func NewSuspendREST(store *genericregistry.Store, deps Deps) rest.Storage {
	return resource.NewVerbREST(store, kind(), resource.Verb[*wfv1.Workflow, *wfv1.WorkflowSuspend]{
		Kind:          "WorkflowSuspend",
		New:           func() *wfv1.WorkflowSuspend { return &wfv1.WorkflowSuspend{} },
		Preconditions: func(req *wfv1.WorkflowSuspend) *metav1.Preconditions { return req.Preconditions },
		Apply: func(ctx context.Context, wf *wfv1.Workflow, req *wfv1.WorkflowSuspend) error {
			if err := core.Suspend(wf, req, deps.Now()); err != nil {
				return err
			}
			labelActor(ctx, wf, "Suspend")
			return nil
		},
		Reason:  "SuspendRequested",
		Note:    "suspension requested",
		Message: func(req *wfv1.WorkflowSuspend) string { return req.Message },
	}, deps.Events)
}
