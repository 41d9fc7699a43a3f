// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The fields of field selectors. metadata.name and metadata.namespace go without saying.
const (
	// FieldProject selects applications by spec.project. An application that names none is in the project "default".
	FieldProject = "spec.project"
	// FieldDestinationServer selects applications by spec.destination.server.
	FieldDestinationServer = "spec.destination.server"
	// FieldDestinationName selects applications by spec.destination.name.
	FieldDestinationName = "spec.destination.name"
	// FieldDestinationNamespace selects applications by spec.destination.namespace.
	FieldDestinationNamespace = "spec.destination.namespace"
	// FieldHealthStatus selects applications and application sets by status.health.status.
	FieldHealthStatus = "status.health.status"
	// FieldSyncStatus selects applications by status.sync.status.
	FieldSyncStatus = "status.sync.status"
	// FieldOperationPhase selects applications by status.operationState.phase.
	FieldOperationPhase = "status.operationState.phase"
)

// AddFieldLabelConversions tells the scheme by which fields each kind of the given group and version can be selected.
func AddFieldLabelConversions(scheme *runtime.Scheme, gv schema.GroupVersion) error {
	for kind, fields := range map[string][]string{
		"Application": {
			FieldProject, FieldDestinationServer, FieldDestinationName, FieldDestinationNamespace,
			FieldHealthStatus, FieldSyncStatus, FieldOperationPhase,
		},
		"ApplicationSet": {FieldHealthStatus},
		"AppProject":     nil,
	} {
		if err := scheme.AddFieldLabelConversionFunc(gv.WithKind(kind), func(label, value string) (string, string, error) {
			if label == "metadata.name" || label == "metadata.namespace" || slices.Contains(fields, label) {
				return label, value, nil
			}
			return "", "", fmt.Errorf("%q is not a known field selector of %s", label, kind)
		}); err != nil {
			return err
		}
	}
	return nil
}
