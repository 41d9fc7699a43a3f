// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// The waits between syncs that heal drift, which grow by a factor, and the quiet after which counting begins anew.
const (
	healBackoff  = 2 * time.Second
	healFactor   = 3
	healMost     = 300 * time.Second
	healCooldown = healMost + 30*time.Second
)

// Compared is what a comparison of an application has found: what AutoSync decides on.
type Compared struct {
	// Status is Synced, OutOfSync or Unknown.
	Status appv1.SyncStatusCode
	// Revision, or Revisions if the application has several sources, is what it was compared to.
	Revision  string
	Revisions []string
	// Resources are all objects of the application.
	Resources []appv1.ResourceStatus
}

// AutoDecision says whether an operation starts by itself.
type AutoDecision struct {
	// Operation starts now, if it is not nil.
	Operation *appv1.Operation
	// After is when to ask again if nothing changes. 0 is not at all.
	After time.Duration
	// Error is the message of the condition SyncError, empty if that does not hold.
	Error string
	// Reason says why none starts, for logs.
	Reason string
}

// AutoSync decides whether an application is synced without anybody's doing, as spec.syncPolicy.automated asks.
func AutoSync(app *appv1.Application, found Compared, now time.Time) AutoDecision {
	skip := func(format string, args ...any) AutoDecision {
		return AutoDecision{Reason: fmt.Sprintf(format, args...)}
	}
	state := app.Status.OperationState
	switch {
	case !app.Spec.IsAutomated():
		return skip("syncs are not automated")
	case app.Operation != nil || state != nil && !ended(state.Phase):
		return skip("an operation is in progress")
	case app.DeletionTimestamp != nil:
		return skip("the application is being deleted")
	case found.Status != appv1.SyncStatusOutOfSync:
		return skip("the application is %s", found.Status)
	}
	policy := app.Spec.SyncPolicy.Automated
	prune := ptr.Deref(policy.Prune, false)
	if !prune && !slices.ContainsFunc(found.Resources, func(r appv1.ResourceStatus) bool {
		return r.Status == appv1.SyncStatusOutOfSync && !r.RequiresPruning
	}) {
		return skip("nothing but pruning is needed, and that is not automated")
	}
	operation := &appv1.Operation{
		Sync: &appv1.SyncOperation{
			Revision: found.Revision, Revisions: found.Revisions, Prune: ptr.To(prune),
			SyncOptions: app.Spec.SyncPolicy.SyncOptions,
		},
		InitiatedBy: &appv1.OperationInitiator{Automated: ptr.To(true)},
		Retry:       app.Spec.SyncPolicy.Retry,
	}
	if operation.Retry == nil {
		operation.Retry = &appv1.RetryStrategy{Limit: ptr.To(automatedRetries)}
	}
	if attempted(app, found) {
		if state.Phase != appv1.OperationSucceeded {
			return AutoDecision{
				Error:  fmt.Sprintf("Failed last sync attempt to %s: %s", revisions(found), state.Message),
				Reason: "the last sync to this revision has failed",
			}
		}
		if !ptr.Deref(policy.SelfHeal, false) {
			return skip("the last sync was to this revision already")
		}
		count, wait := heal(state, now)
		if wait > 0 {
			return AutoDecision{After: wait, Reason: "drift was healed a short time ago"}
		}
		operation.Sync.AutoHealAttemptsCount = ptr.To(count)
		for _, r := range found.Resources {
			if r.Status == appv1.SyncStatusOutOfSync && !r.Hook {
				operation.Sync.Resources = append(operation.Sync.Resources, appv1.SyncOperationResource{
					Group: r.Group, Kind: r.Kind, Name: r.Name, Namespace: r.Namespace,
				})
			}
		}
	}
	if prune && !ptr.Deref(policy.AllowEmpty, false) && wipes(found.Resources) {
		message := fmt.Sprintf("Skipping sync attempt to %s: auto-sync will wipe out all resources", revisions(found))
		return AutoDecision{Error: message, Reason: "all objects would be pruned"}
	}
	return AutoDecision{Operation: operation}
}

// wipes tells that nothing would be left of an application but hooks, which are no part of it.
func wipes(resources []appv1.ResourceStatus) bool {
	return slices.ContainsFunc(resources, func(r appv1.ResourceStatus) bool { return r.RequiresPruning }) &&
		!slices.ContainsFunc(resources, func(r appv1.ResourceStatus) bool { return !r.Hook && !r.RequiresPruning })
}

// attempted tells that the last operation was a sync, in earnest, of what is wanted now.
func attempted(app *appv1.Application, found Compared) bool {
	state := app.Status.OperationState
	if state == nil || state.SyncResult == nil || state.Operation.Sync == nil || ptr.Deref(state.Operation.Sync.DryRun, false) ||
		len(state.Operation.Sync.Manifests) > 0 {
		return false
	}
	result, sources := state.SyncResult, app.Spec.GetSources()
	if len(app.Spec.Sources) > 0 && app.Spec.SourceHydrator == nil {
		return slices.Equal(result.Revisions, found.Revisions) && equality.Semantic.DeepEqual(result.Sources, sources)
	}
	return result.Revision == found.Revision &&
		(result.Source == nil || len(sources) == 1 && equality.Semantic.DeepEqual(*result.Source, sources[0]))
}

// heal returns the how-manieth sync it would be that heals drift, and how long to wait before it.
func heal(last *appv1.OperationState, now time.Time) (count int64, wait time.Duration) {
	before := ptr.Deref(last.Operation.Sync.AutoHealAttemptsCount, 0)
	if last.FinishedAt == nil {
		return before + 1, 0
	}
	since := now.Sub(last.FinishedAt.Time)
	if before == 0 || since > healCooldown {
		return 1, 0
	}
	pause := healBackoff
	for i := int64(1); i < before && pause < healMost; i++ {
		pause *= healFactor
	}
	return before + 1, max(min(pause, healMost)-since, 0)
}

// revisions are what is wanted, for people.
func revisions(found Compared) string {
	if len(found.Revisions) > 0 {
		return "[" + strings.Join(found.Revisions, ", ") + "]"
	}
	return found.Revision
}
