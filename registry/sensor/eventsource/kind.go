// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package eventsource serves event sources. What takes events in is decided
// elsewhere, never here.
package eventsource

import (
	"context"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	snv1 "argosy.dev/argosy/apis/sensor/v1alpha1"
	"argosy.dev/argosy/apis/sensor/validation"
	"argosy.dev/argosy/registry/resource"
)

// Kind describes event sources. The peer's have a status subresource, so status
// is written through it in both groups.
func Kind() *resource.Kind[*snv1.EventSource] {
	return &resource.Kind[*snv1.EventSource]{
		GroupVersion: snv1.SchemeGroupVersion,
		Resource:     "eventsources",
		Singular:     "eventsource",
		ShortNames:   []string{"es"},
		Idle:         "no events are taken in",
		New:          func() *snv1.EventSource { return &snv1.EventSource{} },
		NewList:      func() runtime.Object { return &snv1.EventSourceList{} },
		Spec:         func(s *snv1.EventSource) any { return &s.Spec },
		Status:       func(s *snv1.EventSource) any { return &s.Status },
		Check: func(_ context.Context, s, old *snv1.EventSource) field.ErrorList {
			if old != nil {
				return validation.ValidateEventSourceUpdate(s, old)
			}
			return validation.ValidateEventSource(s)
		},
		Warn: validation.WarningsEventSource,
		Fields: func(s *snv1.EventSource) fields.Set {
			return fields.Set{snv1.FieldEventBusName: s.Spec.Bus()}
		},
		Indexed: []string{snv1.FieldEventBusName},
		Table:   table(),
	}
}
