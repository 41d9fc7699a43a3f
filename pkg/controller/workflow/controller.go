// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"context"
	"errors"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/clock"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/generated/clientset/versioned"
	argosyinformers "argosy.dev/argosy/generated/informers/externalversions"
	workflowlisters "argosy.dev/argosy/generated/listers/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/controller/loop"
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
	loop      *loop.Loop
	workflows workflowlisters.WorkflowLister
	pods      cache.SharedIndexInformer
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
	if config.Clock == nil {
		config.Clock = clock.RealClock{}
	}
	c := &Controller{config: config, running: map[types.NamespacedName]*memory{}}
	c.loop = loop.New(Name, component, config.Workers, config.Cluster, c.reconcile)
	c.loop.Settles(c.writing) // whether a look succeeds is not known before its write is answered
	c.recorder = c.loop.Recorder()
	if err := c.watchWorkflows(); err != nil {
		return nil, err
	}
	if err := c.watchPods(); err != nil {
		return nil, err
	}
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
		argosyinformers.WithTransform(loop.DropManagedFields),
		argosyinformers.WithTweakListOptions(func(o *metav1.ListOptions) { o.LabelSelector = unfinished.String() }))
	workflows := factory.Workflow().V1alpha1().Workflows()
	c.workflows = workflows.Lister()
	c.loop.Uses(factory, workflows.Informer())
	return loop.On(workflows.Informer(), func(wf *wfv1.Workflow) {
		c.loop.Add(types.NamespacedName{Namespace: wf.Namespace, Name: wf.Name})
	})
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
	c.loop.Uses(factory, c.pods)
	return loop.On(c.pods, func(pod *corev1.Pod) {
		if owner := ownerOf(pod); owner != nil {
			c.loop.Add(types.NamespacedName{Namespace: pod.Namespace, Name: owner.Name})
		}
	})
}

// Run drives workflows until ctx ends, and returns when all its goroutines have. It returns an error only
// if the caches never filled.
func (c *Controller) Run(ctx context.Context) error {
	defer c.flights.Wait()
	return c.loop.Run(ctx)
}
