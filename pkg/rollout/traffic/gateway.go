// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// GatewayPlugin is the name under which a rollout asks for routes of the Gateway API: that of the plugin which does
// this for the peer. Its configuration is read here.
const GatewayPlugin = "argoproj-labs/gatewayAPI"

// What marks a route whose weights are being shifted, unless the configuration says otherwise. GitOps tools go by it
// to leave the weights alone.
const (
	labelInProgress = "rollouts.argoproj.io/gatewayapi-canary"
	valueInProgress = "in-progress"
)

// gatewayConfig is the plugin's configuration.
type gatewayConfig struct {
	// HTTPRoute, GRPCRoute, TCPRoute and TLSRoute name one route, the lists below several.
	HTTPRoute string `json:"httpRoute"`
	GRPCRoute string `json:"grpcRoute"`
	TCPRoute  string `json:"tcpRoute"`
	TLSRoute  string `json:"tlsRoute"`
	// Namespace is where the routes are; empty: where the rollout is.
	Namespace  string        `json:"namespace"`
	HTTPRoutes []gatewayName `json:"httpRoutes"`
	GRPCRoutes []gatewayName `json:"grpcRoutes"`
	TCPRoutes  []gatewayName `json:"tcpRoutes"`
	TLSRoutes  []gatewayName `json:"tlsRoutes"`
	// The selectors find routes by their labels.
	HTTPRouteSelector *metav1.LabelSelector `json:"httpRouteSelector"`
	GRPCRouteSelector *metav1.LabelSelector `json:"grpcRouteSelector"`
	TCPRouteSelector  *metav1.LabelSelector `json:"tcpRouteSelector"`
	TLSRouteSelector  *metav1.LabelSelector `json:"tlsRouteSelector"`
	// These say how a route is marked whose weights are being shifted.
	DisableInProgressLabel bool   `json:"disableInProgressLabel"`
	InProgressLabelKey     string `json:"inProgressLabelKey"`
	InProgressLabelValue   string `json:"inProgressLabelValue"`
}

type gatewayName struct {
	Name string `json:"name"`
	// UseHeaderRoutes puts the managed routes into this route.
	UseHeaderRoutes bool `json:"useHeaderRoutes"`
}

// gatewayRoute is a route that the rollout names.
type gatewayRoute struct {
	ref Ref
	at  *field.Path
	// managed tells that the managed routes go into it.
	managed bool
}

var gatewayPath = path.Child("plugins").Key(GatewayPlugin)

// gatewayOf returns the configuration; nil if the rollout uses no routes of the Gateway API.
func gatewayOf(t *rov1.TrafficRouting) (*gatewayConfig, *field.Error) {
	config, ok := t.Plugins[GatewayPlugin]
	if !ok {
		return nil, nil
	}
	parsed := &gatewayConfig{}
	if err := json.Unmarshal(config.Raw, parsed); err != nil {
		return nil, field.Invalid(gatewayPath, string(config.Raw), err.Error())
	}
	for _, selector := range []struct {
		key, instead string
		set          bool
	}{
		{"httpRouteSelector", "httpRoutes", parsed.HTTPRouteSelector != nil},
		{"grpcRouteSelector", "grpcRoutes", parsed.GRPCRouteSelector != nil},
		{"tcpRouteSelector", "tcpRoutes", parsed.TCPRouteSelector != nil},
		{"tlsRouteSelector", "tlsRoutes", parsed.TLSRouteSelector != nil},
	} {
		if selector.set {
			return nil, field.Forbidden(gatewayPath.Child(selector.key), "this version does not find routes by labels; name them in "+selector.instead)
		}
	}
	return parsed, nil
}

// routes returns the routes that the configuration names.
func (c *gatewayConfig) routes(ro *rov1.Rollout) []gatewayRoute {
	namespace := c.Namespace
	if namespace == "" {
		namespace = ro.Namespace
	}
	var routes []gatewayRoute
	for _, kind := range []struct {
		resource, key string
		one           string
		several       []gatewayName
		// http tells that requests of this kind of route have headers.
		http bool
	}{
		{"httproutes", "httpRoute", c.HTTPRoute, c.HTTPRoutes, true},
		{"grpcroutes", "grpcRoute", c.GRPCRoute, c.GRPCRoutes, true},
		{"tcproutes", "tcpRoute", c.TCPRoute, c.TCPRoutes, false},
		{"tlsroutes", "tlsRoute", c.TLSRoute, c.TLSRoutes, false},
	} {
		ref := func(name string) Ref {
			return Ref{Group: "gateway.networking.k8s.io", Resource: kind.resource, Namespace: namespace, Name: name}
		}
		if kind.one != "" {
			routes = append(routes, gatewayRoute{ref(kind.one), gatewayPath.Child(kind.key), kind.http})
		}
		for i, route := range kind.several {
			routes = append(routes, gatewayRoute{ref(route.Name), gatewayPath.Child(kind.key + "s").Index(i).Child("name"), kind.http && route.UseHeaderRoutes})
		}
	}
	return routes
}

// gateway plans the edits of the routes.
func (p *plan) gateway(config *gatewayConfig) {
	routes := config.routes(p.ro)
	if len(routes) == 0 {
		p.problem(field.Required(gatewayPath, "name a route in httpRoute, grpcRoute, tcpRoute or tlsRoute, or several in httpRoutes, grpcRoutes, tcpRoutes or tlsRoutes"))
	}
	for _, route := range routes {
		p.takes = p.takes || route.managed
		message := fmt.Sprintf("Route %s sends %d of %d to the canary", route.ref.Name, p.desired.Canary.Weight, maxWeight(p.ro))
		p.edit(route.ref, route.at, "RouteUpdated", message, func(o *unstructured.Unstructured) error {
			edit := gatewayEdit{rollout: p.ro, desired: p.desired, grpc: route.ref.Resource == "grpcroutes"}
			if err := edit.apply(o, route.managed); err != nil {
				return err
			}
			shifting := p.desired.Canary.Weight > 0 && p.desired.Canary.Weight < maxWeight(p.ro)
			config.mark(o, shifting)
			return nil
		})
	}
}

// mark labels a route while its weights are being shifted, and no longer.
func (c *gatewayConfig) mark(object *unstructured.Unstructured, shifting bool) {
	if c.DisableInProgressLabel {
		return
	}
	key, value := c.InProgressLabelKey, c.InProgressLabelValue
	if key == "" {
		key = labelInProgress
	}
	if value == "" {
		value = valueInProgress
	}
	labels := maps.Clone(object.GetLabels())
	switch {
	case shifting && labels[key] != value:
		if labels == nil {
			labels = map[string]string{}
		}
		labels[key] = value
	case !shifting && labels[key] == value:
		if delete(labels, key); len(labels) == 0 {
			labels = nil
		}
	default:
		return
	}
	object.SetLabels(labels)
}

// gatewayEdit is the edit of one route.
type gatewayEdit struct {
	rollout *rov1.Rollout
	desired Desired
	// grpc tells that the route is for gRPC: it is matched by service and method rather than by path.
	grpc bool
}

// apply sets the weights in all rules that lead to both Services, and the managed rules if they go into this route.
func (g *gatewayEdit) apply(object *unstructured.Unstructured, managed bool) error {
	rules, ok := dicts(dict(object.Object, "spec"), "rules")
	if !ok {
		return fmt.Errorf("it has no rules")
	}
	records, err := recordsOf(object)
	if err != nil {
		return err
	}
	mine := records[g.rollout.Name]
	own := slices.DeleteFunc(slices.Clone(rules), func(rule map[string]any) bool {
		return slices.ContainsFunc(mine, func(record map[string]any) bool { return covers(rule, record) })
	})
	var weighted []map[string]any
	for _, rule := range own {
		canary, stable := g.backends(object.GetNamespace(), rule)
		if canary == nil || stable == nil {
			continue
		}
		setNumber(canary, "weight", int64(g.desired.Canary.Weight))
		setNumber(stable, "weight", int64(g.desired.Stable.Weight))
		weighted = append(weighted, rule)
	}
	if len(weighted) == 0 && !g.desired.released {
		return fmt.Errorf("no rule has backendRefs to both Service %q and Service %q", g.desired.Canary.Service, g.desired.Stable.Service)
	}
	var wanted []map[string]any
	if managed && !g.desired.released {
		if wanted, err = g.managedRules(object.GetNamespace(), weighted); err != nil {
			return err
		}
	}
	spec := object.Object["spec"].(map[string]any)
	if sameRules(mine, wanted) && allCovered(rules, wanted) {
		return nil // the managed rules stand; what the cluster has added to them stays
	}
	spec["rules"] = listOf(append(own, wanted...))
	return records.set(object, g.rollout.Name, wanted)
}

// backends returns the rule's references to the canary's and to the stable Service.
func (g *gatewayEdit) backends(namespace string, rule map[string]any) (canary, stable map[string]any) {
	refs, _ := dicts(rule, "backendRefs")
	for _, ref := range refs {
		if kind := text(ref, "kind"); (kind != "" && kind != "Service") || text(ref, "group") != "" {
			continue
		}
		if in := text(ref, "namespace"); in != "" && in != g.rollout.Namespace || in == "" && namespace != g.rollout.Namespace {
			continue
		}
		switch text(ref, "name") {
		case g.desired.Canary.Service:
			canary = ref
		case g.desired.Stable.Service:
			stable = ref
		}
	}
	return canary, stable
}

// unsupportedPlugins names the plugins that nothing here stands in for.
func unsupportedPlugins(t *rov1.TrafficRouting) field.ErrorList {
	var errs field.ErrorList
	for _, name := range slices.Sorted(maps.Keys(t.Plugins)) {
		if name != GatewayPlugin {
			errs = append(errs, field.Forbidden(path.Child("plugins").Key(name), "this version runs no plugins; "+GatewayPlugin+" is built in"))
		}
	}
	return errs
}
