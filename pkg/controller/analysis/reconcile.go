// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"context"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"k8s.io/klog/v2"
	"k8s.io/utils/ptr"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/controller/loop"
	"argosy.dev/argosy/pkg/rollout/analysis"
)

// lookAgain is how soon a run is looked at again while a cache lags behind what was written. The cache's own events come
// first; this only bounds the wait if an object was deleted before it was seen.
const lookAgain = 10 * time.Second

// reconcile does what the core decides for one run: read, decide, apply. It returns after which time to look again
// without an event, or zero.
func (c *Controller) reconcile(ctx context.Context, key types.NamespacedName) (time.Duration, error) {
	cached, err := c.runs.AnalysisRuns(key.Namespace).Get(key.Name)
	if apierrors.IsNotFound(err) {
		c.forget(key)
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading the analysis run: %w", err)
	}
	if cached.DeletionTimestamp != nil {
		c.forget(key) // its Jobs go with it, by their owner references
		return 0, nil
	}
	m := c.remember(key, cached.UID)
	run := m.newest(cached)
	world, behind, err := c.observe(run, m)
	if err != nil {
		return 0, err
	}
	decision := analysis.Reconcile(run, world)
	c.measure(ctx, key, m, run, decision.Measure)
	if err := c.deleteJobs(ctx, run, m, world, decision.DeleteJobs); err != nil {
		return 0, err
	}
	again := decision.RequeueAfter
	if behind {
		again = loop.Sooner(again, lookAgain)
	}
	if decision.Status != nil {
		written, err := c.write(ctx, run, decision.Status)
		if err != nil {
			return 0, err
		}
		if written == nil {
			return lookAgain, nil // changed or deleted meanwhile: decide again on what the watch brings
		}
		m.written = written
	}
	c.recorded(m, world.Taken)
	c.tell(run, decision.Events)
	if decision.Delete {
		if err := c.config.Argosy.RolloutV1alpha1().AnalysisRuns(run.Namespace).Delete(ctx, run.Name,
			metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(run.UID))}); err != nil && !gone(err) {
			return 0, fmt.Errorf("deleting the analysis run after its time to live: %w", err)
		}
	}
	return again, nil
}

// observe collects the world as the core sees it. behind tells that a cache does not show yet what was written here.
func (c *Controller) observe(run *rov1.AnalysisRun, m *memory) (world analysis.World, behind bool, err error) {
	world = analysis.World{Taken: c.cameBack(m), Jobs: map[string]*batchv1.Job{}, Pods: map[string][]*corev1.Pod{}}
	// Asked before the index is read, and of the store, which is behind what the watch has received.
	seen := c.jobs.GetStore().LastStoreSyncResourceVersion()
	jobs, err := c.jobs.GetIndexer().ByIndex(byRun, string(run.UID))
	if err != nil {
		return world, false, fmt.Errorf("looking up the run's Jobs: %w", err)
	}
	for _, object := range jobs {
		if job := object.(*batchv1.Job); metav1.IsControlledBy(job, run) {
			world.Jobs[job.Name] = job
		}
	}
	behind = m.jobs.Apply(world.Jobs, seen)
	pods, err := c.pods.GetIndexer().ByIndex(byRun, string(run.UID))
	if err != nil {
		return world, false, fmt.Errorf("looking up the pods of the run's Jobs: %w", err)
	}
	for _, object := range pods {
		pod := object.(*corev1.Pod)
		if owner := metav1.GetControllerOf(pod); owner != nil && world.Jobs[owner.Name] != nil && world.Jobs[owner.Name].UID == owner.UID {
			world.Pods[owner.Name] = append(world.Pods[owner.Name], pod)
		}
	}
	world.Now = c.config.Clock.Now()
	return world, behind, nil
}

// deleteJobs deletes Jobs with their pods.
func (c *Controller) deleteJobs(ctx context.Context, run *rov1.AnalysisRun, m *memory, world analysis.World, names []string) error {
	for _, name := range names {
		job := world.Jobs[name]
		err := c.config.Cluster.BatchV1().Jobs(run.Namespace).Delete(ctx, name, metav1.DeleteOptions{
			Preconditions: metav1.NewUIDPreconditions(string(job.UID)), PropagationPolicy: ptr.To(metav1.DeletePropagationBackground),
		})
		if err != nil && !gone(err) {
			return fmt.Errorf("deleting Job %s: %w", name, err)
		}
		m.jobs.Deleted(name, job.UID)
	}
	return nil
}

// write writes the status under the resourceVersion that was decided on, so that what a verb has written meanwhile is
// never lost: then the result is nil, and also if the run is gone.
func (c *Controller) write(ctx context.Context, run *rov1.AnalysisRun, status *rov1.AnalysisRunStatus) (*rov1.AnalysisRun, error) {
	update := *run
	update.Status = *status
	written, err := c.config.Argosy.RolloutV1alpha1().AnalysisRuns(run.Namespace).UpdateStatus(ctx, &update, metav1.UpdateOptions{})
	switch {
	case apierrors.IsNotFound(err), apierrors.IsConflict(err):
		klog.FromContext(ctx).V(4).Info("Analysis run changed meanwhile", "analysisrun", klog.KObj(run))
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("writing the status: %w", err)
	}
	return written, nil
}

// tell sends Events about the run. The reference is always of the native group, so that `kubectl describe` finds all of
// them in one place.
func (c *Controller) tell(run *rov1.AnalysisRun, events []analysis.Event) {
	about := &corev1.ObjectReference{
		APIVersion: rov1.SchemeGroupVersion.String(), Kind: "AnalysisRun", Namespace: run.Namespace, Name: run.Name, UID: run.UID, ResourceVersion: run.ResourceVersion,
	}
	for _, e := range events {
		c.loop.Recorder().Event(about, e.Type, e.Reason, e.Message)
	}
}

// createJob creates a Job, or finds the one that an earlier attempt created. What may pass is tried again for a while.
func (c *Controller) createJob(ctx context.Context, run *rov1.AnalysisRun, job *batchv1.Job) (*batchv1.Job, error) {
	jobs := c.config.Cluster.BatchV1().Jobs(run.Namespace)
	var made *batchv1.Job
	err := retry.OnError(retry.DefaultBackoff, func(err error) bool { return ctx.Err() == nil && mayPass(err) }, func() error {
		var err error
		if made, err = jobs.Create(ctx, job, metav1.CreateOptions{}); !apierrors.IsAlreadyExists(err) {
			return err
		}
		if made, err = jobs.Get(ctx, job.Name, metav1.GetOptions{}); err != nil {
			return err
		}
		if !metav1.IsControlledBy(made, run) {
			return fmt.Errorf("the Job %q is there already, and does not belong to this analysis run", job.Name)
		}
		return nil
	})
	return made, err
}

// mayPass tells whether an error says more about the moment than about the request.
func mayPass(err error) bool {
	return apierrors.IsTimeout(err) || apierrors.IsServerTimeout(err) || apierrors.IsTooManyRequests(err) ||
		apierrors.IsServiceUnavailable(err) || apierrors.IsInternalError(err)
}

// gone tells that what was to be deleted is not there any more, perhaps because another has its name.
func gone(err error) bool { return apierrors.IsNotFound(err) || apierrors.IsConflict(err) }
