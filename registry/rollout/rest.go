// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package rollout puts the kinds of the rollout family together for the
// server. It serves nothing itself.
package rollout

import (
	"k8s.io/apiserver/pkg/registry/rest"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/registry/resource"
	"argosy.dev/argosy/registry/rollout/analysisrun"
	"argosy.dev/argosy/registry/rollout/analysistemplate"
	"argosy.dev/argosy/registry/rollout/clusteranalysistemplate"
	"argosy.dev/argosy/registry/rollout/experiment"
	"argosy.dev/argosy/registry/rollout/rollout"
	"argosy.dev/argosy/registry/rollout/rules"
)

// Family is the storage of the rollout family.
type Family struct {
	// AcceptInvalid stores what is invalid, with a warning, rather than refuse it.
	AcceptInvalid bool
	// Deps are what the verbs need.
	Deps resource.Deps
	// Seen tells of the objects that rollouts name; nil where no loop runs.
	Seen rollout.Seen
}

// Group is the family's native API group.
func (Family) Group() string { return rov1.GroupName }

// Resources are the names of the kinds that the compatibility group serves too.
func (Family) Resources() []string {
	return []string{"rollouts", "analysistemplates", "clusteranalysistemplates", "analysisruns", "experiments"}
}

// NewStorage returns the storage of all resources and subresources, by path.
func (f Family) NewStorage(c resource.Config) (map[string]rest.Storage, error) {
	s := resource.NewStorage(c)
	r := rules.Rules{AcceptInvalid: f.AcceptInvalid}
	templates := rollout.Templates{
		Namespaced: resource.Add(s, analysistemplate.Kind(r)),
		Cluster:    resource.Add(s, clusteranalysistemplate.Kind(r)),
	}
	runs := resource.Add(s, analysisrun.Kind(r, f.Deps))
	resource.Add(s, experiment.Kind(r))
	resource.Add(s, rollout.Kind(r, runs, templates, f.Seen, f.Deps))
	return s.Paths()
}
