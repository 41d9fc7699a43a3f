// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// treeREST serves applications/tree: all that an application has made. Who may
// get it sees the states of the objects, but nothing of their specs.
type treeREST struct {
	answers[*appv1.ApplicationTree]
}

var (
	_ rest.Storage                  = &treeREST{}
	_ rest.Getter                   = &treeREST{}
	_ rest.GroupVersionKindProvider = &treeREST{}
)

// NewTreeREST returns the storage of applications/tree.
func NewTreeREST(v verbs) rest.Storage {
	return &treeREST{answers[*appv1.ApplicationTree]{v.main, v.live}}
}

// Get implements rest.Getter.
func (r *treeREST) Get(ctx context.Context, name string, options *metav1.GetOptions) (runtime.Object, error) {
	return r.answer(ctx, name, options, func(app *appv1.Application) (*appv1.ApplicationTree, error) {
		nodes, err := r.live.Tree(ctx, app)
		if err != nil {
			return nil, err
		}
		sync := &app.Status.Sync
		revisions := sync.Revisions
		if len(revisions) == 0 && sync.Revision != "" {
			revisions = []string{sync.Revision}
		}
		return &appv1.ApplicationTree{Sync: sync.Status, Revisions: revisions, Health: app.Status.Health, Nodes: nodes}, nil
	})
}
