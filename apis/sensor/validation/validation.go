// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package validation says what is wrong with event sources, event buses and sensors at submission, as field.ErrorList:
// the peer's rules, and what the peer finds out only when it is too late. It does no I/O: what depends on other
// objects, such as whether a secret exists, is left to the loop.
//
// Nothing that runs on the peer may be refused. So where a trigger has parameters that change its own template, fields
// that they may fill in are not asked for, unless the peer asks for them too.
package validation

import (
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/validation/field"

	snv1 "argosy.dev/argosy/apis/sensor/v1alpha1"
)

var specPath = field.NewPath("spec")

// ValidateEventSource returns why events could not be taken in.
func ValidateEventSource(s *snv1.EventSource) field.ErrorList {
	r := &report{}
	r.eventSource(&s.Spec, specPath)
	return r.errs
}

// ValidateEventSourceUpdate returns why events could not be taken in after the change. What does not touch the spec is
// never refused, or nobody could finish an object that an older version has accepted.
func ValidateEventSourceUpdate(s, old *snv1.EventSource) field.ErrorList {
	if apiequality.Semantic.DeepEqual(&s.Spec, &old.Spec) {
		return nil
	}
	return ValidateEventSource(s)
}

// WarningsEventSource returns what is accepted but may not be what was meant.
func WarningsEventSource(s *snv1.EventSource) []string {
	r := &report{}
	r.eventSource(&s.Spec, specPath)
	return r.warnings
}

// ValidateSensor returns why the sensor could not be at work.
func ValidateSensor(s *snv1.Sensor) field.ErrorList {
	r := &report{}
	r.sensor(&s.Spec, specPath)
	return r.errs
}

// ValidateSensorUpdate returns why the sensor could not be at work after the change. What does not touch the spec is
// never refused.
func ValidateSensorUpdate(s, old *snv1.Sensor) field.ErrorList {
	if apiequality.Semantic.DeepEqual(&s.Spec, &old.Spec) {
		return nil
	}
	return ValidateSensor(s)
}

// WarningsSensor returns what is accepted but may not be what was meant.
func WarningsSensor(s *snv1.Sensor) []string {
	r := &report{}
	r.sensor(&s.Spec, specPath)
	return r.warnings
}

// ValidateEventBus returns why the bus could not carry events.
func ValidateEventBus(b *snv1.EventBus) field.ErrorList {
	r := &report{}
	r.eventBus(&b.Spec, specPath)
	return r.errs
}

// ValidateEventBusUpdate returns why the bus could not carry events after the change, or cannot be changed so. What
// does not touch the spec is never refused.
func ValidateEventBusUpdate(b, old *snv1.EventBus) field.ErrorList {
	if apiequality.Semantic.DeepEqual(&b.Spec, &old.Spec) {
		return nil
	}
	r := &report{}
	r.eventBus(&b.Spec, specPath)
	r.eventBusChange(&b.Spec, &old.Spec, specPath)
	return r.errs
}

// WarningsEventBus returns what is accepted but may not be what was meant.
func WarningsEventBus(b *snv1.EventBus) []string {
	r := &report{}
	r.eventBus(&b.Spec, specPath)
	return r.warnings
}
