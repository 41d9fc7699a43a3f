// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/rollout"
)

// course is a rollout that is updated once, from its first pods to its last.
type course struct {
	name, strategy string
	// check tells what is wrong with the end.
	check func(a *api) error
}

var courses = []course{
	{"canary", "canary: {maxSurge: 1, maxUnavailable: 0, steps: [{setWeight: 50}, {setWeight: 75}]}", func(*api) error { return nil }},
	{"routed canary", "canary: {canaryService: web-canary, stableService: web, scaleDownDelaySeconds: 0, trafficRouting: {istio: {virtualService: {name: mesh}}}, steps: [{setWeight: 10}, {setWeight: 50}]}", func(a *api) error {
		if got := fmt.Sprint(a.find(meshPath).Object["spec"]); !strings.Contains(got, "host:web] weight:100") || !strings.Contains(got, "host:web-canary] weight:0") {
			return fmt.Errorf("VirtualService %s", got)
		}
		return a.selects("web")
	}},
	{"blue-green", "blueGreen: {activeService: web, previewService: web-canary, scaleDownDelaySeconds: 0}", func(a *api) error { return a.selects("web") }},
}

// selects returns an error unless the Service selects the current pods.
func (a *api) selects(service string) error {
	current, _, _ := unstructured.NestedString(a.find(rolloutPath).Object, "status", "currentPodHash")
	selector, _, _ := unstructured.NestedStringMap(a.find(servicesPath+service).Object, "spec", "selector")
	if selector[rov1.LabelPodTemplateHash] != current {
		return fmt.Errorf("Service %s selects %v, not %s", service, selector, current)
	}
	return nil
}

// world returns a cluster with the rollout in its first version, nothing of which is done.
func (c course) world(t *testing.T) *api {
	a := newWorld(t)
	a.core = rollout.Reconcile
	a.mu.Lock()
	for _, path := range []string{setsPath + "web-old", setsPath + "web-older", workloadPath} {
		a.remove(path)
	}
	for path := range a.objects {
		if strings.HasPrefix(path, podsPath) {
			a.remove(path)
		}
	}
	a.made = map[string]int{}
	a.mu.Unlock()
	manifest := "replicas: 2\nselector: {matchLabels: {app: web}}\ntemplate: {metadata: {labels: {app: web}}, spec: {containers: [{name: main, image: one}]}}\nstrategy: {" + c.strategy + "}"
	data, err := yaml.YAMLToJSON([]byte(manifest))
	if err != nil {
		t.Fatal(err)
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON([]byte(`{"kind":"Rollout","spec":` + string(data) + `}`)); err != nil {
		t.Fatal(err)
	}
	a.edit(rolloutPath, func(o *unstructured.Unstructured) {
		o.Object["spec"] = object.Object["spec"]
		o.SetGeneration(1)
	})
	return a
}

// update asks for the second version.
func (a *api) update() {
	a.edit(rolloutPath, func(o *unstructured.Unstructured) {
		_ = unstructured.SetNestedSlice(o.Object, []any{map[string]any{"name": "main", "image": "two"}}, "spec", "template", "spec", "containers")
		o.SetGeneration(2)
	})
}

// at tells whether the rollout is healthy in a generation.
func (a *api) at(generation string) bool {
	o := a.find(rolloutPath)
	seen, _, _ := unstructured.NestedString(o.Object, "status", "observedGeneration")
	return a.healthy() && seen == generation
}

// settled returns an error unless there are two ReplicaSets of the rollout, each made once, of which the current one
// has all pods.
func (a *api) settled() error {
	current, _, _ := unstructured.NestedString(a.find(rolloutPath).Object, "status", "currentPodHash")
	var all error
	sets := a.below(setsPath)
	for _, path := range sets {
		o := a.find(path)
		replicas, _, _ := unstructured.NestedInt64(o.Object, "spec", "replicas")
		want := int64(0)
		if o.GetLabels()[rov1.LabelPodTemplateHash] == current {
			want = 2
		}
		if owner := metav1.GetControllerOf(o); replicas != want || owner == nil || owner.Name != "web" {
			all = errors.Join(all, fmt.Errorf("%s has %d pods, want %d; its owner is %v", path, replicas, want, owner))
		}
		if a.made[path] != 1 {
			all = errors.Join(all, fmt.Errorf("%s was created %d times", path, a.made[path]))
		}
	}
	if len(sets) != 2 {
		all = errors.Join(all, fmt.Errorf("ReplicaSets %v, want two", sets))
	}
	return all
}

// With the real core, a death at any write, before it is done or before its answer is there, changes nothing of the end.
func TestCoreSurvivesCrashes(t *testing.T) {
	for _, c := range courses {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := c.world(t)
			writes := 0
			a.guard = func(string, string) error { writes++; return nil }
			a.run(nil, func() bool { return a.at("1") })
			a.update()
			a.run(nil, func() bool { return a.at("2") && a.settled() == nil })
			if err := c.check(a); err != nil {
				t.Fatal(err)
			}
			for _, lost := range []error{errAfterwards, errors.New("killed")} {
				for crash := 1; crash <= writes; crash++ {
					if testing.Short() && crash%4 != 0 {
						continue // each takes a second of waiting
					}
					t.Run(fmt.Sprintf("%s at write %d", lost, crash), func(t *testing.T) {
						a := c.world(t)
						n := 0
						died := make(chan struct{})
						a.guard = func(string, string) error {
							switch n++; {
							case n < crash:
								return nil
							case n == crash:
								close(died)
								return lost
							default:
								return errors.New("killed")
							}
						}
						revive := func() {
							a.mu.Lock()
							defer a.mu.Unlock()
							select {
							case <-died:
								a.guard = nil
							default:
							}
						}
						// Another process comes after the one that died, if it did not die at the very end.
						until := func(done func() bool) {
							a.run(died, done)
							revive()
							if !done() {
								a.run(nil, done)
							}
						}
						until(func() bool { return a.at("1") })
						a.update()
						until(func() bool { return a.at("2") && a.settled() == nil })
						if err := errors.Join(a.settled(), c.check(a)); err != nil {
							t.Error(err)
						}
					})
				}
			}
		})
	}
}

// In a namespace that is going nothing can be made, and nobody tries for ever.
func TestTerminatingNamespace(t *testing.T) {
	a := courses[0].world(t)
	tries := 0
	tried := make(chan struct{})
	a.guard = func(method, path string) error {
		if method == "POST" && strings.HasSuffix(path, "/replicasets") {
			if tries++; tries == 1 {
				close(tried)
			}
			err := apierrors.NewForbidden(appsv1.Resource("replicasets"), "", errors.New("the namespace is being terminated"))
			err.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: "NamespaceTerminating", Message: "it is going"}}
			return err
		}
		return nil
	}
	a.run(tried, func() bool { return false })
	if status := a.find(rolloutPath).Object["status"]; tries != 1 || strings.Contains(fmt.Sprint(status), "ReplicaFailure") {
		t.Errorf("%d tries; status %v", tries, status)
	}
}

// A pod template that has fields newer than the types that are compiled in reaches the cluster whole, by way of the generic
// client, and is not made twice: neither after a lost answer nor once the rollout has scaled it.
func TestNewerFieldsReachTheCluster(t *testing.T) {
	a := courses[0].world(t)
	a.edit(rolloutPath, func(o *unstructured.Unstructured) {
		containers := []any{map[string]any{"name": "main", "image": "one", "newerOfContainer": []any{"x"}}}
		if err := errors.Join(unstructured.SetNestedSlice(o.Object, containers, "spec", "template", "spec", "containers"),
			unstructured.SetNestedField(o.Object, map[string]any{"deep": int64(1)}, "spec", "template", "spec", "newerOfPod")); err != nil {
			t.Fatal(err)
		}
	})
	lost := make(chan struct{})
	once := false
	a.guard = func(method, path string) error {
		if method == "POST" && strings.HasSuffix(path, "/replicasets") && !once {
			once = true
			close(lost)
			return errAfterwards
		}
		return nil
	}
	a.run(lost, func() bool { return a.at("1") })
	a.run(nil, func() bool { return a.at("1") })
	sets := a.below(setsPath)
	if len(sets) != 1 || a.made[sets[0]] != 1 {
		t.Fatalf("ReplicaSets %v, want one, made once: %v", sets, a.made)
	}
	set := a.find(sets[0])
	pod, _, _ := unstructured.NestedMap(set.Object, "spec", "template", "spec")
	if got := fmt.Sprint(pod["newerOfPod"], pod["containers"]); !strings.Contains(got, "map[deep:1]") || !strings.Contains(got, "newerOfContainer:[x]") {
		t.Errorf("the ReplicaSet has the pods %v", pod)
	}
	labels, _, _ := unstructured.NestedStringMap(set.Object, "spec", "template", "metadata", "labels")
	if labels["app"] != "web" || labels[rov1.LabelPodTemplateHash] == "" || set.GetAnnotations()[rollout.AnnotationTemplateInexact] == "" {
		t.Errorf("labels %v, annotations %v", labels, set.GetAnnotations())
	}
	if replicas, _, _ := unstructured.NestedInt64(set.Object, "spec", "replicas"); replicas != 2 {
		t.Errorf("%d pods", replicas)
	}
}
