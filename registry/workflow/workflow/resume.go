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

// NewResumeREST returns the storage of workflows/resume: go on.
func NewResumeREST(store *genericregistry.Store, deps Deps) rest.Storage {
	return resource.NewVerbREST(store, kind(), resource.Verb[*wfv1.Workflow, *wfv1.WorkflowResume]{
		Kind:          "WorkflowResume",
		New:           func() *wfv1.WorkflowResume { return &wfv1.WorkflowResume{} },
		Preconditions: func(req *wfv1.WorkflowResume) *metav1.Preconditions { return req.Preconditions },
		Apply: func(ctx context.Context, wf *wfv1.Workflow, req *wfv1.WorkflowResume) error {
			if err := core.Resume(wf, req, deps.Now()); err != nil {
				return err
			}
			labelActor(ctx, wf, "Resume")
			return nil
		},
		Reason:  "ResumeRequested",
		Note:    "resumption requested",
		Message: func(req *wfv1.WorkflowResume) string { return req.Message },
	}, deps.Events)
}
