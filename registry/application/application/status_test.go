// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

func at(second int64) metav1.Time { return metav1.NewTime(time.Unix(second, 0)) }

func state(phase appv1.OperationPhase, op appv1.Operation, started int64, finished ...int64) *appv1.OperationState {
	s := &appv1.OperationState{Phase: phase, Operation: op, StartedAt: at(started)}
	for _, f := range finished {
		s.FinishedAt = ptr.To(at(f))
	}
	return s
}

func TestOperationIsTakenAwayWhenItEnds(t *testing.T) {
	op := appv1.Operation{Sync: &appv1.SyncOperation{Revision: "a"}}
	other := appv1.Operation{Sync: &appv1.SyncOperation{Revision: "b"}}
	for name, tc := range map[string]struct {
		old, now *appv1.OperationState
		want     bool
	}{
		"it ends":                          {state(appv1.OperationRunning, op, 1), state(appv1.OperationSucceeded, op, 1, 2), true},
		"it fails":                         {state(appv1.OperationRunning, op, 1), state(appv1.OperationFailed, op, 1, 2), true},
		"it was ended":                     {state(appv1.OperationTerminating, op, 1), state(appv1.OperationFailed, op, 1, 2), true},
		"it is an error at once":           {nil, state(appv1.OperationError, op, 1, 1), true},
		"after an equal one":               {state(appv1.OperationSucceeded, op, 1, 2), state(appv1.OperationError, op, 3, 3), true},
		"it runs":                          {nil, state(appv1.OperationRunning, op, 1), false},
		"it waits for the next try":        {state(appv1.OperationRunning, op, 1), state(appv1.OperationRunning, op, 1, 2), false},
		"it has no end":                    {state(appv1.OperationRunning, op, 1), state(appv1.OperationSucceeded, op, 1), false},
		"another ends":                     {state(appv1.OperationRunning, other, 1), state(appv1.OperationSucceeded, other, 1, 2), false},
		"an equal one had ended before it": {state(appv1.OperationSucceeded, op, 1, 2), state(appv1.OperationSucceeded, op, 1, 2), false},
		"nothing is known":                 {nil, nil, false},
	} {
		old := &appv1.Application{Operation: op.DeepCopy(), Status: appv1.ApplicationStatus{OperationState: tc.old}}
		app := old.DeepCopy()
		app.Status.OperationState = tc.now
		gone := afterStatus(app, app.DeepCopy(), old)
		if (app.Operation == nil) != tc.want || (len(gone) == 1) != tc.want {
			t.Errorf("%s: operation %v, gone %v", name, app.Operation, gone)
		}
	}
}

func TestRefreshIsTakenAway(t *testing.T) {
	asks := map[string]string{appv1.AnnotationRefresh: "normal", "other": "x"}
	for name, tc := range map[string]struct {
		asked    map[string]string
		old, now *metav1.Time
		want     bool
	}{
		"first comparison":         {nil, nil, ptr.To(at(1)), true},
		"later":                    {map[string]string{"other": "x"}, ptr.To(at(1)), ptr.To(at(2)), true},
		"in the same second":       {nil, ptr.To(at(1)), ptr.To(at(1)), true},
		"it is kept":               {asks, ptr.To(at(1)), ptr.To(at(2)), false},
		"nothing was compared":     {nil, nil, nil, false},
		"what is written is older": {nil, ptr.To(at(2)), ptr.To(at(1)), false},
	} {
		old := &appv1.Application{ObjectMeta: metav1.ObjectMeta{Annotations: asks}, Status: appv1.ApplicationStatus{ReconciledAt: tc.old}}
		app := old.DeepCopy()
		app.Status.ReconciledAt = tc.now
		gone := afterStatus(app, &appv1.Application{ObjectMeta: metav1.ObjectMeta{Annotations: tc.asked}}, old)
		_, there := app.Annotations[appv1.AnnotationRefresh]
		if there == tc.want || (len(gone) == 1) != tc.want || app.Annotations["other"] != "x" {
			t.Errorf("%s: annotations %v, gone %v", name, app.Annotations, gone)
		}
	}
}
