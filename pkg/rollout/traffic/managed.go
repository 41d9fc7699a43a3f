// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// notTaken says which routers take managed routes.
const notTaken = "no router takes it: an HTTP route of an Istio VirtualService does, and of the plugin " + GatewayPlugin +
	" httpRoute, grpcRoute, and what httpRoutes and grpcRoutes name with useHeaderRoutes"

// Untaken names the steps whose managed routes no router takes, as far as the rollout alone tells. The peer passes over them.
func Untaken(ro *rov1.Rollout) field.ErrorList {
	t := routing(ro)
	if t == nil || t.Istio != nil && len(virtualServices(t.Istio)) > 0 {
		return nil
	}
	config, err := gatewayOf(t)
	if err != nil || config != nil && slices.ContainsFunc(config.routes(ro), func(r gatewayRoute) bool { return r.managed }) {
		return nil
	}
	return untaken(ro)
}

// untaken names the steps that set a managed route.
func untaken(ro *rov1.Rollout) (errs field.ErrorList) {
	for i, s := range ro.Spec.Strategy.Canary.Steps {
		at := field.NewPath("spec", "strategy", "canary", "steps").Index(i)
		if h := s.SetHeaderRoute; h != nil && len(h.Match) > 0 {
			errs = append(errs, field.Invalid(at.Child("setHeaderRoute", "name"), h.Name, notTaken))
		}
		if m := s.SetMirrorRoute; m != nil && len(m.Match) > 0 {
			errs = append(errs, field.Invalid(at.Child("setMirrorRoute", "name"), m.Name, notTaken))
		}
	}
	return errs
}
