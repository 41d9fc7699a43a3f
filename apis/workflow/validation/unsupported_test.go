// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

// TestEveryFieldIsJudged: each field of each type that a workflow is made of is said to be built or not, so that a new
// one is not ignored.
func TestEveryFieldIsJudged(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var walk func(rt reflect.Type)
	walk = func(rt reflect.Type) {
		switch rt.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			walk(rt.Elem())
			return
		}
		if rt.Kind() != reflect.Struct || rt.PkgPath() != reflect.TypeFor[wfv1.Workflow]().PkgPath() || seen[rt] {
			return
		}
		seen[rt] = true
		a, ok := features[rt]
		if !ok {
			t.Errorf("%s is part of workflows and not listed in features", rt)
			return
		}
		built := strings.Split(a.built, " ")
		names := map[string]bool{}
		for _, f := range fieldsOf(rt) {
			names[f.name] = true
			_, not := a.not[f.name]
			switch is := slices.Contains(built, f.name); {
			case is && not:
				t.Errorf("%s.%s is listed as built and as not built", rt, f.name)
			case !is && !not:
				t.Errorf("%s.%s is listed neither as built nor as not built", rt, f.name)
			case is:
				walk(rt.Field(f.index).Type)
			}
		}
		for _, name := range append(slices.Collect(maps.Keys(a.not)), built...) {
			if name != "" && !names[name] {
				t.Errorf("%s has no field %q", rt, name)
			}
		}
	}
	walk(reflect.TypeFor[wfv1.WorkflowSpec]())
	for rt := range features {
		if !seen[rt] {
			t.Errorf("%s is listed in features and not part of workflows", rt)
		}
	}
}

// TestUnsupportedFields: each field that is not built is refused by name in workflows, and warned about elsewhere.
func TestUnsupportedFields(t *testing.T) {
	n := 0
	for rt, a := range features {
		for _, f := range fieldsOf(rt) {
			if _, ok := a.not[f.name]; !ok {
				continue
			}
			n++
			v := reflect.New(rt)
			fillValue(v.Elem().Field(f.index))
			r := &report{}
			r.unsupported(v.Interface(), field.NewPath("x"))
			if len(r.errs) != 1 || r.errs[0].Field != "x."+f.name || r.errs[0].Type != forb || !strings.Contains(r.errs[0].Detail, "is not supported by this version") {
				t.Errorf("%s.%s: %v", rt, f.name, r.errs)
			}
			r = &report{stored: true}
			r.unsupported(v.Interface(), field.NewPath("x"))
			if len(r.errs) != 0 || len(r.warnings) != 1 || !strings.HasPrefix(r.warnings[0], "x."+f.name+": ") {
				t.Errorf("%s.%s: errors %v, warnings %q", rt, f.name, r.errs, r.warnings)
			}
		}
	}
	if n < 40 {
		t.Errorf("only %d fields are not built", n)
	}
}

// fillValue gives a value something to say.
func fillValue(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillValue(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.Zero(v.Type().Key()), reflect.Zero(v.Type().Elem()))
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(1)
	}
}

func TestUnsupportedPlaces(t *testing.T) {
	const no = "is not supported by this version"
	artifacts := "{artifacts: [{name: a, path: /a}]}"
	check(t, []row{
		{"spec", "parallelism: 1\nmetrics: {}\n" + one(""), []want{{"spec.parallelism", forb, no}, {"spec.metrics", forb, no}}},
		{"template", one("parallelism: 1"), []want{{"spec.templates[0].parallelism", forb, no}}},
		{"template type", "entrypoint: main\ntemplates: [{name: main, http: {url: x}}]", []want{{"spec.templates[0].http", forb, no}}},
		{"input artifacts", one("inputs: " + artifacts), []want{{"spec.templates[0].inputs.artifacts", forb, no}}},
		{"value from a ConfigMap", one("inputs: {parameters: [{name: a, valueFrom: {configMapKeyRef: {name: c, key: k}}}]}"), []want{{"spec.templates[0].inputs.parameters[0].valueFrom.configMapKeyRef", forb, no}}},
		{"backoff", one("retryStrategy: {limit: 1, backoff: {duration: 1s}}"), []want{{"spec.templates[0].retryStrategy.backoff", forb, no}}},
		{"hook of a step", steps("[{name: a, template: t, hooks: {running: {template: t, expression: 'true'}}}]"), []want{{"spec.templates[0].steps[0][0].hooks[running]", forb, no}}},
		{"arguments of a task", dag("{name: a, template: t, arguments: {artifacts: [{name: a}]}}"), []want{{"spec.templates[0].dag.tasks[0].arguments.artifacts", forb, no}}},
		{"inline", steps("[{name: a, inline: {daemon: true, container: {image: x}}}]"), []want{{"spec.templates[0].steps[0][0].inline.daemon", forb, no}}},
		{"defaults", "templateDefaults: {timeout: 1m}\n" + one(""), []want{{"spec.templateDefaults.timeout", forb, no}}},
		{"flags that are false", "archiveLogs: false\n" + one("daemon: false"), nil},
		{"priority", "priority: 3\n" + one(""), nil},
	})
}
