// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

func parsed(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &u.Object); err != nil {
		t.Fatal(err)
	}
	return u
}

func configMap(t *testing.T, name, annotations string) *unstructured.Unstructured {
	t.Helper()
	return parsed(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: "+name+", namespace: n, annotations: {"+annotations+"}}}")
}

func of(target, live *unstructured.Unstructured, modified bool) Compared {
	o := target
	if o == nil {
		o = live
	}
	return Compared{Key: object.KeyOf(o), Version: "v1", Target: target, Live: live, Modified: modified}
}

// TestCompare: which objects make an application out of sync, and what status.resources says of each. The cases are those
// of the peer's scenarios 37, 39, 44 and 23.
func TestCompare(t *testing.T) {
	hook := configMap(t, "hook", "argocd.argoproj.io/hook: PreSync")
	skipped := configMap(t, "skipped", "argocd.argoproj.io/hook: Skip")
	extra := configMap(t, "extra", "argocd.argoproj.io/compare-options: IgnoreExtraneous")
	plain, kept := configMap(t, "plain", ""), configMap(t, "kept", "argocd.argoproj.io/sync-options: Prune=false")
	unnamed := parsed(t, "{apiVersion: v1, kind: ConfigMap, metadata: {generateName: h-, namespace: n, annotations: {argocd.argoproj.io/hook: PreSync}}}")
	asks := configMap(t, "asks", "argocd.argoproj.io/sync-options: Delete=confirm")
	for name, tc := range map[string]struct {
		all    []Compared
		sync   appv1.SyncStatusCode
		health appv1.HealthStatusCode
		check  func(t *testing.T, r appv1.ResourceStatus)
		// unlisted tells that the first is not in status.resources.
		unlisted bool
	}{
		"a hook without a name, and what was made of it": {all: []Compared{of(unnamed, nil, false), of(nil, hook, false)}, sync: appv1.SyncStatusSynced, health: appv1.HealthHealthy, unlisted: true,
			check: func(t *testing.T, r appv1.ResourceStatus) {
				if r.Name != "hook" || !r.Hook {
					t.Errorf("%+v", r)
				}
			}},
		"nothing":                  {sync: appv1.SyncStatusSynced, health: appv1.HealthHealthy},
		"as wanted":                {all: []Compared{of(plain, plain, false)}, sync: appv1.SyncStatusSynced, health: appv1.HealthHealthy},
		"differs":                  {all: []Compared{of(plain, plain, true)}, sync: appv1.SyncStatusOutOfSync, health: appv1.HealthHealthy},
		"absent":                   {all: []Compared{of(plain, nil, false)}, sync: appv1.SyncStatusOutOfSync, health: appv1.HealthMissing},
		"one of two absent":        {all: []Compared{of(plain, nil, false), of(kept, kept, false)}, sync: appv1.SyncStatusOutOfSync, health: appv1.HealthHealthy},
		"a hook that is not there": {all: []Compared{of(hook, nil, false)}, sync: appv1.SyncStatusSynced, health: appv1.HealthHealthy},
		"never applied":            {all: []Compared{of(skipped, nil, false)}, sync: appv1.SyncStatusSynced, health: appv1.HealthHealthy},
		"needs pruning": {all: []Compared{of(nil, kept, false)}, sync: appv1.SyncStatusOutOfSync, health: appv1.HealthHealthy, check: func(t *testing.T, r appv1.ResourceStatus) {
			if !r.RequiresPruning {
				t.Error("does not require pruning")
			}
		}},
		"may be there": {all: []Compared{of(nil, extra, false)}, sync: appv1.SyncStatusSynced, health: appv1.HealthHealthy, check: func(t *testing.T, r appv1.ResourceStatus) {
			if r.Status != appv1.SyncStatusOutOfSync {
				t.Errorf("status %s", r.Status)
			}
		}},
		"asks before it goes": {all: []Compared{of(asks, asks, false)}, sync: appv1.SyncStatusSynced, health: appv1.HealthHealthy, check: func(t *testing.T, r appv1.ResourceStatus) {
			if !r.RequiresDeletionConfirmation {
				t.Error("needs no confirmation")
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got := Compare(tc.all, nil, object.Key{})
			if got.Sync != tc.sync || got.Health != tc.health {
				t.Errorf("got %s, %s; want %s, %s", got.Sync, got.Health, tc.sync, tc.health)
			}
			listed := len(tc.all)
			if tc.unlisted {
				listed--
			}
			if len(got.Resources) != listed {
				t.Fatalf("%d resources", len(got.Resources))
			}
			if tc.check != nil {
				tc.check(t, got.Resources[0])
			}
		})
	}
}

func TestSummary(t *testing.T) {
	ingress := parsed(t, `{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i}, spec: {tls: [{hosts: [a.example]}], rules: [
		{host: a.example, http: {paths: [{path: /}, {path: /x}]}}, {host: b.example}, {http: {paths: []}}, 3]}}`)
	cron := parsed(t, `{apiVersion: batch/v1, kind: CronJob, metadata: {name: c}, spec: {jobTemplate: {spec: {template: {spec: {containers: [{image: b}, {image: a}], initContainers: [{image: a}]}}}}}}`)
	child := parsed(t, `{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: c}, spec: {}}`)
	got := Compare([]Compared{of(ingress, ingress, false), of(cron, cron, false), of(child, child, false), of(cron, nil, false)}, nil, object.Key{}).Summary
	want := appv1.ApplicationSummary{Images: []string{"a", "b"}, ExternalURLs: []string{"http://b.example", "https://a.example", "https://a.example/x"}, IsAppOfApps: true}
	if !equal(got, want) {
		t.Errorf("got %+v", got)
	}
}
