// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"

// course is where a rollout is going. Numbers of pods, weights and Services all follow from it.
type course int

const (
	// deploying: no version counts as good yet, so all pods are to be new.
	deploying course = iota
	// settled: the wanted version is the one that counts as good.
	settled
	// returning: somebody has gone back to the stable version while its pods, which went with their traffic, are not
	// all there again.
	returning
	// advancing: step by step, or towards the switch.
	advancing
	// promoting: all that is left is skipped.
	promoting
	// retreating: aborted, back to the stable version.
	retreating
)

// course is where the rollout is going, whatever this look finds out besides.
func (r *run) course() course { return r.at }

func (r *run) findCourse() course {
	switch {
	case r.prev.StableRS == "" || r.stable == nil:
		return deploying
	case r.fullyPromoted() && r.traceOfOther() != "":
		return returning
	case r.fullyPromoted():
		return settled
	case r.prev.PromoteFull || r.withinWindow():
		return promoting
	case r.aborted():
		return retreating
	default:
		return advancing
	}
}

// traceOfOther returns the hash of the version that traffic still goes to after somebody has gone back to the stable one,
// whose pods are not enough for it all. "" if there is no such.
func (r *run) traceOfOther() string {
	c := r.spec.Strategy.Canary
	w := r.prev.Canary.Weights
	if c == nil || c.TrafficRouting == nil || !c.GetDynamicStableScale() || w == nil || w.Canary.Weight == 0 ||
		w.Canary.PodTemplateHash == hashOf(r.stable) || r.stable.Status.AvailableReplicas >= r.replicas() {
		return ""
	}
	return w.Canary.PodTemplateHash
}

// fullyPromoted tells that the wanted version is the one that counts as good.
func (r *run) fullyPromoted() bool { return r.prev.StableRS == r.prev.CurrentPodHash }

// step returns the current step, nil if all were taken or there are none, and its index.
func (r *run) step() (step *rov1.CanaryStep, index int) {
	c := r.spec.Strategy.Canary
	if c == nil {
		return nil, 0
	}
	if r.prev.CurrentStepIndex != nil {
		index = max(0, int(*r.prev.CurrentStepIndex))
	}
	if index >= len(c.Steps) {
		return nil, len(c.Steps)
	}
	return &c.Steps[index], index
}

// withinWindow tells that the rollout goes back to a version that is so recent that no steps are taken.
func (r *run) withinWindow() bool {
	revisions := int(r.spec.GetRollbackRevisions())
	if revisions == 0 || !r.goesBack() {
		return false
	}
	for _, rs := range r.sets {
		if rs.CreationTimestamp.After(r.current.CreationTimestamp.Time) && r.stable.CreationTimestamp.After(rs.CreationTimestamp.Time) {
			revisions--
		}
	}
	return revisions > 0
}

// goesBack tells that the wanted version is older than the one that counts as good.
func (r *run) goesBack() bool {
	return r.current != nil && r.stable != nil && r.stable.CreationTimestamp.After(r.current.CreationTimestamp.Time)
}

// needsNoJudging tells that the rollout goes back to a version that is still there: nobody need pause or judge it again.
func (r *run) needsNoJudging() bool {
	return r.withinWindow() || r.goesBack() && r.withinDelay && r.spec.Strategy.BlueGreen != nil
}
