// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package workflow puts the kinds of the workflow family together for the
// server. It serves nothing itself.
package workflow

import (
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/registry/workflow/clusterworkflowtemplate"
	"argosy.dev/argosy/registry/workflow/cronworkflow"
	"argosy.dev/argosy/registry/workflow/workflow"
	"argosy.dev/argosy/registry/workflow/workfloweventbinding"
	"argosy.dev/argosy/registry/workflow/workflowtemplate"
)

// Family is the storage of the workflow family.
type Family struct {
	// Deps are what the verbs need.
	Deps workflow.Deps
}

// Group is the family's native API group.
func (Family) Group() string { return wfv1.GroupName }

// Resources are the names of the kinds that the compatibility group serves too.
func (Family) Resources() []string {
	return []string{"workflows", "workflowtemplates", "clusterworkflowtemplates", "cronworkflows", "workfloweventbindings"}
}

// NewStorage returns the storage of all resources and subresources, by path.
func (f Family) NewStorage(getter generic.RESTOptionsGetter, typer runtime.ObjectTyper, authz authorizer.UnconditionalAuthorizer) (map[string]rest.Storage, error) {
	out := map[string]rest.Storage{}
	templates, storage, err := workflowtemplate.NewStorage(getter, typer)
	if err != nil {
		return nil, fmt.Errorf("workflow templates: %w", err)
	}
	maps.Copy(out, storage)
	clusterTemplates, storage, err := clusterworkflowtemplate.NewStorage(getter, typer)
	if err != nil {
		return nil, fmt.Errorf("cluster workflow templates: %w", err)
	}
	maps.Copy(out, storage)
	storage, err = workflow.NewStorage(getter, typer, authz, templateStores{templates, clusterTemplates}, f.Deps)
	if err != nil {
		return nil, fmt.Errorf("workflows: %w", err)
	}
	maps.Copy(out, storage)
	storage, err = cronworkflow.NewStorage(getter, typer, authz)
	if err != nil {
		return nil, fmt.Errorf("cron workflows: %w", err)
	}
	maps.Copy(out, storage)
	_, storage, err = workfloweventbinding.NewStorage(getter, typer)
	if err != nil {
		return nil, fmt.Errorf("workflow event bindings: %w", err)
	}
	maps.Copy(out, storage)
	return out, nil
}
