// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
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
	grpcRoutes       = schema.GroupVersionResource{Group: "gateway.networking.k8s.io", Version: "v1", Resource: "grpcroutes"}
	ingresses        = schema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "ingresses"}
)

// routerResources are the resources of routers by kind: discovery may not know them yet.
var routerResources = map[string]schema.GroupVersionResource{
	"VirtualService": virtualServices, "DestinationRule": destinationRules, "HTTPRoute": httpRoutes, "GRPCRoute": grpcRoutes, "Ingress": ingresses,
}

// Objects of routers whose traffic the canaries of these tests share. Each has something that a rollout leaves alone.
const (
	front   = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: front, annotations: {kubernetes.io/ingress.class: nginx}}\nspec: {rules: [{host: web.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: stable, port: {number: 80}}}}]}}]}"
	mesh    = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: mesh}\nspec: {http: [{name: primary, timeout: 5s, route: [{destination: {host: stable}, weight: 100}, {destination: {host: canary}, weight: 0}]}]}"
	gateway = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: http}\nspec: {rules: [{backendRefs: [{name: stable, port: 80}, {name: canary, port: 80}]}, {matches: [{path: {type: PathPrefix, value: /docs}}], backendRefs: [{name: docs, port: 80}]}]}"
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
			return hasCondition(o, "Established"), nil
		})
	}
}

// route creates objects of routers.
func (a *app) route(manifest string) {
	a.t.Helper()
	for _, o := range decode(a.t, manifest) {
		// A kind that is new is established before it is served everywhere.
		eventually(a.t, time.Minute, "creating "+o.GetKind(), func(ctx context.Context) error {
			_, err := admin.Dynamic.Resource(routerResources[o.GetKind()]).Namespace(a.ns).Create(ctx, o, metav1.CreateOptions{})
			return err
		})
	}
}

// trafficApp is a namespace with the Services stable and canary and these objects of routers, for a rollout to come.
func trafficApp(t *testing.T, routes ...string) *app {
	t.Helper()
	routerKinds(t)
	a := prepareApp(t)
	a.services("stable", "canary")
	for _, manifest := range routes {
		a.route(manifest)
	}
	return a
}

// createRouted creates a canary whose traffic is routed as router says in one line, and waits until it is stable. canary
// is YAML of more fields of the strategy, each line of it.
func (a *app) createRouted(replicas int, router, canary string) {
	a.t.Helper()
	a.create(false, routedSpec(replicas, router, canary))
}

func routedSpec(replicas int, router, canary string) string {
	return fmt.Sprintf("replicas: %d\nstrategy:\n  canary:\n    canaryService: canary\n    stableService: stable\n    trafficRouting: %s\n%s",
		replicas, router, indent(indent(strings.Trim(canary, "\n"))))
}

// routedApp is a canary behind an Ingress. canary is as for createRouted.
func routedApp(t *testing.T, replicas int, canary string) *app {
	t.Helper()
	a := prepareApp(t)
	a.services("stable", "canary")
	a.route(front)
	a.createRouted(replicas, "{nginx: {stableIngress: front}}", canary)
	return a
}

// waitRoute waits until a part of a router's object reads as wanted.
func (a *app) waitRoute(gvr schema.GroupVersionResource, name, what string, read func(*unstructured.Unstructured) string, want string) {
	a.t.Helper()
	eventually(a.t, patience, fmt.Sprintf("%s of %s: %s", what, name, want), func(ctx context.Context) error {
		o, err := admin.Dynamic.Resource(gvr).Namespace(a.ns).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if is := read(o); is != want {
			return fmt.Errorf("it is %s", is)
		}
		return nil
	})
}

// waitMesh waits for the weights of the VirtualService mesh, as meshWeights tells them.
func (a *app) waitMesh(want string) {
	a.t.Helper()
	a.waitRoute(virtualServices, "mesh", "weights", meshWeights, want)
}

// waitNginx waits for the weight of the Ingress for new pods beside front.
func (a *app) waitNginx(want string) {
	a.t.Helper()
	a.waitRoute(ingresses, a.name+"-front-canary", "weight", func(o *unstructured.Unstructured) string {
		return o.GetAnnotations()["nginx.ingress.kubernetes.io/canary-weight"]
	}, want)
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

// meshMirrors are the HTTP routes of a VirtualService as NAME, or as NAME>HOST:PERCENT where requests are copied.
func meshMirrors(o *unstructured.Unstructured) string {
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

// subsets are the subsets of a DestinationRule as NAME=HASH.
func subsets(o *unstructured.Unstructured) string {
	text := ""
	for _, subset := range list(o.Object, "spec", "subsets") {
		labels, _ := subset["labels"].(map[string]any)
		text += fmt.Sprintf("%v=%v ", subset["name"], labels[labelHash])
	}
	return text
}

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
