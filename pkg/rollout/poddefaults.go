// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

// setDefaults fills in what a cluster fills in when a pod template is written: the defaults that the documentation of the
// fields of corev1.PodSpec names.
func setDefaults(s *corev1.PodSpec) {
	fill(&s.RestartPolicy, corev1.RestartPolicyAlways)
	fill(&s.DNSPolicy, corev1.DNSClusterFirst)
	fill(&s.SchedulerName, corev1.DefaultSchedulerName)
	point(&s.TerminationGracePeriodSeconds, corev1.DefaultTerminationGracePeriodSeconds)
	point(&s.EnableServiceLinks, corev1.DefaultEnableServiceLinks)
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
	limitsAreRequests(s.Resources)
}

// fill sets a value that is not set.
func fill[T comparable](at *T, value T) {
	var unset T
	if *at == unset {
		*at = value
	}
}

// point sets an optional value that is not set.
func point[T any](at **T, value T) {
	if *at == nil {
		*at = ptr.To(value)
	}
}

func containerDefaults(c *corev1.Container, hostNetwork bool) {
	fill(&c.TerminationMessagePath, corev1.TerminationMessagePathDefault)
	fill(&c.TerminationMessagePolicy, corev1.TerminationMessageReadFile)
	fill(&c.ImagePullPolicy, pullPolicy(c.Image))
	for i := range c.Ports {
		fill(&c.Ports[i].Protocol, corev1.ProtocolTCP)
		if hostNetwork {
			fill(&c.Ports[i].HostPort, c.Ports[i].ContainerPort)
		}
	}
	for i := range c.Env {
		from := c.Env[i].ValueFrom
		if from == nil {
			continue
		}
		if from.FieldRef != nil {
			fill(&from.FieldRef.APIVersion, "v1")
		}
		if from.FileKeyRef != nil {
			point(&from.FileKeyRef.Optional, false)
		}
	}
	for _, probe := range []*corev1.Probe{c.StartupProbe, c.LivenessProbe, c.ReadinessProbe} {
		probeDefaults(probe)
	}
	if c.Lifecycle != nil {
		for _, handler := range []*corev1.LifecycleHandler{c.Lifecycle.PostStart, c.Lifecycle.PreStop} {
			if handler != nil {
				httpDefaults(handler.HTTPGet)
			}
		}
	}
	limitsAreRequests(&c.Resources)
}

// limitsAreRequests requests what is limited, where nothing else is requested of it.
func limitsAreRequests(r *corev1.ResourceRequirements) {
	if r == nil {
		return
	}
	for name, limit := range r.Limits {
		if _, ok := r.Requests[name]; ok {
			continue
		}
		if r.Requests == nil {
			r.Requests = corev1.ResourceList{}
		}
		r.Requests[name] = limit.DeepCopy()
	}
}

func probeDefaults(p *corev1.Probe) {
	if p == nil {
		return
	}
	fill(&p.TimeoutSeconds, 1)
	fill(&p.PeriodSeconds, 10)
	fill(&p.SuccessThreshold, 1)
	fill(&p.FailureThreshold, 3)
	httpDefaults(p.HTTPGet)
	if p.GRPC != nil {
		point(&p.GRPC.Service, "")
	}
}

func httpDefaults(h *corev1.HTTPGetAction) {
	if h == nil {
		return
	}
	fill(&h.Path, "/")
	fill(&h.Scheme, corev1.URISchemeHTTP)
}

// pullPolicy returns when an image is pulled, where nothing is said: always if its tag is latest or absent.
func pullPolicy(image string) corev1.PullPolicy {
	if strings.Contains(image, "@") {
		return corev1.PullIfNotPresent
	}
	// A colon before a slash belongs to the port of the registry.
	last := image[strings.LastIndexByte(image, '/')+1:]
	if _, tag, tagged := strings.Cut(last, ":"); tagged && tag != "latest" {
		return corev1.PullIfNotPresent
	}
	return corev1.PullAlways
}

func volumeDefaults(v *corev1.Volume) {
	switch s := &v.VolumeSource; {
	case *s == (corev1.VolumeSource{}):
		s.EmptyDir = &corev1.EmptyDirVolumeSource{}
	case s.Secret != nil:
		point(&s.Secret.DefaultMode, corev1.SecretVolumeSourceDefaultMode)
	case s.ConfigMap != nil:
		point(&s.ConfigMap.DefaultMode, corev1.ConfigMapVolumeSourceDefaultMode)
	case s.DownwardAPI != nil:
		point(&s.DownwardAPI.DefaultMode, corev1.DownwardAPIVolumeSourceDefaultMode)
		fieldDefaults(s.DownwardAPI.Items)
	case s.Projected != nil:
		point(&s.Projected.DefaultMode, corev1.ProjectedVolumeSourceDefaultMode)
		for _, source := range s.Projected.Sources {
			if source.ServiceAccountToken != nil {
				point(&source.ServiceAccountToken.ExpirationSeconds, 60*60)
			}
			if source.DownwardAPI != nil {
				fieldDefaults(source.DownwardAPI.Items)
			}
		}
	case s.HostPath != nil:
		point(&s.HostPath.Type, corev1.HostPathUnset)
	case s.Ephemeral != nil && s.Ephemeral.VolumeClaimTemplate != nil:
		point(&s.Ephemeral.VolumeClaimTemplate.Spec.VolumeMode, corev1.PersistentVolumeFilesystem)
	case s.Image != nil:
		fill(&s.Image.PullPolicy, pullPolicy(s.Image.Reference))
	default:
		networkDefaults(s)
	}
}

// networkDefaults are those of volumes that are found over a network.
func networkDefaults(s *corev1.VolumeSource) {
	switch {
	case s.ISCSI != nil:
		fill(&s.ISCSI.ISCSIInterface, "default")
	case s.RBD != nil:
		fill(&s.RBD.RBDPool, "rbd")
		fill(&s.RBD.RadosUser, "admin")
		fill(&s.RBD.Keyring, "/etc/ceph/keyring")
	case s.AzureDisk != nil:
		point(&s.AzureDisk.CachingMode, corev1.AzureDataDiskCachingReadWrite)
		point(&s.AzureDisk.Kind, corev1.AzureSharedBlobDisk)
		point(&s.AzureDisk.FSType, "ext4")
		point(&s.AzureDisk.ReadOnly, false)
	case s.ScaleIO != nil:
		fill(&s.ScaleIO.StorageMode, "ThinProvisioned")
		fill(&s.ScaleIO.FSType, "xfs")
	}
}

func fieldDefaults(items []corev1.DownwardAPIVolumeFile) {
	for _, item := range items {
		if item.FieldRef != nil {
			fill(&item.FieldRef.APIVersion, "v1")
		}
	}
}
