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
	asks := configMap(t, "asks", "argocd.argoproj.io/sync-options: Delete=confirm")
	for name, tc := range map[string]struct {
		all    []Compared
		sync   appv1.SyncStatusCode
		health appv1.HealthStatusCode
		check  func(t *testing.T, r appv1.ResourceStatus)
	}{
		"nothing":                  {nil, appv1.SyncStatusSynced, appv1.HealthHealthy, nil},
		"as wanted":                {[]Compared{of(plain, plain, false)}, appv1.SyncStatusSynced, appv1.HealthHealthy, nil},
		"differs":                  {[]Compared{of(plain, plain, true)}, appv1.SyncStatusOutOfSync, appv1.HealthHealthy, nil},
		"absent":                   {[]Compared{of(plain, nil, false)}, appv1.SyncStatusOutOfSync, appv1.HealthMissing, nil},
		"one of two absent":        {[]Compared{of(plain, nil, false), of(kept, kept, false)}, appv1.SyncStatusOutOfSync, appv1.HealthHealthy, nil},
		"a hook that is not there": {[]Compared{of(hook, nil, false)}, appv1.SyncStatusSynced, appv1.HealthHealthy, nil},
		"never applied":            {[]Compared{of(skipped, nil, false)}, appv1.SyncStatusSynced, appv1.HealthHealthy, nil},
		"needs pruning": {[]Compared{of(nil, kept, false)}, appv1.SyncStatusOutOfSync, appv1.HealthHealthy, func(t *testing.T, r appv1.ResourceStatus) {
			if !r.RequiresPruning {
				t.Error("does not require pruning")
			}
		}},
		"may be there": {[]Compared{of(nil, extra, false)}, appv1.SyncStatusSynced, appv1.HealthHealthy, func(t *testing.T, r appv1.ResourceStatus) {
			if r.Status != appv1.SyncStatusOutOfSync {
				t.Errorf("status %s", r.Status)
			}
		}},
		"asks before it goes": {[]Compared{of(asks, asks, false)}, appv1.SyncStatusSynced, appv1.HealthHealthy, func(t *testing.T, r appv1.ResourceStatus) {
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
			if len(got.Resources) != len(tc.all) {
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
