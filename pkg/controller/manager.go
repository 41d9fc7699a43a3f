// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package controller starts the control loops: which there are, which are wanted, and that only one replica
// runs each at a time. It is the one place where a loop is wired, used by the API server that runs the loops
// in its own process and by the controller manager alike. What a loop does is in the package of its family.
package controller

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/component-base/metrics/legacyregistry"

	"argosy.dev/argosy/generated/clientset/versioned"
	analysiscontroller "argosy.dev/argosy/pkg/controller/analysis"
	applicationcontroller "argosy.dev/argosy/pkg/controller/application"
	rolloutcontroller "argosy.dev/argosy/pkg/controller/rollout"
	workflowcontroller "argosy.dev/argosy/pkg/controller/workflow"
	rolloutmetrics "argosy.dev/argosy/pkg/rollout/metrics"
)

// Config is what every loop is started with.
type Config struct {
	// Argosy reaches the Argosy API server: the loopback of the same process, or its Service.
	Argosy *rest.Config
	// Cluster reaches the Kubernetes API server.
	Cluster *rest.Config
	// ExecutorImage is the image that holds argosy-executor.
	ExecutorImage string
	// Applications looks at applications, for their loop and for the API server of the same process.
	Applications *applicationcontroller.Engine
	// Rollouts shows the API server of the same process what the loop of rollouts sees; may be nil.
	Rollouts *rolloutcontroller.Seen
	// LeaseNamespace is where the loops' Leases are; without one the loops run with no election.
	LeaseNamespace string

	// rollouts are the metrics of rollouts and analyses, which two loops tell.
	rollouts *rolloutmetrics.Metrics
}

// loop runs until the context ends.
type loop interface {
	Run(ctx context.Context) error
}

// loops has one constructor for each loop, by its name in --controllers.
var loops = map[string]func(argosy versioned.Interface, cluster kubernetes.Interface, config Config) (loop, error){
	analysiscontroller.Name: func(argosy versioned.Interface, cluster kubernetes.Interface, config Config) (loop, error) {
		// The environment variable is the peer's.
		return analysiscontroller.New(analysiscontroller.Config{Argosy: argosy, Cluster: cluster, ClusterConfig: unthrottled(config.Cluster), PrometheusAddress: os.Getenv("ARGO_ROLLOUTS_PROMETHEUS_ADDRESS"), Metrics: config.rollouts})
	},
	applicationcontroller.Name: func(argosy versioned.Interface, cluster kubernetes.Interface, config Config) (loop, error) {
		return applicationcontroller.New(applicationcontroller.Config{Argosy: argosy, Cluster: cluster, Engine: config.Applications, Namespace: config.LeaseNamespace}), nil
	},
	rolloutcontroller.Name: func(argosy versioned.Interface, cluster kubernetes.Interface, config Config) (loop, error) {
		others, err := dynamic.NewForConfig(unthrottled(config.Cluster))
		if err != nil {
			return nil, fmt.Errorf("dynamic client of the cluster: %w", err)
		}
		return rolloutcontroller.New(rolloutcontroller.Config{Argosy: argosy, Cluster: cluster, Dynamic: others, Seen: config.Rollouts, Metrics: config.rollouts})
	},
	workflowcontroller.Name: func(argosy versioned.Interface, cluster kubernetes.Interface, config Config) (loop, error) {
		return workflowcontroller.New(workflowcontroller.Config{Argosy: argosy, Cluster: cluster, ExecutorImage: config.ExecutorImage})
	},
}

// Names returns the names of all loops, sorted.
func Names() []string {
	return slices.Sorted(maps.Keys(loops))
}

// Wanted returns the names of the loops that a --controllers list asks for, by the rules of
// kube-controller-manager: "*" means all, "name" that one, "-name" not that one.
func Wanted(list []string) (sets.Set[string], error) {
	wanted := sets.New[string]()
	if slices.Contains(list, "*") {
		wanted.Insert(Names()...)
	}
	for _, entry := range list {
		name := strings.TrimPrefix(entry, "-")
		switch {
		case entry == "*" || entry == "":
		case !slices.Contains(Names(), name):
			return nil, fmt.Errorf("%q is not a control loop; there are: %s", name, strings.Join(Names(), ", "))
		case strings.HasPrefix(entry, "-"):
			wanted.Delete(name)
		default:
			wanted.Insert(name)
		}
	}
	return wanted, nil
}

// Times of the election: a lost leader is replaced within leaseDuration, a stopped one at once, since it
// releases its Lease.
const (
	leaseDuration = 15 * time.Second
	renewDeadline = 10 * time.Second
	retryPeriod   = 2 * time.Second
)

// Run runs the wanted loops, each as soon as this process holds the Lease of its family, until ctx ends, and beside them
// what looks at applications, which the API server needs too. It returns early with an error if a loop cannot be made or
// fails.
func Run(ctx context.Context, wanted sets.Set[string], config Config) error {
	argosy, err := versioned.NewForConfig(unthrottled(config.Argosy))
	if err != nil {
		return fmt.Errorf("client of the Argosy API: %w", err)
	}
	// Pods come and go as protobuf, which costs a fraction of JSON on both sides. Our own API has JSON only.
	binary := unthrottled(config.Cluster)
	binary.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	binary.ContentType = runtime.ContentTypeProtobuf
	cluster, err := kubernetes.NewForConfig(binary)
	if err != nil {
		return fmt.Errorf("client of the cluster: %w", err)
	}
	config.rollouts = rolloutmetrics.New()
	unregister, err := register(config.rollouts, config.Applications.Metrics())
	if err != nil {
		return err
	}
	defer unregister()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var group sync.WaitGroup
	errs := make(chan error, wanted.Len()+1)
	group.Go(func() {
		defer stop()
		if err := config.Applications.Run(ctx, argosy, unthrottled(config.Cluster)); err != nil {
			errs <- fmt.Errorf("looking at applications: %w", err)
		}
	})
	for _, name := range sets.List(wanted) {
		group.Go(func() {
			defer stop() // one loop's end is the end of all
			errs <- runElected(ctx, name, cluster, config, func() (loop, error) { return loops[name](argosy, cluster, config) })
		})
	}
	group.Wait()
	close(errs)
	var all []error
	for err := range errs {
		all = append(all, err)
	}
	return errors.Join(all...)
}

// register has /metrics show collectors, until unregister is called.
func register(collectors ...prometheus.Collector) (unregister func(), err error) {
	registry := legacyregistry.Registerer()
	unregister = func() {
		for _, c := range collectors {
			registry.Unregister(c)
		}
	}
	for _, c := range collectors {
		// Where a process has several servers, as in tests, the last one is shown.
		registry.Unregister(c)
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("registering metrics: %w", err)
		}
	}
	return unregister, nil
}

// runElected runs one loop whenever this process holds its Lease, until ctx ends. A Lease that is lost (the
// cluster was away for longer than it lasts) ends the loop and not the process: the API that the same process
// serves goes on, and the loop begins anew, from empty caches, once the Lease is won again.
func runElected(ctx context.Context, name string, cluster kubernetes.Interface, config Config, construct func() (loop, error)) error {
	run := func(ctx context.Context) error {
		l, err := construct()
		if err != nil {
			return err
		}
		return l.Run(ctx)
	}
	if config.LeaseNamespace == "" {
		return run(ctx)
	}
	// The pod's name alone, with nothing random: a process that was killed and restarted in its pod goes on with
	// the Lease that it still holds, instead of waiting until it runs out.
	identity, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("naming this process: %w", err)
	}
	lock, err := resourcelock.New(resourcelock.LeasesResourceLock, config.LeaseNamespace, "argosy-"+name,
		cluster.CoreV1(), cluster.CoordinationV1(), resourcelock.ResourceLockConfig{Identity: identity})
	if err != nil {
		return fmt.Errorf("lease of loop %s: %w", name, err)
	}
	for ctx.Err() == nil {
		if err := runOnce(ctx, name, lock, run); err != nil {
			return fmt.Errorf("loop %s: %w", name, err)
		}
	}
	return nil
}

// runOnce waits for the Lease and runs the loop until the Lease is lost, the loop fails, or ctx ends.
func runOnce(ctx context.Context, name string, lock resourcelock.Interface, run func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	started, result := make(chan struct{}), make(chan error, 1)
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: lock, Name: name, ReleaseOnCancel: true,
		LeaseDuration: leaseDuration, RenewDeadline: renewDeadline, RetryPeriod: retryPeriod,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(leading context.Context) {
				close(started)
				defer stop()
				result <- run(leading)
			},
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return err
	}
	elector.Run(ctx)
	stop()
	select {
	case <-started:
		return <-result
	default: // stopped before it ever led
		return nil
	}
}

// unthrottled returns the config without a client-side limit: the server's priority and fairness governs.
func unthrottled(config *rest.Config) *rest.Config {
	c := rest.CopyConfig(config)
	c.QPS = -1
	return c
}
