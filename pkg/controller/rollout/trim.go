// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// trimPod drops what the core never reads, so that the cache stays small.
func trimPod(obj any) (any, error) {
	pod, ok := obj.(*corev1.Pod)
	if !ok {
		return obj, nil
	}
	pod.ManagedFields = nil
	pod.Spec = corev1.PodSpec{NodeName: pod.Spec.NodeName}
	pod.Status = corev1.PodStatus{Phase: pod.Status.Phase, Conditions: pod.Status.Conditions, StartTime: pod.Status.StartTime}
	return pod, nil
}

func trimService(obj any) (any, error) {
	if service, ok := obj.(*corev1.Service); ok {
		service.ManagedFields = nil
		service.Status = corev1.ServiceStatus{}
	}
	return obj, nil
}

// trimOther drops what is never read of router objects and workloads. The status of a router object goes, too: what is
// written are the main resources, which leave it alone.
func trimOther(obj any) (any, error) {
	if o, ok := obj.(*unstructured.Unstructured); ok {
		o.SetManagedFields(nil)
		unstructured.RemoveNestedField(o.Object, "status")
	}
	return obj, nil
}

// ownerUID is an index of objects by the UID of their controller.
func ownerUID(obj any) ([]string, error) {
	object, err := meta.Accessor(obj)
	if err != nil {
		return nil, err
	}
	if owner := metav1.GetControllerOf(object); owner != nil {
		return []string{string(owner.UID)}, nil
	}
	return nil, nil
}

// orphanIn is an index of objects without a controller, by namespace.
func orphanIn(obj any) ([]string, error) {
	object, err := meta.Accessor(obj)
	if err != nil || metav1.GetControllerOf(object) != nil {
		return nil, err
	}
	return []string{object.GetNamespace()}, nil
}

// managerOf is an index of Services by the rollout that directs them.
func managerOf(obj any) ([]string, error) {
	object, err := meta.Accessor(obj)
	if err != nil {
		return nil, err
	}
	if manager := object.GetAnnotations()[rov1.AnnotationManagedByRollout]; manager != "" {
		return []string{object.GetNamespace() + "/" + manager}, nil
	}
	return nil, nil
}
