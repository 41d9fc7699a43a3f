// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package eventbus serves event buses. What carries events is decided
// elsewhere, never here.
package eventbus

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	snv1 "argosy.dev/argosy/apis/sensor/v1alpha1"
	"argosy.dev/argosy/apis/sensor/validation"
	"argosy.dev/argosy/registry/resource"
)

// Kind describes event buses, whose plural is that of the peer. The peer's have
// a status subresource, so status is written through it in both groups.
func Kind() *resource.Kind[*snv1.EventBus] {
	return &resource.Kind[*snv1.EventBus]{
		GroupVersion: snv1.SchemeGroupVersion,
		Resource:     "eventbus",
		Singular:     "eventbus",
		ShortNames:   []string{"eb"},
		Idle:         "no events are carried",
		New:          func() *snv1.EventBus { return &snv1.EventBus{} },
		NewList:      func() runtime.Object { return &snv1.EventBusList{} },
		Spec:         func(b *snv1.EventBus) any { return &b.Spec },
		Status:       func(b *snv1.EventBus) any { return &b.Status },
		Check: func(_ context.Context, b, old *snv1.EventBus) field.ErrorList {
			if old != nil {
				return validation.ValidateEventBusUpdate(b, old)
			}
			return validation.ValidateEventBus(b)
		},
		Warn:  validation.WarningsEventBus,
		Table: table(),
	}
}
