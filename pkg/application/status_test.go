// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"testing"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

func equal(a, b any) bool { return apiequality.Semantic.DeepEqual(a, b) }

var noon = time.Date(2026, 11, 28, 12, 0, 0, 5, time.UTC)

// TestStatusSaysNothingTwice: a look that finds what the last one has found writes nothing, whatever the time (the peer's
// scenario 61).
func TestStatusSaysNothingTwice(t *testing.T) {
	app := &appv1.Application{Spec: appv1.ApplicationSpec{Source: &appv1.ApplicationSource{RepoURL: "r"}}}
	seen := Observed{
		Comparison: &Comparison{Sync: appv1.SyncStatusOutOfSync, Health: appv1.HealthDegraded, Message: "x", Resources: []appv1.ResourceStatus{{Kind: "A", Name: "a"}}},
		Revisions:  []string{"abc"}, Types: []appv1.ApplicationSourceType{appv1.SourceTypeHelm},
		Findings: []Finding{{appv1.ConditionSyncError, "b"}, {appv1.ConditionComparisonError, "a"}, {appv1.ConditionSyncError, "b"}},
	}
	first, changed := Status(app, seen, noon)
	if !changed || first.ReconciledAt == nil || first.Sync.Revision != "abc" || first.SourceType != appv1.SourceTypeHelm {
		t.Fatalf("first look: %t %+v", changed, first)
	}
	app.Status = first
	if second, changed := Status(app, seen, noon.Add(time.Hour)); changed || !equal(first, second) {
		t.Errorf("the second look says: %+v", second)
	}
	seen.Comparison.Health = appv1.HealthHealthy
	third, changed := Status(app, seen, noon.Add(time.Hour))
	if !changed || third.Health.LastTransitionTime.Equal(first.Health.LastTransitionTime) {
		t.Error("another health is nothing new")
	}
	for i, c := range third.Conditions {
		moved := !c.LastTransitionTime.Equal(first.Conditions[i].LastTransitionTime)
		if want := c.Type == appv1.ConditionHealthy; moved != want {
			t.Errorf("%s: time moved %t", c.Type, moved)
		}
	}
}

// TestStandardConditions: what kubectl wait sees.
func TestStandardConditions(t *testing.T) {
	good := Comparison{Sync: appv1.SyncStatusSynced, Health: appv1.HealthHealthy}
	runs := &appv1.OperationState{Phase: appv1.OperationRunning, Message: "applying"}
	for name, tc := range map[string]struct {
		seen                   Observed
		ready, synced, healthy metav1.ConditionStatus
		reason                 string
	}{
		"all is well":      {Observed{Comparison: &good}, "True", "True", "True", "Ready"},
		"out of sync":      {Observed{Comparison: &Comparison{Sync: appv1.SyncStatusOutOfSync, Health: appv1.HealthHealthy}}, "False", "False", "True", "OutOfSync"},
		"suspended":        {Observed{Comparison: &Comparison{Sync: appv1.SyncStatusSynced, Health: appv1.HealthSuspended}}, "False", "True", "False", "Suspended"},
		"being synced":     {Observed{Comparison: &good, Operation: runs}, "False", "True", "True", "OperationRunning"},
		"only a warning":   {Observed{Comparison: &good, Findings: []Finding{{appv1.ConditionOrphanedResourceWarning, "o"}}}, "True", "True", "True", "Ready"},
		"cannot be looked": {Observed{Findings: []Finding{{appv1.ConditionInvalidSpecError, "i"}}}, "False", "Unknown", "Unknown", "InvalidSpecError"},
	} {
		t.Run(name, func(t *testing.T) {
			status, _ := Status(&appv1.Application{ObjectMeta: metav1.ObjectMeta{Generation: 7}}, tc.seen, noon)
			got := map[appv1.ApplicationConditionType]appv1.ApplicationCondition{}
			for _, c := range status.Conditions {
				got[c.Type] = c
			}
			if r := got[appv1.ConditionReady]; r.Status != tc.ready || r.Reason != tc.reason || r.ObservedGeneration != 7 {
				t.Errorf("Ready: %+v", r)
			}
			if s, h := got[appv1.ConditionSynced].Status, got[appv1.ConditionHealthy].Status; s != tc.synced || h != tc.healthy {
				t.Errorf("Synced %s, Healthy %s", s, h)
			}
		})
	}
}

// TestConditionsNameWhatDiffers: the first objects that are out of sync, and how many others.
func TestConditionsNameWhatDiffers(t *testing.T) {
	seen := Observed{Comparison: &Comparison{Sync: appv1.SyncStatusOutOfSync, Health: appv1.HealthHealthy, Resources: []appv1.ResourceStatus{
		{Kind: "ConfigMap", Namespace: "web", Name: "a", Status: appv1.SyncStatusOutOfSync},
		{Kind: "ConfigMap", Namespace: "web", Name: "b", Status: appv1.SyncStatusSynced},
		{Kind: "ClusterRole", Name: "c", Status: appv1.SyncStatusOutOfSync, RequiresPruning: true},
		{Kind: "Secret", Namespace: "web", Name: "d", Status: appv1.SyncStatusOutOfSync},
		{Kind: "Secret", Namespace: "web", Name: "e", Status: appv1.SyncStatusOutOfSync},
	}}}
	want := "out of sync: ConfigMap web/a, ClusterRole c (to be pruned), Secret web/d and 1 more"
	status, _ := Status(&appv1.Application{}, seen, noon)
	for _, c := range status.Conditions {
		if c.Type != appv1.ConditionHealthy && c.Message != want {
			t.Errorf("%s: %q", c.Type, c.Message)
		}
	}
}

// TestConditionsOfWhatIsNotKnown: when nothing can be compared, what was found before is not said to differ now.
func TestConditionsOfWhatIsNotKnown(t *testing.T) {
	app := &appv1.Application{}
	app.Status.Resources = []appv1.ResourceStatus{{Kind: "ConfigMap", Name: "a", Status: appv1.SyncStatusOutOfSync}}
	status, _ := Status(app, Observed{Findings: []Finding{{appv1.ConditionComparisonError, "no such revision"}}}, noon)
	for _, c := range status.Conditions {
		if c.Type == appv1.ConditionSynced && (c.Status != metav1.ConditionUnknown || c.Message != "") {
			t.Errorf("%+v", c)
		}
	}
}

// TestStatusOfSeveralSources: which of the two forms of revisions, sources and types is used.
func TestStatusOfSeveralSources(t *testing.T) {
	app := &appv1.Application{Spec: appv1.ApplicationSpec{Sources: []appv1.ApplicationSource{{RepoURL: "a"}, {RepoURL: "b"}}}}
	status, _ := Status(app, Observed{Comparison: &Comparison{}, Revisions: []string{"1", "2"}, Types: []appv1.ApplicationSourceType{"Helm", ""}}, noon)
	if status.Sync.Revision != "" || len(status.Sync.Revisions) != 2 || status.SourceType != "" || len(status.SourceTypes) != 2 || len(status.Sync.ComparedTo.Sources) != 2 || status.Sync.ComparedTo.Source != nil {
		t.Errorf("got %+v", status)
	}
	app.Spec = appv1.ApplicationSpec{Source: &appv1.ApplicationSource{RepoURL: "a"}, Project: ptr.To("p")}
	status, _ = Status(app, Observed{Comparison: &Comparison{}, Revisions: []string{"1"}, Types: []appv1.ApplicationSourceType{"Helm"}}, noon)
	if status.Sync.Revision != "1" || status.Sync.Revisions != nil || status.SourceType != "Helm" || status.Sync.ComparedTo.Source == nil {
		t.Errorf("got %+v", status)
	}
}
