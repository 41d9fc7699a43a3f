// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// An Istio canary by two Services: weights by step, header route first and gone at the end.
func TestRolloutIstio(t *testing.T) {
	t.Parallel()
	a := trafficApp(t, mesh)
	a.createRouted(2, "{managedRoutes: [{name: testers}], istio: {virtualService: {name: mesh, routes: [primary]}}}", `
scaleDownDelaySeconds: 1
steps:
- setWeight: 10
- setHeaderRoute: {name: testers, match: [{headerName: agent, headerValue: {exact: tester}}]}
- pause: {}
- setWeight: 50
- pause: {}
`)
	a.waitMesh("primary:100/0 ")
	a.waitSelects("stable", "1")
	a.update("2")
	a.pausedAt(2)
	a.waitMesh("testers:100 primary:90/10 ")
	a.waitSelects("canary", "2")
	a.waitSelects("stable", "1")
	a.waitPods(map[string]int32{"1": 2, "2": 1})
	var weights struct{ Canary, Stable struct{ Weight int } }
	if a.read(&weights, "status", "canary", "weights"); weights.Canary.Weight != 10 || weights.Stable.Weight != 90 {
		t.Errorf("status says %+v", weights)
	}
	a.promote()
	a.pausedAt(4)
	a.waitMesh("testers:100 primary:50/50 ")
	a.promote()
	a.stable()
	a.waitMesh("primary:100/0 ")
	a.waitSelects("stable", "2")
	a.waitPods(map[string]int32{"2": 2})
	timeout := func(o *unstructured.Unstructured) string {
		return fmt.Sprint(list(o.Object, "spec", "http")[0]["timeout"])
	}
	a.waitRoute(virtualServices, "mesh", "what others wrote", timeout, "5s")
	// An abort sends all back at once.
	a.update("3")
	a.pausedAt(2)
	a.waitMesh("testers:100 primary:90/10 ")
	a.abort()
	a.aborted()
	a.waitMesh("primary:100/0 ")
}

// An Istio canary by subsets of one host, and an abort that sends all back to the old subset.
func TestRolloutIstioSubsets(t *testing.T) {
	t.Parallel()
	a := trafficApp(t,
		"apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: mesh}\nspec: {http: [{name: primary, route: [{destination: {host: web, subset: old-pods}, weight: 100}, {destination: {host: web, subset: new-pods}, weight: 0}]}]}",
		"apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: pods}\nspec: {host: web, subsets: [{name: old-pods, labels: {app: web}}, {name: new-pods, labels: {app: web}}]}")
	a.create(false, `
replicas: 1
strategy:
  canary:
    trafficRouting:
      istio: {virtualService: {name: mesh}, destinationRule: {name: pods, canarySubsetName: new-pods, stableSubsetName: old-pods}}
    steps: [{setWeight: 25}, {pause: {}}]
`)
	share := func(old, fresh string) {
		t.Helper()
		a.waitRoute(destinationRules, "pods", "subsets", subsets, fmt.Sprintf("old-pods=%s new-pods=%s ", a.hash(old), a.hash(fresh)))
	}
	a.update("2")
	a.pausedAt(1)
	share("1", "2")
	a.waitMesh("primary:75/25 ")
	a.abort()
	a.aborted()
	a.waitMesh("primary:100/0 ")
	share("1", "1")
	a.retry()
	a.pausedAt(1)
	share("1", "2")
	a.waitMesh("primary:75/25 ")
	a.promote()
	a.stable()
	share("2", "2")
	a.waitMesh("primary:100/0 ")
}

// Two Services take turns: the one that the new pods are behind becomes the stable one, and none changes under traffic.
func TestRolloutPingPong(t *testing.T) {
	t.Parallel()
	routerKinds(t)
	a := prepareApp(t)
	a.services("ping", "pong")
	a.route("apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: mesh}\nspec: {http: [{name: primary, route: [{destination: {host: ping}, weight: 100}, {destination: {host: pong}, weight: 0}]}]}")
	a.create(false, `
replicas: 1
strategy:
  canary:
    pingPong: {pingService: ping, pongService: pong}
    scaleDownDelaySeconds: 1
    trafficRouting: {istio: {virtualService: {name: mesh}}}
    steps: [{setWeight: 25}, {pause: {}}]
`)
	a.waitMesh("primary:100/0 ")
	a.waitSelects("ping", "1")
	a.update("2")
	a.pausedAt(1)
	a.waitMesh("primary:75/25 ")
	a.waitSelects("pong", "2")
	a.waitSelects("ping", "1")
	a.promote()
	a.stable()
	a.waitMesh("primary:0/100 ")
	a.waitSelects("pong", "2")
	a.update("3")
	a.pausedAt(1)
	a.waitMesh("primary:25/75 ")
	a.waitSelects("ping", "3")
	a.waitSelects("pong", "2")
}

// The Gateway API, by the configuration of the plugin that the peer needs for it.
func TestRolloutGateway(t *testing.T) {
	t.Parallel()
	a := trafficApp(t)
	a.submit(false, routedSpec(1, "{managedRoutes: [{name: testers}], plugins: {argoproj-labs/gatewayAPI: {httpRoute: http}}}", `
scaleDownDelaySeconds: 1
steps:
- setWeight: 30
- setHeaderRoute: {name: testers, match: [{headerName: agent, headerValue: {exact: tester}}]}
- pause: {}
`))
	// The route comes later: the rollout says that it is missing, and goes on when it is there.
	a.wait("Degraded")
	a.route(gateway)
	a.stable()
	a.waitRoute(httpRoutes, "http", "backends", backends, "stable:100 canary:0 ; docs:1 ; ")
	a.update("2")
	a.pausedAt(2)
	a.waitRoute(httpRoutes, "http", "backends", backends, "stable:70 canary:30 ; docs:1 ; canary:1 ; ")
	a.promote()
	a.stable()
	a.waitRoute(httpRoutes, "http", "backends", backends, "stable:100 canary:0 ; docs:1 ; ")
}

// A route for gRPC and one for HTTP share the traffic in the same way, and testers are told by their header in both.
func TestRolloutGRPCAndHTTP(t *testing.T) {
	t.Parallel()
	a := trafficApp(t, gateway, "apiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: grpc}\nspec: {rules: [{matches: [{method: {service: shop.Basket}}], backendRefs: [{name: stable, port: 80}, {name: canary, port: 80}]}]}")
	a.createRouted(1, "{managedRoutes: [{name: testers}], plugins: {argoproj-labs/gatewayAPI: {httpRoutes: [{name: http, useHeaderRoutes: true}], grpcRoutes: [{name: grpc, useHeaderRoutes: true}]}}}", `
steps:
- setHeaderRoute: {name: testers, match: [{headerName: agent, headerValue: {exact: tester}}]}
- setWeight: 20
- pause: {}
- setHeaderRoute: {name: testers}
- setWeight: 60
- pause: {}
`)
	both := func(shared, testers string) {
		t.Helper()
		a.waitRoute(httpRoutes, "http", "backends", backends, shared+"docs:1 ; "+testers)
		a.waitRoute(grpcRoutes, "grpc", "backends", backends, shared+testers)
	}
	both("stable:100 canary:0 ; ", "")
	a.update("2")
	a.pausedAt(2)
	both("stable:80 canary:20 ; ", "canary:1 ; ")
	a.promote()
	a.pausedAt(5)
	both("stable:40 canary:60 ; ", "")
	a.abort()
	a.aborted()
	both("stable:100 canary:0 ; ", "")
	a.retry()
	a.pausedAt(2)
	both("stable:80 canary:20 ; ", "canary:1 ; ")
	a.promoteFull()
	a.stable()
	both("stable:100 canary:0 ; ", "")
}

// A part of the requests is copied to the new pods, more and then fewer, in a mesh.
func TestRolloutIstioMirror(t *testing.T) {
	t.Parallel()
	a := trafficApp(t, mesh)
	a.createRouted(1, "{managedRoutes: [{name: copies}, {name: more}], istio: {virtualService: {name: mesh, routes: [primary]}}}", `
steps:
- setCanaryScale: {replicas: 1}
- setMirrorRoute: {name: copies, match: [{method: {exact: GET}, path: {prefix: /}}]}
- pause: {}
- setMirrorRoute: {name: more, percentage: 80, match: [{path: {prefix: /api}}]}
- pause: {}
- setMirrorRoute: {name: copies}
- setWeight: 40
- pause: {}
`)
	at := func(step int64, mirrors, weights string) {
		t.Helper()
		a.pausedAt(step)
		a.waitRoute(virtualServices, "mesh", "mirrors", meshMirrors, mirrors)
		a.waitMesh(weights)
	}
	a.update("2")
	at(2, "copies>canary:100 primary ", "copies:100/0 primary:100/0 ")
	a.promote()
	at(4, "copies>canary:100 more>canary:80 primary ", "copies:100/0 more:100/0 primary:100/0 ")
	a.promote()
	at(7, "more>canary:80 primary ", "more:60/40 primary:60/40 ")
	a.promote()
	a.stable()
	a.waitRoute(virtualServices, "mesh", "mirrors", meshMirrors, "primary ")
	a.waitMesh("primary:100/0 ")
}

// nginx by a second Ingress, and the number of new pods set apart from their weight.
func TestRolloutNginxAndCanaryScale(t *testing.T) {
	t.Parallel()
	a := routedApp(t, 4, `
scaleDownDelaySeconds: 600
steps:
- setCanaryScale: {replicas: 0}
- pause: {}
- setCanaryScale: {weight: 25}
- setWeight: 10
- pause: {}
- setCanaryScale: {matchTrafficWeight: true}
- setWeight: 75
- pause: {}
- setWeight: 50
- pause: {}
`)
	a.waitNginx("0")
	a.update("2")
	for _, step := range []struct {
		index  int64
		canary int32
		weight string
	}{{1, 0, "0"}, {4, 1, "10"}, {7, 3, "75"}, {9, 2, "50"}} {
		a.pausedAt(step.index)
		a.waitPods(map[string]int32{"1": 4, "2": step.canary})
		a.waitNginx(step.weight)
		a.promote()
	}
	a.stable()
	a.waitPods(map[string]int32{"1": 4, "2": 4})
	a.waitNginx("0")
}

// With dynamicStableScale the old pods go as their part of the traffic does, and come back before it does: after an
// abort, or when somebody goes back to the old version.
func TestRolloutDynamicStableScale(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fields string
		back   func(*app)
		want   map[string]int32
	}{
		"abort": {"", func(a *app) { a.abort(); a.aborted() }, map[string]int32{"1": 4}},
		"abort with a delay": {"abortScaleDownDelaySeconds: 600\n", func(a *app) { a.abort(); a.aborted() },
			map[string]int32{"1": 4, "2": 3}},
		"way back": {"", func(a *app) { a.update("1"); a.stable() }, map[string]int32{"3": 4}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := routedApp(t, 4, c.fields+"dynamicStableScale: true\nsteps: [{setWeight: 25}, {pause: {}}, {setWeight: 75}, {pause: {}}]")
			a.update("2")
			a.pausedAt(1)
			a.waitPods(map[string]int32{"1": 3, "2": 1})
			a.waitNginx("25")
			a.promote()
			a.pausedAt(3)
			a.waitPods(map[string]int32{"1": 1, "2": 3})
			a.waitNginx("75")
			c.back(a)
			a.waitPods(c.want)
			a.waitNginx("0")
		})
	}
}

// A pause by hand holds the weight as well as the pods.
func TestRolloutRoutedPausedByHand(t *testing.T) {
	t.Parallel()
	a := routedApp(t, 2, "scaleDownDelaySeconds: 1\nsteps: [{setWeight: 50}, {pause: {}}, {setWeight: 100}]")
	a.update("2")
	a.pausedAt(1)
	a.waitNginx("50")
	a.patch(`{"spec":{"paused":true}}`)
	a.waitFor("the pause by hand", func(o *unstructured.Unstructured) bool {
		return strings.HasPrefix(field(o, "status", "message"), "manually paused")
	})
	// The step is over as soon as the hand is gone.
	a.promote()
	a.waitNginx("50")
	a.waitPods(map[string]int32{"1": 2, "2": 1})
	a.patch(`{"spec":{"paused":false}}`)
	a.stable()
	a.waitNginx("0")
	a.waitPods(map[string]int32{"2": 2})
}
