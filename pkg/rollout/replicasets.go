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

func revisionOf(rs *appsv1.ReplicaSet) int64 { return Revision(rs.Annotations) }

// Revision returns the revision that annotations of a ReplicaSet or of an analysis run name; 0 if none.
func Revision(annotations map[string]string) int64 {
	n, err := strconv.ParseInt(annotations[rov1.AnnotationRevision], 10, 64)
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

// findSets finds out which ReplicaSet is of the template, which one counts as good, and which are of neither. One that
// bears the template's digest is found at a glance; only if there is none, templates are compared.
func (r *run) findSets() {
	digest := TemplateDigest(r.spec.Template)
	r.current = r.among(func(rs *appsv1.ReplicaSet) bool { return rs.Annotations[AnnotationTemplateDigest] == digest })
	if r.current == nil {
		r.current = r.among(func(rs *appsv1.ReplicaSet) bool { return madeFrom(rs, r.spec.Template, r.template) })
	}
	r.assignRoles()
}

// among returns a ReplicaSet that is made from the template. Of several it is that which bears the template's hash, or else
// the oldest.
func (r *run) among(made func(*appsv1.ReplicaSet) bool) (found *appsv1.ReplicaSet) {
	hash := TemplateHash(r.spec.Template, r.prev.CollisionCount)
	for _, rs := range r.sets {
		switch {
		case !made(rs):
		case hashOf(rs) == hash:
			return rs
		case found == nil:
			found = rs
		}
	}
	return found
}

// assignRoles finds the stable ReplicaSet and the others, and the revision of the current one: one more than that of any
// other.
func (r *run) assignRoles() {
	r.stable = r.byHash(r.prev.StableRS)
	r.others = nil
	r.revision = 1
	for _, rs := range r.sets {
		if rs == r.current {
			continue
		}
		r.revision = max(r.revision, revisionOf(rs)+1)
		if rs != r.stable {
			r.others = append(r.others, rs)
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
				message := fmt.Sprintf("Failed to create new replica set %q: %v", rs.Name, err)
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
	r.effect(CreateReplicaSet{Object: rs.DeepCopy(), Source: r.spec.Template})
	created := r.lastEffect()
	r.sets = append(r.sets, rs)
	r.current = rs
	r.assignRoles()
	r.setRevision(revisionOf(rs))
	r.did(created, reasonCreated, "Created ReplicaSet %s (revision %d)", rs.Name, r.revision)
	r.touch(metav1.ConditionTrue, reasonCreated, fmt.Sprintf("Created new replica set %q", rs.Name))
	return true
}

// newSet returns the ReplicaSet of the template, without pods as yet.
func (r *run) newSet() *appsv1.ReplicaSet {
	hash := TemplateHash(r.spec.Template, r.prev.CollisionCount)
	version := map[string]string{rov1.LabelPodTemplateHash: hash}
	rs := &appsv1.ReplicaSet{}
	rs.Name, rs.Namespace = r.ro.Name+"-"+hash, r.ro.Namespace
	rs.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(r.ro, rov1.SchemeGroupVersion.WithKind("Rollout"))}

	rs.Spec.Replicas = ptr.To(int32(0))
	rs.Spec.MinReadySeconds = r.spec.GetMinReadySeconds()
	rs.Spec.Selector = &metav1.LabelSelector{}
	if r.spec.Selector != nil {
		rs.Spec.Selector = r.spec.Selector.DeepCopy()
	}
	with(&rs.Spec.Selector.MatchLabels, version)
	rs.Spec.Template = *r.template.DeepCopy()
	with(&rs.Spec.Template.Labels, version)
	r.keepApart(rs, hash)

	rs.Labels = maps.Clone(rs.Spec.Template.Labels)
	rs.Annotations = r.inherited()
	maps.Copy(rs.Annotations, digested(r.spec.Template))
	rs.Annotations[rov1.AnnotationRevision] = strconv.FormatInt(r.revision, 10)
	rs.Annotations[rov1.AnnotationDesiredReplicas] = strconv.Itoa(int(r.replicas()))
	fresh, good := r.roleMetadata()
	if r.stable == nil {
		bear(rs, good)
	} else {
		bear(rs, fresh)
	}
	return rs
}

// keepApart keeps the pods of a version apart from the stable ones, if the strategy wishes it.
func (r *run) keepApart(rs *appsv1.ReplicaSet, hash string) {
	if r.prev.StableRS != "" && r.prev.StableRS != hash {
		rs.Spec.Template.Spec.Affinity = apartFrom(rs.Spec.Template.Spec.Affinity, antiAffinity(&r.spec.Strategy), r.prev.StableRS)
	}
}

// notInherited are the annotations of a rollout that say something about itself only.
var notInherited = []string{
	corev1.LastAppliedConfigAnnotation, rov1.AnnotationRevision, rov1.AnnotationRevisionHistory, rov1.AnnotationDesiredReplicas,
	rov1.AnnotationWorkloadGeneration, "notified.notifications.argoproj.io",
}

// inherited are the annotations of the rollout that its ReplicaSets bear, too, as those of a Deployment do.
func (r *run) inherited() map[string]string {
	out := map[string]string{}
	for key, value := range r.ro.Annotations {
		if !slices.Contains(notInherited, key) {
			out[key] = value
		}
	}
	return out
}

// syncRevision gives the current ReplicaSet the highest revision, and what else it has from the rollout. A ReplicaSet that
// is used again keeps the revisions that it had, as that of a Deployment does.
func (r *run) syncRevision() {
	r.patch(r.current, func(rs *appsv1.ReplicaSet) {
		with(&rs.Annotations, r.inherited())
		if had := revisionOf(rs); had < r.revision {
			if had > 0 {
				history := strconv.FormatInt(had, 10)
				if earlier := rs.Annotations[rov1.AnnotationRevisionHistory]; earlier != "" {
					history = earlier + "," + history
				}
				rs.Annotations[rov1.AnnotationRevisionHistory] = history
			}
			rs.Annotations[rov1.AnnotationRevision] = strconv.FormatInt(r.revision, 10)
		}
		if rs.Annotations[AnnotationTemplateDigest] != TemplateDigest(r.spec.Template) {
			with(&rs.Annotations, digested(r.spec.Template))
		}
		rs.Spec.MinReadySeconds = r.spec.GetMinReadySeconds()
		if hasOurTerm(rs.Spec.Template.Spec.Affinity) {
			// The version that it is to be kept apart from may be another by now.
			r.keepApart(rs, hashOf(rs))
		}
	})
	r.setRevision(max(r.revision, revisionOf(r.current)))
	if conditionOf(&r.prev, rov1.RolloutConditionProgressing) == nil {
		r.setCondition(rov1.RolloutConditionProgressing, metav1.ConditionTrue, reasonFound, fmt.Sprintf("Found new replica set %q", r.current.Name))
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
