// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	snv1 "argosy.dev/argosy/apis/sensor/v1alpha1"
	"argosy.dev/argosy/apis/sensor/validation"
)

func decoded[T runtime.Object](t *testing.T, obj T, text string) T {
	t.Helper()
	if err := yaml.UnmarshalStrict([]byte(text), obj); err != nil {
		t.Fatal(err)
	}
	return obj
}

// A bus is not changed in ways that lose what it holds.
func TestEventBusChanges(t *testing.T) {
	for _, tc := range []struct{ name, old, changed, want string }{
		{"replicas", "spec: {jetstream: {version: '1'}}", "spec: {jetstream: {version: '2', replicas: 5}}", ""},
		{"stream", "spec: {jetstream: {version: '1'}}", "spec: {jetstream: {version: '1', streamConfig: 'maxMsgs: 1'}}", "spec.jetstream.streamConfig: Forbidden"},
		{"kind", "spec: {jetstream: {version: '1'}}", "spec: {kafka: {url: u}}", "spec: Forbidden: what a bus is made of cannot be changed from jetstream to kafka"},
		{"auth", "spec: {nats: {native: {}}}", "spec: {nats: {native: {auth: token}}}", "spec.nats.native.auth: Forbidden"},
		{"auth that is the same", "spec: {nats: {native: {}}}", "spec: {nats: {native: {auth: none}}}", ""},
		{"invalid before, and still", "spec: {jetstream: {}}", "metadata: {labels: {a: b}}\nspec: {jetstream: {}}", ""},
		{"invalid before, and in another way", "spec: {jetstream: {}}", "spec: {jetstream: {replicas: 3}}", "spec.jetstream.version: Required value"},
		{"mended", "spec: {}", "spec: {jetstream: {version: '1'}}", ""},
	} {
		errs := validation.ValidateEventBusUpdate(decoded(t, &snv1.EventBus{}, tc.changed), decoded(t, &snv1.EventBus{}, tc.old))
		if tc.want == "" && len(errs) > 0 || tc.want != "" && (len(errs) != 1 || !strings.Contains(errs[0].Error(), tc.want)) {
			t.Errorf("%s: got %v, want %s", tc.name, errs.ToAggregate(), tc.want)
		}
	}
}

// What touches no spec is accepted, whatever the spec is.
func TestUpdatesOfWhatIsInvalid(t *testing.T) {
	labelled := "metadata: {labels: {a: b}}\nspec: {replicas: -1}"
	changed := "spec: {replicas: -2}"
	sensor, source := decoded(t, &snv1.Sensor{}, "spec: {replicas: -1}"), decoded(t, &snv1.EventSource{}, "spec: {replicas: -1}")
	if errs := validation.ValidateSensorUpdate(decoded(t, &snv1.Sensor{}, labelled), sensor); len(errs) > 0 {
		t.Error(errs.ToAggregate())
	}
	if errs := validation.ValidateEventSourceUpdate(decoded(t, &snv1.EventSource{}, labelled), source); len(errs) > 0 {
		t.Error(errs.ToAggregate())
	}
	if errs := validation.ValidateSensorUpdate(decoded(t, &snv1.Sensor{}, changed), sensor); len(errs) == 0 {
		t.Error("an invalid change of a sensor is accepted")
	}
	if errs := validation.ValidateEventSourceUpdate(decoded(t, &snv1.EventSource{}, changed), source); len(errs) == 0 {
		t.Error("an invalid change of an event source is accepted")
	}
}

func TestWarnings(t *testing.T) {
	for _, tc := range []struct {
		name string
		obj  runtime.Object
		want string
	}{
		{"NATS Streaming", decoded(t, &snv1.EventBus{}, "spec: {nats: {native: {}}}"), "spec.nats.native: NATS Streaming is no longer maintained"},
		{"no events", &snv1.EventSource{}, "spec: there is no event"},
		{"webhook without a method", decoded(t, &snv1.EventSource{}, "spec: {webhook: {e: {endpoint: /, port: '1'}}}"), "spec.webhook[e].method: is not set"},
		{"two kinds", decoded(t, &snv1.Sensor{}, of("log: {}, http: {url: 'http://a'}")), "spec.triggers[0].template: [http log] are set"},
		{"unknown dependency", decoded(t, &snv1.Sensor{}, of("log: {}, http: {url: 'http://a', payload: [{src: {dependencyName: z}, dest: d}]}")), `there is no dependency "z"`},
		{"unknown field in a condition", decoded(t, &snv1.Sensor{}, on("filters: {exprs: [{expr: n > m, fields: [{name: n, path: p}]}]}")), `"m" is none of the fields`},
		{"two transformations", decoded(t, &snv1.Sensor{}, on("transform: {jq: ., script: return event}")), "only jq has an effect"},
		{"context that is not compared", decoded(t, &snv1.Sensor{}, on("filters: {context: {id: x}}")), "all events pass"},
	} {
		if got := strings.Join(warnings(tc.obj), "\n"); !strings.Contains(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// What a hostile object makes the server do and say has an end.
func TestBounds(t *testing.T) {
	s := &snv1.Sensor{}
	for range 10_000 {
		s.Spec.Dependencies = append(s.Spec.Dependencies, snv1.EventDependency{})
		s.Spec.Triggers = append(s.Spec.Triggers, snv1.Trigger{})
	}
	if errs := validation.ValidateSensor(s); len(errs) != 100 || !strings.Contains(errs[99].Error(), "there are more errors") {
		t.Errorf("%d errors", len(errs))
	}
	for name, script := range map[string]string{"long": strings.Repeat("x", 1<<20), "deep": strings.Repeat("(", 10_000)} {
		d := snv1.EventDependency{Name: "a", EventSourceName: "s", EventName: "e", Transform: &snv1.EventDependencyTransformer{JQ: script}}
		s := decoded(t, &snv1.Sensor{}, on("transform: {jq: .}"))
		s.Spec.Dependencies[0] = d
		errs := validation.ValidateSensor(s)
		if len(errs) != 1 || len(errs[0].Error()) > 500 {
			t.Errorf("%s: %.1000v", name, errs.ToAggregate())
		}
	}
}

// No text makes a parser panic, or what is said about it long.
func FuzzTexts(f *testing.F) {
	for _, seed := range []string{".body |= 2", "return event", "{{ .Input | upper }}", "^a(b|c)*$", "a.b > 1 && c in [1, 2]", "*/5 * * * *", "if x then", "[a-b] > 'c'", "10s", "TZ=UTC 0 0 * * *", "- - - -", "\\"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := &snv1.Sensor{Spec: snv1.SensorSpec{
			Dependencies: []snv1.EventDependency{{
				Name: "a", EventSourceName: text, EventName: "e",
				Transform: &snv1.EventDependencyTransformer{JQ: text, Script: text},
				Filters: &snv1.EventDependencyFilter{
					Exprs:  []snv1.ExprFilter{{Expr: text, Fields: []snv1.PayloadField{{Name: text, Path: text}}}},
					Data:   []snv1.DataFilter{{Path: text, Type: snv1.JSONTypeString, Value: []string{text}, Template: text}},
					Time:   &snv1.TimeFilter{Start: text, Stop: text, Timezone: text},
					Script: text,
				},
			}},
			Triggers: []snv1.Trigger{{Template: &snv1.TriggerTemplate{
				Name: text, Conditions: text, HTTP: &snv1.HTTPTrigger{URL: text, Method: text},
				ConditionsReset: []snv1.ConditionsResetCriteria{{ByTime: &snv1.ConditionsResetByTime{Cron: text, Timezone: text}}},
			}}},
		}}
		source := &snv1.EventSource{Spec: snv1.EventSourceSpec{
			Webhook:  map[string]snv1.WebhookEventSource{text: {Filter: &snv1.EventSourceFilter{Expression: text}}},
			Calendar: map[string]snv1.CalendarEventSource{text: {Schedule: text, Interval: text, ExclusionDates: []string{text}}},
			File:     map[string]snv1.FileEventSource{text: {EventType: text, WatchPathConfig: snv1.WatchPathConfig{Directory: text, PathRegexp: text}}},
		}}
		bus := &snv1.EventBus{Spec: snv1.EventBusSpec{JetStream: &snv1.JetStreamBus{Version: text, StreamConfig: &text}}}
		const most = 2000
		for _, obj := range []runtime.Object{s, source, bus} {
			for _, err := range validate(obj) {
				if len(err.Detail)+len(err.Field) > most+2*len(text) {
					t.Errorf("%d bytes are said", len(err.Error()))
				}
			}
			if len(warnings(obj)) > 20 {
				t.Error("too many warnings")
			}
		}
	})
}
