// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var (
	virtualServices  = schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: "virtualservices"}
	destinationRules = schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: "destinationrules"}
	httpRoutes       = schema.GroupVersionResource{Group: "gateway.networking.k8s.io", Version: "v1", Resource: "httproutes"}
	ingresses        = schema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "ingresses"}
)

// routerKinds makes sure that the cluster has the custom resources of routers. They stay: other tests may use them.
func routerKinds(t *testing.T) {
	t.Helper()
	data, err := os.ReadFile("testdata/crds/routers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	crds := schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
	for _, o := range decode(t, string(data)) {
		if _, err := admin.Dynamic.Resource(crds).Create(within(t, time.Minute), o, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			t.Fatal(err)
		}
		waitFor(t, time.Minute, crds, "", o.GetName(), func(o *unstructured.Unstructured) (bool, error) {
			// A new one says that it has none: null.
			conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
			for _, c := range conditions {
				if m, ok := c.(map[string]any); ok && m["type"] == "Established" && m["status"] == "True" {
					return true, nil
				}
			}
			return false, nil
		})
	}
}

// route creates an object of a router by the dynamic client: discovery may not know its kind yet.
func (a *app) route(gvr schema.GroupVersionResource, manifest string) {
	a.t.Helper()
	for _, o := range decode(a.t, manifest) {
		eventually(a.t, time.Minute, "creating "+o.GetKind(), func(ctx context.Context) error {
			_, err := admin.Dynamic.Resource(gvr).Namespace(a.ns).Create(ctx, o, metav1.CreateOptions{})
			return err
		})
	}
}

// waitRoute waits until a part of a router's object reads as wanted.
func (a *app) waitRoute(gvr schema.GroupVersionResource, name, what string, read func(*unstructured.Unstructured) string, want string) {
	a.t.Helper()
	last := ""
	eventually(a.t, 90*time.Second, fmt.Sprintf("%s of %s: %s", what, name, want), func(ctx context.Context) error {
		o, err := admin.Dynamic.Resource(gvr).Namespace(a.ns).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if last = read(o); last != want {
			return fmt.Errorf("it is %s", last)
		}
		return nil
	})
}

// list reads a list of objects below an object.
func list(o map[string]any, path ...string) []map[string]any {
	found, _, _ := unstructured.NestedSlice(o, path...)
	var objects []map[string]any
	for _, element := range found {
		if m, ok := element.(map[string]any); ok {
			objects = append(objects, m)
		}
	}
	return objects
}

// meshWeights are the HTTP routes of a VirtualService as NAME:STABLE/CANARY.
func meshWeights(o *unstructured.Unstructured) string {
	text := ""
	for _, route := range list(o.Object, "spec", "http") {
		text += fmt.Sprint(route["name"])
		for i, destination := range list(route, "route") {
			text += []string{":", "/", "/"}[min(i, 2)] + fmt.Sprint(destination["weight"])
		}
		text += " "
	}
	return text
}

// An Istio canary by two Services: weights by step, header route first and gone at the end.
func TestRolloutIstio(t *testing.T) {
	t.Parallel()
	routerKinds(t)
	a := prepareApp(t)
	a.services("stable", "canary")
	a.route(virtualServices, "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: mesh}\nspec: {http: [{name: primary, timeout: 5s, route: [{destination: {host: stable}, weight: 100}, {destination: {host: canary}, weight: 0}]}]}")
	a.create(false, `
replicas: 2
strategy:
  canary:
    canaryService: canary
    stableService: stable
    scaleDownDelaySeconds: 1
    trafficRouting:
      managedRoutes: [{name: testers}]
      istio: {virtualService: {name: mesh, routes: [primary]}}
    steps:
    - setWeight: 10
    - setHeaderRoute: {name: testers, match: [{headerName: agent, headerValue: {exact: tester}}]}
    - pause: {}
    - setWeight: 50
    - pause: {}
`)
	a.wait("Healthy")
	a.waitRoute(virtualServices, "mesh", "weights", meshWeights, "primary:100/0 ")
	a.waitSelects("stable", "1")
	a.update("2")
	a.wait("Paused")
	a.waitRoute(virtualServices, "mesh", "weights", meshWeights, "testers:100 primary:90/10 ")
	a.waitSelects("canary", "2")
	a.waitSelects("stable", "1")
	a.waitPods(map[string]int32{"1": 2, "2": 1})
	var weights struct{ Canary, Stable struct{ Weight int } }
	if a.read(&weights, "status", "canary", "weights"); weights.Canary.Weight != 10 || weights.Stable.Weight != 90 {
		t.Errorf("status says %+v", weights)
	}
	a.promote()
	a.waitRoute(virtualServices, "mesh", "weights", meshWeights, "testers:100 primary:50/50 ")
	a.wait("Paused")
	a.promote()
	a.wait("Healthy")
	a.waitRoute(virtualServices, "mesh", "weights", meshWeights, "primary:100/0 ")
	a.waitSelects("stable", "2")
	a.waitPods(map[string]int32{"2": 2})
	timeout := func(o *unstructured.Unstructured) string {
		return fmt.Sprint(list(o.Object, "spec", "http")[0]["timeout"])
	}
	a.waitRoute(virtualServices, "mesh", "what others wrote", timeout, "5s")
	// An abort sends all back at once.
	a.update("3")
	a.wait("Paused")
	a.waitRoute(virtualServices, "mesh", "weights", meshWeights, "testers:100 primary:90/10 ")
	a.abort()
	a.wait("Degraded")
	a.waitRoute(virtualServices, "mesh", "weights", meshWeights, "primary:100/0 ")
}

// An Istio canary by subsets of one host.
func TestRolloutIstioSubsets(t *testing.T) {
	t.Parallel()
	routerKinds(t)
	a := prepareApp(t)
	a.route(virtualServices, "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: mesh}\nspec: {http: [{name: primary, route: [{destination: {host: web, subset: old-pods}, weight: 100}, {destination: {host: web, subset: new-pods}, weight: 0}]}]}")
	a.route(destinationRules, "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: pods}\nspec: {host: web, subsets: [{name: old-pods, labels: {app: web}}, {name: new-pods, labels: {app: web}}]}")
	a.create(false, `
replicas: 1
strategy:
  canary:
    trafficRouting:
      istio: {virtualService: {name: mesh}, destinationRule: {name: pods, canarySubsetName: new-pods, stableSubsetName: old-pods}}
    steps: [{setWeight: 25}, {pause: {}}]
`)
	a.wait("Healthy")
	a.update("2")
	a.wait("Paused")
	hashes := func(o *unstructured.Unstructured) string {
		text := ""
		for _, subset := range list(o.Object, "spec", "subsets") {
			labels, _ := subset["labels"].(map[string]any)
			text += fmt.Sprintf("%v=%v ", subset["name"], labels[labelHash])
		}
		return text
	}
	a.waitRoute(destinationRules, "pods", "subsets", hashes, fmt.Sprintf("old-pods=%s new-pods=%s ", a.hash("1"), a.hash("2")))
	a.waitRoute(virtualServices, "mesh", "weights", meshWeights, "primary:75/25 ")
	a.promote()
	a.wait("Healthy")
	a.waitRoute(destinationRules, "pods", "subsets", hashes, fmt.Sprintf("old-pods=%s new-pods=%s ", a.hash("2"), a.hash("2")))
	a.waitRoute(virtualServices, "mesh", "weights", meshWeights, "primary:100/0 ")
}

// The Gateway API, by the configuration of the plugin that the peer needs for it.
func TestRolloutGateway(t *testing.T) {
	t.Parallel()
	routerKinds(t)
	a := prepareApp(t)
	a.services("stable", "canary")
	a.create(false, `
replicas: 1
strategy:
  canary:
    canaryService: canary
    stableService: stable
    scaleDownDelaySeconds: 1
    trafficRouting:
      managedRoutes: [{name: testers}]
      plugins: {argoproj-labs/gatewayAPI: {httpRoute: front}}
    steps:
    - setWeight: 30
    - setHeaderRoute: {name: testers, match: [{headerName: agent, headerValue: {exact: tester}}]}
    - pause: {}
`)
	// The route comes later: the rollout says that it is missing, and goes on when it is there.
	a.waitFor("the missing route is named", func(o *unstructured.Unstructured) bool {
		return field(o, "status", "phase") == "Degraded"
	})
	a.route(httpRoutes, "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: front}\nspec: {rules: [{backendRefs: [{name: stable, port: 80}, {name: canary, port: 80}]}, {matches: [{path: {type: PathPrefix, value: /docs}}], backendRefs: [{name: docs, port: 80}]}]}")
	weights := func(o *unstructured.Unstructured) string {
		text := ""
		for _, rule := range list(o.Object, "spec", "rules") {
			for _, ref := range list(rule, "backendRefs") {
				text += fmt.Sprintf("%v:%v ", ref["name"], ref["weight"])
			}
		}
		return text
	}
	a.wait("Healthy")
	a.waitRoute(httpRoutes, "front", "weights", weights, "stable:100 canary:0 docs:1 ")
	a.update("2")
	a.wait("Paused")
	a.waitRoute(httpRoutes, "front", "weights", weights, "stable:70 canary:30 docs:1 canary:1 ")
	a.promote()
	a.wait("Healthy")
	a.waitRoute(httpRoutes, "front", "weights", weights, "stable:100 canary:0 docs:1 ")
}

// nginx by a second Ingress, and the number of new pods set apart from their weight.
func TestRolloutNginxAndCanaryScale(t *testing.T) {
	t.Parallel()
	a := prepareApp(t)
	a.services("stable", "canary")
	a.route(ingresses, "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: front, annotations: {kubernetes.io/ingress.class: nginx}}\nspec: {rules: [{host: web.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: stable, port: {number: 80}}}}]}}]}")
	a.create(false, `
replicas: 4
strategy:
  canary:
    canaryService: canary
    stableService: stable
    scaleDownDelaySeconds: 600
    trafficRouting: {nginx: {stableIngress: front}}
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
	weight := func(o *unstructured.Unstructured) string {
		return o.GetAnnotations()["nginx.ingress.kubernetes.io/canary-weight"]
	}
	a.wait("Healthy")
	a.waitRoute(ingresses, "web-front-canary", "weight", weight, "0")
	a.update("2")
	for _, step := range []struct {
		index  int64
		canary int32
		weight string
	}{{1, 0, "0"}, {4, 1, "10"}, {7, 3, "75"}, {9, 2, "50"}} {
		a.waitFor(fmt.Sprintf("pause at step %d", step.index), func(o *unstructured.Unstructured) bool {
			index, _, _ := unstructured.NestedInt64(o.Object, "status", "currentStepIndex")
			return index == step.index && field(o, "status", "phase") == "Paused"
		})
		a.waitPods(map[string]int32{"1": 4, "2": step.canary})
		a.waitRoute(ingresses, "web-front-canary", "weight", weight, step.weight)
		a.promote()
	}
	a.wait("Healthy")
	a.waitPods(map[string]int32{"1": 4, "2": 4})
	a.waitRoute(ingresses, "web-front-canary", "weight", weight, "0")
}

// With dynamicStableScale the old pods go as their part of the traffic does, and come back before it does.
func TestRolloutDynamicStableScale(t *testing.T) {
	t.Parallel()
	a := prepareApp(t)
	a.services("stable", "canary")
	a.route(ingresses, "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: front}\nspec: {rules: [{host: web.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: stable, port: {number: 80}}}}]}}]}")
	a.create(false, `
replicas: 4
strategy:
  canary:
    canaryService: canary
    stableService: stable
    dynamicStableScale: true
    trafficRouting: {nginx: {stableIngress: front}}
    steps: [{setWeight: 25}, {pause: {}}, {setWeight: 75}, {pause: {}}]
`)
	a.wait("Healthy")
	a.update("2")
	a.wait("Paused")
	a.waitPods(map[string]int32{"1": 3, "2": 1})
	a.promote()
	a.waitPods(map[string]int32{"1": 1, "2": 3})
	a.abort()
	a.wait("Degraded")
	a.waitPods(map[string]int32{"1": 4})
}
