// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package analysisrun

import (
	"context"

	"k8s.io/apiserver/pkg/registry/rest"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/rollout/analysis"
	"argosy.dev/argosy/registry/resource"
)

// NewTerminateREST returns the storage of analysisruns/terminate: end the run now.
func NewTerminateREST(kind *resource.Kind[*rov1.AnalysisRun], main *resource.REST, deps resource.Deps) rest.Storage {
	return resource.NewVerbREST(main, kind, resource.Verb[*rov1.AnalysisRun, *rov1.AnalysisRunTerminate]{
		Apply: func(_ context.Context, run *rov1.AnalysisRun, req *rov1.AnalysisRunTerminate) error {
			return analysis.Terminate(run, req, deps.Now())
		},
		Reason: "TerminateRequested",
		Note:   "termination requested",
	}, deps.Events)
}
