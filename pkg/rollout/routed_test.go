// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/rollout/traffic"
)

// routed returns a cluster with a canary behind nginx. more are further fields of the strategy.
func routed(t tb, replicas int, more string) *sim {
	t.Helper()
	s := newSim(t, fmt.Sprintf(`spec: {replicas: %d, strategy: {canary: {stableService: stable, canaryService: canary,
		trafficRouting: {nginx: {stableIngress: main}}, %s}}}`, replicas, more))
	s.ingress()
	return s
}

func (s *sim) ingress() {
	ref := traffic.Ref{Group: "networking.k8s.io", Resource: "ingresses", Namespace: "ns", Name: "main"}
	s.world.Routes = traffic.Observed{ref: {Object: map[string]any{
		"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": map[string]any{"name": "main", "namespace": "ns"},
		"spec": map[string]any{"rules": []any{map[string]any{"http": map[string]any{"paths": []any{map[string]any{
			"path": "/", "pathType": "Prefix", "backend": map[string]any{"service": map[string]any{"name": "stable", "port": map[string]any{"number": int64(80)}}},
		}}}}}},
	}}}
}

// nginxWeight is the weight that the canary Ingress bears.
func (s *sim) nginxWeight() string {
	for ref, object := range s.world.Routes {
		if strings.HasSuffix(ref.Name, "-canary") {
			value, _, _ := unstructured.NestedString(object.Object, "metadata", "annotations", "nginx.ingress.kubernetes.io/canary-weight")
			return value
		}
	}
	return "none"
}

func (s *sim) wantWeight(want string) {
	s.t.Helper()
	if got := s.nginxWeight(); got != want {
		s.t.Fatalf("weight %s, want %s\n%s", got, want, s.describe())
	}
}

func (s *sim) promote() {
	s.t.Helper()
	s.do(Promote(s.ro, &rov1.RolloutPromote{}, s.now))
	s.run(2 * time.Second) // the mark is seen before anything else can be promoted
}

func TestRoutedCanary(t *testing.T) {
	s := routed(t, 5, `steps: [{setWeight: 10}, {pause: {}}, {setWeight: 60}, {pause: {}}]`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.wantPods("1:5 2:1")
	s.wantWeight("10")
	if selects(s.services["stable"]) == selects(s.services["canary"]) {
		t.Error(s.describe())
	}
	s.promote()
	s.run(10 * time.Second)
	s.wantPods("1:5 2:3")
	s.wantWeight("60")
	s.promote()
	s.phase(rov1.RolloutPhaseHealthy)
	s.wantWeight("0")
	s.wantPods("1:5 2:5")
	if selects(s.services["stable"]) != s.ro.Status.StableRS || selects(s.services["canary"]) != s.ro.Status.StableRS {
		t.Error(s.describe())
	}
	s.run(time.Minute) // the old pods go after their delay
	s.wantPods("1:0 2:5")
}

func TestRoutedAbort(t *testing.T) {
	s := routed(t, 4, `steps: [{setWeight: 50}, {pause: {}}]`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.do(Abort(s.ro, &rov1.RolloutAbort{}, s.now))
	s.phase(rov1.RolloutPhaseDegraded)
	s.run(time.Second)
	s.wantWeight("0")
	s.wantPods("1:4 2:2") // for 30 seconds
	if selects(s.services["canary"]) != s.ro.Status.StableRS {
		t.Error(s.describe())
	}
	s.run(40 * time.Second)
	s.wantPods("1:4 2:0")
	s.do(Retry(s.ro, &rov1.RolloutRetry{}, s.now))
	s.phase(rov1.RolloutPhasePaused)
	s.wantPods("1:4 2:2")
	s.wantWeight("50")
}

// TestRoutedAbortWhileUnready: once their time after an abort runs, the new pods go at its end, though a stable pod is not
// ready just then: they get no traffic, and what takes its place may need their room.
func TestRoutedAbortWhileUnready(t *testing.T) {
	s := routed(t, 4, `maxUnavailable: 0, abortScaleDownDelaySeconds: 10, steps: [{setWeight: 50}, {pause: {}}]`)
	s.phase(rov1.RolloutPhaseHealthy)
	stable := s.ro.Status.StableRS
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.abort()
	s.run(5 * time.Second)
	for _, set := range s.sets {
		if hashOf(set.rs) == stable {
			set.pods[0].ready = s.now.Add(time.Hour)
		}
	}
	s.run(10 * time.Second)
	s.wantPods("1:4 2:0")
}

func TestRoutedAbortKeepsPods(t *testing.T) {
	s := routed(t, 4, `abortScaleDownDelaySeconds: 0, steps: [{setCanaryScale: {replicas: 3}}, {pause: {}}]`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.wantPods("1:4 2:3")
	s.do(Abort(s.ro, &rov1.RolloutAbort{}, s.now))
	s.run(5 * time.Minute)
	s.wantPods("1:4 2:3")
}

// TestAbortNeverTakesPods: with 0 the new pods of an aborted canary stay also where no setCanaryScale asks for them.
func TestAbortNeverTakesPods(t *testing.T) {
	s := routed(t, 4, "abortScaleDownDelaySeconds: 0, steps: [{setWeight: 50}, {pause: {}}]")
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.do(Abort(s.ro, &rov1.RolloutAbort{}, s.now))
	s.phase(rov1.RolloutPhaseDegraded)
	s.run(time.Hour)
	s.wantPods("1:4 2:2")
	s.wantWeight("0")
}

func TestSetCanaryScale(t *testing.T) {
	s := routed(t, 4, `steps: [{setCanaryScale: {replicas: 0}}, {setWeight: 50}, {pause: {}}, {setCanaryScale: {weight: 25}}, {pause: {}},
		{setWeight: 10}, {pause: {}}, {setCanaryScale: {replicas: 3}}, {pause: {}}, {setWeight: 50}, {setCanaryScale: {matchTrafficWeight: true}}, {pause: {}}]`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	for _, want := range []string{"1:4 2:0", "1:4 2:1", "1:4 2:1", "1:4 2:3", "1:4 2:2"} {
		s.run(10 * time.Second)
		s.wantPods(want)
		s.promote()
	}
	s.phase(rov1.RolloutPhaseHealthy)
	s.wantPods("1:4 2:4")
}

func TestDynamicStableScale(t *testing.T) {
	s := routed(t, 4, `dynamicStableScale: true, steps: [{setWeight: 25}, {pause: {}}, {setWeight: 75}, {pause: {}}]`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.run(10 * time.Second)
	s.wantPods("1:3 2:1")
	s.wantWeight("25")
	s.promote()
	s.run(20 * time.Second)
	s.wantPods("1:1 2:3")
	s.wantWeight("75")
	s.do(Abort(s.ro, &rov1.RolloutAbort{}, s.now))
	gone := map[string]bool{}
	for range 60 {
		s.run(time.Second)
		gone[s.nginxWeight()] = true
	}
	s.wantPods("1:4 2:0")
	s.wantWeight("0")
	if !gone["25"] {
		t.Errorf("the weight did not go down by steps: %v", gone)
	}
	// Back to the stable version in the middle.
	s.do(Retry(s.ro, &rov1.RolloutRetry{}, s.now))
	s.phase(rov1.RolloutPhasePaused)
	s.promote()
	s.run(20 * time.Second)
	s.wantPods("1:1 2:3")
	s.image("one")
	s.phase(rov1.RolloutPhaseHealthy)
	s.run(time.Minute)
	s.wantPods("2:0 3:4")
	s.wantWeight("0")
}

func TestDynamicPromoted(t *testing.T) {
	s := routed(t, 4, `dynamicStableScale: true, steps: [{setWeight: 25}, {pause: {}}, {setWeight: 50}]`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.promote()
	s.phase(rov1.RolloutPhaseHealthy)
	s.run(time.Minute)
	s.wantPods("1:0 2:4")
	s.wantWeight("0")
}

func TestMinPods(t *testing.T) {
	s := routed(t, 4, `minPodsPerReplicaSet: 2, steps: [{setWeight: 5}, {pause: {}}]`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.wantPods("1:4 2:2")
}

// TestThirdVersion: what was given up half way goes when the next version comes.
func TestThirdVersion(t *testing.T) {
	s := routed(t, 4, `steps: [{setWeight: 50}, {pause: {}}]`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.image("three")
	s.until("pause", func() bool { return s.ro.Status.Phase == rov1.RolloutPhasePaused && s.pods() == "1:4 2:0 3:2" })
	s.wantWeight("50")
	if !slices.Contains(s.reasons(), "RolloutNotCompleted") {
		t.Error(s.reasons())
	}
}

func TestScaleDownDelayLimit(t *testing.T) {
	s := routed(t, 2, `scaleDownDelaySeconds: 600, scaleDownDelayRevisionLimit: 1`)
	for _, image := range []string{"one", "two", "three"} {
		s.image(image)
		s.phase(rov1.RolloutPhaseHealthy)
		s.run(10 * time.Second)
	}
	s.wantPods("1:0 2:2 3:2")
	s.run(11 * time.Minute)
	s.wantPods("1:0 2:0 3:2")
}

func TestThreshold(t *testing.T) {
	s := routed(t, 10, `replicaProgressThreshold: {type: Percent, value: 50}, steps: [{setWeight: 40}, {pause: {}}]`)
	s.phase(rov1.RolloutPhaseHealthy)
	n := 0
	s.takes = func(*appsReplicaSet) time.Duration {
		if n++; n > 2 {
			return -1
		}
		return time.Second
	}
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.wantPods("1:10 2:4")
}

func TestHeaderRoutes(t *testing.T) {
	ro := canary(
		rov1.CanaryStep{SetHeaderRoute: &rov1.SetHeaderRoute{Name: "a", Match: []rov1.HeaderRoutingMatch{{HeaderName: "x"}}}},
		rov1.CanaryStep{SetMirrorRoute: &rov1.SetMirrorRoute{Name: "m", Match: []rov1.RouteMatch{{}}}},
		rov1.CanaryStep{SetHeaderRoute: &rov1.SetHeaderRoute{Name: "b", Match: []rov1.HeaderRoutingMatch{{HeaderName: "y"}}}},
		rov1.CanaryStep{SetHeaderRoute: &rov1.SetHeaderRoute{Name: "a"}},
		rov1.CanaryStep{SetMirrorRoute: &rov1.SetMirrorRoute{Name: "m"}},
	)
	for index, want := range []string{"a", "a m", "a b m", "b m", "b", "b"} {
		at := int32(index)
		ro.Status.CurrentStepIndex = &at
		r := newRun(ro, World{})
		headers, mirrors := r.managedRoutes()
		var got []string
		for _, h := range headers {
			got = append(got, h.Name)
		}
		for _, m := range mirrors {
			got = append(got, m.Name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("at step %d: %v, want %s", index, got, want)
		}
	}
}

func TestDynamicDeadlineAbort(t *testing.T) {
	s := newSim(t, `spec: {replicas: 4, progressDeadlineSeconds: 20, progressDeadlineAbort: true, strategy: {canary: {stableService: stable, canaryService: canary,
		trafficRouting: {nginx: {stableIngress: main}}, dynamicStableScale: true, steps: [{setWeight: 50}, {pause: {duration: 5}}, {setWeight: 100}]}}}`)
	s.ingress()
	s.phase(rov1.RolloutPhaseHealthy)
	n := 0
	s.takes = func(rs *appsReplicaSet) time.Duration {
		if n++; revisionOf(rs) == 2 && n > 2 {
			return -1
		}
		return time.Second
	}
	s.image("two")
	s.until("abort", func() bool { return s.ro.Status.Abort })
	s.run(2 * time.Minute)
	s.wantPods("1:4 2:0")
	s.wantWeight("0")
}

func TestMaxTrafficWeight(t *testing.T) {
	s := newSim(t, `spec: {replicas: 10, strategy: {canary: {stableService: stable, canaryService: canary,
		trafficRouting: {nginx: {stableIngress: main}, maxTrafficWeight: 1000}, steps: [{setWeight: 250}, {pause: {}}]}}}`)
	s.ingress()
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.wantPods("1:10 2:3")
	s.wantWeight("250")
	if s.ro.Status.Canary.Weights.Stable.Weight != 750 {
		t.Error(s.describe())
	}
}

// TestPingPong: the two Services take turns, and a Service never changes under the traffic.
func TestPingPong(t *testing.T) {
	s := newSim(t, `spec: {replicas: 2, strategy: {canary: {pingPong: {pingService: ping, pongService: pong},
		trafficRouting: {istio: {virtualService: {name: vs}}}, steps: [{setWeight: 25}, {pause: {}}]}}}`)
	ref := traffic.Ref{Group: "networking.istio.io", Resource: "virtualservices", Namespace: "ns", Name: "vs"}
	destination := func(host string, weight int64) any {
		return map[string]any{"destination": map[string]any{"host": host}, "weight": weight}
	}
	s.world.Routes = traffic.Observed{ref: {Object: map[string]any{
		"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": map[string]any{"name": "vs", "namespace": "ns"},
		"spec": map[string]any{"http": []any{map[string]any{"route": []any{destination("ping", 100), destination("pong", 0)}}}},
	}}}
	weights := func() string {
		routes, _, _ := unstructured.NestedSlice(s.world.Routes[ref].Object, "spec", "http")
		out := map[string]any{}
		for _, d := range routes[0].(map[string]any)["route"].([]any) {
			host, _, _ := unstructured.NestedString(d.(map[string]any), "destination", "host")
			out[host] = d.(map[string]any)["weight"]
		}
		return fmt.Sprint(out["ping"], " / ", out["pong"])
	}
	want := func(split string) {
		t.Helper()
		if got := weights(); got != split {
			t.Fatalf("%s, want %s\n%s", got, split, s.describe())
		}
		// Where traffic goes there must be pods.
		for name, part := range map[string]string{"ping": strings.Split(split, " / ")[0], "pong": strings.Split(split, " / ")[1]} {
			if part != "0" && s.availableOf(selects(s.services[name])) == 0 {
				t.Fatalf("%s gets %s, and has no pods\n%s", name, part, s.describe())
			}
		}
	}
	s.phase(rov1.RolloutPhaseHealthy)
	s.run(time.Minute)
	want("100 / 0")
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	want("75 / 25")
	s.promote()
	s.phase(rov1.RolloutPhaseHealthy)
	s.run(time.Minute)
	want("0 / 100")
	s.wantPods("1:0 2:2")
	s.image("three")
	s.phase(rov1.RolloutPhasePaused)
	want("25 / 75")
	s.promote()
	s.phase(rov1.RolloutPhaseHealthy)
	s.run(time.Minute)
	want("100 / 0")
}

// subsets returns a cluster with a canary behind Istio, by subsets of one host.
func subsets(t tb, more string) *sim {
	t.Helper()
	s := newSim(t, `spec: {replicas: 4, strategy: {canary: {trafficRouting: {istio: {virtualService: {name: vs},
		destinationRule: {name: dr, canarySubsetName: new, stableSubsetName: old}}}, `+more+`}}}`)
	destination := func(subset string, weight int64) any {
		return map[string]any{"destination": map[string]any{"host": "web", "subset": subset}, "weight": weight}
	}
	s.world.Routes = traffic.Observed{}
	for _, ref := range traffic.Refs(s.ro) {
		spec := map[string]any{"http": []any{map[string]any{"route": []any{destination("old", 100), destination("new", 0)}}}}
		if ref.Resource == "destinationrules" {
			spec = map[string]any{"host": "web", "subsets": []any{map[string]any{"name": "old", "labels": map[string]any{"app": "ro"}}, map[string]any{"name": "new", "labels": map[string]any{"app": "ro"}}}}
		}
		s.world.Routes[ref] = &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"name": ref.Name, "namespace": "ns"}, "spec": spec}}
	}
	return s
}

// wantSubsets wants the subsets to select these versions.
func (s *sim) wantSubsets(stable, fresh string) {
	s.t.Helper()
	for ref, o := range s.world.Routes {
		if ref.Resource != "destinationrules" {
			continue
		}
		list, _, _ := unstructured.NestedSlice(o.Object, "spec", "subsets")
		got := map[string]string{}
		for _, subset := range list {
			subset := subset.(map[string]any)
			got[subset["name"].(string)], _, _ = unstructured.NestedString(subset, "labels", rov1.LabelPodTemplateHash)
		}
		if got["old"] != stable || got["new"] != fresh {
			s.t.Fatalf("subsets %v, want old: %s, new: %s\n%s", got, stable, fresh, s.describe())
		}
	}
}
