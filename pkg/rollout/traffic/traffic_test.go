// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	"argosy.dev/argosy/apis/raw"
	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// rollout returns a rollout whose traffic routing is the YAML, on the Services canary and stable.
func rollout(t *testing.T, routing string) *rov1.Rollout {
	t.Helper()
	ro := &rov1.Rollout{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "ns", UID: "uid-web"}}
	ro.Spec.Strategy.Canary = &rov1.CanaryStrategy{CanaryService: "canary", StableService: "stable", TrafficRouting: &rov1.TrafficRouting{}}
	if err := yaml.UnmarshalStrict([]byte(routing), ro.Spec.Strategy.Canary.TrafficRouting); err != nil {
		t.Fatal(err)
	}
	return ro
}

// parse reads objects of a YAML stream.
func parse(t *testing.T, stream string) Observed {
	t.Helper()
	observed := Observed{}
	for _, document := range strings.Split(stream, "\n---\n") {
		if strings.TrimSpace(document) == "" {
			continue
		}
		data, err := yaml.YAMLToJSON([]byte(document))
		if err != nil {
			t.Fatal(err)
		}
		o := &unstructured.Unstructured{}
		if err := o.UnmarshalJSON(data); err != nil {
			t.Fatal(err)
		}
		if o.GetNamespace() == "" {
			o.SetNamespace("ns")
		}
		observed[Ref{o.GroupVersionKind().Group, strings.ToLower(o.GetKind()) + map[bool]string{true: "es", false: "s"}[strings.HasSuffix(o.GetKind(), "s")], o.GetNamespace(), o.GetName()}] = o
	}
	return observed
}

// apply makes the changes, as a cluster would.
func apply(observed Observed, changes []Change) Observed {
	after := Observed{}
	for ref, o := range observed {
		after[ref] = o
	}
	for _, change := range changes {
		after[change.Ref] = change.Object
	}
	return after
}

// weights is a desired split of the traffic.
func weights(canary int32) Desired {
	return Desired{
		Canary: Destination{Service: "canary", Hash: "new", Weight: canary},
		Stable: Destination{Service: "stable", Hash: "old", Weight: 100 - canary},
	}
}

func withHeader(d Desired, name string, match ...rov1.HeaderRoutingMatch) Desired {
	d.Headers = append(d.Headers, rov1.SetHeaderRoute{Name: name, Match: match})
	return d
}

var (
	agentExact = rov1.HeaderRoutingMatch{HeaderName: "agent", HeaderValue: rov1.StringMatch{Exact: "firefox"}}
	langPrefix = rov1.HeaderRoutingMatch{HeaderName: "lang", HeaderValue: rov1.StringMatch{Prefix: "de.x"}}
)

func withMirror(d Desired, name string, percentage *int32) Desired {
	d.Mirrors = append(d.Mirrors, rov1.SetMirrorRoute{Name: name, Percentage: percentage, Match: []rov1.RouteMatch{{
		Method: &rov1.StringMatch{Exact: "GET"}, Path: &rov1.StringMatch{Prefix: "/"},
	}}})
	return d
}

// scenario is an edit of objects, and how they must be after it.
type scenario struct {
	name    string
	routing string
	before  string
	desired Desired
	// after has the objects that must have been written; empty: nothing is written.
	after string
	// problems are parts of the problems, in order.
	problems []string
	// noServices takes the Services out of the rollout.
	noServices bool
}

func (s scenario) run(t *testing.T) {
	ro := rollout(t, s.routing)
	if s.noServices {
		ro.Spec.Strategy.Canary.CanaryService, ro.Spec.Strategy.Canary.StableService = "", ""
	}
	observed := parse(t, s.before)
	untouched := parse(t, s.before)
	changes, problems := Plan(ro, observed, s.desired)
	if diff := cmp.Diff(untouched, observed); diff != "" {
		t.Errorf("the observed objects were changed:\n%s", diff)
	}
	if len(problems) != len(s.problems) {
		t.Fatalf("problems %v, want %d", problems, len(s.problems))
	}
	for i, want := range s.problems {
		if !strings.Contains(problems[i].Error(), want) {
			t.Errorf("problem %q, want one with %q", problems[i], want)
		}
	}
	got := Observed{}
	known := map[Ref]bool{}
	for _, ref := range Refs(ro) {
		known[ref] = true
	}
	for _, change := range changes {
		got[change.Ref] = change.Object
		if !known[change.Ref] {
			t.Errorf("%v is written, but is not among the objects that the rollout names", change.Ref)
		}
		if change.Create != (observed[change.Ref] == nil) {
			t.Errorf("%v: create is %t", change.Ref, change.Create)
		}
	}
	if diff := cmp.Diff(parse(t, s.after), got); diff != "" {
		t.Errorf("written objects (- want, + got):\n%s", diff)
	}
	if again, _ := Plan(ro, apply(observed, changes), s.desired); len(again) > 0 {
		t.Errorf("making the same edit again changes %v: %v", again[0].Ref, again[0].Object)
	}
}

func runAll(t *testing.T, scenarios []scenario) {
	for _, s := range scenarios {
		t.Run(s.name, s.run)
	}
}

// Whatever is desired one after the other, making the last edit twice changes nothing, and once nothing is desired
// anymore, all but the weights is as it was.
func TestAnyHistory(t *testing.T) {
	for _, routing := range []string{istioNamed, gatewayBoth, nginxOne} {
		ro := rollout(t, routing+"\nmanagedRoutes: [{name: first}, {name: second}]")
		before := parse(t, virtualServiceManyRoutes+"\n---\n"+httpRoute+"\n---\n"+grpcRoute+"\n---\n"+ingress)
		first, problems := Plan(ro, before, weights(0))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		start := apply(before, first)
		random := rand.New(rand.NewPCG(1, 2))
		now := start
		for range 200 {
			desired := weights(int32(random.IntN(101)))
			for _, name := range []string{"second", "first"} {
				switch random.IntN(4) {
				case 0:
					desired = withHeader(desired, name, agentExact, langPrefix)
				case 1:
					if routing != gatewayBoth { // GRPCRoutes cannot mirror
						desired = withMirror(desired, name, ptr.To(int32(random.IntN(100)+1)))
					}
				case 2:
					desired = withHeader(desired, name)
				}
			}
			changes, problems := Plan(ro, now, desired)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			now = apply(now, changes)
			if again, _ := Plan(ro, now, desired); len(again) > 0 {
				t.Fatalf("%s: making the same edit again changes %v", routing, again[0].Object)
			}
		}
		changes, _ := Plan(ro, now, weights(0))
		if diff := cmp.Diff(start, apply(now, changes)); diff != "" {
			t.Errorf("%s: something is left behind:\n%s", routing, diff)
		}
	}
}

func TestUnsupported(t *testing.T) {
	ro := rollout(t, "smi: {}\nplugins: {argoproj-labs/gatewayAPI: {httpRoute: x}, acme/router: {}}")
	var got []string
	for _, err := range Unsupported(ro) {
		got = append(got, err.Field)
	}
	want := []string{"spec.strategy.canary.trafficRouting.smi", "spec.strategy.canary.trafficRouting.plugins[acme/router]"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if errs := Unsupported(&rov1.Rollout{}); len(errs) > 0 {
		t.Error(errs)
	}
}

// What is not said of the Services is taken from the rollout.
func TestServicesOfRollout(t *testing.T) {
	ro := rollout(t, "{}")
	if got := withServices(ro, Desired{}); got.Canary.Service != "canary" || got.Stable.Service != "stable" {
		t.Errorf("%+v", got)
	}
	if got := withServices(ro, Desired{Canary: Destination{Service: "a"}, Stable: Destination{Service: "b"}}); got.Canary.Service != "a" || got.Stable.Service != "b" {
		t.Errorf("%+v", got)
	}
	ro.Spec.Strategy.Canary = &rov1.CanaryStrategy{PingPong: &rov1.PingPongSpec{PingService: "ping", PongService: "pong"}}
	if got := withServices(ro, Desired{}); got.Canary.Service != "pong" || got.Stable.Service != "ping" {
		t.Errorf("%+v", got)
	}
}

func TestNoRouting(t *testing.T) {
	ro := &rov1.Rollout{}
	if changes, problems := Plan(ro, nil, Desired{}); len(changes)+len(problems)+len(Refs(ro)) > 0 {
		t.Errorf("%v %v %v", changes, problems, Refs(ro))
	}
	ro = rollout(t, "{}")
	ro.Spec.Strategy.Canary.TrafficRouting.Plugins = map[string]raw.JSON{GatewayPlugin: {Raw: []byte(`"text"`)}}
	if _, problems := Plan(ro, nil, Desired{}); len(problems) != 1 || !strings.Contains(problems[0].Error(), "plugins[argoproj-labs/gatewayAPI]") {
		t.Errorf("a configuration of a wrong type: %v", problems)
	}
}
