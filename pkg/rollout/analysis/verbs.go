// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/ptr"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// Terminate records, in a run that is the caller's copy, that it is to end now: what runs is given up, and what was found
// so far counts. It is a Conflict (409) if the run has ended or is ending already.
func Terminate(run *rov1.AnalysisRun, _ *rov1.AnalysisRunTerminate, _ time.Time) error {
	if run.Status.Phase.Completed() {
		return conflict(run, "it has ended, with phase %s", run.Status.Phase)
	}
	if run.Spec.GetTerminate() {
		return conflict(run, "it is being terminated already")
	}
	run.Spec.Terminate = ptr.To(true)
	return nil
}

func conflict(run *rov1.AnalysisRun, format string, args ...any) error {
	return apierrors.NewConflict(rov1.Resource("analysisruns"), run.Name, fmt.Errorf(format, args...))
}
