// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/expression"
)

const needsAMetric = "at least one metric must be given"

func validateMetrics(metrics []rov1.Metric, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	taken := names{}
	for i := range metrics {
		m, at := &metrics[i], path.Index(i)
		errs = append(errs, taken.add(m.Name, at.Child("name"))...)
		errs = append(errs, validateMetric(m, at)...)
		if len(errs) > maxErrors {
			break
		}
	}
	return errs
}

func validateMetric(m *rov1.Metric, path *field.Path) field.ErrorList {
	errs := duration(m.Interval, path.Child("interval"))
	errs = append(errs, duration(m.InitialDelay, path.Child("initialDelay"))...)
	errs = append(errs, validateLimits(m, path)...)
	errs = append(errs, condition(m.SuccessCondition, path.Child("successCondition"))...)
	errs = append(errs, condition(m.FailureCondition, path.Child("failureCondition"))...)
	return append(errs, validateProvider(&m.Provider, path.Child("provider"))...)
}

func validateLimits(m *rov1.Metric, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	// number returns a limit, if it is known before the arguments are.
	number := func(name string, value *intstr.IntOrString, least int) (int, bool) {
		if value == nil || value.Type == intstr.String && tagged(value.StrVal) {
			return 0, false
		}
		n := value.IntValue()
		if value.Type == intstr.String {
			var err error
			if n, err = strconv.Atoi(value.StrVal); err != nil {
				errs = append(errs, field.Invalid(path.Child(name), value.StrVal, "must be a number"))
				return 0, false
			}
		}
		if n < least {
			errs = append(errs, field.Invalid(path.Child(name), n, fmt.Sprintf("must be at least %d", least)))
			return 0, false
		}
		return n, true
	}
	count, counted := number("count", m.Count, 0)
	failures, hasFailures := number("failureLimit", m.FailureLimit, -1)
	unsure, hasUnsure := number("inconclusiveLimit", m.InconclusiveLimit, 0)
	number("consecutiveErrorLimit", m.ConsecutiveErrorLimit, 0)
	inARow, hasInARow := number("consecutiveSuccessLimit", m.ConsecutiveSuccessLimit, 0)
	if !counted || count == 0 {
		return errs
	}
	at := path.Child("count")
	if count > 1 && m.Interval == "" {
		errs = append(errs, field.Required(path.Child("interval"), "more than one measurement needs the time between two"))
	}
	if hasFailures && count < failures {
		errs = append(errs, field.Invalid(at, count, "must not be less than failureLimit"))
	}
	if hasUnsure && count < unsure {
		errs = append(errs, field.Invalid(at, count, "must not be less than inconclusiveLimit"))
	}
	if hasInARow && count < inARow {
		errs = append(errs, field.Invalid(at, count, "must not be less than consecutiveSuccessLimit"))
	}
	return errs
}

// known are the names that a condition can refer to.
var known = []string{"result", "asInt", "asFloat", "isNaN", "isInf", "isNil", "default"}

// condition refuses an expression that does not compile, or that refers to what there is not. One with tags is not
// known before the arguments are.
func condition(text string, path *field.Path) field.ErrorList {
	if text == "" || tagged(text) {
		return nil
	}
	program, err := expression.Compile(text)
	if err != nil {
		return field.ErrorList{field.Invalid(path, text, err.Error())}
	}
	var errs field.ErrorList
	for _, ref := range program.Refs() {
		if len(ref.Path) > 0 && !slices.Contains(known, ref.Path[0]) {
			errs = append(errs, field.Invalid(path, text, fmt.Sprintf("there is no %s; the value is called result", ref.Path[0])))
		}
	}
	return errs
}
