// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"cmp"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// restartAgain is when pods are looked at again that a disruption budget has kept from being evicted.
const restartAgain = 30 * time.Second

// restart evicts pods that are older than spec.restartAt, so many at a time that no more are unavailable than may be, but
// at least one. It returns how many: then the numbers of available pods are not true any more, and nothing else is to be
// decided by them.
func (r *run) restart() (evicted int32) {
	at := r.spec.RestartAt
	if at == nil || r.prev.RestartedAt != nil && r.prev.RestartedAt.Equal(at) || !r.passed(at.Time) {
		return 0
	}
	var old []*corev1.Pod
	up := int32(0)
	for _, rs := range r.byPriority() {
		for _, pod := range r.world.Pods[rs.UID] {
			if pod.DeletionTimestamp == nil && podAvailable(pod, r.spec.GetMinReadySeconds(), r.world.Now) {
				up++
			}
			if pod.CreationTimestamp.Before(at) {
				old = append(old, pod)
			}
		}
	}
	if len(old) == 0 {
		r.status.RestartedAt = at.DeepCopy()
		return 0
	}
	_, unavailable := r.fences()
	// In the middle of a canary there may be more pods than are wanted in the end.
	all := max(r.replicas(), sum(r.sets, wanted))
	can := up - (all - max(1, unavailable))
	for _, pod := range old {
		if can > evicted && pod.DeletionTimestamp == nil {
			r.effect(EvictPod{Object: pod})
			evicted++
		}
	}
	r.requeue(r.world.Now.Add(restartAgain))
	return evicted
}

// byPriority returns the ReplicaSets in the order in which their pods are restarted: the stable one, the new one, the
// others.
func (r *run) byPriority() []*appsv1.ReplicaSet {
	rank := func(rs *appsv1.ReplicaSet) int {
		switch rs {
		case r.stable:
			return 0
		case r.current:
			return 1
		}
		return 2
	}
	sets := slices.Clone(r.sets)
	slices.SortStableFunc(sets, func(a, b *appsv1.ReplicaSet) int { return cmp.Compare(rank(a), rank(b)) })
	return sets
}

// podAvailable tells that a pod has been ready for so many seconds.
func podAvailable(pod *corev1.Pod, minReadySeconds int32, now time.Time) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			since := c.LastTransitionTime.Add(time.Duration(minReadySeconds) * time.Second)
			return c.Status == corev1.ConditionTrue && !since.After(now)
		}
	}
	return false
}
