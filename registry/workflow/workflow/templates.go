// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"context"
	"fmt"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	core "argosy.dev/argosy/pkg/workflow"
)

// Templates reads the templates that workflows refer to, straight from their
// stores: a workflow may refer to one that was created a moment ago, which a
// cache might not have yet.
type Templates struct {
	Namespaced, Cluster rest.Getter
}

// freeze copies the templates that the workflow refers to into its status, so
// that later changes to them do not change what runs. What cannot be found is
// reported by check.
func (s Templates) freeze(ctx context.Context, wf *wfv1.Workflow) {
	core.Resolve(wf, &templateGetter{s, ctx, wf.Namespace})
}

// check refuses references that cannot be resolved. It resolves once more, on a
// copy: errors of freeze have no other way out, and a template that changed in
// between must not leave a workflow half resolved.
func (s Templates) check(ctx context.Context, wf *wfv1.Workflow) field.ErrorList {
	again := wf.DeepCopy()
	if errs := core.Resolve(again, &templateGetter{s, ctx, wf.Namespace}); len(errs) > 0 {
		return errs
	}
	if !apiequality.Semantic.DeepEqual(wf, again) {
		return field.ErrorList{field.InternalError(field.NewPath("spec"), fmt.Errorf("a template changed while it was read; submit the workflow again"))}
	}
	return nil
}

type templateGetter struct {
	stores    Templates
	ctx       context.Context // of the request that is being served: the getter does not outlive it
	namespace string
}

// WorkflowTemplate implements core.TemplateGetter.
func (g *templateGetter) WorkflowTemplate(name string) (*wfv1.WorkflowTemplate, error) {
	return get[*wfv1.WorkflowTemplate](request.WithNamespace(g.ctx, g.namespace), g.stores.Namespaced, name)
}

// ClusterWorkflowTemplate implements core.TemplateGetter.
func (g *templateGetter) ClusterWorkflowTemplate(name string) (*wfv1.ClusterWorkflowTemplate, error) {
	return get[*wfv1.ClusterWorkflowTemplate](request.WithNamespace(g.ctx, metav1.NamespaceNone), g.stores.Cluster, name)
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
