// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package replicas computes how many pods each version of a rollout shall have. It knows numbers only: no objects, no
// status, no time.
package replicas

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/intstr"
)

// Set is a ReplicaSet in numbers.
type Set struct {
	// Spec is how many pods it is told to have.
	Spec int32
	// Available is how many of its pods have been ready for long enough.
	Available int32
}

// kept is how many available pods are left if the set has count pods: pods that are not available go first.
func (s *Set) kept(count int32) int32 {
	if s == nil {
		return 0
	}
	return min(s.Available, s.Spec, count)
}

// Fences resolves how many pods there may be beyond the wanted number, rounded up, and how many of it may be
// unavailable, rounded down. As nothing could move if both were 0, one may be unavailable then.
func Fences(maxSurge, maxUnavailable intstr.IntOrString, replicas int32) (surge, unavailable int32, err error) {
	up, err := intstr.GetScaledValueFromIntOrPercent(&maxSurge, int(replicas), true)
	if err != nil {
		return 0, 0, fmt.Errorf("maxSurge: %w", err)
	}
	down, err := intstr.GetScaledValueFromIntOrPercent(&maxUnavailable, int(replicas), false)
	if err != nil {
		return 0, 0, fmt.Errorf("maxUnavailable: %w", err)
	}
	if up == 0 && down == 0 {
		down = 1
	}
	return int32(up), min(int32(down), replicas), nil
}

// Split returns how many of the pods shall be new and how many old, so that the part of the new ones comes closest to
// weight of maxWeight. Together they are replicas, or one more if surge allows it and that comes closer. A weight
// between none and all leaves at least one pod on either side if there can be two pods.
func Split(replicas, weight, maxWeight, surge int32) (canary, stable int32) {
	if replicas == 0 {
		return 0, 0
	}
	exact := int64(replicas) * int64(weight)
	whole := int64(maxWeight)
	floor, ceil := int32(exact/whole), int32((exact+whole-1)/whole)
	tied := func(total int32) bool { return int64(total)*int64(weight)*2%(2*whole) == whole }
	zeroAllowed := weight == 0 || weight == maxWeight || replicas == 1 && surge == 0

	best, bestTotal, found := int32(0), replicas, false
	// distance is how far count of total is from the weight, times total.
	distance := func(count, total int32) int64 {
		d := int64(count)*whole - int64(weight)*int64(total)
		return max(d, -d)
	}
	consider := func(count, total int32) {
		if !found || distance(count, total)*int64(bestTotal) < distance(best, bestTotal)*int64(total) {
			best, bestTotal, found = count, total, true
		}
	}
	if ceil < replicas || zeroAllowed {
		consider(ceil, replicas)
	}
	if !tied(replicas) && (floor != 0 || zeroAllowed) {
		consider(floor, replicas)
	}
	if surge > 0 {
		consider(ceil, replicas+1)
		if !tied(replicas+1) && (floor != 0 || zeroAllowed) {
			consider(floor, replicas+1)
		}
	}
	return best, bestTotal - best
}

// Basic is a canary whose traffic follows the numbers of pods.
type Basic struct {
	// Replicas is how many pods the rollout wants.
	Replicas int32
	// Weight of MaxWeight is the part that shall be new.
	Weight, MaxWeight int32
	// Surge and Unavailable are what Fences returns.
	Surge, Unavailable int32
	// New is the new version; nil if it has no ReplicaSet yet.
	New *Set
	// Stable is the version that counts as good; nil if there is none, or if it is the new one.
	Stable *Set
	// Older is how many pods all other versions are told to have.
	Older int32
}

// Counts returns how many pods the new and the stable version shall have next. The target is that of Split, or only new
// pods if there is no other version. What is missing grows into the surge, the stable version first. What is too much
// shrinks as far as enough pods stay available, but not before the other versions are gone.
func (b Basic) Counts() (canary, stable int32) {
	targetNew, targetStable := Split(b.Replicas, b.Weight, b.MaxWeight, b.Surge)
	if b.Stable == nil {
		targetNew, targetStable = b.Replicas, 0
	}
	fresh := side{set: b.New, target: targetNew}
	good := side{set: b.Stable, target: targetStable}
	fresh.begin()
	good.begin()
	most, least := b.Replicas+b.Surge, b.Replicas-b.Unavailable
	room := most - fresh.count - good.count - b.Older
	room -= good.grow(room)
	fresh.grow(room)
	if b.Older == 0 {
		// If both are to shrink, as they are when the rollout was scaled down, the side that the weight moves away from
		// does.
		if b.New == nil || targetNew >= b.New.Spec {
			drain(&good, &fresh, most, least)
		} else {
			drain(&fresh, &good, most, least)
		}
	}
	return fresh.count, good.count
}

// side is one version on its way to its target.
type side struct {
	set           *Set
	target, count int32
}

func (s *side) begin() {
	if s.set != nil {
		s.count = s.set.Spec
	}
}

// grow takes what is missing out of the room, and returns how much that is.
func (s *side) grow(room int32) int32 {
	if s.set == nil || s.count >= s.target || room <= 0 {
		return 0
	}
	more := min(room, s.target-s.count)
	s.count += more
	return more
}

// drain lets pods of one version go. Those that are not available count as if they were, since waiting for pods that
// may never become available would block the way for good. stays is the other version.
func drain(goes, stays *side, most, least int32) {
	if goes.set == nil && stays.set == nil {
		return
	}
	relied := stays.set.kept(stays.count)
	spare := goes.count + relied - least
	if spare <= 0 {
		return
	}
	if goes.set != nil && goes.count > goes.target {
		goes.count = max(goes.target, goes.count-spare)
	}
	over := goes.count + stays.count - most
	if over <= 0 {
		return
	}
	// There are too many even so: the wanted number of pods has gone down. First the other version gives what nobody
	// relies on, then this one what is left.
	dispensable := stays.count - max(0, min(relied, least-goes.set.kept(goes.count)))
	give := min(over, max(0, dispensable))
	stays.count -= give
	goes.count -= min(goes.count, over-give)
}

// Routed is a canary whose traffic is split by a router, so that the numbers of pods need not follow the weight exactly.
type Routed struct {
	// Replicas is how many pods the rollout wants.
	Replicas int32
	// Weight of MaxWeight is the part of the traffic that shall be new.
	Weight, MaxWeight int32
	// Scale is how many new pods a step asks for; nil if none does.
	Scale *int32
	// MinPods is the least number of pods of a version that has any. It never exceeds Replicas.
	MinPods int32
	// Dynamic lets old pods go as their traffic shrinks.
	Dynamic bool
	// Actual is how the traffic is split at present; nil if nothing is known.
	Actual *Actual
}

// Actual is how the traffic is split at present, in parts of MaxWeight.
type Actual struct{ Canary, Stable int32 }

// Counts returns how many pods the new and the stable version shall have. With Dynamic, each keeps what its present
// part of the traffic needs until that has gone down.
func (r Routed) Counts() (canary, stable int32) {
	if r.Scale != nil {
		canary = *r.Scale
	} else {
		canary = r.least(ForWeight(r.Replicas, r.Weight, r.MaxWeight))
	}
	if !r.Dynamic {
		return canary, r.Replicas
	}
	stable = ForWeight(r.Replicas, r.MaxWeight-r.Weight, r.MaxWeight)
	if r.Actual != nil {
		stable = max(stable, ForWeight(r.Replicas, r.Actual.Stable, r.MaxWeight))
		if r.Scale == nil {
			canary = max(canary, ForWeight(r.Replicas, r.Actual.Canary, r.MaxWeight))
		}
	}
	return r.least(canary), r.least(stable)
}

func (r Routed) least(count int32) int32 {
	if count == 0 {
		return 0
	}
	return max(count, min(r.MinPods, r.Replicas))
}

// ForWeight returns how many of the pods are needed for weight of maxWeight, rounded up.
func ForWeight(replicas, weight, maxWeight int32) int32 {
	if weight <= 0 {
		return 0
	}
	whole := int64(maxWeight)
	return int32((int64(replicas)*int64(weight) + whole - 1) / whole)
}

// NextDown returns the weight to which a canary with dynamic stable scale goes down next on its way back: the highest
// weight of a step below the present one, or 0. So the old pods come back gradually, as they went.
func NextDown(steps []int32, at int32) int32 {
	next := int32(0)
	for _, w := range steps {
		if w < at {
			next = max(next, w)
		}
	}
	return next
}
