// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/workflow"
	podspec "argosy.dev/argosy/pkg/workflow/pod"
)

// creators is how many pods of one workflow are created at once.
const creators = 16

// createPods creates the pods that the cluster does not have. What came into being is added to the world's pods,
// what did not to its errors; it reports whether there were any.
func (c *Controller) createPods(ctx context.Context, wf *wfv1.Workflow, m *memory, world *workflow.World, pods []*corev1.Pod) (failed bool) {
	results := make([]*corev1.Pod, len(pods))
	errs := make([]error, len(pods))
	if len(pods) == 1 {
		results[0], errs[0] = c.createPod(ctx, wf, pods[0])
	} else {
		var group sync.WaitGroup
		free := make(chan struct{}, creators)
		for i := range pods {
			free <- struct{}{}
			group.Go(func() {
				defer func() { <-free }()
				results[i], errs[i] = c.createPod(ctx, wf, pods[i])
			})
		}
		group.Wait()
	}
	for i, pod := range pods {
		if errs[i] == nil {
			m.created[pod.Name], world.Pods[pod.Name] = results[i], results[i]
			continue
		}
		if world.PodErrors == nil {
			world.PodErrors = map[string]error{}
		}
		world.PodErrors[pod.Name] = errs[i]
		failed = true
	}
	return failed
}

// createPod creates one pod, or finds the one that an earlier attempt created. If the pod of that name is not
// this workflow's, the error is AlreadyExists.
func (c *Controller) createPod(ctx context.Context, wf *wfv1.Workflow, pod *corev1.Pod) (*corev1.Pod, error) {
	pods := c.config.Cluster.CoreV1().Pods(wf.Namespace)
	created, err := pods.Create(ctx, pod, metav1.CreateOptions{})
	if err == nil || !apierrors.IsAlreadyExists(err) {
		return created, err
	}
	existing, getErr := pods.Get(ctx, pod.Name, metav1.GetOptions{})
	if getErr != nil {
		return nil, fmt.Errorf("reading the pod that is there already: %w", getErr)
	}
	if !metav1.IsControlledBy(existing, wf) {
		return nil, err
	}
	return existing, nil
}

// endPods ends the pods that the core wants ended: the very ones, told by UID.
func (c *Controller) endPods(ctx context.Context, wf *wfv1.Workflow, ends []workflow.PodEnd) error {
	pods := c.config.Cluster.CoreV1().Pods(wf.Namespace)
	var errs []error
	for _, end := range ends {
		var err error
		if end.Keep {
			// A UID that is no longer the pod's makes the patch fail as a conflict.
			patch := fmt.Appendf(nil, `{"metadata":{"uid":%q},"spec":{"activeDeadlineSeconds":%d}}`, end.UID, workflow.EndDeadline)
			_, err = pods.Patch(ctx, end.Name, types.MergePatchType, patch, metav1.PatchOptions{})
		} else {
			err = pods.Delete(ctx, end.Name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(end.UID))})
		}
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			errs = append(errs, fmt.Errorf("ending pod %s: %w", end.Name, err))
		}
	}
	return errors.Join(errs...)
}

// firstError returns the error of the first pod by name, so that a message does not flap.
func firstError(failed map[string]error) error {
	names := slices.Sorted(maps.Keys(failed))
	return fmt.Errorf("pod %s: %w", names[0], failed[names[0]])
}

// ownerOf returns the reference by which a Workflow owns the pod, of either group; nil if none does.
func ownerOf(obj any) *metav1.OwnerReference {
	pod, err := meta.Accessor(obj)
	if err != nil {
		return nil
	}
	owner := metav1.GetControllerOf(pod)
	if owner == nil || owner.Kind != "Workflow" {
		return nil
	}
	return owner
}

// trimPod drops what the core never reads, so that the cache holds what a pod's end needs and no more.
func trimPod(obj any) (any, error) {
	pod, ok := obj.(*corev1.Pod)
	if !ok {
		return obj, nil
	}
	pod.ManagedFields = nil
	spec := corev1.PodSpec{NodeName: pod.Spec.NodeName, RestartPolicy: pod.Spec.RestartPolicy, ActiveDeadlineSeconds: pod.Spec.ActiveDeadlineSeconds}
	spec.InitContainers = namesOf(pod.Spec.InitContainers)
	spec.Containers = namesOf(pod.Spec.Containers)
	pod.Spec = spec
	delete(pod.Annotations, podspec.AnnotationScript)
	return pod, nil
}

// namesOf keeps of each container what the core reads: its name, when it restarts, and what it asks for.
func namesOf(containers []corev1.Container) []corev1.Container {
	trimmed := make([]corev1.Container, len(containers))
	for i := range containers {
		trimmed[i] = corev1.Container{Name: containers[i].Name, Resources: containers[i].Resources, RestartPolicy: containers[i].RestartPolicy, RestartPolicyRules: containers[i].RestartPolicyRules}
	}
	return trimmed
}
