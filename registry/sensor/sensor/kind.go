// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package sensor serves sensors. What a sensor does when events come is decided
// elsewhere, never here.
package sensor

import (
	"context"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	snv1 "argosy.dev/argosy/apis/sensor/v1alpha1"
	"argosy.dev/argosy/apis/sensor/validation"
	"argosy.dev/argosy/registry/resource"
)

// Kind describes sensors. The peer's have a status subresource, so status is
// written through it in both groups.
func Kind() *resource.Kind[*snv1.Sensor] {
	return &resource.Kind[*snv1.Sensor]{
		GroupVersion: snv1.SchemeGroupVersion,
		Resource:     "sensors",
		Singular:     "sensor",
		ShortNames:   []string{"sn"},
		Idle:         "no triggers are acted on",
		New:          func() *snv1.Sensor { return &snv1.Sensor{} },
		NewList:      func() runtime.Object { return &snv1.SensorList{} },
		Spec:         func(s *snv1.Sensor) any { return &s.Spec },
		Status:       func(s *snv1.Sensor) any { return &s.Status },
		Check: func(_ context.Context, s, old *snv1.Sensor) field.ErrorList {
			if old != nil {
				return validation.ValidateSensorUpdate(s, old)
			}
			return validation.ValidateSensor(s)
		},
		Warn: validation.WarningsSensor,
		Fields: func(s *snv1.Sensor) fields.Set {
			return fields.Set{snv1.FieldEventBusName: s.Spec.Bus()}
		},
		Indexed: []string{snv1.FieldEventBusName},
		Table:   table(),
	}
}
