// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// A rollout that is gone leaves the objects of its routers as they were before it came, with all traffic on the stable pods.
func TestRelease(t *testing.T) {
	for name, tc := range map[string]struct {
		routing, before string
		// mirrors tells that the router mirrors requests.
		mirrors bool
		// after has the objects at the end, where they are not as they were before.
		after string
	}{
		"Gateway API": {routing: gatewayHTTP, before: httpRoute, mirrors: true},
		"gRPC":        {routing: "plugins: {argoproj-labs/gatewayAPI: {grpcRoute: grpc}}", before: grpcRoute, after: strings.NewReplacer("name: stable, port: 80", "name: stable, port: 80, weight: 100", "name: canary, port: 80", "name: canary, port: 80, weight: 0").Replace(grpcRoute)},
		"Istio":       {routing: istioNamed, before: virtualServiceManyRoutes, mirrors: true},
		"subsets":     {routing: subsets, before: virtualServiceSubsets + "\n---\n" + strings.Replace(destinationRule, "  - {name: left-by-experiment, labels: {rollouts-pod-template-hash: gone}}\n", "", 1), mirrors: true},
	} {
		t.Run(name, func(t *testing.T) {
			ro := rollout(t, tc.routing+"\nmanagedRoutes: [{name: header}, {name: mirror}]")
			before := parse(t, tc.before)
			desired := withHeader(weights(40), "header", agentExact)
			if tc.mirrors {
				desired = withMirror(desired, "mirror", ptr.To(int32(20)))
			}
			changes, problems := Plan(ro, before, desired)
			if len(problems) > 0 || len(changes) == 0 {
				t.Fatal(problems, changes)
			}
			during := apply(before, changes)
			if kept := Release(ro, ro, during, weights(0)); len(kept) > 0 {
				t.Errorf("what is still named is left: %v", kept[0].Object)
			}
			want := before
			if tc.after != "" {
				want = parse(t, tc.after)
			}
			after := apply(during, Release(ro, nil, during, weights(0)))
			if diff := cmp.Diff(want, after); diff != "" {
				t.Errorf("something is left behind:\n%s", diff)
			}
			if again := Release(ro, nil, after, weights(0)); len(again) > 0 {
				t.Errorf("left a second time: %v", again[0].Object)
			}
			other := ro.DeepCopy()
			other.Spec.Strategy.Canary.TrafficRouting = rollout(t, "plugins: {argoproj-labs/gatewayAPI: {httpRoute: another}}").Spec.Strategy.Canary.TrafficRouting
			if diff := cmp.Diff(want, apply(during, Release(ro, other, during, weights(0)))); diff != "" {
				t.Errorf("something is left behind by one that names another object:\n%s", diff)
			}
		})
	}
}

// Of objects that have changed beyond recognition, what is the rollout's goes all the same.
func TestReleaseWhatIsFound(t *testing.T) {
	ro := rollout(t, istioNamed+"\nplugins: {argoproj-labs/gatewayAPI: {httpRoute: http}}\nmanagedRoutes: [{name: header}]")
	observed := parse(t, virtualServiceManyRoutes+"\n---\n"+httpRoute)
	changes, _ := Plan(ro, observed, withHeader(weights(40), "header", agentExact))
	now := apply(observed, changes)
	for ref, o := range now {
		if rules, ok := dicts(dict(o.Object, "spec"), "rules"); ok {
			refs, _ := dicts(rules[0], "backendRefs")
			refs[0]["name"] = "elsewhere"
		}
		if http, ok := dicts(dict(o.Object, "spec"), "http"); ok {
			for _, route := range http {
				if text(route, "name") == "secondary" {
					route["name"] = "renamed"
				}
			}
		}
		now[ref] = o
	}
	after := apply(now, Release(ro, nil, now, weights(0)))
	for ref, o := range after {
		data, err := o.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), "firefox") || strings.Contains(string(data), "in-progress") {
			t.Errorf("%v: %s", ref, data)
		}
	}
	if changes := Release(ro, nil, Observed{}, weights(0)); len(changes) > 0 {
		t.Error(changes)
	}
	if changes := Release(&rov1.Rollout{}, nil, Observed{}, weights(0)); len(changes) > 0 {
		t.Error(changes)
	}
}

// The second Ingress of nginx gets no more traffic, unless it is another's; none is made.
func TestReleaseNginx(t *testing.T) {
	ro := rollout(t, nginxOne)
	observed := parse(t, ingress)
	if changes := Release(ro, nil, observed, weights(0)); len(changes) > 0 {
		t.Error(changes)
	}
	changes, problems := Plan(ro, observed, weights(40))
	if len(problems) > 0 || len(changes) != 1 {
		t.Fatal(problems, changes)
	}
	ref := changes[0].Ref
	weight := func(o Observed) string { return o[ref].GetAnnotations()[nginxPrefix+"/canary-weight"] }
	now := apply(observed, changes)
	if got := weight(apply(now, Release(ro, nil, now, weights(0)))); got != "0" {
		t.Errorf("weight %s", got)
	}
	now[ref] = now[ref].DeepCopy()
	now[ref].SetOwnerReferences(nil) // by "kubectl delete --cascade=orphan"
	if got := weight(apply(now, Release(ro, nil, now, weights(0)))); got != "0" {
		t.Errorf("orphaned: weight %s", got)
	}
	another := ro.DeepCopy()
	another.UID = "another"
	now = apply(observed, changes)
	if got := Release(another, nil, now, weights(0)); len(got) > 0 {
		t.Errorf("another's Ingress: %v", got[0].Object)
	}
}

// A managed route that the rollout lists no more goes from what it still names.
func TestReleaseUnlisted(t *testing.T) {
	was := rollout(t, istioNamed+"\nmanagedRoutes: [{name: header}, {name: stays}]")
	now := rollout(t, istioNamed+"\nmanagedRoutes: [{name: stays}]")
	observed := parse(t, virtualServiceManyRoutes)
	changes, _ := Plan(was, observed, withHeader(withHeader(weights(40), "header", agentExact), "stays", langPrefix))
	observed = apply(observed, changes)
	observed = apply(observed, Release(was, now, observed, weights(0)))
	for _, o := range observed {
		http, _ := dicts(dict(o.Object, "spec"), "http")
		var names []string
		for _, route := range http {
			names = append(names, text(route, "name"))
		}
		if got := strings.Join(names, " "); got != "stays primary other secondary" {
			t.Errorf("routes %s", got)
		}
	}
	if again := Release(was, now, observed, weights(0)); len(again) > 0 {
		t.Error(again)
	}
}
