// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
	"k8s.io/klog/v2"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/rollout"
	"argosy.dev/argosy/pkg/rollout/traffic"
)

// refused tells that an effect cannot be carried out for a reason that the core must know of: it decides again, with
// what is noted in the world.
type refused struct{ note func(*rollout.World) }

func (refused) Error() string { return "the core has to decide again" }

// apply carries out effects one after the other, until one fails. It returns how many it has done.
func (c *Controller) apply(ctx context.Context, ro *rov1.Rollout, m *memory, world rollout.World, effects []rollout.Effect) (done int, err error) {
	logger := klog.FromContext(ctx)
	for i, effect := range effects {
		err := c.applyOne(ctx, ro, m, world, effect)
		if refusal := (refused{}); errors.As(err, &refusal) {
			return i, err
		}
		if err != nil {
			return i, fmt.Errorf("%s: %w", effect.Describe(), err)
		}
		logger.V(2).Info("Applied", "rollout", klog.KObj(ro), "effect", effect.Describe())
	}
	return len(effects), nil
}

func (c *Controller) applyOne(ctx context.Context, ro *rov1.Rollout, m *memory, world rollout.World, effect rollout.Effect) error {
	switch e := effect.(type) {
	case rollout.CreateReplicaSet:
		return c.createReplicaSet(ctx, ro, m, e)
	case rollout.PatchReplicaSet:
		return c.patchReplicaSet(ctx, m, e.Before, e.After)
	case rollout.DeleteReplicaSet:
		return c.deleteReplicaSet(ctx, m, e.Object)
	case rollout.PatchService:
		return c.patchService(ctx, m, e.Before, e.After)
	case rollout.PatchPod:
		return c.patchPod(ctx, m, e.Before, e.After)
	case rollout.EvictPod:
		return c.evictPod(ctx, m, e.Object)
	case rollout.CreateAnalysisRun:
		return c.createRun(ctx, ro, m, e.Object)
	case rollout.TerminateAnalysisRun:
		return c.terminateRun(ctx, m, e.Object)
	case rollout.DeleteAnalysisRun:
		return c.deleteRun(ctx, m, e.Object)
	case rollout.PutRoute:
		return c.putRoute(ctx, m, world.Routes, e.Change)
	case rollout.ScaleWorkload:
		return c.scaleWorkload(ctx, ro, e)
	default:
		return fmt.Errorf("%T is not an effect that this loop knows", effect)
	}
}

// createReplicaSet creates a ReplicaSet, or finds the one that an earlier attempt created. Any lasting refusal goes to
// the core, AlreadyExists if the one of that name is not this rollout's.
func (c *Controller) createReplicaSet(ctx context.Context, ro *rov1.Rollout, m *memory, e rollout.CreateReplicaSet) error {
	set := e.Object
	client := c.config.Cluster.AppsV1().ReplicaSets(ro.Namespace)
	created, err := c.sendReplicaSet(ctx, e)
	if apierrors.IsAlreadyExists(err) {
		existing, getErr := client.Get(ctx, set.Name, metav1.GetOptions{})
		if getErr != nil {
			return fmt.Errorf("reading the one that is there already: %w", getErr)
		}
		if metav1.IsControlledBy(existing, ro) {
			created, err = existing, nil
		}
	}
	if err != nil {
		if ctx.Err() != nil || apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
			return err
		}
		return refused{func(w *rollout.World) {
			if w.CreateErrors == nil {
				w.CreateErrors = map[string]error{}
			}
			w.CreateErrors[set.Name] = err
		}}
	}
	m.replicaSets.Wrote(set.Name, created)
	return nil
}

// sendReplicaSet creates a ReplicaSet. Where its pod template has fields that the types that are compiled in do not know, the
// cluster gets them all the same: it may be newer than this server.
func (c *Controller) sendReplicaSet(ctx context.Context, e rollout.CreateReplicaSet) (*appsv1.ReplicaSet, error) {
	if e.Source.Exact() {
		return c.config.Cluster.AppsV1().ReplicaSets(e.Object.Namespace).Create(ctx, e.Object, metav1.CreateOptions{})
	}
	template, err := e.Source.Completed(&e.Object.Spec.Template)
	if err != nil {
		return nil, fmt.Errorf("completing the pod template: %w", err)
	}
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(e.Object)
	if err != nil {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	generic := &unstructured.Unstructured{}
	if err := generic.UnmarshalJSON([]byte(`{"kind":"ReplicaSet","spec":{"template":` + string(template.Raw) + `}}`)); err != nil {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	object["spec"].(map[string]any)["template"] = generic.Object["spec"].(map[string]any)["template"]
	delete(object, "status")
	generic.Object = object
	generic.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind("ReplicaSet"))
	written, err := c.config.Dynamic.Resource(appsv1.SchemeGroupVersion.WithResource("replicasets")).Namespace(e.Object.Namespace).
		Create(ctx, generic, metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	created := &appsv1.ReplicaSet{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(written.Object, created); err != nil {
		return nil, fmt.Errorf("decoding: %w", err)
	}
	return created, nil
}

func (c *Controller) patchReplicaSet(ctx context.Context, m *memory, before, after *appsv1.ReplicaSet) error {
	patch, err := difference(before, after, before.UID, "")
	if err != nil || patch == nil {
		return err
	}
	written, err := c.config.Cluster.AppsV1().ReplicaSets(after.Namespace).Patch(ctx, after.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		return err
	}
	m.replicaSets.Wrote(after.Name, written)
	return nil
}

// deleteReplicaSet deletes a ReplicaSet that has no pods. Whoever scales it up meanwhile changes its resourceVersion,
// and the deletion fails.
func (c *Controller) deleteReplicaSet(ctx context.Context, m *memory, set *appsv1.ReplicaSet) error {
	client := c.config.Cluster.AppsV1().ReplicaSets(set.Namespace)
	now, err := client.Get(ctx, set.Name, metav1.GetOptions{})
	if err == nil && now.UID == set.UID {
		if now.Status.Replicas > 0 || now.Spec.Replicas == nil || *now.Spec.Replicas > 0 {
			return nil // the core sees it and says what then
		}
		background := metav1.DeletePropagationBackground
		err = client.Delete(ctx, set.Name, metav1.DeleteOptions{
			Preconditions:     &metav1.Preconditions{UID: &now.UID, ResourceVersion: &now.ResourceVersion},
			PropagationPolicy: &background,
		})
	}
	if err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	m.replicaSets.Deleted(set.Name, set.UID)
	return nil
}

func (c *Controller) patchService(ctx context.Context, m *memory, before, after *corev1.Service) error {
	patch, err := difference(before, after, before.UID, "")
	if err != nil || patch == nil {
		return err
	}
	written, err := c.config.Cluster.CoreV1().Services(after.Namespace).Patch(ctx, after.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		return err
	}
	m.services.Wrote(after.Name, written)
	return nil
}

// patchPod changes labels and annotations of a pod.
func (c *Controller) patchPod(ctx context.Context, m *memory, before, after *corev1.Pod) error {
	meta := func(pod *corev1.Pod) *metav1.PartialObjectMetadata {
		return &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Labels: pod.Labels, Annotations: pod.Annotations}}
	}
	patch, err := difference(meta(before), meta(after), before.UID, "")
	if err != nil || patch == nil {
		return err
	}
	written, err := c.config.Cluster.CoreV1().Pods(after.Namespace).Patch(ctx, after.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) { // gone, or another of the name
		m.pods.Deleted(after.Name, after.UID)
		return nil
	}
	if err != nil {
		return err
	}
	m.pods.Wrote(after.Name, written)
	return nil
}

// evictPod asks for the pod's end. A disruption budget may forbid it for now; the core asks again.
func (c *Controller) evictPod(ctx context.Context, m *memory, pod *corev1.Pod) error {
	err := c.config.Cluster.PolicyV1().Evictions(pod.Namespace).Evict(ctx, &policyv1.Eviction{
		ObjectMeta:    metav1.ObjectMeta{Name: pod.Name, Namespace: pod.Namespace},
		DeleteOptions: &metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(pod.UID))},
	})
	switch {
	case apierrors.IsTooManyRequests(err):
		klog.FromContext(ctx).V(2).Info("A disruption budget forbids the eviction for now", "pod", klog.KObj(pod), "reason", err.Error())
		return nil
	case err == nil, apierrors.IsNotFound(err), apierrors.IsConflict(err):
		m.pods.Deleted(pod.Name, pod.UID)
		return nil
	default:
		return err
	}
}

// createRun creates an analysis run, or finds the one that an earlier attempt created. If the name is another's, the
// core takes another name.
func (c *Controller) createRun(ctx context.Context, ro *rov1.Rollout, m *memory, run *rov1.AnalysisRun) error {
	client := c.config.Argosy.RolloutV1alpha1().AnalysisRuns(ro.Namespace)
	created, err := client.Create(ctx, run, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		created, err = client.Get(ctx, run.Name, metav1.GetOptions{})
		if err != nil {
			return fmt.Errorf("reading the one that is there already: %w", err)
		}
		if !metav1.IsControlledBy(created, ro) {
			return refused{func(w *rollout.World) {
				if w.TakenAnalysisRuns == nil {
					w.TakenAnalysisRuns = map[string]bool{}
				}
				w.TakenAnalysisRuns[run.Name] = true
			}}
		}
	}
	if err != nil {
		return err
	}
	m.runs.Wrote(run.Name, created)
	return nil
}

func (c *Controller) terminateRun(ctx context.Context, m *memory, run *rov1.AnalysisRun) error {
	patch := fmt.Appendf(nil, `{"metadata":{"uid":%q},"spec":{"terminate":true}}`, run.UID)
	written, err := c.config.Argosy.RolloutV1alpha1().AnalysisRuns(run.Namespace).Patch(ctx, run.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		m.runs.Deleted(run.Name, run.UID)
		return nil
	}
	if err != nil {
		return err
	}
	m.runs.Wrote(run.Name, written)
	return nil
}

func (c *Controller) deleteRun(ctx context.Context, m *memory, run *rov1.AnalysisRun) error {
	err := c.config.Argosy.RolloutV1alpha1().AnalysisRuns(run.Namespace).Delete(ctx, run.Name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(run.UID))})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return err
	}
	m.runs.Deleted(run.Name, run.UID)
	return nil
}

// putRoute writes what has changed of a router object, under the resourceVersion that was observed, or creates it.
func (c *Controller) putRoute(ctx context.Context, m *memory, observed traffic.Observed, change traffic.Change) error {
	client, err := c.others.of(change.Ref)
	if err != nil {
		return err
	}
	var written *unstructured.Unstructured
	if change.Create {
		// One that came into being meanwhile may be another's: the next look tells.
		written, err = client.Create(ctx, change.Object, metav1.CreateOptions{})
	} else {
		before := observed[change.Ref]
		if before == nil {
			return errors.New("it was not observed")
		}
		var patch []byte
		if patch, err = difference(before, change.Object, before.GetUID(), before.GetResourceVersion()); err != nil || patch == nil {
			return err
		}
		written, err = client.Patch(ctx, change.Ref.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	}
	if err != nil {
		return err
	}
	m.routes.Wrote(change.Ref, written)
	return nil
}

func (c *Controller) scaleWorkload(ctx context.Context, ro *rov1.Rollout, e rollout.ScaleWorkload) error {
	ref, ok := rollout.WorkloadRef(ro)
	if !ok {
		return fmt.Errorf("a %s has no number of pods", e.Ref.Kind)
	}
	client, err := c.others.of(ref)
	if err != nil {
		return err
	}
	patch := fmt.Appendf(nil, `{"metadata":{"uid":%q},"spec":{"replicas":%d}}`, e.UID, e.Replicas)
	_, err = client.Patch(ctx, ref.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil // another object by now: the core sees it and says what then
	}
	return err
}

// difference returns the merge patch that makes before into after, on the condition that the object still has the UID
// and, unless empty, the resourceVersion. Nil: there is none.
func difference(before, after any, uid types.UID, resourceVersion string) ([]byte, error) {
	from, err := json.Marshal(before)
	if err != nil {
		return nil, fmt.Errorf("encoding what it was: %w", err)
	}
	to, err := json.Marshal(after)
	if err != nil {
		return nil, fmt.Errorf("encoding what it shall be: %w", err)
	}
	plain, err := jsonmergepatch.CreateThreeWayJSONMergePatch(from, to, from)
	if err != nil {
		return nil, fmt.Errorf("comparing: %w", err)
	}
	patch := map[string]any{}
	if err := json.Unmarshal(plain, &patch); err != nil {
		return nil, fmt.Errorf("comparing: %w", err)
	}
	if len(patch) == 0 {
		return nil, nil
	}
	metadata, _ := patch["metadata"].(map[string]any)
	if metadata == nil {
		metadata = map[string]any{}
		patch["metadata"] = metadata
	}
	metadata["uid"] = string(uid)
	if resourceVersion != "" {
		metadata["resourceVersion"] = resourceVersion
	}
	return json.Marshal(patch)
}
