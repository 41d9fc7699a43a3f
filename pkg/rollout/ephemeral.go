// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"encoding/json"
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// ephemeral is metadata that pods bear for the time being, as the annotation of their ReplicaSet tells.
type ephemeral rov1.Metadata

// ephemeralMetadataOf returns what was put on the pods of a ReplicaSet; nil if nothing.
func ephemeralMetadataOf(rs *appsv1.ReplicaSet) *ephemeral {
	text, ok := rs.Annotations[rov1.AnnotationEphemeralMetadata]
	if !ok {
		return nil
	}
	var e ephemeral
	if json.Unmarshal([]byte(text), &e) != nil {
		// Somebody has written nonsense there: then nothing is known to be ours.
		return nil
	}
	return &e
}

// removeFrom takes what e holds and keep does not out of an object's metadata. Whether it was there is returned.
func (e *ephemeral) removeFrom(meta *metav1.ObjectMeta, keep *ephemeral) bool {
	if e == nil {
		return false
	}
	if keep == nil {
		keep = &ephemeral{}
	}
	labels := without(meta.Labels, e.Labels, keep.Labels)
	annotations := without(meta.Annotations, e.Annotations, keep.Annotations)
	return labels || annotations
}

func without(from, remove, keep map[string]string) (changed bool) {
	for key := range remove {
		if _, kept := keep[key]; kept {
			continue
		}
		if _, there := from[key]; there {
			delete(from, key)
			changed = true
		}
	}
	return changed
}

// putOn puts what e holds into an object's metadata. Whether anything was not there is returned.
func (e *ephemeral) putOn(meta *metav1.ObjectMeta) bool {
	if e == nil {
		return false
	}
	labels := with(&meta.Labels, e.Labels)
	annotations := with(&meta.Annotations, e.Annotations)
	return labels || annotations
}

func with(into *map[string]string, add map[string]string) (changed bool) {
	for key, value := range add {
		if old, there := (*into)[key]; there && old == value {
			continue
		}
		if !changed {
			*into = maps.Clone(*into)
			if *into == nil {
				*into = map[string]string{}
			}
		}
		(*into)[key] = value
		changed = true
	}
	return changed
}

// mark lets the pods that a ReplicaSet will make bear e, and no longer what they bore before.
func (e *ephemeral) mark(rs *appsv1.ReplicaSet) bool {
	removed := ephemeralMetadataOf(rs).removeFrom(&rs.Spec.Template.ObjectMeta, e)
	added := e.putOn(&rs.Spec.Template.ObjectMeta)
	if !removed && !added {
		return false
	}
	if e == nil {
		delete(rs.Annotations, rov1.AnnotationEphemeralMetadata)
		return true
	}
	text, err := json.Marshal(rov1.Metadata(*e))
	if err != nil {
		// It cannot fail: these are strings.
		panic(err)
	}
	with(&rs.Annotations, map[string]string{rov1.AnnotationEphemeralMetadata: string(text)})
	return true
}

// roles returns the metadata of pods while they are new, and once they count as good.
func (r *run) roles() (fresh, good *ephemeral) {
	if c := r.spec.Strategy.Canary; c != nil {
		return (*ephemeral)(c.CanaryMetadata), (*ephemeral)(c.StableMetadata)
	}
	bg := r.spec.Strategy.BlueGreen
	return (*ephemeral)(bg.PreviewMetadata), (*ephemeral)(bg.ActiveMetadata)
}

// ephemeralMetadata lets ReplicaSets and their pods bear what their role says: first the ReplicaSet, so that a pod which
// is made meanwhile bears it too.
func (r *run) ephemeralMetadata() {
	fresh, good := r.roles()
	if fresh == nil && good == nil {
		return
	}
	if r.prev.StableRS == "" || r.prev.StableRS == hashOf(r.current) {
		r.bear(r.current, good)
	} else {
		r.bear(r.current, fresh)
		if r.stable != nil {
			r.bear(r.stable, good)
		}
	}
	for _, rs := range r.others {
		r.bear(rs, nil)
	}
}

// bear lets a ReplicaSet and its pods bear e, and nothing of any other role. That is taken from the spec, too, since a
// crash after the ReplicaSet was written would leave no other trace of what its pods bore.
func (r *run) bear(rs *appsv1.ReplicaSet, e *ephemeral) {
	old := ephemeralMetadataOf(rs)
	r.patch(rs, func(rs *appsv1.ReplicaSet) { e.mark(rs) })
	if *rs.Spec.Replicas == 0 {
		return
	}
	fresh, good := r.roles()
	keep := &ephemeral{Labels: rs.Spec.Template.Labels, Annotations: rs.Spec.Template.Annotations}
	for _, pod := range r.world.Pods[rs.UID] {
		if pod.DeletionTimestamp != nil {
			continue
		}
		after := pod.DeepCopy()
		changed := e.putOn(&after.ObjectMeta)
		for _, gone := range []*ephemeral{old, fresh, good} {
			changed = gone.removeFrom(&after.ObjectMeta, keep) || changed
		}
		if changed {
			r.effect(PatchPod{Before: pod, After: after})
		}
	}
}
