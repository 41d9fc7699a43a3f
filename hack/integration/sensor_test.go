// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"argosy.dev/argosy/apis/argoproj"
	snv1 "argosy.dev/argosy/apis/sensor/v1alpha1"
	"argosy.dev/argosy/pkg/apiserver/apiservertest"
)

// sensorGroups are the groups that serve the sensor family.
var sensorGroups = []schema.GroupVersion{snv1.SchemeGroupVersion, argoproj.SchemeGroupVersion}

const (
	eventSourceText = `
kind: EventSource
metadata: {name: source, namespace: default}
spec:
  service: {ports: [{port: 12000}]}
  webhook:
    push: {port: "12000", endpoint: /push, method: POST}
    pull: {port: "12000", endpoint: /pull, method: POST, filter: {expression: body.n > 1}}
`
	eventBusText = `
kind: EventBus
metadata: {name: default, namespace: default}
spec: {jetstream: {version: latest, replicas: 1, streamConfig: "maxMsgs: 10"}}
`
	// The object has digits and an order of keys that only the text tells.
	sensorText = `{"kind":"Sensor","metadata":{"name":"sensor","namespace":"default"},"spec":{
"dependencies":[{"name":"push","eventSourceName":"source","eventName":"push"}],
"triggers":[{"retryStrategy":{"duration":"1s","factor":2.50,"steps":0},"template":{"name":"make","k8s":{"operation":"create","source":{"resource":` + madeText + `}}}}]}}`
	madeText = `{"kind":"ConfigMap","apiVersion":"v1","metadata":{"generateName":"a-"},"data":{"n":12345678901234567890,"f":1.50}}`
)

func sensorResource(t testing.TB, c *rest.Config, gv schema.GroupVersion, resource string) dynamic.ResourceInterface {
	t.Helper()
	return client(t, c).Resource(gv.WithResource(resource)).Namespace("default")
}

// named is an object of a manifest, by another name.
func named(t testing.TB, gv schema.GroupVersion, text, name string) *unstructured.Unstructured {
	t.Helper()
	u := fromYAML(t, gv, text)
	u.SetName(name)
	return u
}

// A sensor written in one group is read in the other as it was written, objects of its triggers to the letter.
func TestSensorKeepsWhatItIsGiven(t *testing.T) {
	s := apiservertest.Start(t, apiservertest.Config{})
	for i, gv := range sensorGroups {
		t.Run(gv.Group, func(t *testing.T) {
			name := fmt.Sprintf("kept-%d", i)
			text := strings.Replace(strings.Replace(sensorText, `{`, `{"apiVersion":"`+gv.String()+`",`, 1), `"sensor"`, `"`+name+`"`, 1)
			path := func(gv schema.GroupVersion) string {
				return "/apis/" + gv.String() + "/namespaces/default/sensors"
			}
			if r := send(t, s.Admin, "POST", path(gv)+"?fieldValidation=Strict", asJSON, []byte(text)); r.code != 201 {
				t.Fatalf("%d: %s", r.code, r.body)
			}
			r := send(t, s.Admin, "GET", path(sensorGroups[1-i])+"/"+name, nil, nil)
			for _, want := range []string{madeText, `"retryStrategy":{"duration":"1s","factor":2.50,"steps":0}`} {
				if !strings.Contains(string(r.body), want) {
					t.Errorf("%s is not in %s", want, r.body)
				}
			}
		})
	}
}

// Two managers share an event source, each with events of its own.
func TestEventSourceIsApplied(t *testing.T) {
	ctx := context.Background()
	s := apiservertest.Start(t, apiservertest.Config{})
	for i, gv := range sensorGroups {
		t.Run(gv.Group, func(t *testing.T) {
			name := fmt.Sprintf("applied-%d", i)
			sources := sensorResource(t, s.Admin, gv, "eventsources")
			manifest := named(t, gv, eventSourceText, name)
			made, err := sources.Apply(ctx, name, manifest, metav1.ApplyOptions{FieldManager: "git"})
			if err != nil {
				t.Fatal(err)
			}
			again, err := sources.Apply(ctx, name, manifest, metav1.ApplyOptions{FieldManager: "git"})
			if err != nil || again.GetResourceVersion() != made.GetResourceVersion() {
				t.Errorf("an apply that changes nothing has written something, or failed: %v", err)
			}
			other := named(t, gv, `{kind: EventSource, spec: {webhook: {third: {port: "12000", endpoint: /third, method: PUT}}}}`, name)
			both, err := sources.Apply(ctx, name, other, metav1.ApplyOptions{FieldManager: "other"})
			if err != nil {
				t.Fatal(err)
			}
			if events := at(t, both, "spec", "webhook").(map[string]any); len(events) != 3 || both.GetGeneration() != 2 {
				t.Errorf("generation %d, events %v", both.GetGeneration(), events)
			}
			taking := with(other, "DELETE", "spec", "webhook", "push", "method")
			if _, err := sources.Apply(ctx, name, taking, metav1.ApplyOptions{FieldManager: "other"}); !apierrors.IsConflict(err) {
				t.Errorf("taking what git owns gets %v", err)
			}
			// What a manager leaves out goes away, and nothing else.
			less := manifest.DeepCopy()
			unstructured.RemoveNestedField(less.Object, "spec", "webhook", "pull")
			got, err := sources.Apply(ctx, name, less, metav1.ApplyOptions{FieldManager: "git"})
			if err != nil {
				t.Fatal(err)
			}
			if events := at(t, got, "spec", "webhook").(map[string]any); len(events) != 2 || events["pull"] != nil {
				t.Errorf("events %v", events)
			}
		})
	}
}

// kubectl apply sends strategic merge patches: they replace lists, and the events of a type.
func TestSensorFamilyIsPatched(t *testing.T) {
	ctx := context.Background()
	s := apiservertest.Start(t, apiservertest.Config{})
	for i, gv := range sensorGroups {
		for _, tc := range []struct {
			resource, text, patch, want string
			path                        []string
		}{
			{"eventsources", eventSourceText, `{"spec":{"replicas":0,"service":{"clusterIP":"None"},"webhook":{"only":{"port":"1","endpoint":"/"}}}}`,
				`{"replicas":0,"service":{"clusterIP":"None","ports":[{"port":12000,"targetPort":0}]},"webhook":{"only":{"endpoint":"/","port":"1"}}}`, []string{"spec"}},
			{"eventbus", eventBusText, `{"spec":{"jetstream":{"replicas":3,"persistence":{"volumeSize":"1Gi"}}}}`,
				`{"jetstream":{"persistence":{"volumeSize":"1Gi"},"replicas":3,"streamConfig":"maxMsgs: 10","version":"latest"}}`, []string{"spec"}},
			{"sensors", sensorText, `{"spec":{"triggers":[{"atLeastOnce":false,"template":{"name":"log","log":{}}}]}}`,
				`[{"atLeastOnce":false,"template":{"log":{},"name":"log"}}]`, []string{"spec", "triggers"}},
		} {
			t.Run(gv.Group+" "+tc.resource, func(t *testing.T) {
				name := fmt.Sprintf("patched-%d", i)
				ri := sensorResource(t, s.Admin, gv, tc.resource)
				create(t, ri, named(t, gv, tc.text, name))
				for range 2 {
					got, err := ri.Patch(ctx, name, types.StrategicMergePatchType, []byte(tc.patch), metav1.PatchOptions{})
					if err != nil {
						t.Fatal(err)
					}
					if text := string(encode(t, at(t, got, tc.path...))); text != tc.want || got.GetGeneration() != 2 {
						t.Errorf("generation %d, %s\nwant %s", got.GetGeneration(), text, tc.want)
					}
				}
			})
		}
	}
}

// Creating one tells that nothing acts on it; what is wrong is refused, and what is doubtful is warned of.
func TestSensorFamilyIsChecked(t *testing.T) {
	ctx := context.Background()
	s := apiservertest.Start(t, apiservertest.Config{})
	c, w := warned(s.Admin)
	for i, gv := range sensorGroups {
		t.Run(gv.Group, func(t *testing.T) {
			for resource, text := range map[string]string{"eventsources": eventSourceText, "eventbus": eventBusText, "sensors": sensorText} {
				create(t, sensorResource(t, c, gv, resource), named(t, gv, text, fmt.Sprintf("checked-%d", i)))
				if got := w.take(); !strings.Contains(got, resource+" are stored, but nothing acts on them in this version") {
					t.Errorf("%s: warned %q", resource, got)
				}
			}
			sensors := sensorResource(t, c, gv, "sensors")
			bad := with(named(t, gv, sensorText, "bad"), []any{map[string]any{"template": map[string]any{"name": "a", "log": map[string]any{}, "conditions": "push && pull"}}}, "spec", "triggers")
			if _, err := sensors.Create(ctx, bad, metav1.CreateOptions{}); !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), `spec.triggers[0].template.conditions: Invalid value: "push && pull": there is no dependency "pull"`) {
				t.Errorf("conditions on what is no dependency get %v", err)
			}
			buses := sensorResource(t, c, gv, "eventbus")
			old := named(t, gv, `{kind: EventBus, spec: {nats: {native: {replicas: 3}}}}`, fmt.Sprintf("old-%d", i))
			w.take()
			made := create(t, buses, old)
			if got := w.take(); !strings.Contains(got, "the bus is carried by JetStream") {
				t.Errorf("NATS Streaming: warned %q", got)
			}
			other := made.DeepCopy()
			other.Object["spec"] = map[string]any{"jetstream": map[string]any{"version": "latest"}}
			if _, err := buses.Update(ctx, other, metav1.UpdateOptions{}); !apierrors.IsInvalid(err) {
				t.Errorf("another kind of bus gets %v", err)
			}
		})
	}
}

// The peer's kinds have a status subresource, so status is written through it in both groups.
func TestSensorFamilyStatus(t *testing.T) {
	ctx := context.Background()
	s := apiservertest.Start(t, apiservertest.Config{})
	for i, gv := range sensorGroups {
		for resource, text := range map[string]string{"eventsources": eventSourceText, "eventbus": eventBusText, "sensors": sensorText} {
			t.Run(gv.Group+" "+resource, func(t *testing.T) {
				ri := sensorResource(t, s.Admin, gv, resource)
				conditions := []any{map[string]any{"type": "Deployed", "status": "True", "lastTransitionTime": "2026-11-24T03:00:00Z"}}
				made := create(t, ri, with(named(t, gv, text, fmt.Sprintf("status-%d", i)), conditions, "status", "conditions"))
				if at(t, made, "status") != nil {
					t.Errorf("created with status %v", at(t, made, "status"))
				}
				out, err := ri.UpdateStatus(ctx, with(made, conditions, "status", "conditions"), metav1.UpdateOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if got := at(t, out, "status", "conditions"); fmt.Sprint(got) != fmt.Sprint(conditions) || out.GetGeneration() != 1 {
					t.Errorf("generation %d, conditions %v", out.GetGeneration(), got)
				}
			})
		}
	}
}

// Those that name no bus are found by the name of the one they use.
func TestSensorFamilyIsSelectedByBus(t *testing.T) {
	ctx := context.Background()
	s := apiservertest.Start(t, apiservertest.Config{})
	for resource, text := range map[string]string{"eventsources": eventSourceText, "sensors": sensorText} {
		for i, gv := range sensorGroups {
			ri := sensorResource(t, s.Admin, gv, resource)
			create(t, ri, named(t, gv, text, fmt.Sprintf("default-%d", i)))
			create(t, ri, with(named(t, gv, text, fmt.Sprintf("other-%d", i)), "other", "spec", "eventBusName"))
		}
		for _, gv := range sensorGroups {
			for bus, want := range map[string][]string{"default": {"default-0", "default-1"}, "other": {"other-0", "other-1"}, "none": nil} {
				list, err := sensorResource(t, s.Admin, gv, resource).List(ctx, metav1.ListOptions{FieldSelector: "spec.eventBusName=" + bus})
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, o := range list.Items {
					got = append(got, o.GetName())
				}
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Errorf("%s %s on bus %s: %v, want %v", gv.Group, resource, bus, got, want)
				}
			}
		}
	}
}

// The plural of EventBus is its singular. All that is done by the name of a resource works.
func TestEventBusByItsName(t *testing.T) {
	ctx := context.Background()
	s := apiservertest.Start(t, apiservertest.Config{})
	for i, gv := range sensorGroups {
		t.Run(gv.Group, func(t *testing.T) {
			r, ok := served(t, s, gv)["eventbus"]
			if !ok || r.Kind != "EventBus" || r.SingularName != "eventbus" || !r.Namespaced {
				t.Fatalf("discovery says %+v", r)
			}
			if native := []string{"eb"}; i == 0 && !slices.Equal(r.ShortNames, native) {
				t.Errorf("short names %q", r.ShortNames)
			}
			buses := sensorResource(t, s.Admin, gv, "eventbus")
			watcher, err := buses.Watch(ctx, metav1.ListOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer watcher.Stop()
			name := fmt.Sprintf("bus-%d", i)
			create(t, buses, named(t, gv, eventBusText, name))
			table := send(t, s.Admin, "GET", "/apis/"+gv.String()+"/namespaces/default/eventbus", map[string]string{"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"}, nil)
			if text := string(table.body); !strings.Contains(text, `"cells":["`+name+`","jetstream","Unknown",`) {
				t.Errorf("table %s", text)
			}
			if err := buses.Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
			for _, want := range []watch.EventType{watch.Added, watch.Deleted} {
				if got := <-watcher.ResultChan(); got.Type != want || got.Object.(*unstructured.Unstructured).GetName() != name {
					t.Errorf("watched %+v, want %s", got, want)
				}
			}
		})
	}
}
