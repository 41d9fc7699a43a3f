// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/rest"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/rollout/tree"
	"argosy.dev/argosy/registry/resource"
)

// treeREST serves rollouts/tree: a rollout with all that it has made. Who may
// get it sees the states of pods and analysis runs, but nothing of their specs.
type treeREST struct {
	main, runs *resource.REST
	deps       resource.Deps
}

var (
	_ rest.Storage                  = &treeREST{}
	_ rest.Getter                   = &treeREST{}
	_ rest.GroupVersionKindProvider = &treeREST{}
)

// NewTreeREST returns the storage of rollouts/tree. main and runs store rollouts and analysis runs.
func NewTreeREST(main, runs *resource.REST, deps resource.Deps) rest.Storage {
	return &treeREST{main, runs, deps}
}

// New implements rest.Storage.
func (r *treeREST) New() runtime.Object { return &rov1.RolloutTree{} }

// Destroy does nothing: the store belongs to the main resource.
func (r *treeREST) Destroy() {}

// GroupVersionKind tells the kind of the answer, in the group through which the request comes.
func (r *treeREST) GroupVersionKind(containing schema.GroupVersion) schema.GroupVersionKind {
	return containing.WithKind("RolloutTree")
}

// Get implements rest.Getter.
func (r *treeREST) Get(ctx context.Context, name string, options *metav1.GetOptions) (runtime.Object, error) {
	obj, err := r.main.Get(ctx, name, options)
	if err != nil {
		return nil, err
	}
	ro, ok := obj.(*rov1.Rollout)
	if !ok {
		return nil, fmt.Errorf("unexpected object of type %T in the store of rollouts", obj)
	}
	parts, err := r.parts(ctx, ro)
	if err != nil {
		return nil, err
	}
	return tree.Build(ro, parts), nil
}

// parts reads what may belong to the rollout: all that bears a hash of a pod
// template and is selected as its pods are.
func (r *treeREST) parts(ctx context.Context, ro *rov1.Rollout) (tree.Parts, error) {
	var parts tree.Parts
	sets, err := replicaSets(ctx, r.deps, ro, cached)
	if err != nil {
		return parts, err
	}
	pods, err := podsOf(ctx, r.deps, ro, cached)
	if err != nil {
		return parts, err
	}
	runs, err := r.runs.List(ctx, &internalversion.ListOptions{ResourceVersion: cached})
	if err != nil {
		return parts, fmt.Errorf("reading the analysis runs of rollout %s: %w", ro.Name, err)
	}
	list, ok := runs.(*rov1.AnalysisRunList)
	if !ok {
		return parts, fmt.Errorf("unexpected list of type %T in the store of analysis runs", runs)
	}
	return tree.Parts{ReplicaSets: sets, Pods: pods, AnalysisRuns: list.Items}, nil
}
