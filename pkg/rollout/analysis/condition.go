// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"fmt"
	"math"
	"reflect"
	"slices"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/expression"
)

// known are the names that a condition can refer to, besides the functions of the language.
var known = []string{"result", "asInt", "asFloat", "isNaN", "isInf", "isNil", "default"}

// Judge tells what a value means by the conditions of its metric. If both are true, the measurement has failed; if there
// are both and neither is true, it is inconclusive. A condition that cannot be evaluated is an error.
func Judge(metric *rov1.Metric, result any) (rov1.AnalysisPhase, error) {
	success, failure := false, false
	for _, c := range []struct {
		field, text string
		holds       *bool
	}{{"successCondition", metric.SuccessCondition, &success}, {"failureCondition", metric.FailureCondition, &failure}} {
		if c.text == "" {
			continue
		}
		holds, err := Holds(c.text, result)
		if err != nil {
			return rov1.AnalysisPhaseError, fmt.Errorf("%s: %w", c.field, err)
		}
		*c.holds = holds
	}
	switch {
	case metric.SuccessCondition != "" && metric.FailureCondition == "":
		failure = !success
	case metric.SuccessCondition == "":
		success = !failure
	}
	switch {
	case failure:
		return rov1.AnalysisPhaseFailed, nil
	case success:
		return rov1.AnalysisPhaseSuccessful, nil
	}
	return rov1.AnalysisPhaseInconclusive, nil
}

// Holds evaluates a condition over a result. The text comes from a user: its evaluation is bounded by pkg/expression.
func Holds(condition string, result any) (bool, error) {
	program, err := expression.Compile(condition)
	if err != nil {
		return false, err
	}
	for _, ref := range program.Refs() {
		if !slices.Contains(known, ref.Path[0]) {
			return false, fmt.Errorf("there is no %s; the value is called result", ref.Path[0])
		}
	}
	out, err := program.Run(map[string]any{
		"result": result,
		"isNaN":  func(v any) (bool, error) { return onFloat("isNaN", v, math.IsNaN) },
		"isInf": func(v any) (bool, error) {
			return onFloat("isInf", v, func(f float64) bool { return math.IsInf(f, 0) })
		},
		"isNil": isNil,
		"default": func(v, instead any) any {
			if isNil(v) {
				return instead
			}
			return v
		},
	})
	if err != nil {
		return false, err
	}
	holds, ok := out.(bool)
	if !ok {
		return false, fmt.Errorf("it must be true or false, and is %T", out)
	}
	return holds, nil
}

func onFloat(name string, v any, f func(float64) bool) (bool, error) {
	switch v := v.(type) {
	case float64:
		return f(v), nil
	case int, int64:
		return false, nil // a whole number is neither
	}
	return false, fmt.Errorf("%s needs a number, not %T", name, v)
}

func isNil(v any) bool {
	if v == nil {
		return true
	}
	switch rv := reflect.ValueOf(v); rv.Kind() {
	case reflect.Map, reflect.Slice, reflect.Pointer:
		return rv.IsNil()
	}
	return false
}
