// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/generated/clientset/versioned"
	argosyinformers "argosy.dev/argosy/generated/informers/externalversions"
	rolloutlisters "argosy.dev/argosy/generated/listers/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/controller/loop"
	"argosy.dev/argosy/pkg/metric"
	kubernetesmetric "argosy.dev/argosy/pkg/metric/kubernetes"
	"argosy.dev/argosy/pkg/metric/outbound"
	"argosy.dev/argosy/pkg/metric/prometheus"
	"argosy.dev/argosy/pkg/metric/web"
	"argosy.dev/argosy/pkg/rollout/metrics"
)

// Name is the loop's name: in --controllers, in its Lease, and in its queue's metrics.
const Name = "analysis"

// component is the source that `kubectl describe` shows of our Events.
const component = "argosy-analysis-controller"

// byRun indexes Jobs and pods by the UID of the analysis run.
const byRun = "analysisrun-uid"

// measuring is how many measurements are taken at once, and measuringEach how many of one namespace: its slow sources
// must not keep others from theirs.
const (
	measuring     = 128
	measuringEach = 32
)

// Config is what the loop needs to run. Argosy and Cluster are required.
type Config struct {
	// Argosy reads and writes AnalysisRuns: the API server process itself, not the way through the aggregator.
	Argosy versioned.Interface
	// Cluster reads and writes Jobs, reads pods and Secrets, and writes Events.
	Cluster kubernetes.Interface
	// ClusterConfig is how the provider kubernetes reaches the cluster, impersonating service accounts.
	ClusterConfig *rest.Config
	// PrometheusAddress is where metrics that name no address find Prometheus; empty for nowhere.
	PrometheusAddress string
	// Providers take the place of the real ones, by the name of their field; all are real when nil.
	Providers map[string]metric.Provider
	// Workers is how many runs are worked on at once; the default of all loops when zero.
	Workers int
	// Clock is the real one when nil.
	Clock clock.Clock
	// Metrics are told what is done; when nil, nobody sees them.
	Metrics *metrics.Metrics
}

// Controller drives AnalysisRuns. It is made by New and does nothing until Run.
type Controller struct {
	config Config
	loop   *loop.Loop
	runs   rolloutlisters.AnalysisRunLister
	jobs   cache.SharedIndexInformer
	pods   cache.SharedIndexInformer
	// free has room for each measurement that may be taken at once. measurements are those that are being taken or wait.
	free         chan struct{}
	measurements sync.WaitGroup

	mu sync.Mutex
	// known is what this process knows of each run beyond the caches.
	known map[types.NamespacedName]*memory
	// freeOf is like free, by namespace.
	freeOf map[string]chan struct{}
}

// New returns a loop on the given clients.
func New(config Config) (*Controller, error) {
	if config.Argosy == nil || config.Cluster == nil {
		return nil, errors.New("analysis controller: clients for Argosy and for the cluster are required")
	}
	if config.Clock == nil {
		config.Clock = clock.RealClock{}
	}
	if config.Metrics == nil {
		config.Metrics = metrics.New()
	}
	if config.Providers == nil {
		if config.ClusterConfig == nil {
			return nil, errors.New("analysis controller: the cluster's config is required")
		}
		objects, err := kubernetesmetric.New(config.ClusterConfig)
		if err != nil {
			return nil, fmt.Errorf("analysis controller: %w", err)
		}
		network := outbound.New(false)
		config.Providers = map[string]metric.Provider{
			"prometheus": prometheus.New(network, config.PrometheusAddress), "web": web.New(network), "kubernetes": objects,
		}
	}
	c := &Controller{config: config, free: make(chan struct{}, measuring), known: map[types.NamespacedName]*memory{}, freeOf: map[string]chan struct{}{}}
	c.loop = loop.New(Name, component, config.Workers, config.Cluster, c.reconcile)
	c.loop.Measures(c.measured)
	if err := c.watchRuns(); err != nil {
		return nil, err
	}
	if err := c.watchCluster(); err != nil {
		return nil, err
	}
	return c, nil
}

// Run drives analysis runs until ctx ends, and returns when all its goroutines have. It returns an error only if the
// caches never filled.
func (c *Controller) Run(ctx context.Context) error {
	defer c.config.Metrics.ForgetAnalyses()
	defer c.measurements.Wait()
	return c.loop.Run(ctx)
}

// measured counts a look at a run. The last one finds it gone.
func (c *Controller) measured(key types.NamespacedName, took time.Duration, err error) {
	if _, missing := c.runs.AnalysisRuns(key.Namespace).Get(key.Name); apierrors.IsNotFound(missing) {
		c.config.Metrics.ForgetAnalysis(key)
		return
	}
	c.config.Metrics.AnalysisReconciled(key, took, err)
}

// watchRuns follows all runs. Those that have ended are kept for their time to live, with nothing else in them.
func (c *Controller) watchRuns() error {
	factory := argosyinformers.NewSharedInformerFactoryWithOptions(c.config.Argosy, 0, argosyinformers.WithTransform(trimRun))
	runs := factory.Rollout().V1alpha1().AnalysisRuns()
	c.runs = runs.Lister()
	c.loop.Uses(factory, runs.Informer())
	return loop.On(runs.Informer(), func(run *rov1.AnalysisRun) {
		c.loop.Add(types.NamespacedName{Namespace: run.Namespace, Name: run.Name})
	})
}

// watchCluster follows the Jobs of runs and their pods, by the label that both carry, without what nothing here reads.
func (c *Controller) watchCluster() error {
	factory := informers.NewSharedInformerFactoryWithOptions(c.config.Cluster, 0, informers.WithTransform(trim),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) { o.LabelSelector = rov1.LabelAnalysisRunUID }))
	c.jobs, c.pods = factory.Batch().V1().Jobs().Informer(), factory.Core().V1().Pods().Informer()
	index := cache.Indexers{byRun: func(obj any) ([]string, error) {
		object, ok := obj.(metav1.Object)
		if !ok {
			return nil, fmt.Errorf("unexpected object of type %T", obj)
		}
		return []string{object.GetLabels()[rov1.LabelAnalysisRunUID]}, nil
	}}
	if err := c.jobs.AddIndexers(index); err != nil {
		return fmt.Errorf("indexing Jobs: %w", err)
	}
	if err := c.pods.AddIndexers(index); err != nil {
		return fmt.Errorf("indexing pods: %w", err)
	}
	c.loop.Uses(factory, c.jobs, c.pods)
	return errors.Join(
		loop.On(c.jobs, func(job *batchv1.Job) { c.enqueueOwner(job) }),
		loop.On(c.pods, func(pod *corev1.Pod) {
			if owner := metav1.GetControllerOf(pod); owner != nil {
				if job, ok, err := c.jobs.GetStore().GetByKey(pod.Namespace + "/" + owner.Name); err == nil && ok {
					c.enqueueOwner(job.(*batchv1.Job))
				}
			}
		}),
	)
}

// enqueueOwner lets the run that controls a Job be worked on.
func (c *Controller) enqueueOwner(job *batchv1.Job) {
	if owner := metav1.GetControllerOf(job); owner != nil && owner.Kind == "AnalysisRun" {
		c.loop.Add(types.NamespacedName{Namespace: job.Namespace, Name: owner.Name})
	}
}

// trimRun is a transformation for the cache of runs.
func trimRun(obj any) (any, error) {
	run, ok := obj.(*rov1.AnalysisRun)
	if !ok {
		return obj, nil
	}
	run.ManagedFields = nil
	if run.Status.Phase.Completed() {
		run.Spec = rov1.AnalysisRunSpec{TTLStrategy: run.Spec.TTLStrategy}
		run.Status = rov1.AnalysisRunStatus{Phase: run.Status.Phase, CompletedAt: run.Status.CompletedAt}
		run.Annotations = nil
	}
	return run, nil
}

// trim is a transformation for the caches of Jobs and pods.
func trim(obj any) (any, error) {
	switch o := obj.(type) {
	case *batchv1.Job:
		o.ManagedFields, o.Annotations, o.Spec = nil, nil, batchv1.JobSpec{}
	case *corev1.Pod:
		o.ManagedFields, o.Annotations, o.Spec = nil, nil, corev1.PodSpec{}
	}
	return obj, nil
}
