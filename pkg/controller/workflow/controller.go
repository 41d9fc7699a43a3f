// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/generated/clientset/versioned"
	argosyinformers "argosy.dev/argosy/generated/informers/externalversions"
	workflowlisters "argosy.dev/argosy/generated/listers/workflow/v1alpha1"
)

// Name is the loop's name: in --controllers, in its Lease, in its queue's metrics, and as the source of
// its Events.
const Name = "workflow"

// podsByWorkflow indexes pods by the UID of the Workflow that owns them.
const podsByWorkflow = "workflow-uid"

// Config is what the loop needs to run. All fields but Workers and Clock are required.
type Config struct {
	// Argosy reads and writes Workflows: the API server process itself, not the way through the aggregator.
	Argosy versioned.Interface
	// Cluster reads and writes pods and writes Events.
	Cluster kubernetes.Interface
	// ExecutorImage is the image whose argosy-executor wraps the pods that have something to report.
	ExecutorImage string
	// Workers is how many workflows are worked on at once; 16 when zero.
	Workers int
	// Clock is the real one when nil.
	Clock clock.Clock
}

// Controller drives Workflows. It is made by New and does nothing until Run.
type Controller struct {
	config    Config
	queue     workqueue.TypedRateLimitingInterface[types.NamespacedName]
	workflows workflowlisters.WorkflowLister
	pods      cache.SharedIndexInformer
	synced    []cache.InformerSynced
	start     []func(<-chan struct{})
	shutdown  []func()
	events    record.EventBroadcaster
	recorder  record.EventRecorder

	// flights are the status writes under way.
	flights sync.WaitGroup

	mu sync.Mutex
	// running is what this process knows of each workflow beyond the caches.
	running map[types.NamespacedName]*memory
}

// New returns a loop on the given clients.
func New(config Config) (*Controller, error) {
	if config.Argosy == nil || config.Cluster == nil {
		return nil, errors.New("workflow controller: clients for Argosy and for the cluster are required")
	}
	if config.ExecutorImage == "" {
		return nil, errors.New("workflow controller: the executor's image is required")
	}
	if config.Workers <= 0 {
		config.Workers = 16
	}
	if config.Clock == nil {
		config.Clock = clock.RealClock{}
	}
	c := &Controller{
		config:  config,
		running: map[types.NamespacedName]*memory{},
		queue: workqueue.NewTypedRateLimitingQueueWithConfig(
			workqueue.NewTypedItemExponentialFailureRateLimiter[types.NamespacedName](5*time.Millisecond, 30*time.Second),
			workqueue.TypedRateLimitingQueueConfig[types.NamespacedName]{Name: Name},
		),
	}
	if err := c.watchWorkflows(); err != nil {
		return nil, err
	}
	if err := c.watchPods(); err != nil {
		return nil, err
	}
	c.events, c.recorder = newRecorder()
	return c, nil
}

// watchWorkflows follows the workflows that are not completed: the label is set in the same write as the
// phase, so a completed workflow leaves the cache, and memory is proportional to what runs.
func (c *Controller) watchWorkflows() error {
	unfinished, err := labels.NewRequirement(wfv1.LabelCompleted, selection.NotEquals, []string{"true"})
	if err != nil {
		return fmt.Errorf("selecting unfinished workflows: %w", err)
	}
	factory := argosyinformers.NewSharedInformerFactoryWithOptions(c.config.Argosy, 0,
		argosyinformers.WithTransform(dropManagedFields),
		argosyinformers.WithTweakListOptions(func(o *metav1.ListOptions) { o.LabelSelector = unfinished.String() }))
	workflows := factory.Workflow().V1alpha1().Workflows()
	if _, err := workflows.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    c.enqueue,
		UpdateFunc: func(_, obj any) { c.enqueue(obj) },
		DeleteFunc: c.enqueue,
	}); err != nil {
		return fmt.Errorf("watching workflows: %w", err)
	}
	c.workflows = workflows.Lister()
	c.synced = append(c.synced, workflows.Informer().HasSynced)
	c.start = append(c.start, factory.Start)
	c.shutdown = append(c.shutdown, factory.Shutdown)
	return nil
}

// watchPods follows the pods that carry a workflow's label, without the fields that nothing here reads.
func (c *Controller) watchPods() error {
	factory := informers.NewSharedInformerFactoryWithOptions(c.config.Cluster, 0,
		informers.WithTransform(trimPod),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) { o.LabelSelector = wfv1.LabelWorkflow }))
	c.pods = factory.Core().V1().Pods().Informer()
	if err := c.pods.AddIndexers(cache.Indexers{podsByWorkflow: func(obj any) ([]string, error) {
		if owner := ownerOf(obj); owner != nil {
			return []string{string(owner.UID)}, nil
		}
		return nil, nil
	}}); err != nil {
		return fmt.Errorf("indexing pods: %w", err)
	}
	if _, err := c.pods.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    c.enqueueOwner,
		UpdateFunc: func(_, obj any) { c.enqueueOwner(obj) },
		DeleteFunc: c.enqueueOwner,
	}); err != nil {
		return fmt.Errorf("watching pods: %w", err)
	}
	c.synced = append(c.synced, c.pods.HasSynced)
	c.start = append(c.start, factory.Start)
	c.shutdown = append(c.shutdown, factory.Shutdown)
	return nil
}

func (c *Controller) enqueue(obj any) {
	if unknown, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = unknown.Obj
	}
	if wf, ok := obj.(*wfv1.Workflow); ok {
		c.queue.Add(types.NamespacedName{Namespace: wf.Namespace, Name: wf.Name})
	}
}

func (c *Controller) enqueueOwner(obj any) {
	if unknown, ok := obj.(cache.DeletedFinalStateUnknown); ok {
		obj = unknown.Obj
	}
	pod, ok := obj.(*corev1.Pod)
	if !ok {
		return
	}
	if owner := ownerOf(pod); owner != nil {
		c.queue.Add(types.NamespacedName{Namespace: pod.Namespace, Name: owner.Name})
	}
}

// Run drives workflows until ctx ends, and returns when all its goroutines have. It returns an error only
// if the caches never filled.
func (c *Controller) Run(ctx context.Context) error {
	logger := klog.FromContext(ctx).WithName(Name)
	ctx = klog.NewContext(ctx, logger)
	defer utilruntime.HandleCrashWithContext(ctx)

	c.events.StartRecordingToSink(eventSink(c.config.Cluster))
	defer c.events.Shutdown()
	for _, start := range c.start {
		start(ctx.Done())
	}
	defer func() {
		for _, shutdown := range c.shutdown {
			shutdown()
		}
	}()
	if !cache.WaitForCacheSync(ctx.Done(), c.synced...) {
		if ctx.Err() != nil {
			return nil // told to stop before it had begun: not a failure
		}
		return errors.New("workflow controller: caches did not fill")
	}
	logger.Info("Driving workflows", "workers", c.config.Workers)

	var workers sync.WaitGroup
	for range c.config.Workers {
		workers.Go(func() {
			for c.next(ctx) {
			}
		})
	}
	<-ctx.Done()
	c.queue.ShutDown()
	workers.Wait()
	c.flights.Wait()
	logger.Info("Stopped driving workflows")
	return nil
}

// next works on one workflow; false when the queue is shut down.
func (c *Controller) next(ctx context.Context) bool {
	key, quit := c.queue.Get()
	if quit {
		return false
	}
	defer c.queue.Done(key)
	again, err := c.reconcile(ctx, key)
	switch {
	case ctx.Err() != nil:
		// Stopping: whoever drives next starts from what is stored.
	case err != nil:
		klog.FromContext(ctx).Error(err, "Reconciling failed, will retry", "workflow", key)
		c.queue.AddRateLimited(key)
	default:
		if !c.writing(key) { // whether it succeeds is not known before its write is answered
			c.queue.Forget(key)
		}
		if again > 0 {
			c.queue.AddAfter(key, again)
		}
	}
	return true
}
