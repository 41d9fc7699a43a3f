// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// measured counts a look at a rollout. The last one finds it gone.
func (c *Controller) measured(key types.NamespacedName, took time.Duration, err error) {
	if _, missing := c.rollouts.Rollouts(key.Namespace).Get(key.Name); apierrors.IsNotFound(missing) {
		c.config.Metrics.Forget(key)
		return
	}
	c.config.Metrics.Reconciled(key, took, err)
}

// source is what the loop's caches have, for metrics.
type source struct{ *Controller }

// Rollouts implements metrics.Source.
func (t source) Rollouts() []*rov1.Rollout { return listed(t.rollouts.List) }

// AnalysisTemplates implements metrics.Source.
func (t source) AnalysisTemplates() []*rov1.AnalysisTemplate { return listed(t.templates.List) }

// ClusterAnalysisTemplates implements metrics.Source.
func (t source) ClusterAnalysisTemplates() []*rov1.ClusterAnalysisTemplate {
	return listed(t.clusterTemplates.List)
}

// AnalysisRuns implements metrics.Source.
func (t source) AnalysisRuns() []*rov1.AnalysisRun {
	all := t.runs.GetStore().List()
	out := make([]*rov1.AnalysisRun, 0, len(all))
	for _, object := range all {
		if run, ok := object.(*rov1.AnalysisRun); ok {
			out = append(out, run)
		}
	}
	return out
}

// listed is all that a lister has. A lister of a cache has no way to fail.
func listed[T any](list func(labels.Selector) ([]T, error)) []T {
	all, _ := list(labels.Everything())
	return all
}
