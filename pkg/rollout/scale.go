// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"cmp"
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/rollout/replicas"
)

// scale tells a ReplicaSet to have so many pods, and notes what the rollout wants in all. It returns whether the number
// has changed.
func (r *run) scale(rs *appsv1.ReplicaSet, to int32) bool {
	return r.scaleNoting(rs, to, strconv.Itoa(int(r.replicas())))
}

// scaleNoting is scale with a note of one's own.
func (r *run) scaleNoting(rs *appsv1.ReplicaSet, to int32, note string) bool {
	from := *rs.Spec.Replicas
	r.patch(rs, func(rs *appsv1.ReplicaSet) {
		*rs.Spec.Replicas = to
		if note != "" {
			with(&rs.Annotations, map[string]string{rov1.AnnotationDesiredReplicas: note})
		}
	})
	if from == to {
		return false
	}
	direction := "up"
	if to < from {
		direction = "down"
	}
	r.did(r.lastEffect(), "ScalingReplicaSet", "Scaled %s ReplicaSet %s (revision %d) from %d to %d", direction, rs.Name, revisionOf(rs), from, to)
	return true
}

// spared returns the nearest number of pods to count that a ReplicaSet can be scaled to while enough pods stay available
// in all, of whatever version: traffic may be about to come back to them.
func (r *run) spared(rs *appsv1.ReplicaSet, count int32) int32 {
	_, unavailable := r.fences()
	spare := max(0, sum(r.sets, lasting)-(r.replicas()-unavailable))
	return max(count, min(*rs.Spec.Replicas, lasting(rs)-spare))
}

// resizeHalted follows the number of pods that are wanted in all while nothing else moves: each version keeps its part,
// and one without pods stays without. What is wanted is noted only when that is done.
func (r *run) resizeHalted() (scaled bool) {
	type target struct {
		rs    *appsv1.ReplicaSet
		count int32
	}
	fresh, good := target{r.current, 0}, target{r.stable, r.replicas()}
	have := *r.current.Spec.Replicas
	switch {
	case r.stable == nil || r.stable == r.current:
		fresh.count, good.rs = r.replicas(), nil
	case have == 0:
	case r.spec.Strategy.Canary.TrafficRouting != nil:
		fresh.count, good.count = r.counts(r.prev.Canary.Weights)
	default:
		fresh.count, good.count = replicas.Split(r.replicas(), have, have+*r.stable.Spec.Replicas, 0)
	}
	targets := []target{fresh}
	if good.rs != nil {
		targets = append(targets, good)
	}
	// Those that shrink make room for those that grow.
	slices.SortStableFunc(targets, func(a, b target) int {
		return cmp.Compare(a.count-*a.rs.Spec.Replicas, b.count-*b.rs.Spec.Replicas)
	})
	surge, _ := r.fences()
	done := true
	for _, t := range targets {
		count := r.spared(t.rs, t.count)
		if c := r.spec.Strategy.Canary; count > *t.rs.Spec.Replicas && c.TrafficRouting == nil {
			// Pods of older versions, which stay as long as nothing moves, count as well.
			count = min(count, *t.rs.Spec.Replicas+max(0, r.replicas()+surge-sum(r.sets, wanted)))
		}
		done = done && count == t.count
		scaled = r.scaleNoting(t.rs, count, t.rs.Annotations[rov1.AnnotationDesiredReplicas]) || scaled
	}
	for _, t := range targets {
		if done {
			r.scale(t.rs, t.count)
		}
	}
	return scaled
}

// resized tells that the rollout wants another number of pods in all than when its ReplicaSets were last scaled. Then
// they are scaled, and no step is taken in the same look.
func (r *run) resized() bool {
	for _, rs := range []*appsv1.ReplicaSet{r.current, r.stable} {
		if rs == nil || *rs.Spec.Replicas == 0 {
			continue
		}
		if noted, err := strconv.Atoi(rs.Annotations[rov1.AnnotationDesiredReplicas]); err == nil && noted != int(r.replicas()) {
			return true
		}
	}
	return false
}

// sum adds up a number of all ReplicaSets of a list.
func sum(sets []*appsv1.ReplicaSet, of func(*appsv1.ReplicaSet) int32) (n int32) {
	for _, rs := range sets {
		n += of(rs)
	}
	return n
}

func wanted(rs *appsv1.ReplicaSet) int32    { return *rs.Spec.Replicas }
func existing(rs *appsv1.ReplicaSet) int32  { return rs.Status.Replicas }
func ready(rs *appsv1.ReplicaSet) int32     { return rs.Status.ReadyReplicas }
func available(rs *appsv1.ReplicaSet) int32 { return rs.Status.AvailableReplicas }

// lasting is how many pods are available and not about to go.
func lasting(rs *appsv1.ReplicaSet) int32 { return min(*rs.Spec.Replicas, rs.Status.AvailableReplicas) }

// numbers returns a ReplicaSet in numbers.
func numbers(rs *appsv1.ReplicaSet) *replicas.Set {
	if rs == nil {
		return nil
	}
	return &replicas.Set{Spec: *rs.Spec.Replicas, Available: rs.Status.AvailableReplicas}
}

// fences returns how many pods there may be too many, and how many too few. What cannot be read is refused by validation.
func (r *run) fences() (surge, unavailable int32) {
	more := intstr.FromInt32(0)
	if c := r.spec.Strategy.Canary; c != nil {
		more = c.GetMaxSurge()
	}
	surge, unavailable, err := replicas.Fences(more, r.spec.GetMaxUnavailable(), r.replicas())
	if err != nil {
		return 1, 0
	}
	return surge, unavailable
}

// counts returns how many pods the new and the stable version of a canary shall have, with the traffic split by weights.
func (r *run) counts(weights *rov1.TrafficWeights) (canary, stable int32) {
	c := r.spec.Strategy.Canary
	weight, scale := r.scaleWeight()
	if c.TrafficRouting == nil {
		surge, unavailable := r.fences()
		b := replicas.Basic{
			Replicas: r.replicas(), Weight: weight, MaxWeight: r.whole(), Surge: surge, Unavailable: unavailable,
			New: numbers(r.current), Older: sum(r.others, wanted),
		}
		if r.stable != r.current {
			b.Stable = numbers(r.stable)
		}
		return b.Counts()
	}
	routed := replicas.Routed{
		Replicas: r.replicas(), Weight: weight, MaxWeight: r.whole(), Scale: scale, MinPods: c.GetMinPodsPerReplicaSet(),
		Dynamic: c.GetDynamicStableScale(),
	}
	if weights != nil {
		routed.Actual = &replicas.Actual{Canary: weights.Canary.Weight, Stable: weights.Stable.Weight}
	}
	return routed.Counts()
}

// scaleWeight returns the weight that the number of new pods follows, or the number itself where a step sets it.
func (r *run) scaleWeight() (weight int32, pods *int32) {
	at := r.course()
	if at == advancing || at == retreating {
		if s := r.setScale(at); s != nil && s.Replicas != nil {
			return 0, s.Replicas
		} else if s != nil && s.Weight != nil {
			return *s.Weight, nil
		}
	}
	switch {
	case at == advancing:
		return r.stepWeight(), nil
	case at == retreating && r.spec.Strategy.Canary.GetDynamicStableScale():
		return replicas.NextDown(r.stepWeights(), r.routedWeight()), nil
	case at == retreating:
		return 0, nil
	default:
		return r.whole(), nil
	}
}

// setScale returns the setCanaryScale that holds: the nearest up to the current step. An abort ends it, unless the new
// pods are to stay.
func (r *run) setScale(at course) *rov1.SetCanaryScale {
	c := r.spec.Strategy.Canary
	step, index := r.step()
	if c.TrafficRouting == nil || step == nil {
		return nil
	}
	if _, never := r.spec.GetAbortScaleDownDelaySeconds(); at == retreating && !never {
		return nil
	}
	for ; index >= 0; index-- {
		if s := c.Steps[index].SetCanaryScale; s != nil {
			if s.GetMatchTrafficWeight() {
				return nil
			}
			return s
		}
	}
	return nil
}

// thresholdMet tells that as many pods are available as the strategy asks for before it goes on; false if it asks for
// nothing, and all are needed.
func (r *run) thresholdMet(rs *appsv1.ReplicaSet, needed int32) bool {
	c := r.spec.Strategy.Canary
	if c == nil || c.ReplicaProgressThreshold == nil {
		return false
	}
	t := c.ReplicaProgressThreshold
	if t.Type == rov1.ProgressTypePercentage {
		return int64(rs.Status.AvailableReplicas)*100 >= int64(t.Value)*int64(needed)
	}
	return rs.Status.AvailableReplicas >= t.Value
}

// atCounts tells that the pods are there that the step of a canary wants.
func (r *run) atCounts(weights *rov1.TrafficWeights) bool {
	c := r.spec.Strategy.Canary
	canary, stable := r.counts(weights)
	enough := *r.current.Spec.Replicas == canary && r.current.Status.AvailableReplicas == canary
	if c.ReplicaProgressThreshold != nil {
		enough = r.thresholdMet(r.current, canary)
	}
	if !enough {
		return false
	}
	routed := c.TrafficRouting != nil
	if !routed && sum(r.others, available) > 0 {
		// Older pods get traffic as long as they are there.
		return false
	}
	if routed && c.GetDynamicStableScale() {
		return true
	}
	return r.stable != nil && *r.stable.Spec.Replicas == stable && r.stable.Status.Replicas == stable
}
