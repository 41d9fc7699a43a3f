// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/utils/ptr"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// canary lets a canary go on: metadata, Services, traffic, analyses, numbers of pods, steps, in this order.
func (r *run) canary() {
	r.ephemeralMetadata()
	r.limitHistory()
	r.canaryServices()
	r.route()
	r.analyses()
	if r.newlyPaused() {
		// An analysis cannot decide: everything stays as it is.
		return
	}
	scaled := r.scaleCanary()
	if r.promoteCanary() {
		return
	}
	if steps := len(r.spec.Strategy.Canary.Steps); steps > 0 {
		r.takeStep(steps, scaled)
	}
}

// newlyPaused tells that this look has found a reason to wait.
func (r *run) newlyPaused() bool { return len(r.status.PauseConditions) > len(r.prev.PauseConditions) }

// scaleCanary scales the ReplicaSets of a canary: the stable one, the new one, the others; each only when those before it
// need nothing, so that what is decided rests on what has happened. It returns whether it did anything.
func (r *run) scaleCanary() bool {
	if r.halted() {
		return r.resized() && r.resizeHalted()
	}
	// The arithmetic without a router sees to it by itself that enough pods stay available.
	spared := func(rs *appsv1.ReplicaSet, count int32) int32 { return count }
	if r.spec.Strategy.Canary.TrafficRouting != nil {
		spared = r.spared
	}
	if r.stable != nil && r.stable != r.current {
		r.dropDeadline(r.stable)
		// By the weights as they were: stable pods that traffic was just taken from go the next time, not before.
		if _, count := r.counts(r.prev.Canary.Weights); r.scale(r.stable, spared(r.stable, count)) {
			return true
		}
	}
	count, _ := r.counts(r.status.Canary.Weights)
	scaled := r.scaleNew(spared(r.current, count))
	r.shrinkWorkload()
	return scaled || r.retire()
}

// promoteCanary makes the current version the one that counts as good, if its time has come. It returns whether it has.
func (r *run) promoteCanary() bool {
	at := r.course()
	enough := r.current.Status.AvailableReplicas >= r.replicas() || r.thresholdMet(r.current, r.replicas())
	step, _ := r.step()
	switch {
	case at == deploying:
		r.promote("Initial deploy")
	case at == settled || at == returning || !enough || r.aborted():
		return false
	case at == promoting && r.prev.PromoteFull:
		r.promote("Full promotion requested")
	case at == promoting:
		r.promote("Rollback within window")
	case step == nil && !r.spec.GetPaused():
		r.promote(fmt.Sprintf("Completed all %d canary steps", len(r.spec.Strategy.Canary.Steps)))
	default:
		return false
	}
	return true
}

// takeStep moves the index of the current step on, if that step is taken.
func (r *run) takeStep(steps int, scaled bool) {
	step, index := r.step()
	switch at := r.course(); {
	case at == settled || at == returning || at == promoting:
		index = steps
	case r.aborted():
		index = 0
	case step != nil && !r.spec.GetPaused() && r.taken(step, scaled):
		index++
		r.status.Canary.CurrentStepAnalysisRunStatus = nil
		r.goOn(rov1.PauseReasonCanaryPauseStep)
		r.normal("RolloutStepCompleted", "Rollout step %d/%d completed (%s)", index, steps, describeStep(step))
	}
	r.status.CurrentStepIndex = ptr.To(int32(index))
}

// taken tells that a step has been taken. What a step sets besides (a scale, routes) does not hold it up.
func (r *run) taken(step *rov1.CanaryStep, scaled bool) bool {
	w := r.status.Canary.Weights
	switch {
	case step.Pause != nil:
		if scaled {
			// Whoever has promoted it meanwhile is heard in the next look.
			r.keepMark = true
			return false
		}
		return r.waited(step.Pause)
	case step.SetWeight != nil:
		// The routers have been told, unless they would have been told to send traffic to where no pods are.
		told := w == nil || w.Canary.Weight == *step.SetWeight || r.current.Status.AvailableReplicas == 0
		return !scaled && told && r.atCounts(w)
	case step.Analysis != nil:
		return r.runs.step != nil && r.runs.step.Status.Phase == rov1.AnalysisPhaseSuccessful
	case step.SetCanaryScale != nil:
		return !scaled && r.atCounts(w)
	default:
		// Managed routes are set at once. Experiments and plugins do not come here: validation reports them.
		return step.SetHeaderRoute != nil || step.SetMirrorRoute != nil
	}
}

// promote makes the current version the one that counts as good.
func (r *run) promote(reason string) {
	r.goOnAnyway()
	s := &r.status
	s.PromoteFull = false
	s.BlueGreen.ScaleUpPreviewCheckPoint = false
	if c := r.spec.Strategy.Canary; c != nil {
		s.CurrentStepIndex = nil
		if len(c.Steps) > 0 {
			s.CurrentStepIndex = ptr.To(int32(len(c.Steps)))
		}
		if c.PingPong != nil {
			// The Service that the new pods were reached by is the stable one from now on.
			s.Canary.StablePingPong = rov1.PPPing
			if _, canary := r.sides(); canary == c.PingPong.PongService {
				s.Canary.StablePingPong = rov1.PPPong
			}
		}
	}
	r.completed(reason)
	s.StableRS = s.CurrentPodHash
	r.normal("RolloutCompleted", "Rollout completed update to revision %d (%s): %s", r.revision, s.CurrentPodHash, reason)
}

// describeStep returns a step in the way that a manifest does.
func describeStep(s *rov1.CanaryStep) string {
	switch {
	case s.SetWeight != nil:
		return fmt.Sprintf("setWeight: %d", *s.SetWeight)
	case s.Pause != nil && s.Pause.Duration != nil:
		return "pause: " + s.Pause.Duration.String()
	case s.Pause != nil:
		return "pause"
	case s.Analysis != nil:
		return "analysis"
	case s.SetCanaryScale != nil && s.SetCanaryScale.Weight != nil:
		return fmt.Sprintf("setCanaryScale: weight %d", *s.SetCanaryScale.Weight)
	case s.SetCanaryScale != nil && s.SetCanaryScale.Replicas != nil:
		return fmt.Sprintf("setCanaryScale: %d replicas", *s.SetCanaryScale.Replicas)
	case s.SetCanaryScale != nil:
		return "setCanaryScale: matchTrafficWeight"
	case s.SetHeaderRoute != nil:
		return "setHeaderRoute: " + s.SetHeaderRoute.Name
	case s.SetMirrorRoute != nil:
		return "setMirrorRoute: " + s.SetMirrorRoute.Name
	default:
		return "unknown"
	}
}
