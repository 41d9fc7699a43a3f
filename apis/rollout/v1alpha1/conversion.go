// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The fields of field selectors. metadata.name and, for namespaced kinds, metadata.namespace go without saying.
const (
	// FieldStatusPhase selects rollouts, analysis runs and experiments by status.phase.
	FieldStatusPhase = "status.phase"
	// FieldWorkloadRefName selects rollouts by spec.workloadRef.name.
	FieldWorkloadRefName = "spec.workloadRef.name"
)

// AddFieldLabelConversions tells the scheme by which fields each kind of the given group and version can be selected.
func AddFieldLabelConversions(scheme *runtime.Scheme, gv schema.GroupVersion) error {
	for kind, fields := range map[string][]string{
		"Rollout":                 {"metadata.namespace", FieldStatusPhase, FieldWorkloadRefName},
		"AnalysisTemplate":        {"metadata.namespace"},
		"ClusterAnalysisTemplate": nil,
		"AnalysisRun":             {"metadata.namespace", FieldStatusPhase},
		"Experiment":              {"metadata.namespace", FieldStatusPhase},
	} {
		if err := scheme.AddFieldLabelConversionFunc(gv.WithKind(kind), func(label, value string) (string, string, error) {
			if label == "metadata.name" || slices.Contains(fields, label) {
				return label, value, nil
			}
			return "", "", fmt.Errorf("%q is not a known field selector of %s", label, kind)
		}); err != nil {
			return err
		}
	}
	return nil
}
