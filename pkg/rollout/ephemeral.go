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

// Ephemeral metadata are labels and annotations that pods bear for their role, as long as they have it: canary and stable,
// preview and active. They are put into the template of the ReplicaSet, for the pods that it makes, and on the pods that
// there are; neither makes a new version. An annotation of the ReplicaSet keeps what was put there, so that it can be told
// from what the user wrote.

// roleMetadata returns what the pods of the new version bear, and those of the one that serves. Either may be nil.
func (r *run) roleMetadata() (fresh, good *rov1.Metadata) {
	switch s := &r.spec.Strategy; {
	case s.BlueGreen != nil:
		return s.BlueGreen.PreviewMetadata, s.BlueGreen.ActiveMetadata
	case s.Canary != nil:
		return s.Canary.CanaryMetadata, s.Canary.StableMetadata
	}
	return nil, nil
}

// serving is the version that serves: the stable one, or the one that the active Service of blue-green selects. As long
// as there is none, it is the new one, which nothing else is to serve before.
func (r *run) serving() *appsv1.ReplicaSet {
	if r.spec.Strategy.BlueGreen != nil {
		if live := r.byHash(r.live()); live != nil {
			return live
		}
	}
	if r.stable != nil {
		return r.stable
	}
	return r.current
}

// metadataOf returns what the pods of a version bear for its role.
func (r *run) metadataOf(rs *appsv1.ReplicaSet) *rov1.Metadata {
	fresh, good := r.roleMetadata()
	switch rs {
	case r.serving():
		return good
	case r.current:
		return fresh
	}
	return nil
}

// ephemeralMetadata gives every version the metadata of its role.
func (r *run) ephemeralMetadata() {
	fresh, good := r.roleMetadata()
	for _, rs := range r.sets {
		wanted := r.metadataOf(rs)
		kept := keptMetadata(rs)
		r.patch(rs, func(rs *appsv1.ReplicaSet) { bear(rs, wanted) })
		// A pod may have come into being between the two writes of an earlier look: so whatever any role gives is known
		// to be no pod's own.
		for _, pod := range r.world.Pods[rs.UID] {
			if pod.DeletionTimestamp != nil {
				continue
			}
			changed := pod.DeepCopy()
			for _, other := range []*rov1.Metadata{kept, fresh, good} {
				takeOff(&changed.ObjectMeta, other, wanted, &rs.Spec.Template.ObjectMeta)
			}
			if putOn(&changed.ObjectMeta, wanted) || !maps.Equal(pod.Labels, changed.Labels) || !maps.Equal(pod.Annotations, changed.Annotations) {
				r.effect(PatchPod{Before: pod, After: changed})
			}
		}
	}
}

// keptMetadata returns what the template of a ReplicaSet bears for a role, by its annotation; nil if nothing.
func keptMetadata(rs *appsv1.ReplicaSet) *rov1.Metadata {
	text := rs.Annotations[rov1.AnnotationEphemeralMetadata]
	if text == "" {
		return nil
	}
	kept := &rov1.Metadata{}
	if json.Unmarshal([]byte(text), kept) != nil {
		// Somebody has written nonsense there: nothing is known of what was put on.
		return nil
	}
	return kept
}

// bear gives the template of a ReplicaSet the metadata of a role, instead of that which it bears.
func bear(rs *appsv1.ReplicaSet, wanted *rov1.Metadata) {
	template := &rs.Spec.Template.ObjectMeta
	// The labels of the ReplicaSet itself are those of the template that it was made from.
	takeOff(template, keptMetadata(rs), wanted, &metav1.ObjectMeta{Labels: rs.Labels})
	putOn(template, wanted)
	if wanted == nil || len(wanted.Labels)+len(wanted.Annotations) == 0 {
		delete(rs.Annotations, rov1.AnnotationEphemeralMetadata)
		return
	}
	text, err := json.Marshal(wanted)
	if err != nil {
		// It cannot fail: it is text only.
		panic(err)
	}
	with(&rs.Annotations, map[string]string{rov1.AnnotationEphemeralMetadata: string(text)})
}

// putOn puts metadata on an object. It returns whether that changes anything.
func putOn(meta *metav1.ObjectMeta, m *rov1.Metadata) bool {
	if m == nil {
		return false
	}
	labels := with(&meta.Labels, m.Labels)
	return with(&meta.Annotations, m.Annotations) || labels
}

// takeOff takes metadata off an object, except what stays. Where own has another value for a label or annotation, that is
// put back.
func takeOff(meta *metav1.ObjectMeta, m, stays *rov1.Metadata, own *metav1.ObjectMeta) {
	if m == nil {
		return
	}
	if stays == nil {
		stays = &rov1.Metadata{}
	}
	meta.Labels = without(meta.Labels, m.Labels, stays.Labels, own.Labels)
	meta.Annotations = without(meta.Annotations, m.Annotations, stays.Annotations, own.Annotations)
}

// without returns a map without entries, if they still have these values; or with their own values, where those are
// others.
func without(from, remove, stays, own map[string]string) map[string]string {
	out := from
	for key, value := range remove {
		if _, ok := stays[key]; ok || from[key] != value {
			continue
		}
		if _, there := from[key]; !there {
			continue
		}
		if before, ok := own[key]; ok && before == value {
			continue // its own has the same value
		}
		out = maps.Clone(out)
		if before, ok := own[key]; ok {
			out[key] = before
		} else if delete(out, key); len(out) == 0 {
			out = nil
		}
	}
	return out
}
