// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"argosy.dev/argosy/apis/raw"
	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// madeFrom tells that a ReplicaSet was made from a template. typed is the template as Kubernetes' own type. The digest
// tells it, of a ReplicaSet that bears one of our algorithm; else, and where the template was only written in another way
// (a quantity in other units, a default spelled out), what a cluster makes of both is compared.
func madeFrom(rs *appsv1.ReplicaSet, template raw.PodTemplateSpec, typed *corev1.PodTemplateSpec) bool {
	digest := rs.Annotations[AnnotationTemplateDigest]
	if digest == TemplateDigest(template) {
		return true
	}
	if rs.Annotations[AnnotationTemplateInexact] != "" || !template.Exact() {
		// The types do not show all that the templates say.
		return false
	}
	return sameTemplate(original(rs), typed)
}

// digested returns the annotations by which a ReplicaSet is known to be made from a template.
func digested(template raw.PodTemplateSpec) map[string]string {
	out := map[string]string{AnnotationTemplateDigest: TemplateDigest(template)}
	if !template.Exact() {
		out[AnnotationTemplateInexact] = "true"
	}
	return out
}

// original returns the template that a ReplicaSet was made from, as the cluster gives it: without what was added for its
// version, for its role, and to keep it apart from others.
func original(rs *appsv1.ReplicaSet) *corev1.PodTemplateSpec {
	template := rs.Spec.Template.DeepCopy()
	takeOff(&template.ObjectMeta, keptMetadata(rs), nil, &metav1.ObjectMeta{Labels: rs.Labels})
	template.Labels = maps.Clone(template.Labels)
	if delete(template.Labels, rov1.LabelPodTemplateHash); len(template.Labels) == 0 {
		template.Labels = nil
	}
	if hasOurTerm(template.Spec.Affinity) {
		template.Spec.Affinity = apartFrom(template.Spec.Affinity, nil, "")
	}
	return template
}

// sameTemplate tells that a cluster makes the same of two templates.
func sameTemplate(a, b *corev1.PodTemplateSpec) bool {
	a, b = a.DeepCopy(), b.DeepCopy()
	for _, t := range []*corev1.PodTemplateSpec{a, b} {
		// Of its metadata, pods get only these.
		t.ObjectMeta = metav1.ObjectMeta{Labels: t.Labels, Annotations: t.Annotations, Finalizers: t.Finalizers}
		delete(t.Labels, rov1.LabelPodTemplateHash)
		setDefaults(&t.Spec)
		plainAccount(&t.Spec)
		if affinity := t.Spec.Affinity; affinity != nil && apiequality.Semantic.DeepEqual(*affinity, corev1.Affinity{}) {
			t.Spec.Affinity = nil
		}
	}
	return apiequality.Semantic.DeepEqual(a, b)
}

// plainAccount names the service account once: the old name of the field is a copy, and the account "default" is what a
// pod gets that names none.
func plainAccount(s *corev1.PodSpec) {
	if s.ServiceAccountName == "" {
		s.ServiceAccountName = s.DeprecatedServiceAccount
	}
	s.DeprecatedServiceAccount = ""
	if s.ServiceAccountName == "default" {
		s.ServiceAccountName = ""
	}
}
