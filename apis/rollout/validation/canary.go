// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

const (
	// bothZero is the peer's.
	bothZero = "MaxSurge and MaxUnavailable both can not be zero"

	onlyWithRouting   = "only with trafficRouting"
	routerNeedsIt     = "the traffic router needs this Service"
	oneIngressField   = "exactly one of the fields for one Ingress and for several must be given"
	oneVirtualService = "only one of virtualService and virtualServices may be given"
)

func validateCanary(c *rov1.CanaryStrategy, path *field.Path) field.ErrorList {
	surge, errs := portion(ptr.To(c.GetMaxSurge()), true, path.Child("maxSurge"))
	unavailable, more := portion(ptr.To(ptr.Deref(c.MaxUnavailable, intstr.FromString(rov1.DefaultMaxUnavailable))), false, path.Child("maxUnavailable"))
	errs = append(errs, more...)
	if len(errs) == 0 && surge == 0 && unavailable == 0 {
		errs = append(errs, field.Invalid(path.Child("maxSurge"), c.MaxSurge, bothZero))
	}
	errs = append(errs, validateCanaryServices(c, path)...)
	errs = append(errs, validatePingPong(c, path.Child("pingPong"), path.Child("trafficRouting"))...)
	errs = append(errs, nonnegativePointer(c.ScaleDownDelaySeconds, path.Child("scaleDownDelaySeconds"))...)
	errs = append(errs, nonnegativePointer(c.ScaleDownDelayRevisionLimit, path.Child("scaleDownDelayRevisionLimit"))...)
	errs = append(errs, nonnegativePointer(c.AbortScaleDownDelaySeconds, path.Child("abortScaleDownDelaySeconds"))...)
	errs = append(errs, nonnegativePointer(c.MinPodsPerReplicaSet, path.Child("minPodsPerReplicaSet"))...)
	switch {
	case c.TrafficRouting == nil && c.ScaleDownDelaySeconds != nil:
		errs = append(errs, field.Invalid(path.Child("scaleDownDelaySeconds"), *c.ScaleDownDelaySeconds, onlyWithRouting))
	case c.GetDynamicStableScale() && c.ScaleDownDelaySeconds != nil:
		errs = append(errs, field.Invalid(path.Child("dynamicStableScale"), c.GetDynamicStableScale(), "not together with scaleDownDelaySeconds"))
	}
	if c.TrafficRouting == nil && c.GetDynamicStableScale() {
		errs = append(errs, field.Invalid(path.Child("dynamicStableScale"), c.GetDynamicStableScale(), onlyWithRouting))
	}
	if t := c.ReplicaProgressThreshold; t != nil {
		at := path.Child("replicaProgressThreshold")
		errs = append(errs, oneOf(t.Type, at.Child("type"), rov1.ProgressTypePercentage, rov1.ProgressTypePods)...)
		errs = append(errs, nonnegative(t.Value, at.Child("value"))...)
		if t.Type == rov1.ProgressTypePercentage {
			errs = append(errs, between(ptr.To(max(t.Value, 0)), 0, 100, at.Child("value"))...)
		}
	}
	errs = append(errs, validateAntiAffinity(c.AntiAffinity, path.Child("antiAffinity"))...)
	errs = append(errs, metadata(c.CanaryMetadata, path.Child("canaryMetadata"))...)
	errs = append(errs, metadata(c.StableMetadata, path.Child("stableMetadata"))...)
	if a := c.Analysis; a != nil {
		errs = append(errs, validateRolloutAnalysis(&a.RolloutAnalysis, path.Child("analysis"))...)
		errs = append(errs, nonnegativePointer(a.StartingStep, path.Child("analysis", "startingStep"))...)
	}
	if c.TrafficRouting != nil {
		errs = append(errs, validateTrafficRouting(c.TrafficRouting, path.Child("trafficRouting"))...)
	}
	for i := range c.Steps {
		errs = append(errs, validateStep(c, &c.Steps[i], path.Child("steps").Index(i))...)
		if len(errs) > maxErrors {
			break
		}
	}
	return errs
}

func validateCanaryServices(c *rov1.CanaryStrategy, path *field.Path) field.ErrorList {
	errs := serviceName(c.CanaryService, path.Child("canaryService"))
	errs = append(errs, serviceName(c.StableService, path.Child("stableService"))...)
	if c.StableService != "" && c.CanaryService == c.StableService {
		errs = append(errs, field.Invalid(path.Child("stableService"), c.StableService, "must be another Service than canaryService"))
	}
	if needsServices(c) {
		if c.CanaryService == "" {
			errs = append(errs, field.Required(path.Child("canaryService"), routerNeedsIt))
		}
		if c.StableService == "" {
			errs = append(errs, field.Required(path.Child("stableService"), routerNeedsIt))
		}
	}
	return errs
}

// needsServices tells whether a router splits the traffic between two Services.
func needsServices(c *rov1.CanaryStrategy) bool {
	t := c.TrafficRouting
	switch {
	case t == nil:
		return false
	case t.ALB != nil && c.PingPong == nil, t.Istio != nil && t.Istio.DestinationRule == nil && c.PingPong == nil:
		return true
	}
	return t.SMI != nil || t.Apisix != nil || t.Ambassador != nil || t.Nginx != nil || t.AppMesh != nil || t.Traefik != nil
}

func validatePingPong(c *rov1.CanaryStrategy, path, routing *field.Path) field.ErrorList {
	p, t := c.PingPong, c.TrafficRouting
	if p == nil {
		return nil
	}
	errs := required(p.PingService, path.Child("pingService"))
	errs = append(errs, required(p.PongService, path.Child("pongService"))...)
	errs = append(errs, serviceName(p.PingService, path.Child("pingService"))...)
	errs = append(errs, serviceName(p.PongService, path.Child("pongService"))...)
	if p.PingService != "" && p.PingService == p.PongService {
		errs = append(errs, field.Invalid(path.Child("pongService"), p.PongService, "must be another Service than pingService"))
	}
	switch {
	case t == nil || t.ALB == nil && t.Istio == nil && len(t.Plugins) == 0:
		errs = append(errs, field.Forbidden(path, "only with the router alb or istio, or a plugin"))
	case t.ALB != nil && t.ALB.RootService == "":
		errs = append(errs, field.Required(routing.Child("alb", "rootService"), "pingPong needs it"))
	}
	return errs
}

func validateTrafficRouting(t *rov1.TrafficRouting, path *field.Path) field.ErrorList {
	errs := validateRouters(t, path)
	managed := names{}
	for i, r := range t.ManagedRoutes {
		errs = append(errs, managed.add(r.Name, path.Child("managedRoutes").Index(i).Child("name"))...)
	}
	if w := t.MaxTrafficWeight; w != nil {
		at := path.Child("maxTrafficWeight")
		if *w <= 0 {
			errs = append(errs, field.Invalid(at, *w, "must be greater than 0"))
		}
		if t.Nginx == nil && len(t.Plugins) == 0 {
			errs = append(errs, field.Invalid(at, *w, "only with the router nginx or a plugin"))
		}
	}
	return errs
}

func validateRouters(t *rov1.TrafficRouting, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if r := t.Istio; r != nil {
		errs = append(errs, validateIstio(r, path.Child("istio"))...)
	}
	if r := t.Nginx; r != nil {
		if (r.StableIngress == "") == (len(r.StableIngresses) == 0) {
			errs = append(errs, field.Invalid(path.Child("nginx", "stableIngress"), r.StableIngress, oneIngressField))
		}
		errs = append(errs, noneEmpty(r.StableIngresses, path.Child("nginx", "stableIngresses"))...)
	}
	if r := t.ALB; r != nil {
		alb := path.Child("alb")
		if (r.Ingress == "") == (len(r.Ingresses) == 0) {
			errs = append(errs, field.Invalid(alb.Child("ingress"), r.Ingress, oneIngressField))
		}
		errs = append(errs, noneEmpty(r.Ingresses, alb.Child("ingresses"))...)
		errs = append(errs, between(&r.ServicePort, 1, 65535, alb.Child("servicePort"))...)
		errs = append(errs, serviceName(r.RootService, alb.Child("rootService"))...)
		if s := r.StickinessConfig; s != nil && s.Enabled && (s.DurationSeconds < 1 || s.DurationSeconds > 604800) {
			errs = append(errs, field.Invalid(alb.Child("stickinessConfig", "durationSeconds"), s.DurationSeconds, "must be between 1 and 604800, inclusive"))
		}
	}
	if r := t.Ambassador; r != nil {
		at := path.Child("ambassador", "mappings")
		if len(r.Mappings) == 0 {
			errs = append(errs, field.Required(at, ""))
		}
		errs = append(errs, noneEmpty(r.Mappings, at)...)
	}
	if r := t.AppMesh; r != nil {
		at := path.Child("appMesh")
		if r.VirtualService == nil {
			errs = append(errs, field.Required(at.Child("virtualService"), ""))
		} else {
			errs = append(errs, required(r.VirtualService.Name, at.Child("virtualService", "name"))...)
		}
		if g := r.VirtualNodeGroup; g != nil {
			errs = append(errs, required(g.CanaryVirtualNodeRef.Name, at.Child("virtualNodeGroup", "canaryVirtualNodeRef", "name"))...)
			errs = append(errs, required(g.StableVirtualNodeRef.Name, at.Child("virtualNodeGroup", "stableVirtualNodeRef", "name"))...)
		}
	}
	if r := t.Traefik; r != nil {
		errs = append(errs, required(r.WeightedTraefikServiceName, path.Child("traefik", "weightedTraefikServiceName"))...)
	}
	if r := t.Apisix; r != nil {
		at := path.Child("apisix", "route")
		if r.Route == nil {
			errs = append(errs, field.Required(at, ""))
		} else {
			errs = append(errs, required(r.Route.Name, at.Child("name"))...)
		}
	}
	return errs
}

func validateIstio(r *rov1.IstioTrafficRouting, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if r.VirtualService != nil && len(r.VirtualServices) > 0 {
		errs = append(errs, field.Forbidden(path.Child("virtualServices"), oneVirtualService))
	}
	if r.VirtualService == nil && len(r.VirtualServices) == 0 && r.DestinationRule == nil {
		errs = append(errs, field.Required(path.Child("virtualService"), "there is nothing to split the traffic by"))
	}
	if v := r.VirtualService; v != nil {
		errs = append(errs, required(v.Name, path.Child("virtualService", "name"))...)
	}
	for i, v := range r.VirtualServices {
		errs = append(errs, required(v.Name, path.Child("virtualServices").Index(i).Child("name"))...)
	}
	if d := r.DestinationRule; d != nil {
		at := path.Child("destinationRule")
		errs = append(errs, required(d.Name, at.Child("name"))...)
		errs = append(errs, required(d.CanarySubsetName, at.Child("canarySubsetName"))...)
		errs = append(errs, required(d.StableSubsetName, at.Child("stableSubsetName"))...)
	}
	return errs
}

func noneEmpty(values []string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, v := range values {
		errs = append(errs, required(v, path.Index(i))...)
	}
	return errs
}
