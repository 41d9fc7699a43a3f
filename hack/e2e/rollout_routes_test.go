// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var grpcRoutes = schema.GroupVersionResource{Group: "gateway.networking.k8s.io", Version: "v1", Resource: "grpcroutes"}

// backends are the rules of a Gateway API route as "NAME:WEIGHT …;", one for each rule.
func backends(o *unstructured.Unstructured) string {
	text := ""
	for _, rule := range list(o.Object, "spec", "rules") {
		for _, filter := range list(rule, "filters") {
			name, _, _ := unstructured.NestedString(filter, "requestMirror", "backendRef", "name")
			percent, _, _ := unstructured.NestedInt64(filter, "requestMirror", "percent")
			text += fmt.Sprintf("%v>%s:%d ", filter["type"], name, percent)
		}
		for _, ref := range list(rule, "backendRefs") {
			text += fmt.Sprintf("%v:%v ", ref["name"], ref["weight"])
		}
		text += "; "
	}
	return text
}

// A route for gRPC and one for HTTP share the traffic in the same way, and testers are told by their header in both.
func TestRolloutGRPCAndHTTP(t *testing.T) {
	t.Parallel()
	routerKinds(t)
	a := prepareApp(t)
	a.services("stable", "canary")
	a.route(httpRoutes, "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: http}\nspec: {rules: [{backendRefs: [{name: stable, port: 80}, {name: canary, port: 80}]}]}")
	a.route(grpcRoutes, "apiVersion: gateway.networking.k8s.io/v1\nkind: GRPCRoute\nmetadata: {name: grpc}\nspec: {rules: [{matches: [{method: {service: shop.Basket}}], backendRefs: [{name: stable, port: 80}, {name: canary, port: 80}]}]}")
	a.create(false, `
replicas: 1
strategy:
  canary:
    canaryService: canary
    stableService: stable
    trafficRouting:
      managedRoutes: [{name: testers}]
      plugins: {argoproj-labs/gatewayAPI: {httpRoutes: [{name: http, useHeaderRoutes: true}], grpcRoutes: [{name: grpc, useHeaderRoutes: true}]}}
    steps:
    - setHeaderRoute: {name: testers, match: [{headerName: agent, headerValue: {exact: tester}}]}
    - setWeight: 20
    - pause: {}
    - setHeaderRoute: {name: testers}
    - setWeight: 60
    - pause: {}
`)
	a.wait("Healthy")
	both := func(want string) {
		t.Helper()
		a.waitRoute(httpRoutes, "http", "backends", backends, want)
		a.waitRoute(grpcRoutes, "grpc", "backends", backends, want)
	}
	both("stable:100 canary:0 ; ")
	a.update("2")
	a.wait("Paused")
	both("stable:80 canary:20 ; canary:1 ; ")
	a.promote()
	both("stable:40 canary:60 ; ")
	a.wait("Paused")
	a.abort()
	a.wait("Degraded")
	both("stable:100 canary:0 ; ")
	a.retry()
	a.wait("Paused")
	both("stable:80 canary:20 ; canary:1 ; ")
	a.promoteFull()
	a.wait("Healthy")
	both("stable:100 canary:0 ; ")
}

// A part of the requests is copied to the new pods, more and then fewer, in a mesh.
func TestRolloutIstioMirror(t *testing.T) {
	t.Parallel()
	routerKinds(t)
	a := prepareApp(t)
	a.services("stable", "canary")
	a.route(virtualServices, "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: mesh}\nspec: {http: [{name: primary, route: [{destination: {host: stable}, weight: 100}, {destination: {host: canary}, weight: 0}]}]}")
	a.create(false, `
replicas: 1
strategy:
  canary:
    canaryService: canary
    stableService: stable
    trafficRouting:
      managedRoutes: [{name: copies}, {name: more}]
      istio: {virtualService: {name: mesh, routes: [primary]}}
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
	mirrors := func(o *unstructured.Unstructured) string {
		text := ""
		for _, route := range list(o.Object, "spec", "http") {
			host, _, _ := unstructured.NestedString(route, "mirror", "host")
			percent, _, _ := unstructured.NestedFieldNoCopy(route, "mirrorPercentage", "value")
			text += fmt.Sprintf("%v", route["name"])
			if host != "" {
				text += fmt.Sprintf(">%s:%v", host, percent)
			}
			text += " "
		}
		return text
	}
	at := func(step int64, want, weights string) {
		t.Helper()
		a.waitFor(fmt.Sprintf("the pause at step %d", step), func(o *unstructured.Unstructured) bool {
			index, _, _ := unstructured.NestedInt64(o.Object, "status", "currentStepIndex")
			return index == step && field(o, "status", "phase") == "Paused"
		})
		a.waitRoute(virtualServices, "mesh", "mirrors", mirrors, want)
		a.waitRoute(virtualServices, "mesh", "weights", meshWeights, weights)
	}
	a.wait("Healthy")
	a.update("2")
	at(2, "copies>canary:100 primary ", "copies:100/0 primary:100/0 ")
	a.promote()
	at(4, "copies>canary:100 more>canary:80 primary ", "copies:100/0 more:100/0 primary:100/0 ")
	a.promote()
	at(7, "more>canary:80 primary ", "more:60/40 primary:60/40 ")
	a.promote()
	a.wait("Healthy")
	a.waitRoute(virtualServices, "mesh", "mirrors", mirrors, "primary ")
	a.waitRoute(virtualServices, "mesh", "weights", meshWeights, "primary:100/0 ")
}
