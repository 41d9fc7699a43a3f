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
	s, wrong := Parse(map[string]string{
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
		"helm.enable":                                               "true", "kustomize.enable": "false", "jsonnet.enable": "FALSE",
	})
	if wrong != nil {
		t.Fatal(wrong)
	}
	if s.Tracking != TrackingAnnotationAndLabel || s.InstanceLabel != "example.com/app" || s.InstallationID != "two" || !reflect.DeepEqual(s.KustomizeBuildOptions, []string{"--enable-helm"}) ||
		s.NoHelm || !s.NoKustomize || !s.NoJsonnet ||
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

// A key that is wrong is named, and leaves all others as they are. Only one that bounds what applications may do binds them.
func TestWrongKeys(t *testing.T) {
	for key, c := range map[string]struct {
		value string
		binds bool
	}{
		"application.resourceTrackingMethod":                {"magic", true},
		"application.instanceLabelKey":                      {"not a label", true},
		"installationID":                                    {strings.Repeat("x", maxValue+1), true},
		"resource.exclusions":                               {"{", true},
		"resource.inclusions":                               {"- {kindz: [a]}", true},
		"resource.sensitive.mask.annotations":               {strings.Repeat("x,", maxValue), true},
		"resource.compareoptions":                           {"ignoreResourceStatusField: some", false},
		"resource.ignoreResourceUpdatesEnabled":             {"perhaps", false},
		"resource.customizations.health.a_B":                {"return {", false},
		"resource.customizations.ignoreDifferences.a_B":     {"jqPathExpressions: ['(']", false},
		"resource.customizations.ignoreResourceUpdates.a_B": {"jsonPointers: [spec]", false},
		"resource.customizations.knownTypeFields.a_B":       {"- {field: a, type: core/Quantity}\n- {field: a, type: core/v1/Nothing}", false},
		"resource.customizations.useOpenLibs.a_B":           {"true", false},
		"resource.customizations.magic.a_B":                 {"x", false},
		"resource.customizations":                           {"a/B: {health.lua: 'return {'}", false},
		"timeout.reconciliation":                            {"-3m", false},
		"timeout.hard.reconciliation":                       {"99999999999999999d", false},
		"globalProjects":                                    {"- {labelSelector: {matchExpressions: [{key: a, operator: Magic}]}, projectName: x}", true},
		"helm.valuesFileSchemes":                            {"https://", true},
		"helm.enable":                                       {"perhaps", false},
		"kustomize.buildOptions":                            {strings.Repeat("x", maxValue+1), true},
		"kustomize.path.v3.9.1":                             {"/custom-tools/kustomize", false},
	} {
		s, wrong := Parse(map[string]string{key: c.value, "url": "https://kept.example.com"})
		if len(wrong) != 1 || wrong[0].Key != key || wrong[0].Binds != c.binds || !strings.HasPrefix(wrong[0].Error(), "argocd-cm: "+key+": ") {
			t.Errorf("%s: what is wrong is %.300v", key, wrong)
		}
		if want := Default(); !c.binds && !reflect.DeepEqual(s, want) {
			t.Errorf("%s: settings are %+v, not %+v", key, s, want)
		}
	}
	s, wrong := Parse(map[string]string{"resource.customizations.health.a_B": "return {", "timeout.reconciliation": "soon", "installationID": "kept"})
	if len(wrong) != 2 || s.InstallationID != "kept" {
		t.Errorf("with two wrong keys: %+v, %v", s, wrong)
	}
	if s, wrong := Parse(nil); wrong != nil || !reflect.DeepEqual(s, Default()) {
		t.Errorf("without data: %+v, %v", s, wrong)
	}
}

// An administrator who empties the list of schemes wants no values from URLs at all.
func TestNoValuesFileSchemes(t *testing.T) {
	for _, value := range []string{"", " \n", ","} {
		s, wrong := Parse(map[string]string{"helm.valuesFileSchemes": value})
		if wrong != nil || s.HelmValuesFileSchemes == nil || len(s.HelmValuesFileSchemes) > 0 {
			t.Errorf("%q: schemes are %#v, %v", value, s.HelmValuesFileSchemes, wrong)
		}
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
		s, wrong := Parse(map[string]string{key: value})
		if s == nil {
			t.Fatal("no settings")
		}
		if len(wrong) > 0 && wrong[0].Key != key {
			t.Errorf("%v does not say where", wrong)
		}
		s.Excluded("apps", "Deployment", "https://a")
		if _, err := s.Diff(&appv1.Application{}, "a"); err != nil {
			t.Errorf("rules that Parse has accepted are wrong: %v", err)
		}
	})
}
