// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// Istio splits the requests of a route of a VirtualService by the weights of its destinations
// (https://istio.io/latest/docs/reference/config/networking/virtual-service/). A destination is a host, and may be a
// subset of it, which a DestinationRule defines by labels of pods.

const istioGroup = "networking.istio.io"

var istioPath = path.Child("istio")

// namedVirtualService is a VirtualService that a rollout names, and where.
type namedVirtualService struct {
	rov1.IstioVirtualService
	at *field.Path
}

func virtualServices(istio *rov1.IstioTrafficRouting) []namedVirtualService {
	var named []namedVirtualService
	if istio.VirtualService != nil {
		named = append(named, namedVirtualService{*istio.VirtualService, istioPath.Child("virtualService", "name")})
	}
	for i, v := range istio.VirtualServices {
		named = append(named, namedVirtualService{v, istioPath.Child("virtualServices").Index(i).Child("name")})
	}
	return named
}

// virtualServiceRef reads "name" or "name.namespace". A namespace has no dots, so it is what follows the last one.
func virtualServiceRef(ro *rov1.Rollout, name string) Ref {
	ref := Ref{Group: istioGroup, Resource: "virtualservices", Namespace: ro.Namespace, Name: name}
	if i := strings.LastIndexByte(name, '.'); i > 0 && i < len(name)-1 {
		ref.Name, ref.Namespace = name[:i], name[i+1:]
	}
	return ref
}

func destinationRuleRef(ro *rov1.Rollout, rule *rov1.IstioDestinationRule) Ref {
	return Ref{Group: istioGroup, Resource: "destinationrules", Namespace: ro.Namespace, Name: rule.Name}
}

// istioRefs returns the DestinationRule first: a route must not lead to a subset before it selects the right pods.
func istioRefs(ro *rov1.Rollout, istio *rov1.IstioTrafficRouting) []Ref {
	if istio == nil {
		return nil
	}
	var refs []Ref
	if istio.DestinationRule != nil {
		refs = append(refs, destinationRuleRef(ro, istio.DestinationRule))
	}
	for _, v := range virtualServices(istio) {
		refs = append(refs, virtualServiceRef(ro, v.Name))
	}
	return refs
}

// istio plans the edits of the DestinationRule and of the VirtualServices.
func (p *plan) istio(istio *rov1.IstioTrafficRouting) {
	if rule := istio.DestinationRule; rule != nil {
		message := fmt.Sprintf("DestinationRule %s: subset %s selects %s, subset %s selects %s",
			rule.Name, rule.CanarySubsetName, p.desired.Canary.Hash, rule.StableSubsetName, p.desired.Stable.Hash)
		p.edit(destinationRuleRef(p.ro, rule), istioPath.Child("destinationRule", "name"), "DestinationRuleUpdated", message, func(o *unstructured.Unstructured) error {
			return editDestinationRule(o, p.ro.Name, rule, p.desired)
		})
	}
	for _, named := range virtualServices(istio) {
		ref := virtualServiceRef(p.ro, named.Name)
		message := fmt.Sprintf("VirtualService %s sends %d of %d to the canary", named.Name, p.desired.Canary.Weight, maxWeight(p.ro))
		p.edit(ref, named.at, "VirtualServiceUpdated", message, func(o *unstructured.Unstructured) error {
			edit := virtualServiceEdit{rollout: p.ro, routes: named.IstioVirtualService, rule: istio.DestinationRule, desired: p.desired, namespace: ref.Namespace}
			takes, err := edit.apply(o)
			p.takes = p.takes || takes
			return err
		})
	}
}

// virtualServiceEdit is the edit of one VirtualService.
type virtualServiceEdit struct {
	rollout *rov1.Rollout
	// routes names the routes to edit.
	routes rov1.IstioVirtualService
	// rule has the names of the subsets; nil: the routes lead to Services.
	rule    *rov1.IstioDestinationRule
	desired Desired
	// namespace is that of the VirtualService: Istio looks up a host without dots there.
	namespace string
}

// apply sets the weights in the named routes, and puts the managed routes before all other HTTP routes. takes tells that there
// is one among those that are named.
func (v *virtualServiceEdit) apply(object *unstructured.Unstructured) (takes bool, err error) {
	spec := dict(object.Object, "spec")
	picked, err := v.pick(spec)
	if err != nil && !v.desired.released {
		return false, err
	}
	for _, protocol := range protocols {
		for _, route := range picked[protocol] {
			if err := v.weigh(route); err != nil && !v.desired.released {
				return false, fmt.Errorf("%s route: %w", strings.ToUpper(protocol), err)
			}
		}
	}
	http, ok := dicts(spec, "http")
	if !ok {
		return false, nil // only HTTP has headers and mirrors
	}
	var after []map[string]any
	if weighted := picked["http"]; len(weighted) > 0 {
		after = v.managedRoutes(weighted[0])
	}
	for _, route := range http {
		if !v.managed(route) {
			after = append(after, route)
		}
	}
	spec["http"] = listOf(after)
	return len(picked["http"]) > 0, nil
}

// managed tells that a route is one of those that the rollout may add and remove.
func (v *virtualServiceEdit) managed(route map[string]any) bool {
	for _, m := range routing(v.rollout).ManagedRoutes {
		if name := text(route, "name"); name != "" && name == m.Name {
			return true
		}
	}
	return false
}

// side is what a destination stands for.
type side int

const (
	// foreign is none of the others: left by an experiment that is over.
	foreign side = iota
	canarySide
	stableSide
	// fixed is a subset that follows the stable pods and keeps the weight that the user has given it.
	fixed
	additional
)

// sideOf tells what a destination stands for. Where the rollout names a DestinationRule, a destination with a subset is
// known by that, and one without by its host.
func (v *virtualServiceEdit) sideOf(destination map[string]any) side {
	host, subset := text(destination, "host"), text(destination, "subset")
	if v.rule != nil && subset != "" {
		switch subset {
		case v.rule.CanarySubsetName:
			return canarySide
		case v.rule.StableSubsetName:
			return stableSide
		}
		for _, name := range v.rule.AdditionalSubsetNames {
			if subset == name {
				return fixed
			}
		}
		return foreign
	}
	switch {
	case v.isHost(host, v.desired.Canary.Service):
		return canarySide
	case v.isHost(host, v.desired.Stable.Service):
		return stableSide
	}
	for _, more := range v.desired.Additional {
		if v.isHost(host, more.Service) {
			return additional
		}
	}
	return foreign
}

// isHost tells that a host is the name of a Service of the rollout's namespace: short, as Istio completes it in the
// namespace of the VirtualService, or as far as the cluster's domain.
func (v *virtualServiceEdit) isHost(host, service string) bool {
	if service == "" {
		return false
	}
	if host == service {
		return v.namespace == v.rollout.Namespace
	}
	qualified := service + "." + v.rollout.Namespace
	return host == qualified || host == qualified+".svc" || strings.HasPrefix(host, qualified+".svc.")
}

// hostOf returns the host of a Service of the rollout's namespace.
func (v *virtualServiceEdit) hostOf(service string) string {
	if v.namespace == v.rollout.Namespace {
		return service
	}
	return service + "." + v.rollout.Namespace
}

// weigh sets the weights of a route. They add up to 100: the fixed ones first, then the experiment's and the canary's,
// and the stable pods get what is left of theirs. Destinations that stand for nothing any more go.
func (v *virtualServiceEdit) weigh(route map[string]any) error {
	destinations, _ := dicts(route, "route")
	var kept []map[string]any
	var canary, stable map[string]any
	var taken int64
	known := map[string]map[string]any{}
	for _, d := range destinations {
		to := dict(d, "destination")
		switch v.sideOf(to) {
		case foreign:
			continue
		case canarySide:
			canary = d
		case stableSide:
			stable = d
		case fixed:
			taken += number(d, "weight")
		case additional:
			for _, more := range v.desired.Additional {
				if v.isHost(text(to, "host"), more.Service) {
					known[more.Service] = d
				}
			}
		}
		kept = append(kept, d)
	}
	if canary == nil {
		return v.missing("canary", v.desired.Canary.Service)
	}
	if stable == nil {
		return v.missing("stable", v.desired.Stable.Service)
	}
	for _, more := range v.desired.Additional {
		d := known[more.Service]
		if d == nil {
			d = map[string]any{"destination": map[string]any{"host": v.hostOf(more.Service)}}
			kept = append(kept, d)
		}
		setNumber(d, "weight", int64(more.Weight))
	}
	canaryWeight := min(int64(v.desired.Canary.Weight), max(0, 100-taken))
	setNumber(canary, "weight", canaryWeight)
	setNumber(stable, "weight", max(0, int64(v.desired.Stable.Weight)-taken))
	route["route"] = listOf(kept)
	return nil
}

// missing is the error of a route that does not lead to one of the sides.
func (v *virtualServiceEdit) missing(side, service string) error {
	if v.rule == nil {
		return fmt.Errorf("does not lead to the %s Service %q", side, service)
	}
	subset := v.rule.CanarySubsetName
	if side == "stable" {
		subset = v.rule.StableSubsetName
	}
	return fmt.Errorf("does not lead to the %s subset %q", side, subset)
}
