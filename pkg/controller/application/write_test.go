// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

func TestTell(t *testing.T) {
	state := func(phase appv1.OperationPhase, second int64, by *appv1.OperationInitiator) *appv1.OperationState {
		return &appv1.OperationState{
			Phase: phase, Message: "it went so", StartedAt: metav1.NewTime(time.Unix(second, 0)),
			Operation:  appv1.Operation{Sync: &appv1.SyncOperation{}, InitiatedBy: by},
			SyncResult: &appv1.SyncOperationResult{Revision: "abc"},
		}
	}
	alice, automated := &appv1.OperationInitiator{Username: "alice"}, &appv1.OperationInitiator{Automated: ptr.To(true)}
	condition := appv1.ApplicationCondition{Type: appv1.ConditionComparisonError, Message: "no such branch"}
	for name, tc := range map[string]struct {
		before, after appv1.ApplicationStatus
		want          []string
	}{
		"nothing new": {
			appv1.ApplicationStatus{OperationState: state(appv1.OperationRunning, 1, alice), Conditions: []appv1.ApplicationCondition{condition}},
			appv1.ApplicationStatus{OperationState: state(appv1.OperationRunning, 1, alice), Conditions: []appv1.ApplicationCondition{condition}},
			nil,
		},
		"sync and health": {
			appv1.ApplicationStatus{Sync: appv1.SyncStatus{Status: appv1.SyncStatusOutOfSync}, Health: appv1.HealthStatus{Status: "Missing"}},
			appv1.ApplicationStatus{Sync: appv1.SyncStatus{Status: appv1.SyncStatusSynced}, Health: appv1.HealthStatus{Status: "Healthy"}},
			[]string{"Normal ResourceUpdated Updated sync status: OutOfSync -> Synced", "Normal ResourceUpdated Updated health status: Missing -> Healthy"},
		},
		"a sync begins": {
			appv1.ApplicationStatus{}, appv1.ApplicationStatus{OperationState: state(appv1.OperationRunning, 1, alice)},
			[]string{"Normal OperationStarted alice initiated sync to revision abc"},
		},
		"another begins by itself": {
			appv1.ApplicationStatus{OperationState: state(appv1.OperationSucceeded, 1, alice)}, appv1.ApplicationStatus{OperationState: state(appv1.OperationRunning, 2, automated)},
			[]string{"Normal OperationStarted automated policy initiated sync to revision abc"},
		},
		"it succeeds": {
			appv1.ApplicationStatus{OperationState: state(appv1.OperationRunning, 1, alice)}, appv1.ApplicationStatus{OperationState: state(appv1.OperationSucceeded, 1, alice)},
			[]string{"Normal OperationCompleted sync operation to revision abc succeeded: it went so"},
		},
		"it fails": {
			appv1.ApplicationStatus{OperationState: state(appv1.OperationRunning, 1, alice)}, appv1.ApplicationStatus{OperationState: state(appv1.OperationFailed, 1, alice)},
			[]string{"Warning OperationCompleted sync operation to revision abc failed: it went so"},
		},
		"a condition": {
			appv1.ApplicationStatus{}, appv1.ApplicationStatus{Conditions: []appv1.ApplicationCondition{condition, {Type: "Ready", Status: "False", Message: "told elsewhere"}}},
			[]string{"Warning ComparisonError no such branch"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			recorder := record.NewFakeRecorder(10)
			tell(recorder, &appv1.Application{Status: tc.before}, &appv1.Application{Status: tc.after})
			close(recorder.Events)
			var got []string
			for event := range recorder.Events {
				got = append(got, event)
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestInitiator(t *testing.T) {
	for want, by := range map[string]*appv1.OperationInitiator{
		"Unknown user": nil, "alice": {Username: "alice", Automated: ptr.To(true)}, "automated policy": {Automated: ptr.To(true)},
	} {
		if got := initiator(&appv1.Operation{InitiatedBy: by}); got != want {
			t.Errorf("%+v is %q, want %q", by, got, want)
		}
	}
}

func TestWhat(t *testing.T) {
	for want, result := range map[string]*appv1.SyncOperationResult{
		"what was given": nil, "revision a": {Revision: "a"}, "revisions [a b]": {Revision: "x", Revisions: []string{"a", "b"}},
	} {
		if got := what(&appv1.OperationState{SyncResult: result}); got != want {
			t.Errorf("%+v is %q, want %q", result, got, want)
		}
	}
}
