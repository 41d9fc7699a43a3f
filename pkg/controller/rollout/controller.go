// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"context"
	"errors"
	"fmt"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/generated/clientset/versioned"
	argosyinformers "argosy.dev/argosy/generated/informers/externalversions"
	rolloutlisters "argosy.dev/argosy/generated/listers/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/controller/loop"
	"argosy.dev/argosy/pkg/rollout"
	"argosy.dev/argosy/pkg/rollout/metrics"
	"argosy.dev/argosy/pkg/rollout/traffic"
)

// Name is the loop's name: in --controllers, in its Lease, and in its queue's metrics.
const Name = "rollout"

// component is the source that `kubectl describe` shows of our Events.
const component = "argosy-rollout-controller"

// Names of the indexes of the caches.
const (
	// byOwner finds objects by the UID of their controller.
	byOwner = "controller-uid"
	// orphans finds objects without a controller, by namespace.
	orphans = "orphans"
	// byManager finds Services by the rollout that directs them, as NAMESPACE/NAME.
	byManager = "managed-by"
)

// Config is what the loop needs to run. All fields but Workers, Clock, Seen and Metrics are required.
type Config struct {
	// Argosy reads and writes our own kinds: the API server process itself, not the way through the aggregator.
	Argosy versioned.Interface
	// Cluster reads and writes ReplicaSets, pods and Services, and writes Events.
	Cluster kubernetes.Interface
	// Dynamic reads and writes the objects of traffic routers, and the workloads whose templates rollouts use.
	Dynamic dynamic.Interface
	// Workers is how many rollouts are worked on at once; 16 when zero.
	Workers int
	// Clock is the real one when nil.
	Clock clock.PassiveClock
	// Seen shows others what the loop sees while it runs; may be nil.
	Seen *Seen
	// Metrics are told what is done; when nil, nobody sees them.
	Metrics *metrics.Metrics
}

// Controller drives Rollouts. It is made by New and does nothing until Run.
type Controller struct {
	config Config
	loop   *loop.Loop
	// decide is the core.
	decide func(*rov1.Rollout, rollout.World) rollout.Decision

	rollouts         rolloutlisters.RolloutLister
	templates        rolloutlisters.AnalysisTemplateLister
	clusterTemplates rolloutlisters.ClusterAnalysisTemplateLister
	runs             cache.SharedIndexInformer
	replicaSets      cache.SharedIndexInformer
	pods             cache.SharedIndexInformer
	services         cache.SharedIndexInformer
	// others are caches of what only some rollouts use.
	others *onDemand
	// named tells which rollouts name an object.
	named references

	mu sync.Mutex
	// memories is what this process knows of each rollout beyond the caches.
	memories map[types.NamespacedName]*memory
}

// New returns a loop on the given clients.
func New(config Config) (*Controller, error) {
	if config.Argosy == nil || config.Cluster == nil || config.Dynamic == nil {
		return nil, errors.New("rollout controller: clients for Argosy and for the cluster, typed and dynamic, are required")
	}
	if config.Clock == nil {
		config.Clock = clock.RealClock{}
	}
	if config.Metrics == nil {
		config.Metrics = metrics.New()
	}
	c := &Controller{config: config, decide: rollout.Reconcile, memories: map[types.NamespacedName]*memory{}}
	c.loop = loop.New(Name, component, config.Workers, config.Cluster, c.reconcile)
	c.loop.Measures(c.measured)
	if err := c.watchOurs(); err != nil {
		return nil, fmt.Errorf("rollout controller: our own kinds: %w", err)
	}
	if err := c.watchPods(); err != nil {
		return nil, fmt.Errorf("rollout controller: pods and ReplicaSets: %w", err)
	}
	if err := c.watchServices(); err != nil {
		return nil, fmt.Errorf("rollout controller: services: %w", err)
	}
	c.others = newOnDemand(config.Dynamic, config.Cluster.Discovery(), func(ref traffic.Ref) { c.enqueueNaming(ref) })
	c.loop.Uses(c.others)
	return c, nil
}

// Run drives rollouts until ctx ends, and returns when all its goroutines have. It returns an error only if the caches
// never filled.
func (c *Controller) Run(ctx context.Context) error {
	if c.config.Seen != nil {
		c.config.Seen.loop.Store(c)
		defer c.config.Seen.loop.Store(nil)
	}
	defer c.config.Metrics.Tell(source{c})()
	return c.loop.Run(ctx)
}

// watchOurs follows the kinds of the family.
func (c *Controller) watchOurs() error {
	factory := argosyinformers.NewSharedInformerFactoryWithOptions(c.config.Argosy, 0, argosyinformers.WithTransform(loop.DropManagedFields))
	kinds := factory.Rollout().V1alpha1()
	c.rollouts, c.templates, c.clusterTemplates = kinds.Rollouts().Lister(), kinds.AnalysisTemplates().Lister(), kinds.ClusterAnalysisTemplates().Lister()
	c.runs = kinds.AnalysisRuns().Informer()
	if err := c.runs.AddIndexers(cache.Indexers{byOwner: ownerUID}); err != nil {
		return err
	}
	err := errors.Join(
		loop.On(kinds.Rollouts().Informer(), func(ro *rov1.Rollout) { c.loop.Add(keyOf(ro)) }),
		loop.On(c.runs, func(run *rov1.AnalysisRun) { c.enqueueOwner(run) }),
		loop.On(kinds.AnalysisTemplates().Informer(), func(t *rov1.AnalysisTemplate) { c.enqueueNaming(templateRef(t.Namespace, t.Name)) }),
		loop.On(kinds.ClusterAnalysisTemplates().Informer(), func(t *rov1.ClusterAnalysisTemplate) { c.enqueueNaming(templateRef("", t.Name)) }),
	)
	c.loop.Uses(factory, kinds.Rollouts().Informer(), c.runs, kinds.AnalysisTemplates().Informer(), kinds.ClusterAnalysisTemplates().Informer())
	return err
}

// watchPods follows the ReplicaSets and pods that carry the label of a rollout's version, pods without the fields that
// the core never reads.
func (c *Controller) watchPods() error {
	ofRollouts := informers.WithTweakListOptions(func(o *metav1.ListOptions) { o.LabelSelector = rov1.LabelPodTemplateHash })
	sets := informers.NewSharedInformerFactoryWithOptions(c.config.Cluster, 0, ofRollouts, informers.WithTransform(loop.DropManagedFields))
	c.replicaSets = sets.Apps().V1().ReplicaSets().Informer()
	pods := informers.NewSharedInformerFactoryWithOptions(c.config.Cluster, 0, ofRollouts, informers.WithTransform(trimPod))
	c.pods = pods.Core().V1().Pods().Informer()
	err := errors.Join(
		c.replicaSets.AddIndexers(cache.Indexers{byOwner: ownerUID, orphans: orphanIn}),
		c.pods.AddIndexers(cache.Indexers{byOwner: ownerUID}),
		loop.On(c.replicaSets, c.enqueueForReplicaSet),
		loop.On(c.pods, func(pod *corev1.Pod) {
			owner := metav1.GetControllerOf(pod)
			if owner == nil || owner.Kind != "ReplicaSet" {
				return
			}
			// Not there: its own event is yet to come, and brings the rollout along.
			if object, there, err := c.replicaSets.GetStore().GetByKey(pod.Namespace + "/" + owner.Name); err == nil && there {
				c.enqueueOwner(object.(*appsv1.ReplicaSet))
			}
		}),
	)
	c.loop.Uses(sets, c.replicaSets)
	c.loop.Uses(pods, c.pods)
	return err
}

// watchServices follows all Services: which of them a rollout names can change at any time.
func (c *Controller) watchServices() error {
	factory := informers.NewSharedInformerFactoryWithOptions(c.config.Cluster, 0, informers.WithTransform(trimService))
	c.services = factory.Core().V1().Services().Informer()
	err := errors.Join(
		c.services.AddIndexers(cache.Indexers{byManager: managerOf}),
		loop.On(c.services, func(service *corev1.Service) {
			c.enqueueNaming(serviceRef(service.Namespace, service.Name))
			if manager := service.Annotations[rov1.AnnotationManagedByRollout]; manager != "" {
				c.loop.Add(types.NamespacedName{Namespace: service.Namespace, Name: manager})
			}
		}),
	)
	c.loop.Uses(factory, c.services)
	return err
}

// enqueueOwner lets the rollout be worked on that controls the object, if one does.
func (c *Controller) enqueueOwner(object metav1.Object) {
	if owner := metav1.GetControllerOf(object); owner != nil && owner.Kind == "Rollout" {
		c.loop.Add(types.NamespacedName{Namespace: object.GetNamespace(), Name: owner.Name})
	}
}

// enqueueForReplicaSet lets the ReplicaSet's rollout be worked on; of an orphan, those of its namespace, one of which
// may adopt it.
func (c *Controller) enqueueForReplicaSet(set *appsv1.ReplicaSet) {
	if metav1.GetControllerOf(set) != nil {
		c.enqueueOwner(set)
		return
	}
	if set.DeletionTimestamp == nil {
		for _, key := range c.named.rolloutsIn(set.Namespace) {
			c.loop.Add(key)
		}
	}
}

// enqueueNaming lets the rollouts be worked on that name the object.
func (c *Controller) enqueueNaming(ref traffic.Ref) {
	for _, key := range c.named.naming(ref) {
		c.loop.Add(key)
	}
}

func keyOf(object metav1.Object) types.NamespacedName {
	return types.NamespacedName{Namespace: object.GetNamespace(), Name: object.GetName()}
}
