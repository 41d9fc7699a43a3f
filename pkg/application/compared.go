// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"cmp"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/health"
	"argosy.dev/argosy/pkg/application/object"
)

// Compared is one object of an application: what is wanted of it, and what there is.
type Compared struct {
	// Key names it, and Version is that of its API.
	Key     object.Key
	Version string
	// Target is its manifest, nil if there is none. Live is the object, nil if it is not there. Neither is changed here.
	Target, Live *unstructured.Unstructured
	// Modified tells that Live differs from Target in something that counts.
	Modified bool
	// Rejected is why the server would refuse what Target wants, if it was asked and would. No Secret's value is in it.
	Rejected string
	// Health is how Live does; nil where no check knows its kind.
	Health *appv1.HealthStatus
}

// Hook tells whether it is a hook: a part of a sync, not of the application.
func (c *Compared) Hook() bool {
	o := c.either()
	return o != nil && object.IsHook(o)
}

// either is the manifest, or the object where there is none.
func (c *Compared) either() *unstructured.Unstructured {
	if c.Target != nil {
		return c.Target
	}
	return c.Live
}

// extraneous tells that it may be there though no manifest asks for it.
func (c *Compared) extraneous() bool {
	return c.Target == nil && c.Live != nil && object.CompareOptions(c.Live).Is(object.CompareIgnoreExtras, "true")
}

// Synced tells whether what there is agrees with what is wanted. Empty where the question does not arise: for hooks.
func (c *Compared) Synced() appv1.SyncStatusCode {
	switch {
	case c.Hook():
		return ""
	case c.Target == nil || c.Live == nil || c.Modified:
		return appv1.SyncStatusOutOfSync
	}
	return appv1.SyncStatusSynced
}

// counts tells whether it has a part in whether the application is synced. An object that is never applied (Skip) has
// none, nor one that may be there without a manifest.
func (c *Compared) counts() bool {
	o := c.either()
	return o != nil && !c.Hook() && !object.Skipped(o) && !c.extraneous()
}

// status is what status.resources says of it.
func (c *Compared) status(options object.Options) appv1.ResourceStatus {
	out := appv1.ResourceStatus{
		Group: c.Key.Group, Version: c.Version, Kind: c.Key.Kind, Namespace: c.Key.Namespace, Name: c.Key.Name,
		Status: c.Synced(), Hook: c.Hook(), RequiresPruning: c.Target == nil && c.Live != nil && !c.Hook(),
	}
	if o := c.either(); o != nil {
		out.SyncWave = int64(object.Wave(o))
	}
	if c.Live != nil {
		out.RequiresDeletionConfirmation = object.Effective(c.Live, options, object.OptionPrune) == "confirm" ||
			object.Effective(c.Live, options, object.OptionDelete) == "confirm"
	}
	switch {
	case out.Hook:
	case c.Live == nil:
		out.Health = &appv1.HealthStatus{Status: appv1.HealthMissing}
	case c.Health != nil:
		out.Health = &appv1.HealthStatus{Status: c.Health.Status, Message: c.Health.Message}
	}
	return out
}

// Comparison is what all objects of an application say together.
type Comparison struct {
	// Resources are the objects for status.resources, sorted.
	Resources []appv1.ResourceStatus
	// Sync is Synced or OutOfSync.
	Sync appv1.SyncStatusCode
	// Health is the worst of those that count.
	Health appv1.HealthStatusCode
	// Message says of the object that makes the health what it is, if it says why.
	Message string
	// Summary is what they have, put together.
	Summary appv1.ApplicationSummary
}

// Compare puts together what all objects of an application say. options are the application's; self is the application
// as an object, which does not count in its own health.
func Compare(all []Compared, options object.Options, self object.Key) Comparison {
	out := Comparison{Sync: appv1.SyncStatusSynced, Resources: make([]appv1.ResourceStatus, 0, len(all))}
	items := make([]health.Item, 0, len(all))
	for i := range all {
		c := &all[i]
		// The manifest of a hook without a name is of no object: those that were made of it are there by their names.
		if c.Key.Name != "" || !c.Hook() {
			out.Resources = append(out.Resources, c.status(options))
		}
		if c.counts() && c.Synced() != appv1.SyncStatusSynced {
			out.Sync = appv1.SyncStatusOutOfSync
		}
		items = append(items, health.Item{Target: c.Target, Live: c.Live, Health: c.Health})
	}
	slices.SortFunc(out.Resources, func(a, b appv1.ResourceStatus) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	out.Health = health.Aggregate(items, self)
	for i, item := range items {
		if item.Health != nil && item.Health.Status == out.Health && out.Health != appv1.HealthHealthy && item.Health.Message != "" && health.Counts(item, self) {
			out.Message = all[i].Key.Label() + ": " + item.Health.Message
			break
		}
	}
	out.Summary = summary(all)
	return out
}
