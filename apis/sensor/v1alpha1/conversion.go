// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// FieldEventBusName selects event sources and sensors by spec.eventBusName. Those that name no bus are found by
// DefaultEventBusName, which is the bus they use.
const FieldEventBusName = "spec.eventBusName"

// AddFieldLabelConversions tells the scheme by which fields each kind of the given group and version can be selected.
func AddFieldLabelConversions(scheme *runtime.Scheme, gv schema.GroupVersion) error {
	for kind, fields := range map[string][]string{
		"EventSource": {"metadata.namespace", FieldEventBusName},
		"EventBus":    {"metadata.namespace"},
		"Sensor":      {"metadata.namespace", FieldEventBusName},
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
