// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/rollout"
	"argosy.dev/argosy/pkg/rollout/traffic"
)

// Where the objects of the tests are.
const (
	rolloutPath  = "/apis/rollout.argosy.dev/v1alpha1/namespaces/ns/rollouts/web"
	runsPath     = "/apis/rollout.argosy.dev/v1alpha1/namespaces/ns/analysisruns/"
	setsPath     = "/apis/apps/v1/namespaces/ns/replicasets/"
	podsPath     = "/api/v1/namespaces/ns/pods/"
	servicesPath = "/api/v1/namespaces/ns/services/"
	meshPath     = "/apis/networking.istio.io/v1/namespaces/ns/virtualservices/mesh"
	workloadPath = "/apis/apps/v1/namespaces/ns/deployments/web"
)

const manifests = `
apiVersion: rollout.argosy.dev/v1alpha1
kind: Rollout
metadata: {name: web, namespace: ns}
spec:
  selector: {matchLabels: {app: web}}
  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  strategy:
    canary:
      canaryService: web-canary
      stableService: web
      trafficRouting: {istio: {virtualService: {name: mesh}}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: ns}
spec: {selector: {app: web}, clusterIP: 10.0.0.1}
---
apiVersion: v1
kind: Service
metadata: {name: web-canary, namespace: ns}
spec: {selector: {app: web}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: mesh, namespace: ns}
spec: {http: [{route: [{destination: {host: web}, weight: 100}, {destination: {host: web-canary}, weight: 0}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: ns}
spec: {replicas: 2, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web-old, namespace: ns, labels: {app: web, rollouts-pod-template-hash: old}}
spec: {replicas: 2, selector: {matchLabels: {app: web}}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web-older, namespace: ns, labels: {app: web, rollouts-pod-template-hash: older}}
spec: {replicas: 0, selector: {matchLabels: {app: web}}}
`

// newWorld returns a cluster with a rollout, whose ReplicaSets get their pods at once.
func newWorld(t *testing.T) *api {
	a := newAPI(t)
	a.served = []metav1.APIResourceList{
		{TypeMeta: metav1.TypeMeta{Kind: "APIResourceList"}, GroupVersion: "networking.istio.io/v1", APIResources: []metav1.APIResource{{Name: "virtualservices", Namespaced: true, Kind: "VirtualService"}}},
		{TypeMeta: metav1.TypeMeta{Kind: "APIResourceList"}, GroupVersion: "apps/v1", APIResources: []metav1.APIResource{{Name: "deployments", Namespaced: true, Kind: "Deployment"}}},
	}
	a.settle = a.replicaSets
	for _, document := range strings.Split(manifests, "\n---\n") {
		data, err := yaml.YAMLToJSON([]byte(document))
		if err != nil {
			t.Fatal(err)
		}
		made := &unstructured.Unstructured{}
		if err := made.UnmarshalJSON(data); err != nil {
			t.Fatal(err)
		}
		prefix := "/apis/" + made.GetAPIVersion()
		if made.GetAPIVersion() == "v1" {
			prefix = "/api/v1"
		}
		a.edit(prefix+"/namespaces/ns/"+strings.ToLower(made.GetKind())+"s/"+made.GetName(), func(o *unstructured.Unstructured) { o.Object = made.Object })
	}
	return a
}

// replicaSets is what kube-controller-manager does for ReplicaSets. The lock is held.
func (a *api) replicaSets() {
	for _, path := range slices.Sorted(maps.Keys(a.objects)) {
		if !strings.HasPrefix(path, setsPath) {
			continue
		}
		set := a.objects[path].DeepCopy()
		want, _, _ := unstructured.NestedInt64(set.Object, "spec", "replicas")
		var have []string
		for pod, o := range a.objects {
			if owner := metav1.GetControllerOf(o); strings.HasPrefix(pod, podsPath) && owner != nil && owner.UID == set.GetUID() {
				have = append(have, pod)
			}
		}
		slices.Sort(have)
		for i := int64(0); int64(len(have)) < want; i++ {
			name := fmt.Sprintf("%s-%d", set.GetName(), i)
			if a.objects[podsPath+name] != nil {
				continue
			}
			pod := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Pod"}}
			pod.SetName(name)
			pod.SetNamespace("ns")
			pod.SetLabels(map[string]string{rov1.LabelPodTemplateHash: set.GetLabels()[rov1.LabelPodTemplateHash]})
			pod.SetOwnerReferences([]metav1.OwnerReference{*metav1.NewControllerRef(set, appsv1.SchemeGroupVersion.WithKind("ReplicaSet"))})
			a.put(podsPath+name, pod)
			have = append(have, podsPath+name)
		}
		for ; int64(len(have)) > want; have = have[1:] {
			a.remove(have[0])
		}
		_ = unstructured.SetNestedField(set.Object, want, "status", "replicas")
		for _, field := range []string{"availableReplicas", "readyReplicas"} {
			_ = unstructured.SetNestedField(set.Object, want, "status", field)
		}
		_ = unstructured.SetNestedField(set.Object, int64(1), "status", "observedGeneration")
		a.put(path, set)
	}
}

// script is a core that uses every effect: it brings up web-new, sends the traffic there, judges it by a run, restarts
// its pods once, and ends with the old ReplicaSet at zero and the older one gone.
func script(ro *rov1.Rollout, w rollout.World) rollout.Decision {
	var d rollout.Decision
	do := func(e rollout.Effect) { d.Effects = append(d.Effects, e) }
	sets := map[string]*appsv1.ReplicaSet{}
	for _, set := range w.ReplicaSets {
		sets[set.Name] = set
	}
	status := ro.Status.DeepCopy()
	status.Message = ""
	name := "web-new"
	if apierrors.IsAlreadyExists(w.CreateErrors[name]) {
		name = "web-new2"
	}
	owner := []metav1.OwnerReference{*metav1.NewControllerRef(ro, rov1.SchemeGroupVersion.WithKind("Rollout"))}
	fresh := sets[name]
	switch {
	case w.CreateErrors[name] != nil:
		status.Message = w.CreateErrors[name].Error()
		d.Status = status
		return d
	case fresh == nil:
		do(rollout.CreateReplicaSet{Object: &appsv1.ReplicaSet{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: ro.Namespace, OwnerReferences: owner, Labels: map[string]string{"app": "web", rov1.LabelPodTemplateHash: "new"}},
			Spec:       appsv1.ReplicaSetSpec{Replicas: w.Workload.Replicas, Selector: ro.Spec.Selector},
		}})
	case fresh.Status.AvailableReplicas == 2:
		if service := w.Services["web"]; service.Spec.Selector[rov1.LabelPodTemplateHash] != "new" {
			after := service.DeepCopy()
			after.Annotations = map[string]string{rov1.AnnotationManagedByRollout: ro.Name}
			after.Spec.Selector[rov1.LabelPodTemplateHash] = "new"
			do(rollout.PatchService{Before: service, After: after})
		}
		changes, problems := traffic.Plan(ro, w.Routes, traffic.Desired{Canary: traffic.Destination{Service: "web-canary", Weight: 100}, Stable: traffic.Destination{Service: "web"}})
		for _, problem := range problems {
			status.Message = problem.Error()
		}
		for _, change := range changes {
			do(rollout.PutRoute{Change: change})
		}
		if len(w.AnalysisRuns) == 0 {
			run := "web-run"
			if w.TakenAnalysisRuns[run] {
				run += ".1"
			}
			do(rollout.CreateAnalysisRun{Object: &rov1.AnalysisRun{ObjectMeta: metav1.ObjectMeta{Name: run, Namespace: ro.Namespace, OwnerReferences: owner}}})
		}
		for _, run := range w.AnalysisRuns {
			if !run.Spec.GetTerminate() {
				do(rollout.TerminateAnalysisRun{Object: run})
			}
		}
		for _, pod := range w.Pods[fresh.UID] {
			if pod.Labels["role"] != "stable" {
				after := pod.DeepCopy()
				after.Labels["role"] = "stable"
				do(rollout.PatchPod{Before: pod, After: after})
			}
		}
		if old := sets["web-old"]; *old.Spec.Replicas > 0 {
			if len(w.Pods[old.UID]) < 2 {
				return d // an event of theirs is to come
			}
			do(rollout.EvictPod{Object: w.Pods[old.UID][0]})
			after := old.DeepCopy()
			after.Spec.Replicas = ptr.To[int32](0)
			do(rollout.PatchReplicaSet{Before: old, After: after})
		}
		if older := sets["web-older"]; older != nil {
			do(rollout.DeleteReplicaSet{Object: older})
		}
		if *w.Workload.Replicas > 0 {
			do(rollout.ScaleWorkload{Ref: *ro.Spec.WorkloadRef, UID: w.Workload.UID, Replicas: 0})
		}
		if len(d.Effects) == 0 && status.Message == "" {
			status.Phase = "Healthy"
		}
	}
	if ro.Annotations[rov1.AnnotationRevision] == "" {
		d.Annotations = map[string]string{rov1.AnnotationRevision: "1"}
	}
	status.CurrentPodHash = "new"
	if diff := cmp.Diff(ro.Status, *status); diff != "" {
		d.Status = status
		d.Events = []rollout.Event{{Type: corev1.EventTypeNormal, Reason: "Changed", Message: "the status has changed"}}
	}
	return d
}

// run drives the world by a new loop, as a process does that has just started, until done says so or stop is closed.
func (a *api) run(stop <-chan struct{}, done func() bool) {
	a.t.Helper()
	c, err := New(a.config())
	if err != nil {
		a.t.Fatal(err)
	}
	if a.core == nil {
		a.core = script
	}
	c.decide = a.core
	ctx, cancel := context.WithTimeout(a.t.Context(), 20*time.Second)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	err = wait.PollUntilContextCancel(ctx, time.Millisecond, true, func(context.Context) (bool, error) {
		select {
		case <-stop:
			return true, nil
		default:
			return done(), nil
		}
	})
	cancel()
	if runErr := <-ended; runErr != nil {
		a.t.Errorf("the loop ended with: %v", runErr)
	}
	if err != nil {
		a.t.Fatalf("it did not come so far; there are %v; the rollout is %v", a.below("/"), a.find(rolloutPath))
	}
}

func (a *api) healthy() bool {
	phase, _, _ := unstructured.NestedString(a.find(rolloutPath).Object, "status", "phase")
	return phase == "Healthy"
}

// end is all that there is, without what differs from one run to the next.
func (a *api) end() map[string]any {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := map[string]any{}
	for path, o := range a.objects {
		if strings.Contains(path, "/events/") {
			continue
		}
		o = o.DeepCopy()
		unstructured.RemoveNestedField(o.Object, "metadata", "resourceVersion")
		unstructured.RemoveNestedField(o.Object, "metadata", "creationTimestamp")
		all[path] = o.Object
	}
	return all
}

func TestToTheEnd(t *testing.T) {
	a := newWorld(t)
	a.run(nil, a.healthy)
	for path, want := range map[string]int64{setsPath + "web-new": 2, setsPath + "web-old": 0, workloadPath: 0} {
		if got, _, _ := unstructured.NestedInt64(a.find(path).Object, "spec", "replicas"); got != want {
			t.Errorf("%s has %d replicas, want %d", path, got, want)
		}
	}
	if a.find(setsPath+"web-older") != nil {
		t.Error("web-older is still there")
	}
	if owner := metav1.GetControllerOf(a.find(setsPath + "web-old")); owner == nil || owner.Name != "web" {
		t.Errorf("web-old was not adopted: %v", owner)
	}
	service := &corev1.Service{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(a.find(servicesPath+"web").Object, service); err != nil {
		t.Fatal(err)
	}
	if service.Spec.Selector[rov1.LabelPodTemplateHash] != "new" || service.Spec.ClusterIP != "10.0.0.1" {
		t.Errorf("Service %+v", service.Spec)
	}
	if got := fmt.Sprint(a.find(meshPath).Object["spec"]); !strings.Contains(got, "host:web-canary] weight:100") {
		t.Errorf("VirtualService %s", got)
	}
	if got := a.below(runsPath); len(got) != 1 {
		t.Errorf("analysis runs %v", got)
	}
}

// A process that dies between any two writes, before or after the write is done, leaves what the next one brings to the
// same end, with nothing made twice.
func TestCrashBetweenWrites(t *testing.T) {
	reference := newWorld(t)
	writes := 0
	reference.guard = func(string, string) error { writes++; return nil }
	reference.run(nil, reference.healthy)
	want := reference.end()
	if writes < 12 {
		t.Fatalf("only %d writes: the script does not use every effect", writes)
	}
	for _, lost := range []string{"the write", "the answer"} {
		for crash := 1; crash <= writes; crash++ {
			t.Run(fmt.Sprintf("%s %d is lost", lost, crash), func(t *testing.T) {
				t.Parallel()
				a := newWorld(t)
				died := make(chan struct{})
				n, alive := 0, true
				a.guard = func(method, path string) error {
					if n++; n == crash {
						alive = false
						close(died)
						if lost == "the answer" {
							return errAfterwards
						}
					}
					if !alive {
						return errors.New("killed")
					}
					return nil
				}
				a.run(died, a.healthy)
				a.mu.Lock()
				a.guard = nil
				a.mu.Unlock()
				a.run(nil, a.healthy)
				if diff := cmp.Diff(want, a.end()); diff != "" {
					t.Errorf("another end (- want, + got):\n%s", diff)
				}
				for path, times := range a.made {
					if times != 1 && !strings.Contains(path, "/events/") && !strings.HasPrefix(path, podsPath) {
						t.Errorf("%s was created %d times", path, times)
					}
				}
			})
		}
	}
}
