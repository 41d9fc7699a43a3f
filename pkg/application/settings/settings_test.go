// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"reflect"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/diff"
	"argosy.dev/argosy/pkg/application/health"
)

func TestParse(t *testing.T) {
	s, err := Parse(map[string]string{
		"application.resourceTrackingMethod": "annotation+label", "application.instanceLabelKey": "example.com/app", "installationID": "two",
		"kustomize.buildOptions": " --enable-helm ", "helm.valuesFileSchemes": "https, s3",
		"timeout.reconciliation": "300", "timeout.reconciliation.jitter": "5m", "timeout.hard.reconciliation": "1d",
		"resource.exclusions":                                       "- {apiGroups: ['*.cilium.io'], kinds: ['*'], clusters: ['https://a*']}",
		"resource.compareoptions":                                   "ignoreAggregatedRoles: true\nignoreResourceStatusField: off\n",
		"resource.customizations.health.example.com_Thing":          `return {status = "Degraded"}`,
		"resource.customizations.health.ConfigMap":                  `return {status = "Suspended"}`,
		"resource.customizations.ignoreDifferences.all":             "managedFieldsManagers: [kube-controller-manager]",
		"resource.customizations.ignoreDifferences.apps_Deployment": "jsonPointers: [/spec/replicas]",
		"resource.customizations.ignoreResourceUpdates.ConfigMap":   "jqPathExpressions: ['.data.lease']",
		"resource.customizations.knownTypeFields.example.com_Thing": "- {field: spec.cpu, type: core/Quantity}",
		"resource.customizations.useOpenLibs.example.com_Thing":     "false",
		"resource.customizations.actions.example.com_Thing":         "discovery.lua: return {}",
		"resource.customizations":                                   "'*.example.org/*':\n  health.lua: return {status = \"Progressing\"}\n  ignoreDifferences: |\n    jsonPointers: [/a]\n",
		"resource.sensitive.mask.annotations":                       "a/b, c/d",
		"globalProjects":                                            "- {labelSelector: {matchLabels: {opt: in}}, projectName: global}",
		"url":                                                       "https://cd.example.com",
	})
	if err != nil {
		t.Fatal(err)
	}
	if s.Tracking != TrackingAnnotationAndLabel || s.InstanceLabel != "example.com/app" || s.InstallationID != "two" || s.KustomizeBuildOptions != "--enable-helm" ||
		!reflect.DeepEqual(s.HelmValuesFileSchemes, []string{"https", "s3"}) || !reflect.DeepEqual(s.SensitiveAnnotations, []string{"a/b", "c/d"}) {
		t.Errorf("got %+v", s)
	}
	if s.Reconciliation != 5*time.Minute || s.Jitter != 5*time.Minute || s.HardReconciliation != 24*time.Hour {
		t.Errorf("times are %s, %s, %s", s.Reconciliation, s.Jitter, s.HardReconciliation)
	}
	if !s.IgnoreAggregatedRoles || s.IgnoreStatus != diff.StatusIgnoreNone || s.IgnoreUpdates == nil || len(s.KnownTypes) != 1 {
		t.Errorf("got %+v", s)
	}
	if want := []appv1.ResourceIgnoreDifferences{
		{Group: "*.example.org", Kind: "*", JSONPointers: []string{"/a"}},
		{Group: "*", Kind: "*", ManagedFieldsManagers: []string{"kube-controller-manager"}},
		{Group: "apps", Kind: "Deployment", JSONPointers: []string{"/spec/replicas"}},
	}; !reflect.DeepEqual(s.IgnoreDifferences, want) {
		t.Errorf("ignored are %+v", s.IgnoreDifferences)
	}
	for apiVersion, want := range map[string]appv1.HealthStatusCode{"example.com/v1 Thing": "Degraded", "v1 ConfigMap": "Suspended", "a.example.org/v1 Any": "Progressing"} {
		version, kind, _ := strings.Cut(apiVersion, " ")
		got, err := health.Of(&unstructured.Unstructured{Object: map[string]any{"apiVersion": version, "kind": kind}}, s.Health)
		if err != nil || got == nil || got.Status != want {
			t.Errorf("%s: %+v, %v", apiVersion, got, err)
		}
	}
	if !s.Excluded("a.cilium.io", "X", "https://a1") || s.Excluded("a.cilium.io", "X", "https://b") || !s.Excluded("", "Event", "") || s.Excluded("", "Pod", "https://a1") {
		t.Error("what is excluded is wrong")
	}
	for labels, want := range map[string]int{"in": 1, "out": 0} {
		if got := s.GlobalsOf(&metav1.ObjectMeta{Name: "p", Labels: map[string]string{"opt": labels}}); len(got) != want {
			t.Errorf("%s: global projects are %v", labels, got)
		}
	}
	o, err := s.Diff(&appv1.Application{}, "app")
	if err != nil || o.Rules == nil || o.Tracking.Label != "example.com/app" || !o.Tracking.Labels || o.Tracking.ByLabel {
		t.Errorf("options are %+v: %v", o, err)
	}
}

// A key that is wrong is named, and leaves all others as they are.
func TestWrongKeys(t *testing.T) {
	for key, value := range map[string]string{
		"application.resourceTrackingMethod":                "magic",
		"application.instanceLabelKey":                      "not a label",
		"resource.exclusions":                               "{",
		"resource.inclusions":                               "- {kindz: [a]}",
		"resource.compareoptions":                           "ignoreResourceStatusField: some",
		"resource.ignoreResourceUpdatesEnabled":             "perhaps",
		"resource.customizations.health.a_B":                "return {",
		"resource.customizations.ignoreDifferences.a_B":     "jqPathExpressions: ['(']",
		"resource.customizations.ignoreResourceUpdates.a_B": "jsonPointers: [spec]",
		"resource.customizations.knownTypeFields.a_B":       "- {field: a, type: core/v1/Nothing}",
		"resource.customizations.useOpenLibs.a_B":           "true",
		"resource.customizations.magic.a_B":                 "x",
		"resource.customizations":                           "a/B: {magic: true}",
		"timeout.reconciliation":                            "-3m",
		"timeout.hard.reconciliation":                       "99999999999999999d",
		"globalProjects":                                    "- {labelSelector: {matchExpressions: [{key: a, operator: Magic}]}, projectName: x}",
		"helm.valuesFileSchemes":                            "https://",
		"kustomize.path.v3.9.1":                             "/custom-tools/kustomize",
	} {
		s, err := Parse(map[string]string{key: value, "installationID": "kept"})
		if err == nil || !strings.Contains(err.Error(), strings.TrimSuffix(key, ".a_B")) && !strings.Contains(err.Error(), "a/B") {
			t.Errorf("%s: the error is %v", key, err)
		}
		if s == nil || s.InstallationID != "kept" || s.Tracking != TrackingAnnotation || s.Reconciliation != 2*time.Minute {
			t.Errorf("%s: settings are %+v", key, s)
		}
	}
	if s, err := Parse(nil); err != nil || !reflect.DeepEqual(s, Default()) {
		t.Errorf("without data: %+v, %v", s, err)
	}
}

func FuzzParse(f *testing.F) {
	for key := range keys {
		f.Add(key, "- {apiGroups: ['*'], kinds: [Pod]}")
	}
	f.Add("resource.customizations.health.a_B", "return {status = obj.a}")
	f.Add("resource.customizations.ignoreDifferences.all", "jqPathExpressions: ['.a[]']")
	f.Add("resource.customizations", "a/B:\n  health.lua: return {}\n")
	f.Add("timeout.reconciliation", "3d")
	f.Fuzz(func(t *testing.T, key, value string) {
		s, err := Parse(map[string]string{key: value})
		if s == nil {
			t.Fatal("no settings")
		}
		if err != nil && !strings.Contains(err.Error(), ConfigMap) {
			t.Errorf("%v does not say where", err)
		}
		s.Excluded("apps", "Deployment", "https://a")
		if _, err := s.Diff(&appv1.Application{}, "a"); err != nil {
			t.Errorf("rules that Parse has accepted are wrong: %v", err)
		}
	})
}
