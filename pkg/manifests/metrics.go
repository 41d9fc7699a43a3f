// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"sync"

	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

// generated counts the sources whose manifests were asked for: rendered, or taken from the cache.
var generated = metrics.NewCounterVec(&metrics.CounterOpts{
	Name: "argosy_application_manifests_total",
	Help: "Sources of applications whose manifests were asked for, by result: rendered, or cached.", StabilityLevel: metrics.ALPHA,
}, []string{"result"})

// register makes the metrics known once, however many generators a process has.
var register = sync.OnceFunc(func() { legacyregistry.MustRegister(generated) })
