// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"strconv"
	"time"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// blueGreen lets blue-green go on: the preview Service, numbers of pods, pause and switch of the active Service, analyses,
// in this order.
func (r *run) blueGreen() {
	bg := r.spec.Strategy.BlueGreen
	r.direct(bg.PreviewService, r.current)
	r.scaleBlueGreen()
	r.limitHistory()
	r.switchTraffic()
	r.analyses()
	r.ephemeralMetadata()
	r.promoteBlueGreen()
}

func (r *run) scaleBlueGreen() {
	if r.stable != nil && r.stable != r.current {
		r.dropDeadline(r.stable)
		r.scale(r.stable, r.replicas())
	}
	// Those that go make room for the new one.
	r.retire()
	r.scaleNew(r.previewCount())
	r.shrinkWorkload()
}

// keepFormer marks the version that the live one has followed, so that one can go back to it at once for a time.
func (r *run) keepFormer() {
	delay := time.Duration(r.spec.GetScaleDownDelaySeconds()) * time.Second
	if r.stable != nil && r.stable != r.current && delay > 0 {
		r.setDeadline(r.stable, delay)
	}
}

// live is the hash of the version that the active Service selects; "" if it selects all.
func (r *run) live() string { return selects(r.services[r.spec.Strategy.BlueGreen.ActiveService]) }

// previewCount is how many new pods there are to be: previewReplicaCount until the rollout may go live.
func (r *run) previewCount() int32 {
	preview := r.spec.Strategy.BlueGreen.PreviewReplicaCount
	at := r.course()
	switch {
	case preview == nil, at == deploying, at == settled, at == promoting, r.live() == "", r.live() == hashOf(r.current):
		return r.replicas()
	case r.prev.BlueGreen.ScaleUpPreviewCheckPoint && len(r.prev.PauseConditions) == 0:
		return r.replicas()
	default:
		return *preview
	}
}

// saturated tells that the new version is up with all the pods that are wanted.
func (r *run) saturated() bool {
	n := r.replicas()
	noted := r.current.Annotations[rov1.AnnotationDesiredReplicas]
	return *r.current.Spec.Replicas == n && r.current.Status.AvailableReplicas == n && noted == strconv.Itoa(int(n))
}

// previewed tells that as many new pods are there as are wanted at this point.
func (r *run) previewed() bool {
	n := r.previewCount()
	return *r.current.Spec.Replicas == n && r.current.Status.AvailableReplicas == n
}

// switchTraffic lets the active Service select the new pods when they are all there and nothing is left to wait for, and
// the stable ones after an abort.
func (r *run) switchTraffic() {
	active := r.spec.Strategy.BlueGreen.ActiveService
	switch {
	case r.halted():
		r.keepMark = true
	case r.course() == retreating:
		r.direct(active, r.stable)
	case !r.previewed():
		r.keepMark = true
	case !r.mayGoLive():
	case r.saturated():
		r.goOn(rov1.PauseReasonBlueGreenPause)
		r.direct(active, r.current)
	default:
		// Only the preview was there so far. What has been decided is remembered while the rest comes up.
		r.goOn(rov1.PauseReasonBlueGreenPause)
		r.status.BlueGreen.ScaleUpPreviewCheckPoint = true
	}
}

// mayGoLive tells that nothing is left to wait for before the switch. It begins the pause, if there is to be one.
func (r *run) mayGoLive() bool {
	bg := r.spec.Strategy.BlueGreen
	at := r.course()
	live := r.live()
	if live == "" || live == hashOf(r.current) || at != advancing || r.needsNoJudging() {
		return true
	}
	if pre := bg.PrePromotionAnalysis; pre != nil && len(pre.Templates) > 0 {
		if r.runs.pre == nil || r.runs.pre.Status.Phase != rov1.AnalysisPhaseSuccessful {
			return false
		}
	}
	if r.prev.BlueGreen.ScaleUpPreviewCheckPoint {
		return true
	}
	delay := time.Duration(bg.GetAutoPromotionSeconds()) * time.Second
	auto := bg.GetAutoPromotionEnabled()
	begun := since(&r.prev, rov1.PauseReasonBlueGreenPause)
	switch {
	case auto && delay == 0, r.promoted():
		return true
	case begun == nil:
		r.pauseFor(rov1.PauseReasonBlueGreenPause)
		if auto {
			r.requeue(r.now.Add(delay))
		}
		return false
	default:
		return auto && r.passed(begun.Add(delay))
	}
}

// promoteBlueGreen makes the live version the one that counts as good, once nothing is left to judge.
func (r *run) promoteBlueGreen() {
	bg := r.spec.Strategy.BlueGreen
	at := r.course()
	post := bg.PostPromotionAnalysis
	judged := post == nil || len(post.Templates) == 0 || r.runs.post != nil && r.runs.post.Status.Phase == rov1.AnalysisPhaseSuccessful
	reason := ""
	switch {
	case at == deploying:
		reason = "Initial deploy"
	case at == settled || r.aborted() || r.live() != hashOf(r.current):
	case at == promoting && r.prev.PromoteFull:
		reason = "Full promotion requested"
	case at == promoting:
		reason = "Rollback within window"
	case r.needsNoJudging():
		reason = "Fast rollback"
	case judged && !r.halted():
		reason = "Completed blue-green update"
	}
	if reason != "" {
		r.keepFormer()
		r.promote(reason)
	}
}
