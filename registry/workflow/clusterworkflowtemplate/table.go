// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package clusterworkflowtemplate

import (
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/registry/resource"
)

func table() resource.Table[*wfv1.ClusterWorkflowTemplate] {
	return resource.Table[*wfv1.ClusterWorkflowTemplate]{
		Columns: []metav1.TableColumnDefinition{
			resource.Column("Entrypoint", "Template that is run first, unless a workflow names another."),
			resource.Column("Templates", "Number of templates."),
			resource.AgeColumn,
		},
		Row: func(t *wfv1.ClusterWorkflowTemplate, now time.Time) []any {
			return []any{t.Spec.Entrypoint, strconv.Itoa(len(t.Spec.Templates)), resource.Age(t, now)}
		},
	}
}
