// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"fmt"
	"reflect"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// Reconcile decides what should happen next with a rollout. It never changes ro or what is in the world, and gives the
// same answer for the same arguments. A rollout advances by at most one step with each Decision: a Decision with a
// Status is to be followed by another look.
func Reconcile(ro *rov1.Rollout, w World) Decision {
	if ro.DeletionTimestamp != nil {
		return Decision{}
	}
	r := newRun(ro, w)
	if ro.Status.ObservedGeneration == "" && len(ro.Status.Conditions) == 0 {
		r.normal("RolloutAddedToInformer", "Rollout resource added to informer: %s/%s", ro.Namespace, ro.Name)
	}
	r.operate()
	return r.result()
}

// run is one reconciliation.
type run struct {
	ro    *rov1.Rollout
	world World
	// now is the time in the precision that the status stores.
	now metav1.Time
	// spec is that of the rollout, with template and selector of the workload where it names one.
	spec *rov1.RolloutSpec
	// template is the pod template as Kubernetes' own type.
	template *corev1.PodTemplateSpec
	// prev is the status that decisions are taken by: the old one, with the conditions that follow from what verbs have
	// changed in it. status is the new one.
	prev, status rov1.RolloutStatus
	// sets are working copies of the ReplicaSets, the oldest first. They show what this run has changed in them.
	sets []*appsv1.ReplicaSet
	// current is the ReplicaSet of the template, stable the one that counts as good. They may be the same, and nil.
	current, stable *appsv1.ReplicaSet
	// others are neither.
	others []*appsv1.ReplicaSet
	// services are working copies of the Services.
	services map[string]*corev1.Service
	// withinDelay tells that the current ReplicaSet was still waiting to be taken away when the run began.
	withinDelay bool
	revision    int64
	runs        currentRuns
	// at is where the rollout is going, fixed for this look.
	at course
	// abortReason is why this look has aborted the rollout.
	abortReason string
	// keepMark leaves the mark by which a promotion is seen: this look could not act on it.
	keepMark  bool
	decision  Decision
	requeueAt time.Time
}

func newRun(ro *rov1.Rollout, w World) *run {
	r := &run{ro: ro, world: w, now: metav1.NewTime(w.Now.UTC().Truncate(time.Second)), services: map[string]*corev1.Service{}}
	spec := *ro.Spec.DeepCopy()
	r.spec = &spec
	r.prev = *ro.Status.DeepCopy()
	r.status = *ro.Status.DeepCopy()
	for _, rs := range w.ReplicaSets {
		r.sets = append(r.sets, rs.DeepCopy())
	}
	sortByCreation(r.sets)
	for name, s := range w.Services {
		r.services[name] = s.DeepCopy()
	}
	return r
}

// operate finds out what there is, and lets the strategy act.
func (r *run) operate() {
	if err := r.resolve(); err != nil {
		r.invalid(err)
		return
	}
	if err := r.validate(); err != nil {
		r.invalid(err)
		return
	}
	r.findSets()
	r.findRuns()
	if r.current == nil {
		if !r.create() {
			return
		}
		r.begin()
		r.finish()
		return
	}
	at, set := deadline(r.current)
	r.withinDelay = set && r.world.Now.Before(at)
	r.syncRevision()
	if r.begins() {
		r.begin()
		r.finish()
		return
	}
	r.settleAbort()
	r.at = r.findCourse()
	r.settlePause()
	switch {
	case r.resized():
		r.keepMark = true
		if r.spec.Strategy.BlueGreen != nil {
			r.scaleBlueGreen()
		} else {
			r.scaleCanary()
		}
	case r.restart() > 0:
		r.keepMark = true
	case r.spec.Strategy.BlueGreen != nil:
		r.blueGreen()
	default:
		r.canary()
	}
	r.finish()
}

// settleAbort finds out what holds when a rollout is both to be aborted and promoted to its end: what was asked for last.
// An abort that was acted upon already is the earlier of the two.
func (r *run) settleAbort() {
	switch {
	case !r.prev.Abort:
	case r.fullyPromoted(), r.prev.PromoteFull && r.prev.AbortedAt != nil, r.withinWindow():
		r.prev.Abort, r.status.Abort = false, false
	case r.prev.PromoteFull:
		r.prev.PromoteFull, r.status.PromoteFull = false, false
	}
}

// result makes the Decision of what was found.
func (r *run) result() Decision {
	if !reflect.DeepEqual(normal(r.status), normal(r.ro.Status)) {
		status := r.status
		r.decision.Status = &status
	}
	if !r.requeueAt.IsZero() {
		r.decision.RequeueAfter = max(r.requeueAt.Sub(r.world.Now), time.Millisecond)
	}
	return r.decision
}

// normal makes an empty list the same as an absent one.
func normal(s rov1.RolloutStatus) rov1.RolloutStatus {
	if len(s.PauseConditions) == 0 {
		s.PauseConditions = nil
	}
	if len(s.Conditions) == 0 {
		s.Conditions = nil
	}
	return s
}

// requeue asks for another look at a time.
func (r *run) requeue(at time.Time) {
	if r.requeueAt.IsZero() || at.Before(r.requeueAt) {
		r.requeueAt = at
	}
}

func (r *run) event(kind, reason, format string, args ...any) {
	message := format
	if len(args) > 0 {
		message = fmt.Sprintf(format, args...)
	}
	r.decision.Events = append(r.decision.Events, Event{Type: kind, Reason: reason, Message: message, Of: ofStatus})
}

// did tells of a Deed.
func (r *run) did(deed Deed, reason, format string, args ...any) {
	r.normal(reason, format, args...)
	r.decision.Events[len(r.decision.Events)-1].Of = deed
}

// lastEffect is the effect that was asked for last.
func (r *run) lastEffect() Deed { return Deed(len(r.decision.Effects)) }

func (r *run) normal(reason, format string, args ...any) {
	r.event(corev1.EventTypeNormal, reason, format, args...)
}

func (r *run) warn(reason, format string, args ...any) {
	r.event(corev1.EventTypeWarning, reason, format, args...)
}

func (r *run) effect(e Effect) { r.decision.Effects = append(r.decision.Effects, e) }

// annotate sets an annotation of the rollout.
func (r *run) annotate(key, value string) bool {
	if r.ro.Annotations[key] == value {
		return false
	}
	if r.decision.Annotations == nil {
		r.decision.Annotations = map[string]string{}
	}
	r.decision.Annotations[key] = value
	return true
}

// replicas is how many pods the rollout wants.
func (r *run) replicas() int32 { return r.spec.GetReplicas() }

// setRevision remembers the revision, also in the rollout itself, and tells of a new one.
func (r *run) setRevision(revision int64) {
	r.revision = revision
	text := strconv.FormatInt(revision, 10)
	if r.annotate(rov1.AnnotationRevision, text) {
		r.did(ofAnnotations, "RolloutUpdated", "Rollout updated to revision %s", text)
	}
}
