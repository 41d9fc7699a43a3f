// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"argosy.dev/argosy/apis/raw"
)

// The cluster checks a pod template once more when a ReplicaSet is made of it, with rules that come with its version.
// Here are those that have never changed and that people break.

// validateReplicaSetTemplate checks the template of pods that run until they are taken away.
func validateReplicaSetTemplate(t raw.PodTemplateSpec, by *metav1.LabelSelector, path *field.Path) field.ErrorList {
	typed, err := t.Decode()
	if err != nil {
		return field.ErrorList{field.Invalid(path, "", err.Error())}
	}
	var errs field.ErrorList
	if by != nil {
		if s, err := metav1.LabelSelectorAsSelector(by); err == nil && !s.Empty() && !s.Matches(labels.Set(typed.Labels)) {
			errs = append(errs, field.Invalid(path.Child("metadata", "labels"), typed.Labels, "`selector` does not match template `labels`"))
		}
	}
	spec := path.Child("spec")
	if p := typed.Spec.RestartPolicy; p != "" && p != corev1.RestartPolicyAlways {
		errs = append(errs, field.NotSupported(spec.Child("restartPolicy"), p, []corev1.RestartPolicy{corev1.RestartPolicyAlways}))
	}
	if typed.Spec.ActiveDeadlineSeconds != nil {
		errs = append(errs, field.Forbidden(spec.Child("activeDeadlineSeconds"), "pods of a rollout run until they are taken away"))
	}
	return append(errs, validatePod(typed, false, path)...)
}

// validatePod checks a template of pods. Jobs' templates may have tags in their texts, whose values only a run knows.
func validatePod(t *corev1.PodTemplateSpec, tags bool, path *field.Path) field.ErrorList {
	errs := apivalidation.ValidateAnnotations(t.Annotations, path.Child("metadata", "annotations"))
	errs = append(errs, validateLabels(t.Labels, tags, path.Child("metadata", "labels"))...)
	spec := path.Child("spec")
	if len(t.Spec.Containers) == 0 {
		errs = append(errs, field.Required(spec.Child("containers"), ""))
	}
	if len(t.Spec.EphemeralContainers) > 0 {
		errs = append(errs, field.Forbidden(spec.Child("ephemeralContainers"), "ephemeral containers not allowed in pod template"))
	}
	if s := t.Spec.TerminationGracePeriodSeconds; s != nil {
		errs = append(errs, nonnegative(*s, spec.Child("terminationGracePeriodSeconds"))...)
	}
	if name := t.Spec.ServiceAccountName; name != "" && !(tags && tagged(name)) {
		errs = append(errs, objectName(name, spec.Child("serviceAccountName"))...)
	}
	volumes, taken := names{}, names{}
	for i, v := range t.Spec.Volumes {
		errs = append(errs, named(volumes, v.Name, tags, spec.Child("volumes").Index(i).Child("name"))...)
	}
	for i := range t.Spec.InitContainers {
		errs = append(errs, validateContainer(&t.Spec.InitContainers[i], taken, volumes, tags, spec.Child("initContainers").Index(i))...)
	}
	for i := range t.Spec.Containers {
		errs = append(errs, validateContainer(&t.Spec.Containers[i], taken, volumes, tags, spec.Child("containers").Index(i))...)
	}
	return errs
}

func validateLabels(set map[string]string, tags bool, path *field.Path) field.ErrorList {
	plain := maps.Clone(set)
	maps.DeleteFunc(plain, func(k, v string) bool { return tags && (tagged(k) || tagged(v)) })
	return metav1validation.ValidateLabels(plain, path)
}

// named refuses a name that occurs twice, or that is none.
func named(taken names, name string, tags bool, path *field.Path) field.ErrorList {
	errs := taken.add(name, path)
	if name != "" && !(tags && tagged(name)) {
		errs = append(errs, messages(path, name, validation.IsDNS1123Label(name))...)
	}
	return errs
}

func validateContainer(c *corev1.Container, taken, volumes names, tags bool, path *field.Path) field.ErrorList {
	errs := named(taken, c.Name, tags, path.Child("name"))
	switch {
	case c.Image == "":
		errs = append(errs, field.Required(path.Child("image"), ""))
	case c.Image != strings.TrimSpace(c.Image):
		errs = append(errs, field.Invalid(path.Child("image"), c.Image, "must not have leading or trailing whitespace"))
	}
	if p := c.ImagePullPolicy; p != "" && !(tags && tagged(string(p))) {
		errs = append(errs, oneOf(p, path.Child("imagePullPolicy"), corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever)...)
	}
	errs = append(errs, validatePorts(c.Ports, path.Child("ports"))...)
	for i, e := range c.Env {
		at := path.Child("env").Index(i)
		errs = append(errs, required(e.Name, at.Child("name"))...)
		if e.Value != "" && e.ValueFrom != nil {
			errs = append(errs, field.Invalid(at.Child("valueFrom"), "", "may not be specified when `value` is not empty"))
		}
	}
	paths := names{}
	for i, m := range c.VolumeMounts {
		at := path.Child("volumeMounts").Index(i)
		errs = append(errs, paths.add(m.MountPath, at.Child("mountPath"))...)
		if !volumes[m.Name] && !(tags && tagged(m.Name)) {
			errs = append(errs, field.NotFound(at.Child("name"), m.Name))
		}
	}
	errs = append(errs, validateResources(&c.Resources, path.Child("resources"))...)
	errs = append(errs, validateProbe(c.LivenessProbe, path.Child("livenessProbe"))...)
	errs = append(errs, validateProbe(c.ReadinessProbe, path.Child("readinessProbe"))...)
	return append(errs, validateProbe(c.StartupProbe, path.Child("startupProbe"))...)
}

func validatePorts(ports []corev1.ContainerPort, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	taken := names{}
	for i, p := range ports {
		at := path.Index(i)
		if p.Name != "" {
			errs = append(errs, taken.add(p.Name, at.Child("name"))...)
			errs = append(errs, messages(at.Child("name"), p.Name, validation.IsValidPortName(p.Name))...)
		}
		errs = append(errs, between(&p.ContainerPort, 1, 65535, at.Child("containerPort"))...)
		errs = append(errs, between(&p.HostPort, 0, 65535, at.Child("hostPort"))...)
		if p.Protocol != "" {
			errs = append(errs, oneOf(p.Protocol, at.Child("protocol"), corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP)...)
		}
	}
	return errs
}

// validateResources checks the quantities that are some: others are left out of the typed object.
func validateResources(r *corev1.ResourceRequirements, path *field.Path) field.ErrorList {
	errs := append(validateQuantities(r.Limits, path.Child("limits")), validateQuantities(r.Requests, path.Child("requests"))...)
	for _, name := range slices.Sorted(maps.Keys(r.Requests)) {
		request := r.Requests[name]
		if limit, ok := r.Limits[name]; ok && request.Cmp(limit) > 0 {
			errs = append(errs, field.Invalid(path.Child("requests").Key(string(name)), request.String(), fmt.Sprintf("must be less than or equal to %s limit of %s", name, limit.String())))
		}
	}
	return errs
}

func validateQuantities(list corev1.ResourceList, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, name := range slices.Sorted(maps.Keys(list)) {
		if q := list[name]; q.Sign() < 0 {
			errs = append(errs, field.Invalid(path.Key(string(name)), q.String(), apivalidation.IsNegativeErrorMsg))
		}
	}
	return errs
}

func validateProbe(p *corev1.Probe, path *field.Path) field.ErrorList {
	if p == nil {
		return nil
	}
	errs := exactlyOne(path, option{"exec", p.Exec != nil}, option{"httpGet", p.HTTPGet != nil}, option{"tcpSocket", p.TCPSocket != nil}, option{"grpc", p.GRPC != nil})
	errs = append(errs, nonnegative(p.InitialDelaySeconds, path.Child("initialDelaySeconds"))...)
	errs = append(errs, nonnegative(p.TimeoutSeconds, path.Child("timeoutSeconds"))...)
	errs = append(errs, nonnegative(p.PeriodSeconds, path.Child("periodSeconds"))...)
	errs = append(errs, nonnegative(p.SuccessThreshold, path.Child("successThreshold"))...)
	errs = append(errs, nonnegative(p.FailureThreshold, path.Child("failureThreshold"))...)
	port := func(p intstr.IntOrString, at *field.Path) {
		if p.Type == intstr.Int {
			errs = append(errs, between(&p.IntVal, 1, 65535, at)...)
		} else {
			errs = append(errs, messages(at, p.StrVal, validation.IsValidPortName(p.StrVal))...)
		}
	}
	if p.HTTPGet != nil {
		port(p.HTTPGet.Port, path.Child("httpGet", "port"))
	}
	if p.TCPSocket != nil {
		port(p.TCPSocket.Port, path.Child("tcpSocket", "port"))
	}
	return errs
}
