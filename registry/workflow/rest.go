// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package workflow puts the kinds of the workflow family together for the
// server. It serves nothing itself.
package workflow

import (
	"k8s.io/apiserver/pkg/registry/rest"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/registry/resource"
	"argosy.dev/argosy/registry/workflow/clusterworkflowtemplate"
	"argosy.dev/argosy/registry/workflow/cronworkflow"
	"argosy.dev/argosy/registry/workflow/workflow"
	"argosy.dev/argosy/registry/workflow/workfloweventbinding"
	"argosy.dev/argosy/registry/workflow/workflowtemplate"
)

// Family is the storage of the workflow family.
type Family struct {
	// Deps are what the verbs need.
	Deps resource.Deps
}

// Group is the family's native API group.
func (Family) Group() string { return wfv1.GroupName }

// Resources are the names of the kinds that the compatibility group serves too.
func (Family) Resources() []string {
	return []string{"workflows", "workflowtemplates", "clusterworkflowtemplates", "cronworkflows", "workfloweventbindings"}
}

// NewStorage returns the storage of all resources and subresources, by path.
func (f Family) NewStorage(c resource.Config) (map[string]rest.Storage, error) {
	s := resource.NewStorage(c)
	templates := resource.Add(s, workflowtemplate.Kind())
	clusterTemplates := resource.Add(s, clusterworkflowtemplate.Kind())
	resource.Add(s, workflow.Kind(workflow.Templates{Namespaced: templates, Cluster: clusterTemplates}, f.Deps))
	resource.Add(s, cronworkflow.Kind())
	resource.Add(s, workfloweventbinding.Kind())
	return s.Paths()
}
