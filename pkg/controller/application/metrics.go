// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/metrics"
	"argosy.dev/argosy/pkg/cluster"
)

// measured counts a look at an application. The last one finds it gone.
func (c *Controller) measured(key types.NamespacedName, took time.Duration, _ error) {
	engine := c.config.Engine
	if _, err := engine.applications.Applications(key.Namespace).Get(key.Name); apierrors.IsNotFound(err) {
		engine.metrics.Forget(key.Namespace, key.Name)
		return
	}
	engine.metrics.Reconciled(key.Namespace, engine.caches.Server(userOfKey(key)), took)
}

// requested counts a request that was made for an application.
func (e *Engine) requested(r cluster.Request) {
	key := keyOfUser(r.User)
	app, err := e.applications.Applications(key.Namespace).Get(key.Name)
	if err != nil {
		return // it is gone
	}
	e.metrics.Requested(app, metrics.Request{Server: r.Server, Verb: r.Verb, Resource: r.Resource, Namespace: r.Namespace, DryRun: r.DryRun, Code: r.Code})
}

// counted counts an operation whose end a write of status has told.
func (w *writer) counted(before, after *appv1.Application) {
	old, now := before.Status.OperationState, after.Status.OperationState
	if over(now) && (old == nil || !over(old) || !old.StartedAt.Equal(&now.StartedAt)) {
		w.config.Engine.metrics.Synced(after, w.config.Engine.caches.Server(userOf(after)))
	}
}

// told is what the engine knows, for metrics.
type told struct{ *Engine }

// Applications implements metrics.Source.
func (t told) Applications() []*appv1.Application {
	all, _ := t.applications.List(everything) // a lister of a cache has no way to fail
	return all
}

// Server implements metrics.Source.
func (t told) Server(app *appv1.Application) string {
	if server := t.caches.Server(userOf(app)); server != "" {
		return server
	}
	return app.Spec.Destination.Server
}

// Clusters implements metrics.Source.
func (t told) Clusters() []metrics.Cluster {
	var out []metrics.Cluster
	for _, s := range t.caches.Stats() {
		out = append(out, metrics.Cluster{Server: s.Server, Name: s.Name, Version: s.Version, Kinds: s.Kinds, Objects: s.Objects, Reachable: !s.Down})
	}
	return out
}
