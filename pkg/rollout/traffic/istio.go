// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

const istioGroup = "networking.istio.io"

// virtualServices returns what the rollout says of its VirtualServices, and where it says so.
func virtualServices(istio *rov1.IstioTrafficRouting) ([]rov1.IstioVirtualService, []*field.Path) {
	at := path.Child("istio")
	var services []rov1.IstioVirtualService
	var paths []*field.Path
	if istio.VirtualService != nil {
		services = append(services, *istio.VirtualService)
		paths = append(paths, at.Child("virtualService"))
	}
	for i, service := range istio.VirtualServices {
		services = append(services, service)
		paths = append(paths, at.Child("virtualServices").Index(i))
	}
	return services, paths
}

// virtualServiceRef resolves the name of a VirtualService, which may be NAME.NAMESPACE.
func virtualServiceRef(ro *rov1.Rollout, name string) Ref {
	namespace := ro.Namespace
	if parts := strings.Split(name, "."); len(parts) > 1 {
		name, namespace = parts[0], parts[1]
	}
	return Ref{Group: istioGroup, Resource: "virtualservices", Namespace: namespace, Name: name}
}

func destinationRuleRef(ro *rov1.Rollout, rule *rov1.IstioDestinationRule) Ref {
	return Ref{Group: istioGroup, Resource: "destinationrules", Namespace: ro.Namespace, Name: rule.Name}
}

func istioRefs(ro *rov1.Rollout, istio *rov1.IstioTrafficRouting) []Ref {
	if istio == nil {
		return nil
	}
	var refs []Ref
	if istio.DestinationRule != nil {
		refs = append(refs, destinationRuleRef(ro, istio.DestinationRule))
	}
	services, _ := virtualServices(istio)
	for _, service := range services {
		refs = append(refs, virtualServiceRef(ro, service.Name))
	}
	return refs
}

// istio plans the edits of the DestinationRule, then of the VirtualServices: a subset means the right pods before
// traffic is sent to it.
func (p *plan) istio(istio *rov1.IstioTrafficRouting) {
	host := p.desired.Canary.Service
	if rule := istio.DestinationRule; rule != nil {
		ref := destinationRuleRef(p.ro, rule)
		message := fmt.Sprintf("In DestinationRule %s subset %s selects pods of hash %q and %s of %q", rule.Name, rule.CanarySubsetName, p.desired.Canary.Hash, rule.StableSubsetName, p.desired.Stable.Hash)
		p.edit(ref, path.Child("istio", "destinationRule", "name"), "DestinationRuleUpdated", message, func(o *unstructured.Unstructured) error {
			return DestinationRule(o, p.ro.Name, *rule, p.desired)
		})
		if object := p.observed[ref]; object != nil {
			if shared := text(dict(object.Object, "spec"), "host"); shared != "" {
				host = shared
			}
		}
	}
	services, paths := virtualServices(istio)
	for i, service := range services {
		ref := virtualServiceRef(p.ro, service.Name)
		message := fmt.Sprintf("VirtualService %s sends %d of %d to the canary", ref.Name, p.desired.Canary.Weight, maxWeight(p.ro))
		p.edit(ref, paths[i].Child("name"), "VirtualServiceUpdated", message, func(o *unstructured.Unstructured) error {
			edit := virtualService{
				named: service, rule: istio.DestinationRule, managed: routing(p.ro).ManagedRoutes,
				desired: p.desired, canaryHost: host, at: paths[i],
			}
			return edit.apply(o)
		})
	}
}

// virtualService is the edit of one VirtualService.
type virtualService struct {
	named   rov1.IstioVirtualService
	rule    *rov1.IstioDestinationRule
	managed []rov1.ManagedRoute
	desired Desired
	// canaryHost is where managed routes send requests: the DestinationRule's host, if there is one, else the canary's Service.
	canaryHost string
	at         *field.Path
}

// apply sets the weights of the routes that the rollout names, in each protocol that the object has, and puts the
// managed routes before all others, in the order in which the rollout lists them.
func (v *virtualService) apply(object *unstructured.Unstructured) error {
	spec := dict(object.Object, "spec")
	found := 0
	for _, protocol := range []struct {
		name string
		// named tells whether the rollout names routes of this protocol, and picks returns those of them that are there.
		named bool
		picks func([]map[string]any) ([]map[string]any, error)
		field string
	}{
		{"http", len(v.named.Routes) > 0, v.pickHTTP, "routes"},
		{"tls", len(v.named.TLSRoutes) > 0, v.pickTLS, "tlsRoutes"},
		{"tcp", len(v.named.TCPRoutes) > 0, v.pickTCP, "tcpRoutes"},
	} {
		if _, there := spec[protocol.name]; !there {
			if protocol.named {
				return fmt.Errorf("spec.%s not found", protocol.name)
			}
			continue
		}
		routes, ok := dicts(spec, protocol.name)
		if !ok {
			return fmt.Errorf("spec.%s is not a list of routes", protocol.name)
		}
		own := routes
		if protocol.name == "http" {
			own = slices.DeleteFunc(slices.Clone(routes), v.isManaged)
		}
		picked, err := protocol.picks(own)
		if err == nil && !protocol.named && len(own) > 1 && len(picked) == 0 {
			err = fmt.Errorf("spec.%s must have exactly one route unless %s names some", protocol.name, v.at.Child(protocol.field))
		}
		if err == nil {
			err = v.complete(picked)
		}
		if err != nil {
			// A protocol of which the rollout says nothing need not be for it, as long as another one is.
			if !protocol.named && (found > 0 || v.othersNamed(spec, protocol.name)) {
				continue
			}
			return fmt.Errorf("invalid %s routes: %w", strings.ToUpper(protocol.name), err)
		}
		for _, route := range picked {
			v.weigh(route)
			found++
		}
		if protocol.name == "http" {
			spec["http"] = listOf(append(v.managedRoutes(picked), own...))
		}
	}
	if found == 0 {
		return fmt.Errorf("it has no HTTP, TLS or TCP routes")
	}
	return nil
}

// othersNamed tells whether the object has routes of another protocol than this one that come later or are named.
func (v *virtualService) othersNamed(spec map[string]any, protocol string) bool {
	for other, named := range map[string]bool{"http": len(v.named.Routes) > 0, "tls": len(v.named.TLSRoutes) > 0, "tcp": len(v.named.TCPRoutes) > 0} {
		if _, there := spec[other]; there && named && other != protocol {
			return true
		}
	}
	return false
}

func (v *virtualService) isManaged(route map[string]any) bool {
	name := text(route, "name")
	return name != "" && slices.ContainsFunc(v.managed, func(m rov1.ManagedRoute) bool { return m.Name == name })
}

// pickHTTP returns the routes of the given names; without names the only route, whatever its name.
func (v *virtualService) pickHTTP(routes []map[string]any) ([]map[string]any, error) {
	if len(v.named.Routes) == 0 {
		return only(routes), nil
	}
	var picked []map[string]any
	for _, name := range v.named.Routes {
		i := slices.IndexFunc(routes, func(r map[string]any) bool { return text(r, "name") == name })
		if i < 0 {
			return nil, fmt.Errorf("no HTTP route has the name %q", name)
		}
		picked = append(picked, routes[i])
	}
	return picked, nil
}

// pickTLS returns the routes whose matches have the port and exactly the hosts that the rollout says.
func (v *virtualService) pickTLS(routes []map[string]any) ([]map[string]any, error) {
	if len(v.named.TLSRoutes) == 0 {
		return only(routes), nil
	}
	var picked []map[string]any
	for _, wanted := range v.named.TLSRoutes {
		before := len(picked)
		for _, route := range routes {
			port, hosts, single := matched(route)
			if single && port == ptr.Deref(wanted.Port, 0) && sameSet(hosts, wanted.SNIHosts) {
				picked = append(picked, route)
			}
		}
		if len(picked) == before {
			return nil, fmt.Errorf("no TLS route has port %d and exactly the hosts %q", ptr.Deref(wanted.Port, 0), wanted.SNIHosts)
		}
	}
	return picked, nil
}

// pickTCP returns the routes whose matches have the port that the rollout says.
func (v *virtualService) pickTCP(routes []map[string]any) ([]map[string]any, error) {
	if len(v.named.TCPRoutes) == 0 {
		return only(routes), nil
	}
	var picked []map[string]any
	for _, wanted := range v.named.TCPRoutes {
		before := len(picked)
		for _, route := range routes {
			if port, _, single := matched(route); single && port == ptr.Deref(wanted.Port, 0) {
				picked = append(picked, route)
			}
		}
		if len(picked) == before {
			return nil, fmt.Errorf("no TCP route has port %d", ptr.Deref(wanted.Port, 0))
		}
	}
	return picked, nil
}

func only(routes []map[string]any) []map[string]any {
	if len(routes) == 1 {
		return routes
	}
	return nil
}

// matched returns the port and the hosts that the matches of a route name; single is false if they name several ports.
func matched(route map[string]any) (port int64, hosts []string, single bool) {
	matches, _ := dicts(route, "match")
	for i, match := range matches {
		p := number(match, "port")
		if i > 0 && p != port {
			return 0, nil, false
		}
		port = p
		list, _ := match["sniHosts"].([]any)
		for _, host := range list {
			if s, ok := host.(string); ok {
				hosts = append(hosts, s)
			}
		}
	}
	return port, hosts, true
}

// sameSet tells whether two lists have the same elements, regardless of order and repetition.
func sameSet(a, b []string) bool {
	sorted := func(list []string) []string {
		list = slices.Clone(list)
		slices.Sort(list)
		return slices.Compact(list)
	}
	return slices.Equal(sorted(a), sorted(b))
}

// role is what a destination of a route is for.
type role int

const (
	foreign role = iota
	canary
	stable
	additional
	// fixed has a weight of the user's, by additionalSubsetNames.
	fixed
)

// roleOf tells what a destination is for: by its subset, if the rollout names subsets, else by its host, of which only
// the first part counts.
func (v *virtualService) roleOf(destination map[string]any) (role, int) {
	to := dict(destination, "destination")
	host, _, _ := strings.Cut(text(to, "host"), ".")
	subset := text(to, "subset")
	switch {
	case v.rule != nil && subset != "" && subset == v.rule.CanarySubsetName:
		return canary, 0
	case v.rule != nil && subset != "" && subset == v.rule.StableSubsetName:
		return stable, 0
	case v.rule != nil && subset != "" && slices.Contains(v.rule.AdditionalSubsetNames, subset):
		return fixed, 0
	case host != "" && host == v.desired.Canary.Service:
		return canary, 0
	case host != "" && host == v.desired.Stable.Service:
		return stable, 0
	}
	if i := slices.IndexFunc(v.desired.Additional, func(d Destination) bool { return host != "" && d.Service == host }); i >= 0 {
		return additional, i
	}
	return foreign, 0
}

// complete returns an error if one of the routes lacks the canary's or the stable destination.
func (v *virtualService) complete(routes []map[string]any) error {
	for _, route := range routes {
		destinations, ok := dicts(route, "route")
		if !ok {
			return fmt.Errorf("a route has no list of destinations")
		}
		has := map[role]bool{}
		for _, destination := range destinations {
			r, _ := v.roleOf(destination)
			has[r] = true
		}
		for _, wanted := range []struct {
			role            role
			word            string
			subset, service func() string
		}{
			{canary, "canary", func() string { return v.rule.CanarySubsetName }, func() string { return v.desired.Canary.Service }},
			{stable, "stable", func() string { return v.rule.StableSubsetName }, func() string { return v.desired.Stable.Service }},
		} {
			switch {
			case has[wanted.role]:
			case v.rule != nil:
				return fmt.Errorf("a route does not lead to the %s subset %q", wanted.word, wanted.subset())
			default:
				return fmt.Errorf("a route does not lead to the %s Service %q", wanted.word, wanted.service())
			}
		}
	}
	return nil
}

// weigh sets the weights of a route. What else has a weight there goes: the weights would not add up.
func (v *virtualService) weigh(route map[string]any) {
	destinations, _ := dicts(route, "route")
	missing := map[int]bool{}
	for i := range v.desired.Additional {
		missing[i] = true
	}
	stableWeight := int64(v.desired.Stable.Weight)
	for _, destination := range destinations {
		if r, _ := v.roleOf(destination); r == fixed {
			stableWeight = max(0, stableWeight-number(destination, "weight"))
		}
	}
	kept := destinations[:0:0]
	for _, destination := range destinations {
		weight := int64(0)
		switch r, i := v.roleOf(destination); r {
		case canary:
			weight = int64(v.desired.Canary.Weight)
		case stable:
			weight = stableWeight
		case additional:
			weight = int64(v.desired.Additional[i].Weight)
			delete(missing, i)
		case fixed:
			weight = number(destination, "weight")
		case foreign:
			if number(destination, "weight") != 0 {
				continue
			}
		}
		if number(destination, "weight") != weight {
			destination["weight"] = weight
		}
		kept = append(kept, destination)
	}
	for i, d := range v.desired.Additional {
		if missing[i] {
			kept = append(kept, map[string]any{"destination": map[string]any{"host": d.Service}, "weight": int64(d.Weight)})
		}
	}
	route["route"] = listOf(kept)
}
