// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// selects returns the hash that a Service selects; "" if none.
func selects(s *corev1.Service) string {
	if s == nil {
		return ""
	}
	return s.Spec.Selector[rov1.LabelPodTemplateHash]
}

// direct lets a Service select the pods of a version, and bear the name of the rollout.
func (r *run) direct(name string, rs *appsv1.ReplicaSet) {
	s, hash := r.services[name], hashOf(rs)
	if s == nil || hash == "" {
		return
	}
	before := s.DeepCopy()
	selected := selects(s)
	claimed := with(&s.Annotations, map[string]string{rov1.AnnotationManagedByRollout: r.ro.Name})
	switched := with(&s.Spec.Selector, map[string]string{rov1.LabelPodTemplateHash: hash})
	if claimed || switched {
		r.effect(PatchService{Before: before, After: s.DeepCopy()})
	}
	if switched {
		r.did(r.lastEffect(), "SwitchService", "Switched selector for service '%s' from '%s' to '%s'", name, selected, hash)
	}
}

// directSafely directs a Service once pods are there to serve what comes: one of them, or, for a Service that selected
// the pods of all versions so far, all of them. If no pods are wanted at all, none is waited for.
func (r *run) directSafely(name string, rs *appsv1.ReplicaSet) {
	s := r.services[name]
	if s == nil || rs == nil {
		return
	}
	if r.replicas() > 0 && (rs.Status.AvailableReplicas == 0 || selects(s) == "" && !allAvailable(rs)) {
		return
	}
	r.direct(name, rs)
}

// allAvailable tells that a ReplicaSet has pods, and all of them are available.
func allAvailable(rs *appsv1.ReplicaSet) bool {
	return rs != nil && *rs.Spec.Replicas > 0 && rs.Status.AvailableReplicas >= *rs.Spec.Replicas
}

// canaryServices directs the Services of a canary.
func (r *run) canaryServices() {
	c := r.spec.Strategy.Canary
	if c.PingPong != nil {
		stable, canary := r.sides()
		r.directSafely(stable, r.stable)
		if r.current != r.stable {
			// The router sends nothing there until the pods are ready.
			r.direct(canary, r.current)
		}
	}
	r.directSafely(c.StableService, r.stable)
	switch at := r.course(); {
	case at == returning:
		// The stable pods may be too few as yet for all the traffic.
	case at == retreating && c.TrafficRouting == nil:
		r.directSafely(c.CanaryService, r.stable)
	case at == retreating:
		// As long as traffic still flows to the new pods, their Service must find them.
		if w := r.prev.Canary.Weights; w == nil || w.Canary.Weight == 0 {
			r.directSafely(c.CanaryService, r.stable)
		}
	default:
		r.directSafely(c.CanaryService, r.current)
	}
}

// sides returns the names of the Services that routers send the traffic to.
func (r *run) sides() (stable, canary string) {
	c := r.spec.Strategy.Canary
	switch {
	case c.PingPong == nil:
		return c.StableService, c.CanaryService
	case r.prev.Canary.StablePingPong == rov1.PPPing:
		return c.PingPong.PingService, c.PingPong.PongService
	default:
		return c.PingPong.PongService, c.PingPong.PingService
	}
}

// reachable tells that traffic may go to a version: by a Service, or by what was last told to routers.
func (r *run) reachable(rs *appsv1.ReplicaSet) bool {
	hash := hashOf(rs)
	if w := r.prev.Canary.Weights; w != nil && (w.Canary.PodTemplateHash == hash || w.Stable.PodTemplateHash == hash) {
		return true
	}
	idle := ""
	if c := r.spec.Strategy.Canary; c != nil && c.PingPong != nil && r.course() == settled {
		// The Service whose turn it is not still selects the version before, and gets nothing.
		_, idle = r.sides()
	}
	for name, s := range r.services {
		if name != idle && selects(s) == hash {
			return true
		}
	}
	return r.subsetSelects(hash)
}

// ReleaseService returns the Service as it was before a rollout directed it, if its annotation names a rollout that does
// not name it any more; nil if it is to stay as it is. ro is the rollout that the annotation names, nil if there is none.
func ReleaseService(s *corev1.Service, ro *rov1.Rollout) *corev1.Service {
	if _, directed := s.Annotations[rov1.AnnotationManagedByRollout]; !directed || ro != nil && slices.Contains(Services(ro), s.Name) {
		return nil
	}
	free := s.DeepCopy()
	free.Annotations = maps.Clone(free.Annotations)
	delete(free.Annotations, rov1.AnnotationManagedByRollout)
	delete(free.Spec.Selector, rov1.LabelPodTemplateHash)
	return free
}
