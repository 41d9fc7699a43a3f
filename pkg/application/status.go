// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	apiequality "k8s.io/apimachinery/pkg/api/equality"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// Observed is what one look at an application has found out.
type Observed struct {
	// Comparison is nil if what there is could not be compared with what is wanted.
	Comparison *Comparison
	// Revisions and Types are those of the sources, in order; empty if they could not be resolved.
	Revisions []string
	Types     []appv1.ApplicationSourceType
	// Findings are what is wrong.
	Findings []Finding
	// Operation is how far the operation is; nil if there was none yet.
	Operation *appv1.OperationState
	// History is the past syncs.
	History []appv1.RevisionHistory
	// ControllerNamespace is where the loop runs.
	ControllerNamespace string
}

// Status returns the status of an application after a look, and whether it says anything new. Where it does not, it is the
// old one, to the time of the last look, so that nothing need be written.
func Status(app *appv1.Application, seen Observed, now time.Time) (status appv1.ApplicationStatus, changed bool) {
	old := &app.Status
	next := *old.DeepCopy()
	next.ObservedAt = nil
	next.ControllerNamespace = seen.ControllerNamespace
	next.OperationState, next.History = seen.Operation, seen.History
	next.Sync.ComparedTo = comparedTo(app)
	if c := seen.Comparison; c != nil {
		next.Resources, next.Summary = c.Resources, c.Summary
		next.Sync.Status = c.Sync
		next.Health = healthStatus(old.Health, c.Health, c.Message, now)
		next.SourceType, next.SourceTypes = "", nil
	} else {
		// What was known of the objects stays, as that which was last seen.
		next.Sync.Status = appv1.SyncStatusUnknown
		if old.Health.Status == "" {
			next.Health = healthStatus(old.Health, appv1.HealthUnknown, "", now)
		}
	}
	if len(seen.Revisions) > 0 {
		next.Sync.Revision, next.Sync.Revisions = "", nil
		if severalSources(app) {
			next.Sync.Revisions = seen.Revisions
		} else {
			next.Sync.Revision = seen.Revisions[0]
		}
	}
	if len(seen.Types) > 0 {
		if severalSources(app) {
			next.SourceTypes = seen.Types
		} else {
			next.SourceType = seen.Types[0]
		}
	}
	next.Conditions = conditions(old.Conditions, seen.Findings, &next, app.Generation, now)
	if apiequality.Semantic.DeepEqual(&next, old) {
		return *old, false
	}
	at := metav1.NewTime(now.Truncate(time.Second))
	next.ReconciledAt = &at
	return next, true
}

// severalSources tells whether the application says sources, of which there may be one.
func severalSources(app *appv1.Application) bool {
	return len(app.Spec.Sources) > 0 && app.Spec.SourceHydrator == nil
}

// comparedTo is what status.sync.comparedTo says.
func comparedTo(app *appv1.Application) *appv1.ComparedTo {
	out := &appv1.ComparedTo{Destination: app.Spec.Destination, IgnoreDifferences: app.Spec.IgnoreDifferences}
	if sources := app.Spec.GetSources(); severalSources(app) {
		out.Sources = sources
	} else if len(sources) > 0 {
		out.Source = &sources[0]
	}
	return out.DeepCopy()
}

func healthStatus(old appv1.HealthStatus, code appv1.HealthStatusCode, message string, now time.Time) appv1.HealthStatus {
	next := appv1.HealthStatus{Status: code, Message: message, LastTransitionTime: old.LastTransitionTime}
	if code != old.Status || old.LastTransitionTime == nil {
		at := metav1.NewTime(now.Truncate(time.Second))
		next.LastTransitionTime = &at
	}
	return next
}
