// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	snv1 "argosy.dev/argosy/apis/sensor/v1alpha1"
)

// set makes a field of a structure something other than its zero, and returns its JSON name.
func set(v reflect.Value, i int) string {
	f := v.Field(i)
	switch f.Kind() {
	case reflect.Pointer:
		f.Set(reflect.New(f.Type().Elem()))
	case reflect.Map:
		f.Set(reflect.MakeMap(f.Type()))
		f.SetMapIndex(reflect.ValueOf("a"), reflect.Zero(f.Type().Elem()))
	}
	name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
	return name
}

// No type of event source, and no kind of trigger, is forgotten where they are listed.
func TestEveryTypeIsListed(t *testing.T) {
	spec := reflect.TypeFor[snv1.EventSourceSpec]()
	types := 0
	for i := range spec.NumField() {
		if spec.Field(i).Type.Kind() != reflect.Map {
			continue
		}
		types++
		var s snv1.EventSourceSpec
		name := set(reflect.ValueOf(&s).Elem(), i)
		events := s.Events()
		if len(events) != 1 || string(events[0].Type) != name || events[0].Name != "a" || reflect.TypeOf(events[0].Config).Elem() != spec.Field(i).Type.Elem() {
			t.Errorf("%s: %+v", name, events)
		}
		if got := s.Types(); len(got) != 1 || string(got[0]) != name {
			t.Errorf("%s: types %q", name, got)
		}
	}
	if types != 32 {
		t.Errorf("%d types", types)
	}
	template := reflect.TypeFor[snv1.TriggerTemplate]()
	kinds := 0
	for i := range template.NumField() {
		if template.Field(i).Type.Kind() != reflect.Pointer {
			continue
		}
		kinds++
		var tt snv1.TriggerTemplate
		name := set(reflect.ValueOf(&tt).Elem(), i)
		if got := tt.Kinds(); len(got) != 1 || string(got[0]) != name {
			t.Errorf("%s: kinds %q", name, got)
		}
	}
	if kinds != 14 {
		t.Errorf("%d kinds", kinds)
	}
}

func TestReady(t *testing.T) {
	condition := func(status corev1.ConditionStatus, reason string) snv1.Condition {
		return snv1.Condition{Type: snv1.EventSourceDeployed, Status: status, Reason: reason}
	}
	for _, tc := range []struct {
		name       string
		conditions []snv1.Condition
		want       corev1.ConditionStatus
		reason     string
	}{
		{"none", nil, corev1.ConditionUnknown, ""},
		{"all", []snv1.Condition{condition("True", "a"), condition("True", "b")}, corev1.ConditionTrue, ""},
		{"one false", []snv1.Condition{condition("True", "a"), condition("False", "b")}, corev1.ConditionFalse, "b"},
		{"one unknown", []snv1.Condition{condition("True", "a"), condition("Unknown", "b")}, corev1.ConditionUnknown, "b"},
		{"false after unknown", []snv1.Condition{condition("Unknown", "a"), condition("False", "b")}, corev1.ConditionFalse, "b"},
		{"another word", []snv1.Condition{condition("Maybe", "a")}, corev1.ConditionUnknown, "a"},
	} {
		if got, reason := snv1.Ready(tc.conditions); got != tc.want || reason != tc.reason {
			t.Errorf("%s: %s %q", tc.name, got, reason)
		}
	}
}

func TestScalars(t *testing.T) {
	for text, want := range map[string]time.Duration{`"10s"`: 10 * time.Second, `1000`: time.Microsecond, `"1000"`: -1, `0`: 0, `""`: -1, `9223372036854775807`: 1<<63 - 1} {
		var v snv1.Int64OrString
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := v.Duration(); err == nil && got != want || err != nil && want != -1 {
			t.Errorf("%s is %s, %v", text, got, err)
		}
		if out, err := json.Marshal(v); err != nil || string(out) != text {
			t.Errorf("%s comes back as %s, %v", text, out, err)
		}
	}
	for _, text := range []string{`1.5`, `true`, `{}`, `[]`, `9223372036854775808`, `1e3`} {
		if err := json.Unmarshal([]byte(text), new(snv1.Int64OrString)); err == nil {
			t.Errorf("%s is taken for an integer or text", text)
		}
	}
	for text, want := range map[string]float64{`2.50`: 2.5, `1`: 1, `-1e2`: -100, `null`: 0} {
		var a snv1.Amount
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if got, err := a.Float64(); err != nil || got != want {
			t.Errorf("%s is %v, %v", text, got, err)
		}
	}
	for _, text := range []string{`"1"`, `true`, `{}`} {
		if err := json.Unmarshal([]byte(text), new(snv1.Amount)); err == nil {
			t.Errorf("%s is taken for a number", text)
		}
	}
}
