// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

// facts are what the annotations of an object say of its part in a sync.
type facts struct {
	phases        []object.Phase
	hook, skipped bool
	wave          int
	options       object.Options
	kept          bool
}

// factsOf reads them. Most objects of large applications say nothing: these cost no more than a look. Of the others only the
// annotations that matter are copied, once.
func factsOf(u *unstructured.Unstructured) (f facts) {
	var says metav1.ObjectMeta
	for name, value := range annotationsOf(u) {
		if name == appv1.AnnotationTrackingID || !strings.HasPrefix(name, "argocd.argoproj.io/") && !strings.HasPrefix(name, "helm.sh/") {
			continue
		}
		if says.Annotations == nil {
			says.Annotations = map[string]string{}
		}
		says.Annotations[name], _ = value.(string)
	}
	if says.Annotations == nil {
		return f
	}
	f.phases, f.hook = object.Hooks(&says)
	f.skipped = object.Skipped(&says)
	f.wave = object.Wave(&says)
	f.options = object.SyncOptions(&says)
	f.kept = object.Kept(&says)
	return f
}

// settings are the sync options of the whole application, by name.
type settings map[string]string

func settingsOf(options object.Options) settings {
	s := settings{}
	for _, option := range options {
		name, _, _ := strings.Cut(option, "=")
		name = strings.TrimSpace(name)
		s[name], _ = options.Get(name)
	}
	return s
}

// of returns what counts for an object: its own option before the application's.
func (s settings) of(f facts, name string) string {
	if value, there := f.options.Get(name); there {
		return value
	}
	return s[name]
}

// kinds is the order in which kinds are applied in a wave: what others need comes first. It is Helm's well-known order of
// installation. Kinds that are not named, which custom resources are, come last.
var kinds = func() map[string]int {
	order := map[string]int{}
	for i, kind := range []string{
		"PriorityClass", "Namespace", "NetworkPolicy", "ResourceQuota", "LimitRange", "PodSecurityPolicy", "PodDisruptionBudget",
		"ServiceAccount", "Secret", "SecretList", "ConfigMap", "StorageClass", "PersistentVolume", "PersistentVolumeClaim",
		"CustomResourceDefinition", "ClusterRole", "ClusterRoleList", "ClusterRoleBinding", "ClusterRoleBindingList",
		"Role", "RoleList", "RoleBinding", "RoleBindingList", "Service", "DaemonSet", "Pod", "ReplicationController",
		"ReplicaSet", "Deployment", "HorizontalPodAutoscaler", "StatefulSet", "Job", "CronJob", "IngressClass", "Ingress",
		"APIService", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration",
	} {
		order[kind] = i + 1
	}
	return order
}()

func rankOf(kind string) int {
	if rank, known := kinds[kind]; known {
		return rank
	}
	return len(kinds) + 1
}
