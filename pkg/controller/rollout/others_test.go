// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// A ReplicaSet and an analysis run of others that have the names are left alone, and the core is told.
func TestForeignNames(t *testing.T) {
	a := newWorld(t)
	for path, kind := range map[string]string{setsPath + "web-new": "ReplicaSet", runsPath + "web-run": "AnalysisRun"} {
		a.edit(path, func(o *unstructured.Unstructured) {
			o.SetAPIVersion(map[string]string{"ReplicaSet": "apps/v1", "AnalysisRun": "rollout.argosy.dev/v1alpha1"}[kind])
			o.SetKind(kind)
			o.SetName(path[strings.LastIndex(path, "/")+1:])
			o.SetNamespace("ns")
			o.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "v1", Kind: "Other", Name: "other", UID: "other", Controller: ptr.To(true)}})
		})
	}
	before := []any{a.find(setsPath + "web-new").Object["spec"], a.find(runsPath + "web-run").Object}
	a.run(nil, a.healthy)
	if diff := cmp.Diff(before, []any{a.find(setsPath + "web-new").Object["spec"], a.find(runsPath + "web-run").Object}); diff != "" {
		t.Errorf("what belongs to others was changed:\n%s", diff)
	}
	if a.find(setsPath+"web-new2") == nil || a.find(runsPath+"web-run.1") == nil {
		t.Errorf("no other names were taken: %v %v", a.below(setsPath), a.below(runsPath))
	}
}

// A ReplicaSet that cannot be created for now is told in the status, and created once it can be.
func TestRefusedReplicaSet(t *testing.T) {
	a := newWorld(t)
	told := make(chan struct{})
	seen := false
	a.guard = func(method, path string) error {
		if method == "POST" && strings.HasSuffix(path, "/replicasets") && !seen {
			return apierrors.NewForbidden(appsv1.Resource("replicasets"), "web-new", errors.New("quota exceeded"))
		}
		return nil
	}
	a.run(told, func() bool {
		message, _, _ := unstructured.NestedString(a.find(rolloutPath).Object, "status", "message")
		return strings.Contains(message, "quota exceeded")
	})
	a.mu.Lock()
	seen = true
	a.mu.Unlock()
	a.run(nil, a.healthy)
}

// What a verb writes while the loop decides is never lost.
func TestVerbInBetween(t *testing.T) {
	a := newWorld(t)
	once := false
	a.guard = func(method, path string) error {
		if method == "PUT" && path == rolloutPath+"/status" && !once {
			once = true
			ro := a.objects[rolloutPath].DeepCopy()
			_ = unstructured.SetNestedField(ro.Object, true, "status", "promoteFull")
			a.put(rolloutPath, ro)
		}
		return nil
	}
	a.run(nil, a.healthy)
	if promoted, _, _ := unstructured.NestedBool(a.find(rolloutPath).Object, "status", "promoteFull"); !promoted {
		t.Error("the verb's write is lost")
	}
}

// A disruption budget that forbids an eviction holds up nothing else.
func TestBudget(t *testing.T) {
	a := newWorld(t)
	refusals := 0
	a.guard = func(_, path string) error {
		if strings.HasSuffix(path, "/eviction") {
			refusals++
			return apierrors.NewTooManyRequests("the budget forbids it", 10)
		}
		return nil
	}
	a.run(nil, a.healthy)
	if refusals == 0 {
		t.Error("nothing was evicted")
	}
}

// A Service that a rollout names no more selects all its pods again, and so does each once the rollout is gone; one of a
// rollout that was never ours is left alone.
func TestServicesAreReleased(t *testing.T) {
	a := newWorld(t)
	selects := func(name string) bool {
		selector, _, _ := unstructured.NestedStringMap(a.find(servicesPath+name).Object, "spec", "selector")
		_, hash := selector[rov1.LabelPodTemplateHash]
		return hash
	}
	manage := func(name, manager string) {
		a.edit(servicesPath+name, func(o *unstructured.Unstructured) {
			o.SetAPIVersion("v1")
			o.SetKind("Service")
			o.SetName(name)
			o.SetNamespace("ns")
			o.SetAnnotations(map[string]string{rov1.AnnotationManagedByRollout: manager, "other": "stays"})
			_ = unstructured.SetNestedStringMap(o.Object, map[string]string{"app": "web", rov1.LabelPodTemplateHash: "any"}, "spec", "selector")
		})
	}
	manage("unnamed", "web")
	manage("foreign", "not-ours")
	step := 0
	a.run(nil, func() bool {
		switch {
		case step == 0 && a.healthy() && !selects("unnamed"):
			if !selects("web") {
				t.Error("a Service that is named was released")
			}
			a.mu.Lock()
			a.remove(rolloutPath)
			a.mu.Unlock()
			step = 1
		case step == 1 && !selects("web"):
			return true
		}
		return false
	})
	if !selects("foreign") {
		t.Error("a Service of a rollout that was never ours was released")
	}
	if annotations := a.find(servicesPath + "unnamed").GetAnnotations(); annotations["other"] != "stays" || annotations[rov1.AnnotationManagedByRollout] != "" {
		t.Errorf("annotations %v", annotations)
	}
}

// What routes have of a rollout goes with it, and with an edit that names them no more; a rollout that has become wrong leaves
// its traffic as it is.
func TestRoutesAreReleased(t *testing.T) {
	for name, edit := range map[string]func(a *api){
		"deleted": func(a *api) {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.remove(rolloutPath)
		},
		"names none": func(a *api) {
			a.edit(rolloutPath, func(o *unstructured.Unstructured) {
				unstructured.RemoveNestedField(o.Object, "spec", "strategy", "canary", "trafficRouting")
				unstructured.RemoveNestedField(o.Object, "spec", "strategy", "canary", "steps")
				o.SetGeneration(o.GetGeneration() + 1)
			})
		},
		"names another, which is not there": func(a *api) {
			a.edit(rolloutPath, func(o *unstructured.Unstructured) {
				_ = unstructured.SetNestedField(o.Object, "elsewhere", "spec", "strategy", "canary", "trafficRouting", "istio", "virtualService", "name")
				o.SetGeneration(o.GetGeneration() + 1)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := course{strategy: `canary: {canaryService: web-canary, stableService: web, trafficRouting: {managedRoutes: [{name: header}], istio: {virtualService: {name: mesh}}},
				steps: [{setWeight: 50}, {setHeaderRoute: {name: header, match: [{headerName: agent, headerValue: {exact: firefox}}]}}, {pause: {}}]}`}.world(t)
			spec := func() string { return fmt.Sprint(a.find(meshPath).Object["spec"]) }
			phase := func() string {
				phase, _, _ := unstructured.NestedString(a.find(rolloutPath).Object, "status", "phase")
				return phase
			}
			a.run(nil, func() bool { return a.at("1") })
			a.update()
			step := 0
			a.run(nil, func() bool {
				switch {
				case step == 0 && strings.Contains(spec(), "firefox") && phase() == "Paused":
					edit(a)
					step = 1
				case step == 1 && name == "names another, which is not there":
					return phase() == "Degraded"
				case step == 1:
					return !strings.Contains(spec(), "firefox") && strings.Contains(spec(), "host:web] weight:100") && strings.Contains(spec(), "host:web-canary] weight:0")
				}
				return false
			})
			if name == "names another, which is not there" && !strings.Contains(spec(), "host:web-canary] weight:50") {
				t.Errorf("the traffic has changed: %s", spec())
			}
		})
	}
}

// An event about an object finds the rollouts that name it, and no others.
func TestReferences(t *testing.T) {
	var r references
	web, shop := keyOf(&rov1.Rollout{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "web"}}), keyOf(&rov1.Rollout{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "shop"}})
	r.add(web, serviceRef("ns", "a"), serviceRef("ns", "b"))
	r.add(shop, serviceRef("ns", "b"))
	if got := r.naming(serviceRef("ns", "a")); !slices.Equal(got, []types.NamespacedName{web}) {
		t.Errorf("a is named by %v", got)
	}
	if got := r.naming(serviceRef("ns", "b")); len(got) != 2 {
		t.Errorf("b is named by %v", got)
	}
	r.keep(web, nil)
	if got := r.naming(serviceRef("ns", "a")); len(got) != 0 {
		t.Errorf("a is still named by %v", got)
	}
	if got := r.rolloutsIn("ns"); len(got) != 2 {
		t.Errorf("rollouts %v", got)
	}
	r.forget(web)
	r.forget(shop)
	if len(r.by)+len(r.of)+len(r.in) > 0 {
		t.Errorf("left behind: %v %v %v", r.by, r.of, r.in)
	}
}
