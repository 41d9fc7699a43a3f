// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	core "argosy.dev/argosy/pkg/workflow"
)

// templateStores reads templates straight from their stores: a workflow may
// refer to one that was created a moment ago, which a cache might not have yet.
type templateStores struct {
	namespaced, cluster rest.Getter
}

// For implements workflow.Templates.
func (s templateStores) For(ctx context.Context, namespace string) core.TemplateGetter {
	return &templateGetter{s, ctx, namespace}
}

type templateGetter struct {
	stores    templateStores
	ctx       context.Context // of the request that is being served: the getter does not outlive it
	namespace string
}

// WorkflowTemplate implements core.TemplateGetter.
func (g *templateGetter) WorkflowTemplate(name string) (*wfv1.WorkflowTemplate, error) {
	return get[*wfv1.WorkflowTemplate](request.WithNamespace(g.ctx, g.namespace), g.stores.namespaced, name)
}

// ClusterWorkflowTemplate implements core.TemplateGetter.
func (g *templateGetter) ClusterWorkflowTemplate(name string) (*wfv1.ClusterWorkflowTemplate, error) {
	return get[*wfv1.ClusterWorkflowTemplate](request.WithNamespace(g.ctx, metav1.NamespaceNone), g.stores.cluster, name)
}

func get[T runtime.Object](ctx context.Context, store rest.Getter, name string) (T, error) {
	var none T
	obj, err := store.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return none, err
	}
	t, ok := obj.(T)
	if !ok {
		return none, fmt.Errorf("unexpected object of type %T in the store of templates", obj)
	}
	return t, nil
}
