// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/rollout/replicas"
	"argosy.dev/argosy/pkg/rollout/traffic"
)

// whole is the weight that stands for all of the traffic.
func (r *run) whole() int32 { return r.spec.Strategy.Canary.GetMaxTrafficWeight() }

// routedWeight is the weight of the new pods, as routers were last told; 0 if they were told nothing of these pods.
func (r *run) routedWeight() int32 {
	w := r.prev.Canary.Weights
	if w == nil || w.Canary.PodTemplateHash != r.canaryHash() {
		return 0
	}
	return w.Canary.Weight
}

// canaryHash is the version on the other side of the stable one: the new one, or what somebody has gone back from.
func (r *run) canaryHash() string {
	if r.course() == returning {
		return r.traceOfOther()
	}
	return hashOf(r.current)
}

// weightBefore returns the weight of the last setWeight before a step; 0 if there is none.
func (r *run) weightBefore(index int) int32 {
	for _, s := range slices.Backward(r.spec.Strategy.Canary.Steps[:index]) {
		if s.SetWeight != nil {
			return *s.SetWeight
		}
	}
	return 0
}

// stepWeight returns the weight that the steps up to the current one ask for: all of it after the last.
func (r *run) stepWeight() int32 {
	step, index := r.step()
	if step == nil {
		return r.whole()
	}
	return r.weightBefore(index + 1)
}

// stepWeights are the weights of all steps.
func (r *run) stepWeights() (weights []int32) {
	for _, s := range r.spec.Strategy.Canary.Steps {
		if s.SetWeight != nil {
			weights = append(weights, *s.SetWeight)
		}
	}
	return weights
}

// route splits the traffic by the routers of a canary.
func (r *run) route() {
	c := r.spec.Strategy.Canary
	if c.TrafficRouting == nil {
		r.status.Canary.Weights = nil
		return
	}
	at := r.course()
	if at == deploying {
		return
	}
	canaryHash := r.canaryHash()
	weight := r.safeWeight(r.desiredWeight(at))
	stableService, canaryService := r.sides()
	weights := &rov1.TrafficWeights{
		Canary: rov1.WeightDestination{Weight: weight, PodTemplateHash: canaryHash, ServiceName: canaryService},
		Stable: rov1.WeightDestination{Weight: r.whole() - weight, PodTemplateHash: hashOf(r.stable), ServiceName: stableService},
	}
	desired := desiredOf(weights)
	if at == retreating && weight == 0 {
		// As the canary's Service does, its subset leads to the stable pods: who is sent there by other routes finds some.
		desired.Canary.Hash = desired.Stable.Hash
	}
	desired.KeepHashes = !allAvailable(r.stable) || at != retreating && at != returning && !allAvailable(r.current)
	if istio := c.TrafficRouting.Istio; desired.KeepHashes && weight > 0 && istio != nil && istio.DestinationRule != nil && !r.subsetSelects(canaryHash) {
		// The subset still selects other pods than those that the weight is meant for.
		return
	}
	if at == advancing && r.current.Status.AvailableReplicas > 0 {
		desired.Headers, desired.Mirrors = r.managedRoutes()
	}
	changes, _ := traffic.Plan(r.ro, r.world.Routes, desired)
	for _, change := range changes {
		r.effect(PutRoute{Change: change})
		if change.Reason != "" {
			r.did(r.lastEffect(), change.Reason, "%s", change.Message)
		}
	}
	if before := r.prev.Canary.Weights; before == nil || before.Canary.Weight != weight {
		r.normal("TrafficWeightUpdated", "Traffic weight updated from %d to %d", r.routedWeight(), weight)
	}
	r.status.Canary.Weights = weights
}

// desiredWeight returns the part of the traffic that the new pods are to get, whatever there is of them.
func (r *run) desiredWeight(at course) int32 {
	dynamic := r.spec.Strategy.Canary.GetDynamicStableScale()
	switch at {
	case advancing:
		weight := r.stepWeight()
		if weight > r.routedWeight() && !r.atCounts(nil) {
			// Not before the pods are there that the step wants.
			_, index := r.step()
			return min(weight, r.weightBefore(index))
		}
		return weight
	case promoting:
		switch {
		case r.current.Status.AvailableReplicas >= r.replicas():
			return r.whole()
		case dynamic:
			// The old pods go with their traffic, so it moves on with every new pod.
			return max(r.routedWeight(), share(r.current.Status.AvailableReplicas, r.replicas(), r.whole()))
		default:
			return r.routedWeight()
		}
	case retreating, returning:
		if !dynamic {
			return 0
		}
		// As far down as the old pods, which come back gradually, can carry the rest.
		weight := r.routedWeight()
		for _, lower := range append(r.stepWeights(), 0) {
			if lower < weight && r.carries(r.stable, r.whole()-lower) {
				weight = lower
			}
		}
		return weight
	}
	return 0
}

// safeWeight returns the weight that is given: none to new pods of which none is available, and, where stable pods have
// gone with their traffic, no more to them than they can carry as long as others can.
func (r *run) safeWeight(weight int32) int32 {
	fresh := r.byHash(r.canaryHash())
	if fresh == nil || fresh.Status.AvailableReplicas == 0 {
		return 0
	}
	if now := r.routedWeight(); weight < now && r.spec.Strategy.Canary.GetDynamicStableScale() && !r.carries(r.stable, r.whole()-weight) {
		return now
	}
	return weight
}

// share is the part of whole that count of all is, rounded down.
func share(count, all, whole int32) int32 {
	if all == 0 {
		return whole
	}
	return min(whole, int32(int64(whole)*int64(count)/int64(all)))
}

// carries tells that enough pods of a version are available for a weight.
func (r *run) carries(rs *appsv1.ReplicaSet, weight int32) bool {
	needed := replicas.ForWeight(r.replicas(), weight, r.whole())
	return rs.Status.AvailableReplicas >= needed || r.thresholdMet(rs, needed)
}

func (r *run) byHash(hash string) *appsv1.ReplicaSet {
	for _, rs := range r.sets {
		if hash != "" && hashOf(rs) == hash {
			return rs
		}
	}
	return nil
}

func desiredOf(w *rov1.TrafficWeights) traffic.Desired {
	if w == nil {
		return traffic.Desired{}
	}
	destination := func(d rov1.WeightDestination) traffic.Destination {
		return traffic.Destination{Service: d.ServiceName, Hash: d.PodTemplateHash, Weight: d.Weight}
	}
	return traffic.Desired{Canary: destination(w.Canary), Stable: destination(w.Stable)}
}

// ReleaseRoutes returns the writes by which a rollout leaves the objects of traffic routers that it has named and names no
// more: see traffic.Release. was is the rollout as it named them, now as it is; nil: it is gone.
func ReleaseRoutes(was, now *rov1.Rollout, observed traffic.Observed) []traffic.Change {
	if was.Spec.Strategy.Canary == nil || was.Spec.Strategy.Canary.TrafficRouting == nil {
		return nil
	}
	r := newRun(was, World{})
	stable, canary := r.sides()
	return traffic.Release(was, now, observed, traffic.Desired{
		Stable: traffic.Destination{Service: stable, Weight: r.whole()}, Canary: traffic.Destination{Service: canary},
	})
}

// managedRoutes returns the routes that the steps up to the current one have set. Of several with one name the last one
// counts; one without matches is removed.
func (r *run) managedRoutes() (headers []rov1.SetHeaderRoute, mirrors []rov1.SetMirrorRoute) {
	step, index := r.step()
	if step != nil {
		index++
	}
	for _, s := range r.spec.Strategy.Canary.Steps[:index] {
		if h := s.SetHeaderRoute; h != nil {
			headers = slices.DeleteFunc(headers, func(old rov1.SetHeaderRoute) bool { return old.Name == h.Name })
			if len(h.Match) > 0 {
				headers = append(headers, *h)
			}
		}
		if m := s.SetMirrorRoute; m != nil {
			mirrors = slices.DeleteFunc(mirrors, func(old rov1.SetMirrorRoute) bool { return old.Name == m.Name })
			if len(m.Match) > 0 {
				mirrors = append(mirrors, *m)
			}
		}
	}
	return headers, mirrors
}

// subsetSelects tells that a subset of a DestinationRule selects the pods of a hash.
func (r *run) subsetSelects(hash string) bool {
	for ref, object := range r.world.Routes {
		if ref.Resource != "destinationrules" || object == nil {
			continue
		}
		subsets, _, _ := unstructured.NestedSlice(object.Object, "spec", "subsets")
		for _, s := range subsets {
			subset, _ := s.(map[string]any)
			if value, _, _ := unstructured.NestedString(subset, "labels", rov1.LabelPodTemplateHash); hash != "" && value == hash {
				return true
			}
		}
	}
	return false
}
