// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package settings reads what the ConfigMap argocd-cm of a namespace says of comparing, health, tracking and rendering.
// The keys are the peer's. It must not read ConfigMaps itself, nor know applications. What a key says is hostile: all
// is parsed within bounds, and a key that is wrong is named and leaves the default in place.
package settings

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/diff"
	"argosy.dev/argosy/pkg/application/glob"
	"argosy.dev/argosy/pkg/application/health"
)

// ConfigMap is the name of the ConfigMap.
const ConfigMap = "argocd-cm"

// TrackingMethod is how objects are known to belong to an application. The words are the peer's.
type TrackingMethod string

// Methods of tracking.
const (
	TrackingAnnotation         TrackingMethod = "annotation"
	TrackingLabel              TrackingMethod = "label"
	TrackingAnnotationAndLabel TrackingMethod = "annotation+label"
)

// Settings are what a namespace's argocd-cm says. They do not change once they are parsed.
type Settings struct {
	// Health are the checks that users wrote (resource.customizations.health.*). Nil has none.
	Health *health.Overrides
	// IgnoreDifferences are rules for all applications (resource.customizations.ignoreDifferences.*), by kind.
	IgnoreDifferences []appv1.ResourceIgnoreDifferences
	// IgnoreUpdates are parts of objects whose changes are passed over (resource.customizations.ignoreResourceUpdates.*). It
	// is nil if resource.ignoreResourceUpdatesEnabled is false.
	IgnoreUpdates *diff.Rules
	// KnownTypes are fields of custom resources (resource.customizations.knownTypeFields.*).
	KnownTypes []diff.KnownType
	// Exclusions and Inclusions are kinds that are not, and the only ones that are, looked at.
	Exclusions, Inclusions []Filter
	// IgnoreStatus, IgnoreAggregatedRoles: resource.compareoptions.
	IgnoreStatus          diff.StatusIgnore
	IgnoreAggregatedRoles bool
	// SensitiveAnnotations are masked (resource.sensitive.mask.annotations).
	SensitiveAnnotations []string

	// Tracking is application.resourceTrackingMethod. InstanceLabel is application.instanceLabelKey. InstallationID
	// is installationID, which is empty where there is one installation only.
	Tracking       TrackingMethod
	InstanceLabel  string
	InstallationID string

	// KustomizeBuildOptions is kustomize.buildOptions, as flags of kustomize build.
	KustomizeBuildOptions []string
	// HelmValuesFileSchemes are the schemes of URLs from which values may come (helm.valuesFileSchemes). None: from no URL.
	HelmValuesFileSchemes []string
	// NoHelm, NoKustomize and NoJsonnet: helm.enable, kustomize.enable and jsonnet.enable are false. Sources are plain files then.
	NoHelm, NoKustomize, NoJsonnet bool
	// GlobalProjects are projects that are merged into others (globalProjects).
	GlobalProjects []GlobalProject

	// Reconciliation is how old what is known of a branch may be before the repository is asked (timeout.reconciliation), 0
	// for no end. Jitter is added to it at random, up to its value (timeout.reconciliation.jitter). HardReconciliation is
	// how often manifests are rendered anew though nothing has changed (timeout.hard.reconciliation), 0 for never.
	Reconciliation, Jitter, HardReconciliation time.Duration
}

// Default are the settings where there is no ConfigMap, or nothing in it.
func Default() *Settings {
	return &Settings{
		IgnoreStatus:          diff.StatusIgnoreAll,
		Exclusions:            nil,
		Tracking:              TrackingAnnotation,
		InstanceLabel:         appv1.LabelInstance,
		HelmValuesFileSchemes: []string{"https", "http"},
		Reconciliation:        2 * time.Minute,
		Jitter:                time.Minute,
	}
}

// Filter are kinds of objects in some clusters, all as globs. An empty list is any.
type Filter struct {
	APIGroups []string `json:"apiGroups,omitempty"`
	Kinds     []string `json:"kinds,omitempty"`
	Clusters  []string `json:"clusters,omitempty"`
}

// matches tells whether a filter names a kind in a cluster.
func (f Filter) matches(group, kind, server string) bool {
	any := func(globs []string, text string) bool {
		if len(globs) == 0 {
			return true
		}
		for _, g := range globs {
			if glob.Match(g, text) {
				return true
			}
		}
		return false
	}
	return any(f.APIGroups, group) && any(f.Kinds, kind) && any(f.Clusters, server)
}

// Excluded tells whether objects of a kind in a cluster are none of our business: they are neither looked at nor
// applied. Without inclusions, all kinds are included. Events never are, nor are objects of metrics.k8s.io, which are
// not stored.
func (s *Settings) Excluded(group, kind, server string) bool {
	if group == "events.k8s.io" || group == "" && kind == "Event" || group == "metrics.k8s.io" {
		return true
	}
	for _, f := range s.Exclusions {
		if f.matches(group, kind, server) {
			return true
		}
	}
	if len(s.Inclusions) == 0 {
		return false
	}
	for _, f := range s.Inclusions {
		if f.matches(group, kind, server) {
			return false
		}
	}
	return true
}

// GlobalProject is a project that is merged into all those whose labels a selector selects.
type GlobalProject struct {
	// Selector selects projects by their labels.
	Selector labels.Selector
	// Project is the name of the project that is merged into them.
	Project string
}

// GlobalsOf are the names of the projects that are merged into one with these labels, in order.
func (s *Settings) GlobalsOf(project metav1.Object) []string {
	var out []string
	for _, g := range s.GlobalProjects {
		if g.Project != project.GetName() && g.Selector.Matches(labels.Set(project.GetLabels())) {
			out = append(out, g.Project)
		}
	}
	return out
}

// Diff returns the options by which the objects of an application are compared. instance is the name by which objects
// know it. An error names the rule of the application that is wrong; rules of the settings were checked by Parse.
func (s *Settings) Diff(app *appv1.Application, instance string) (diff.Options, error) {
	rules, err := diff.CompileRules(append(app.Spec.IgnoreDifferences[:len(app.Spec.IgnoreDifferences):len(app.Spec.IgnoreDifferences)], s.IgnoreDifferences...)...)
	if err != nil {
		return diff.Options{}, err
	}
	return diff.Options{
		Rules: rules, Status: s.IgnoreStatus, IgnoreAggregatedRoles: s.IgnoreAggregatedRoles, KnownTypes: s.KnownTypes,
		Tracking: diff.Tracking{
			Instance: instance, Label: s.InstanceLabel, Labels: s.Tracking != TrackingAnnotation, ByLabel: s.Tracking == TrackingLabel,
		},
	}, nil
}
