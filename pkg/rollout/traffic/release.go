// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// Release returns the writes by which a rollout leaves the observed objects that it has named and names no more: all traffic
// to the stable pods, no managed route left, no mark and no hash of its own. Of objects that it still names, only the managed
// routes go that it lists no more. was is the rollout as it named them, now as it is; nil: it is gone. An object that cannot
// be understood any more is left as far as it is not. The second Ingress of nginx goes with its owner; until then, and where
// it was orphaned, it gets no traffic.
func Release(was, now *rov1.Rollout, observed Observed, desired Desired) []Change {
	t := routing(was)
	if t == nil {
		return nil
	}
	desired.released, desired.Headers, desired.Mirrors, desired.Additional = true, nil, nil, nil
	p := &plan{ro: was, observed: observed, desired: withServices(was, desired)}
	if t.Istio != nil {
		p.istio(t.Istio)
	}
	if t.Nginx != nil {
		p.releaseNginx(t.Nginx)
	}
	if config, err := gatewayOf(t); err == nil && config != nil {
		p.gateway(config)
	}
	var named []Ref
	if now != nil {
		named = Refs(now)
	}
	p.changes = slices.DeleteFunc(p.changes, func(c Change) bool { return slices.Contains(named, c.Ref) })
	if names := unlisted(was, now); t.Istio != nil && len(names) > 0 {
		p.unlist(t.Istio, named, names)
	}
	return p.changes
}

// unlisted are the managed routes that a rollout has listed, and lists no more.
func unlisted(was, now *rov1.Rollout) []string {
	if now == nil || routing(now) == nil {
		return nil
	}
	var names []string
	for _, m := range routing(was).ManagedRoutes {
		if !slices.Contains(routing(now).ManagedRoutes, m) {
			names = append(names, m.Name)
		}
	}
	return names
}

// unlist takes routes out of the VirtualServices that are still named. Routes of the Gateway API are known by a record, so
// they go with the next plan.
func (p *plan) unlist(istio *rov1.IstioTrafficRouting, named []Ref, names []string) {
	for _, v := range virtualServices(istio) {
		ref := virtualServiceRef(p.ro, v.Name)
		if !slices.Contains(named, ref) || p.observed[ref] == nil {
			continue
		}
		p.edit(ref, v.at, "", "", func(o *unstructured.Unstructured) error {
			spec := dict(o.Object, "spec")
			http, ok := dicts(spec, "http")
			if left := slices.DeleteFunc(slices.Clone(http), func(route map[string]any) bool { return slices.Contains(names, text(route, "name")) }); ok && len(left) < len(http) {
				spec["http"] = listOf(left)
			}
			return nil
		})
	}
}

// releaseNginx takes all traffic from the second Ingresses.
func (p *plan) releaseNginx(nginx *rov1.NginxTrafficRouting) {
	for _, named := range stableIngresses(nginx) {
		ref := ingressRef(p.ro, CanaryIngressName(p.ro.Name, named.name))
		if o := p.observed[ref]; o == nil || !owned(o, p.ro) && len(o.GetOwnerReferences()) > 0 {
			continue
		}
		p.edit(ref, named.at, "", "", func(o *unstructured.Unstructured) error {
			annotations := o.GetAnnotations()
			if weight := prefixOf(nginx) + "/canary-weight"; annotations[weight] != "" {
				annotations[weight] = "0"
				o.SetAnnotations(annotations)
			}
			return nil
		})
	}
}
