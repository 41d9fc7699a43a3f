// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

func TestTable(t *testing.T) {
	sha := "0123456789012345678901234567890123456789"
	for name, tc := range map[string]struct {
		app  appv1.Application
		want map[string]any
	}{
		"new": {
			app:  appv1.Application{},
			want: map[string]any{"Sync Status": "", "Project": "default", "Version": "", "Operation": "", "Destination": "", "Source": "", "Message": ""},
		},
		"asked for": {
			app: appv1.Application{
				Spec: appv1.ApplicationSpec{
					Sources:     []appv1.ApplicationSource{{RepoURL: "https://a.example/b", Chart: "c"}, {RepoURL: "x"}},
					Destination: appv1.ApplicationDestination{Server: appv1.InClusterServer, Namespace: "shop"},
				},
				Operation: &appv1.Operation{},
				Status: appv1.ApplicationStatus{
					Sync:           appv1.SyncStatus{Revisions: []string{"1.2.3", sha}},
					OperationState: &appv1.OperationState{Phase: appv1.OperationFailed, Message: "two\nlines"},
				},
			},
			want: map[string]any{"Version": "1.2.3,0123456", "Operation": "Requested", "Destination": "in-cluster/shop", "Source": "https://a.example/b c ...", "Message": "two lines"},
		},
		"busy": {
			app: appv1.Application{
				Spec:      appv1.ApplicationSpec{Destination: appv1.ApplicationDestination{Server: "https://c.example"}, Source: &appv1.ApplicationSource{RepoURL: "a", Path: "b"}},
				Operation: &appv1.Operation{},
				Status: appv1.ApplicationStatus{
					OperationState: &appv1.OperationState{Phase: appv1.OperationRunning, Message: "busy"},
					Conditions:     []appv1.ApplicationCondition{{Type: "SyncError", Message: "no"}, {Type: "X", Message: "y"}},
				},
			},
			want: map[string]any{"Operation": "Running", "Destination": "https://c.example", "Source": "a b", "Message": "SyncError: no; X: y"},
		},
		"well": {
			app: appv1.Application{Status: appv1.ApplicationStatus{
				OperationState: &appv1.OperationState{Phase: appv1.OperationSucceeded, Message: "done"},
				Conditions:     []appv1.ApplicationCondition{{Type: appv1.ConditionReady, Status: "True"}, {Type: appv1.ConditionSynced, Status: "True"}},
			}},
			want: map[string]any{"Message": "done"},
		},
		"unready": {
			app: appv1.Application{Status: appv1.ApplicationStatus{
				OperationState: &appv1.OperationState{Phase: appv1.OperationSucceeded, Message: "done"},
				Conditions:     []appv1.ApplicationCondition{{Type: appv1.ConditionReady, Status: "False", Message: "out of sync: A b"}, {Type: appv1.ConditionSynced, Status: "False", Message: "out of sync: A b"}},
			}},
			want: map[string]any{"Message": "out of sync: A b"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := table().ConvertToTable(context.Background(), &tc.app, nil)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]any{}
			for i, c := range out.ColumnDefinitions {
				if _, ok := tc.want[c.Name]; ok {
					got[c.Name] = out.Rows[0].Cells[i]
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
