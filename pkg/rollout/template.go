// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/utils/ptr"

	"argosy.dev/argosy/apis/raw"
	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// madeFrom tells whether a ReplicaSet was made from the template: by the digest that we have written, or because its
// template says what ours does. The latter holds for one that another has made, and for one whose template was taken
// back from the cluster by an undo, with all that the cluster had filled in. typed is the template as Kubernetes' own type.
func madeFrom(rs *appsv1.ReplicaSet, template raw.PodTemplateSpec, typed *corev1.PodTemplateSpec) bool {
	if rs.Annotations[AnnotationTemplateDigest] == TemplateDigest(template) {
		return true
	}
	live := original(rs)
	wanted := typed.DeepCopy()
	delete(wanted.Labels, rov1.LabelPodTemplateHash)
	setDefaults(&wanted.Spec)
	setDefaults(&live.Spec)
	// The field is deprecated: clusters fill it from the other.
	live.Spec.DeprecatedServiceAccount, wanted.Spec.DeprecatedServiceAccount = "", ""
	return apiequality.Semantic.DeepEqual(live, wanted)
}

// original returns the template of a ReplicaSet without what was added to it when it was made, or since.
func original(rs *appsv1.ReplicaSet) *corev1.PodTemplateSpec {
	template := rs.Spec.Template.DeepCopy()
	ephemeralMetadataOf(rs).removeFrom(&template.ObjectMeta, nil)
	delete(template.Labels, rov1.LabelPodTemplateHash)
	if hasOurTerm(template.Spec.Affinity) {
		template.Spec.Affinity = apartFrom(template.Spec.Affinity, nil, "")
	}
	return template
}

// setDefaults fills in what a cluster fills in when it is given a pod template. It is only for comparing with what a
// cluster shows: a default that were missing here would at worst make a ReplicaSet of another maker look different.
func setDefaults(s *corev1.PodSpec) {
	set(&s.RestartPolicy, corev1.RestartPolicyAlways)
	set(&s.DNSPolicy, corev1.DNSClusterFirst)
	set(&s.SchedulerName, corev1.DefaultSchedulerName)
	if s.TerminationGracePeriodSeconds == nil {
		s.TerminationGracePeriodSeconds = ptr.To(int64(corev1.DefaultTerminationGracePeriodSeconds))
	}
	if s.SecurityContext == nil {
		s.SecurityContext = &corev1.PodSecurityContext{}
	}
	for i := range s.InitContainers {
		containerDefaults(&s.InitContainers[i], s.HostNetwork)
	}
	for i := range s.Containers {
		containerDefaults(&s.Containers[i], s.HostNetwork)
	}
	for i := range s.Volumes {
		volumeDefaults(&s.Volumes[i])
	}
	for i := range s.TopologySpreadConstraints {
		c := &s.TopologySpreadConstraints[i]
		if c.NodeAffinityPolicy == nil {
			c.NodeAffinityPolicy = ptr.To(corev1.NodeInclusionPolicyHonor)
		}
		if c.NodeTaintsPolicy == nil {
			c.NodeTaintsPolicy = ptr.To(corev1.NodeInclusionPolicyIgnore)
		}
	}
}

// set fills in a value where there is none.
func set[T comparable](at *T, value T) {
	var none T
	if *at == none {
		*at = value
	}
}

// setPointer fills in a value where there is none.
func setPointer[T any](at **T, value T) {
	if *at == nil {
		*at = &value
	}
}

func containerDefaults(c *corev1.Container, hostNetwork bool) {
	set(&c.TerminationMessagePath, corev1.TerminationMessagePathDefault)
	set(&c.TerminationMessagePolicy, corev1.TerminationMessageReadFile)
	if c.ImagePullPolicy == "" {
		c.ImagePullPolicy = corev1.PullIfNotPresent
		if latest(c.Image) {
			c.ImagePullPolicy = corev1.PullAlways
		}
	}
	for i := range c.Ports {
		set(&c.Ports[i].Protocol, corev1.ProtocolTCP)
		if hostNetwork {
			set(&c.Ports[i].HostPort, c.Ports[i].ContainerPort)
		}
	}
	for i := range c.Env {
		if from := c.Env[i].ValueFrom; from != nil && from.FieldRef != nil {
			set(&from.FieldRef.APIVersion, "v1")
		}
	}
	for _, p := range []*corev1.Probe{c.LivenessProbe, c.ReadinessProbe, c.StartupProbe} {
		if p == nil {
			continue
		}
		set(&p.TimeoutSeconds, 1)
		set(&p.PeriodSeconds, 10)
		set(&p.SuccessThreshold, 1)
		set(&p.FailureThreshold, 3)
		httpDefaults(p.HTTPGet)
		if p.GRPC != nil {
			setPointer(&p.GRPC.Service, "")
		}
	}
	if c.Lifecycle != nil {
		for _, h := range []*corev1.LifecycleHandler{c.Lifecycle.PostStart, c.Lifecycle.PreStop} {
			if h != nil {
				httpDefaults(h.HTTPGet)
			}
		}
	}
	// What is limited is requested too.
	for name, limit := range c.Resources.Limits {
		if _, there := c.Resources.Requests[name]; !there {
			if c.Resources.Requests == nil {
				c.Resources.Requests = corev1.ResourceList{}
			}
			c.Resources.Requests[name] = limit
		}
	}
}

func httpDefaults(h *corev1.HTTPGetAction) {
	if h != nil {
		set(&h.Path, "/")
		set(&h.Scheme, corev1.URISchemeHTTP)
	}
}

// latest tells whether an image has the tag latest, or none at all.
func latest(image string) bool {
	if strings.Contains(image, "@") {
		return false
	}
	last := image[strings.LastIndex(image, "/")+1:]
	_, tag, tagged := strings.Cut(last, ":")
	return !tagged || tag == "latest"
}

func volumeDefaults(v *corev1.Volume) {
	if v.VolumeSource == (corev1.VolumeSource{}) {
		v.EmptyDir = &corev1.EmptyDirVolumeSource{}
	}
	const mode int32 = 0o644
	switch {
	case v.Secret != nil:
		setPointer(&v.Secret.DefaultMode, mode)
	case v.ConfigMap != nil:
		setPointer(&v.ConfigMap.DefaultMode, mode)
	case v.DownwardAPI != nil:
		setPointer(&v.DownwardAPI.DefaultMode, mode)
		fieldDefaults(v.DownwardAPI.Items)
	case v.Projected != nil:
		setPointer(&v.Projected.DefaultMode, mode)
		for i := range v.Projected.Sources {
			if token := v.Projected.Sources[i].ServiceAccountToken; token != nil {
				setPointer(&token.ExpirationSeconds, 3600)
			}
			if api := v.Projected.Sources[i].DownwardAPI; api != nil {
				fieldDefaults(api.Items)
			}
		}
	case v.HostPath != nil:
		setPointer(&v.HostPath.Type, corev1.HostPathUnset)
	case v.Ephemeral != nil && v.Ephemeral.VolumeClaimTemplate != nil:
		setPointer(&v.Ephemeral.VolumeClaimTemplate.Spec.VolumeMode, corev1.PersistentVolumeFilesystem)
	}
}

func fieldDefaults(items []corev1.DownwardAPIVolumeFile) {
	for i := range items {
		if items[i].FieldRef != nil {
			set(&items[i].FieldRef.APIVersion, "v1")
		}
	}
}
