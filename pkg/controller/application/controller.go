// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"argosy.dev/argosy/generated/clientset/versioned"
	"argosy.dev/argosy/pkg/controller/loop"
)

// Name is the loop's name in --controllers, its Lease and its logs.
const Name = "application"

// component is the loop's name in Events.
const component = "argosy-application-controller"

// workers is how many applications are worked on at once. Most of their time they wait for repositories and clusters.
const workers = 32

// Config is what the loop is made of.
type Config struct {
	// Argosy reaches the Argosy API server.
	Argosy versioned.Interface
	// Cluster writes Events.
	Cluster kubernetes.Interface
	// Engine looks at applications, and has the caches of them. It is shared with the API server of the same process, if
	// there is one.
	Engine *Engine
	// Namespace is where the loop runs, for status.controllerNamespace.
	Namespace string
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// Controller is the loop. It is made by New and does nothing until Run.
type Controller struct {
	config Config
	loop   *loop.Loop
	now    func() time.Time

	mu       sync.Mutex
	memories map[types.NamespacedName]*memory
}

// New makes the loop.
func New(config Config) *Controller {
	c := &Controller{config: config, now: config.Now, memories: map[types.NamespacedName]*memory{}}
	if c.now == nil {
		c.now = time.Now
	}
	c.loop = loop.New(Name, component, workers, config.Cluster, c.reconcile)
	c.loop.Measures(c.measured)
	return c
}

// Run runs the loop until ctx ends.
func (c *Controller) Run(ctx context.Context) error {
	engine := c.config.Engine
	defer engine.listening.subscribe(listener{changed: c.enqueue, namespace: c.enqueueNamespace})()
	select {
	case <-engine.started:
	case <-ctx.Done():
		return nil // told to stop before it had begun: not a failure
	}
	defer engine.metrics.Tell(told{engine})()
	// What has come before is told by no event.
	c.enqueueNamespace(metav1.NamespaceAll)
	return c.loop.Run(ctx)
}

// enqueue lets an application be looked at, by its user name in caches.
func (c *Controller) enqueue(user string) { c.loop.Add(keyOfUser(user)) }

// enqueueNamespace lets all applications of a namespace be looked at: a project, a Secret or a setting has changed.
func (c *Controller) enqueueNamespace(namespace string) {
	apps, err := c.config.Engine.applications.Applications(namespace).List(everything)
	if err != nil {
		return // a lister of a cache has no way to fail
	}
	for _, app := range apps {
		c.loop.Add(keyOf(app))
	}
}
