// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

func hashOf(rs *appsv1.ReplicaSet) string {
	if rs == nil {
		return ""
	}
	return rs.Labels[rov1.LabelPodTemplateHash]
}

func revisionOf(rs *appsv1.ReplicaSet) int64 {
	n, err := strconv.ParseInt(rs.Annotations[rov1.AnnotationRevision], 10, 64)
	if err != nil {
		// None, or nonsense that somebody has written there: as if it had none.
		return 0
	}
	return n
}

// sortByCreation sorts the oldest first. Those of the same second are sorted by name, so that the order never depends on
// that in which they were read.
func sortByCreation(sets []*appsv1.ReplicaSet) {
	slices.SortStableFunc(sets, func(a, b *appsv1.ReplicaSet) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(revisionOf(a), revisionOf(b)), cmp.Compare(a.Name, b.Name))
	})
}

// findSets finds the ReplicaSets by their roles.
func (r *run) findSets() {
	hash := TemplateHash(r.spec.Template, r.prev.CollisionCount)
	r.current = nil
	for _, rs := range r.sets {
		if hashOf(rs) == hash && madeFrom(rs, r.spec.Template, r.template) {
			r.current = rs
			break
		}
	}
	if r.current == nil {
		for _, rs := range r.sets {
			if madeFrom(rs, r.spec.Template, r.template) {
				r.current = rs
				break
			}
		}
	}
	r.assignRoles()
}

func (r *run) assignRoles() {
	r.stable, r.others = nil, nil
	if r.prev.StableRS != "" {
		for _, rs := range r.sets {
			if hashOf(rs) == r.prev.StableRS {
				r.stable = rs
				break
			}
		}
	}
	for _, rs := range r.sets {
		if rs != r.current && rs != r.stable {
			r.others = append(r.others, rs)
		}
	}
	r.revision = 1
	for _, rs := range r.sets {
		if rs != r.current {
			r.revision = max(r.revision, revisionOf(rs)+1)
		}
	}
}

// create asks for the ReplicaSet of the template. It returns false if nothing more can be done now.
func (r *run) create() bool {
	rs := r.newSet()
	for {
		err := r.world.CreateErrors[rs.Name]
		taken := slices.ContainsFunc(r.sets, func(other *appsv1.ReplicaSet) bool { return other.Name == rs.Name })
		if !taken && !apierrors.IsAlreadyExists(err) {
			if err != nil {
				message := fmt.Sprintf("ReplicaSet %s cannot be created: %v", rs.Name, err)
				r.setCondition(rov1.RolloutConditionProgressing, metav1.ConditionFalse, reasonCreateError, message)
				r.warn(reasonCreateError, "%s", message)
				r.phase()
				return false
			}
			break
		}
		// The hash is that of another template.
		r.prev.CollisionCount = ptr.To(ptr.Deref(r.prev.CollisionCount, 0) + 1)
		r.status.CollisionCount = r.prev.CollisionCount
		rs = r.newSet()
	}
	r.effect(CreateReplicaSet{Object: rs.DeepCopy()})
	r.sets = append(r.sets, rs)
	r.current = rs
	r.assignRoles()
	r.setRevision(revisionOf(rs))
	r.normal(reasonCreated, "ReplicaSet %s (revision %d) created", rs.Name, r.revision)
	r.touch(metav1.ConditionTrue, reasonCreated, fmt.Sprintf("ReplicaSet %s was created", rs.Name))
	return true
}

// newSet returns the ReplicaSet of the template, without pods as yet.
func (r *run) newSet() *appsv1.ReplicaSet {
	hash := TemplateHash(r.spec.Template, r.prev.CollisionCount)
	template := r.template.DeepCopy()
	template.Labels = maps.Clone(template.Labels)
	if template.Labels == nil {
		template.Labels = map[string]string{}
	}
	template.Labels[rov1.LabelPodTemplateHash] = hash
	selector := r.spec.Selector.DeepCopy()
	if selector == nil {
		selector = &metav1.LabelSelector{}
	}
	if selector.MatchLabels == nil {
		selector.MatchLabels = map[string]string{}
	}
	selector.MatchLabels[rov1.LabelPodTemplateHash] = hash
	if r.prev.StableRS != "" && r.prev.StableRS != hash {
		template.Spec.Affinity = apartFrom(template.Spec.Affinity, antiAffinity(&r.spec.Strategy), r.prev.StableRS)
	}
	rs := &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{
			Name: r.ro.Name + "-" + hash, Namespace: r.ro.Namespace, Labels: maps.Clone(template.Labels),
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(r.ro, rov1.SchemeGroupVersion.WithKind("Rollout"))},
			Annotations:     r.inherited(),
		},
		Spec: appsv1.ReplicaSetSpec{
			Replicas: ptr.To(int32(0)), MinReadySeconds: r.spec.GetMinReadySeconds(), Selector: selector, Template: *template,
		},
	}
	rs.Annotations[AnnotationTemplateDigest] = TemplateDigest(r.spec.Template)
	rs.Annotations[rov1.AnnotationRevision] = strconv.FormatInt(r.revision, 10)
	rs.Annotations[rov1.AnnotationDesiredReplicas] = strconv.Itoa(int(r.replicas()))
	fresh, good := r.roles()
	if r.stable != nil {
		fresh.mark(rs)
	} else {
		good.mark(rs)
	}
	return rs
}

// inherited are the annotations of the rollout that its ReplicaSets bear, too.
func (r *run) inherited() map[string]string {
	out := map[string]string{}
	for key, value := range r.ro.Annotations {
		switch key {
		case corev1.LastAppliedConfigAnnotation, rov1.AnnotationRevision, rov1.AnnotationRevisionHistory, rov1.AnnotationDesiredReplicas,
			"notified.notifications.argoproj.io":
		default:
			out[key] = value
		}
	}
	return out
}

// syncRevision gives the current ReplicaSet the highest revision, and what else it has from the rollout.
func (r *run) syncRevision() {
	r.patch(r.current, func(rs *appsv1.ReplicaSet) {
		changed := with(&rs.Annotations, r.inherited())
		old := revisionOf(rs)
		if old < r.revision {
			rs.Annotations[rov1.AnnotationRevision] = strconv.FormatInt(r.revision, 10)
			changed = true
		}
		if changed && old > 0 && old < r.revision {
			history := strconv.FormatInt(old, 10)
			if before := rs.Annotations[rov1.AnnotationRevisionHistory]; before != "" {
				history = before + "," + history
			}
			rs.Annotations[rov1.AnnotationRevisionHistory] = history
		}
		with(&rs.Annotations, map[string]string{AnnotationTemplateDigest: TemplateDigest(r.spec.Template)})
		rs.Spec.MinReadySeconds = r.spec.GetMinReadySeconds()
		if hasOurTerm(rs.Spec.Template.Spec.Affinity) && r.prev.StableRS != "" && r.prev.StableRS != hashOf(rs) {
			// The version that it is to be kept apart from may be another by now.
			rs.Spec.Template.Spec.Affinity = apartFrom(rs.Spec.Template.Spec.Affinity, antiAffinity(&r.spec.Strategy), r.prev.StableRS)
		}
	})
	r.setRevision(max(r.revision, revisionOf(r.current)))
	if conditionOf(&r.prev, rov1.RolloutConditionProgressing) == nil {
		r.setCondition(rov1.RolloutConditionProgressing, metav1.ConditionTrue, reasonFound, fmt.Sprintf("ReplicaSet %s was there already", r.current.Name))
	}
}

// patch changes a ReplicaSet, if there is anything to change. Later decisions of this run see it changed.
func (r *run) patch(rs *appsv1.ReplicaSet, change func(*appsv1.ReplicaSet)) bool {
	before := rs.DeepCopy()
	if rs.Annotations == nil {
		rs.Annotations = map[string]string{}
	}
	change(rs)
	if len(rs.Annotations) == 0 {
		rs.Annotations = nil
	}
	if apiequality.Semantic.DeepEqual(before, rs) {
		return false
	}
	r.effect(PatchReplicaSet{Before: before, After: rs.DeepCopy()})
	return true
}

// limitHistory deletes old ReplicaSets without pods beyond the limit, the oldest first, and the analysis runs that were
// about them.
func (r *run) limitHistory() {
	var old []*appsv1.ReplicaSet
	for _, rs := range r.others {
		if rs.DeletionTimestamp == nil {
			old = append(old, rs)
		}
	}
	for _, rs := range old[:max(0, len(old)-int(r.spec.GetRevisionHistoryLimit()))] {
		if rs.Status.Replicas != 0 || *rs.Spec.Replicas != 0 || rs.Generation > rs.Status.ObservedGeneration {
			continue
		}
		r.effect(DeleteReplicaSet{Object: rs})
		for _, run := range r.runs.others {
			if run.Labels[rov1.LabelPodTemplateHash] == hashOf(rs) && run.DeletionTimestamp == nil {
				r.effect(DeleteAnalysisRun{Object: run})
			}
		}
	}
}
