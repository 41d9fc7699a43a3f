// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"cmp"
	"math"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/utils/ptr"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// deadline returns when the pods of a ReplicaSet are to be taken away, if a time is set. One that nobody can read is over.
func deadline(rs *appsv1.ReplicaSet) (at time.Time, set bool) {
	text := rs.Annotations[rov1.AnnotationScaleDownDeadline]
	if text == "" {
		return time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, true
	}
	return at, true
}

// setDeadline sets when the pods of a ReplicaSet are to be taken away.
func (r *run) setDeadline(rs *appsv1.ReplicaSet, delay time.Duration) {
	at := r.now.Add(delay)
	r.patch(rs, func(rs *appsv1.ReplicaSet) {
		with(&rs.Annotations, map[string]string{rov1.AnnotationScaleDownDeadline: at.UTC().Format(time.RFC3339)})
	})
	r.requeue(at)
}

// dropDeadline keeps the pods of a ReplicaSet.
func (r *run) dropDeadline(rs *appsv1.ReplicaSet) {
	if rs != nil {
		r.patch(rs, func(rs *appsv1.ReplicaSet) { delete(rs.Annotations, rov1.AnnotationScaleDownDeadline) })
	}
}

// scaleNew tells the new ReplicaSet how many pods to have. After an abort its pods may stay for a time: that begins when
// the stable pods can do without them, since then they go whatever happens. It returns whether the number has changed.
func (r *run) scaleNew(count int32) bool {
	delay, stays := r.abortDelay()
	if !stays {
		if bg := r.spec.Strategy.BlueGreen; bg == nil || r.live() == hashOf(r.current) || !r.needsNoJudging() {
			// On a fast way back the deadline is what tells that it is one, until the version is live again.
			r.dropDeadline(r.current)
		}
		if r.abortKeeps() {
			// No traffic asks for them any more; they stay as many as they are, unless fewer are wanted at all.
			count = max(count, min(*r.current.Spec.Replicas, r.replicas()))
		}
		return r.scale(r.current, count)
	}
	at, set := deadline(r.current)
	switch {
	case set && r.passed(at):
		return r.scale(r.current, 0)
	case !set && r.stable.Status.AvailableReplicas >= r.replicas():
		r.setDeadline(r.current, delay)
	}
	r.scale(r.current, *r.current.Spec.Replicas)
	return false
}

// abortKeeps tells that the new pods of an aborted rollout stay for good. Where the stable pods are as few as their part
// of the traffic, they go with it all the same.
func (r *run) abortKeeps() bool {
	_, never := r.spec.GetAbortScaleDownDelaySeconds()
	c := r.spec.Strategy.Canary
	return never && r.course() == retreating && !(c != nil && c.GetDynamicStableScale())
}

// abortDelay returns for how long the new pods of an aborted rollout stay. stays is false where they go as the numbers
// say: without an abort, without a router, where they are to stay for good, or where they go with their traffic and no
// time is given.
func (r *run) abortDelay() (delay time.Duration, stays bool) {
	seconds, never := r.spec.GetAbortScaleDownDelaySeconds()
	c := r.spec.Strategy.Canary
	switch {
	case r.course() != retreating, never, c != nil && c.TrafficRouting == nil:
		return 0, false
	case c != nil && c.GetDynamicStableScale() && c.AbortScaleDownDelaySeconds == nil:
		return 0, false
	}
	return time.Duration(seconds) * time.Second, true
}

// retire takes away the pods of versions that are neither new nor stable. It returns whether it did.
func (r *run) retire() bool {
	old := slices.DeleteFunc(slices.Clone(r.others), func(rs *appsv1.ReplicaSet) bool { return *rs.Spec.Replicas == 0 })
	slices.SortStableFunc(old, func(a, b *appsv1.ReplicaSet) int { return cmp.Compare(revisionOf(b), revisionOf(a)) })
	if c := r.spec.Strategy.Canary; c != nil && c.TrafficRouting == nil {
		return r.retireServing(old)
	}
	return r.retireDelayed(old)
}

// retireServing takes away pods that get traffic as long as they are there: first those that are not available, then as
// many as can be missed, the oldest first.
func (r *run) retireServing(old []*appsv1.ReplicaSet) (scaled bool) {
	_, unavailable := r.fences()
	spare := sum(r.sets, lasting) - (r.replicas() - unavailable)
	for _, rs := range slices.Backward(old) {
		r.dropDeadline(rs)
		useless := *rs.Spec.Replicas - lasting(rs)
		missed := max(0, min(spare, lasting(rs)))
		spare -= missed
		if r.scale(rs, *rs.Spec.Replicas-useless-missed) {
			scaled = true
		}
	}
	return scaled
}

// retireDelayed takes away pods that traffic has left, or never reached: those that were stable after a time, so that
// requests under way are served and one can go back fast. As many versions as the limit says wait, the latest.
func (r *run) retireDelayed(old []*appsv1.ReplicaSet) (scaled bool) {
	delay := time.Duration(r.spec.GetScaleDownDelaySeconds()) * time.Second
	limit, waiting := r.delayLimit(), 0
	for _, rs := range old {
		if r.reachable(rs) || r.neededAfterAll(rs) {
			continue
		}
		at, set := deadline(rs)
		count := int32(0)
		switch {
		case !set && !r.worthWaiting():
			// Nobody ever relied on it.
		case waiting >= limit || delay == 0:
		case !set:
			r.setDeadline(rs, delay)
			count = *rs.Spec.Replicas
			waiting++
		case !r.passed(at):
			count = *rs.Spec.Replicas
			if r.spec.Strategy.BlueGreen != nil {
				// One may switch back to it at once: so it has as many as are wanted by now.
				count = r.replicas()
			}
			waiting++
		}
		if r.spec.Strategy.Canary != nil {
			count = r.spared(rs, count)
		}
		if r.scale(rs, count) {
			scaled = true
		}
		if count == 0 {
			r.dropDeadline(rs)
		}
	}
	return scaled
}

// worthWaiting tells that old versions wait before they go. While a canary is under way, one that has pods and no
// deadline is one that was given up before it became stable.
func (r *run) worthWaiting() bool {
	return r.spec.Strategy.BlueGreen != nil || r.course() == settled
}

// neededAfterAll tells that blue-green has not made up its mind yet: it may have to go back to a version.
func (r *run) neededAfterAll(*appsv1.ReplicaSet) bool {
	return r.spec.Strategy.BlueGreen != nil && since(&r.prev, rov1.PauseReasonInconclusiveAnalysis) != nil
}

func (r *run) delayLimit() int {
	var limit *int32
	if bg := r.spec.Strategy.BlueGreen; bg != nil {
		limit = bg.ScaleDownDelayRevisionLimit
	} else {
		limit = r.spec.Strategy.Canary.ScaleDownDelayRevisionLimit
	}
	return int(ptr.Deref(limit, math.MaxInt32))
}
