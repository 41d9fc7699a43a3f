// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// Finding is something that is wrong with an application: a condition of the peer's kind, which is there as long as it
// holds.
type Finding struct {
	Type    appv1.ApplicationConditionType
	Message string
}

// Error tells that an application with this finding cannot be acted on, or that acting failed.
func (f Finding) Error() bool { return strings.HasSuffix(string(f.Type), "Error") }

// maxMessage bounds the message of a condition, in bytes.
const maxMessage = 4 << 10

// conditions are the conditions of an application with these findings, and those of Kubernetes' kind: Ready, Synced and
// Healthy. The time of one is that of the old one unless what it says has changed.
func conditions(old []appv1.ApplicationCondition, findings []Finding, status *appv1.ApplicationStatus, generation int64, now time.Time) []appv1.ApplicationCondition {
	out := make([]appv1.ApplicationCondition, 0, len(findings)+3)
	for _, finding := range findings {
		c := appv1.ApplicationCondition{Type: finding.Type, Message: short(finding.Message)}
		if !slices.ContainsFunc(out, func(o appv1.ApplicationCondition) bool { return o.Type == c.Type && o.Message == c.Message }) {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b appv1.ApplicationCondition) int { return cmp.Compare(a.Type, b.Type) })
	out = append(out, standard(findings, status, generation)...)
	for i := range out {
		out[i].LastTransitionTime = since(old, out[i], now)
	}
	return out
}

// since is the time since when a condition is what it is.
func since(old []appv1.ApplicationCondition, c appv1.ApplicationCondition, now time.Time) *metav1.Time {
	for _, o := range old {
		// Of a finding the message is all it says; of the standard ones it is the status.
		if o.Type == c.Type && o.Status == c.Status && (c.Status != "" || o.Message == c.Message) && o.LastTransitionTime != nil {
			return o.LastTransitionTime
		}
	}
	at := metav1.NewTime(now.Truncate(time.Second))
	return &at
}

// standard are the conditions that `kubectl wait --for=condition=…` knows.
func standard(findings []Finding, status *appv1.ApplicationStatus, generation int64) []appv1.ApplicationCondition {
	synced := condition(appv1.ConditionSynced, string(status.Sync.Status), status.Sync.Status == appv1.SyncStatusSynced, status.Sync.Status == appv1.SyncStatusUnknown || status.Sync.Status == "")
	if status.Sync.Status == appv1.SyncStatusOutOfSync {
		synced.Message = differing(status.Resources)
	}
	healthy := condition(appv1.ConditionHealthy, string(status.Health.Status), status.Health.Status == appv1.HealthHealthy, status.Health.Status == appv1.HealthUnknown || status.Health.Status == "")
	healthy.Message = status.Health.Message
	ready := condition(appv1.ConditionReady, "Ready", true, false)
	switch failed := slices.IndexFunc(findings, Finding.Error); {
	case failed >= 0:
		ready.Status, ready.Reason, ready.Message = metav1.ConditionFalse, string(findings[failed].Type), short(findings[failed].Message)
	case running(status):
		ready.Status, ready.Reason, ready.Message = metav1.ConditionFalse, "OperationRunning", short(status.OperationState.Message)
	case synced.Status != metav1.ConditionTrue:
		ready.Status, ready.Reason, ready.Message = synced.Status, synced.Reason, synced.Message
	case healthy.Status != metav1.ConditionTrue:
		ready.Status, ready.Reason, ready.Message = healthy.Status, healthy.Reason, healthy.Message
	}
	out := []appv1.ApplicationCondition{ready, synced, healthy}
	for i := range out {
		out[i].ObservedGeneration = generation
	}
	return out
}

// named is how many objects a condition names.
const named = 3

// differing says which objects are not as they are wanted; "" if none is.
func differing(all []appv1.ResourceStatus) string {
	var names []string
	count := 0
	for i := range all {
		r := &all[i]
		if r.Status != appv1.SyncStatusOutOfSync {
			continue
		}
		if count++; count > named {
			continue
		}
		name := r.Kind + " " + r.Name
		if r.Namespace != "" {
			name = r.Kind + " " + r.Namespace + "/" + r.Name
		}
		if r.RequiresPruning {
			name += " (to be pruned)"
		}
		names = append(names, name)
	}
	if count == 0 {
		return ""
	}
	text := "out of sync: " + strings.Join(names, ", ")
	if count > named {
		text += fmt.Sprintf(" and %d more", count-named)
	}
	return short(text)
}

func condition(kind appv1.ApplicationConditionType, reason string, holds, unknown bool) appv1.ApplicationCondition {
	c := appv1.ApplicationCondition{Type: kind, Status: metav1.ConditionFalse, Reason: cmp.Or(reason, "Unknown")}
	switch {
	case holds:
		c.Status = metav1.ConditionTrue
	case unknown:
		c.Status = metav1.ConditionUnknown
	}
	return c
}

func running(status *appv1.ApplicationStatus) bool {
	s := status.OperationState
	return s != nil && (s.Phase == appv1.OperationRunning || s.Phase == appv1.OperationTerminating)
}

func short(message string) string {
	if len(message) <= maxMessage {
		return message
	}
	return strings.ToValidUTF8(message[:maxMessage], "") + "…"
}
