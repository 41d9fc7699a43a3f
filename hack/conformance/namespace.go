// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"argosy.dev/argosy/hack/e2e/framework"
)

//go:embed support/setup.yaml
var setupYAML []byte

//go:embed support/clusterworkflowtemplates.yaml
var supportYAML []byte

// prepared is a namespace made ready for the cases.
type prepared struct {
	client    *framework.Client
	namespace string
	// cluster holds cluster-scoped objects to delete at the end.
	cluster []*unstructured.Unstructured
}

// prepare makes a namespace as the recorded run had it: rights of the default
// service account, secrets, configuration, and the cases' templates.
func prepare(ctx context.Context, c *framework.Client, set *caseSet) (*prepared, error) {
	ns, err := c.Kube.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "conformance-"}}, metav1.CreateOptions{})
	if err != nil {
		return nil, fmt.Errorf("create namespace: %w", err)
	}
	p := &prepared{client: c, namespace: ns.Name}
	accounts := corev1.SchemeGroupVersion.WithResource("serviceaccounts")
	if _, err := framework.WaitFor(ctx, c.Dynamic, accounts, p.namespace, "default", func(*unstructured.Unstructured) (bool, error) { return true, nil }); err != nil {
		return p, err
	}
	setup, err := framework.Decode(setupYAML)
	if err != nil {
		return p, fmt.Errorf("setup: %w", err)
	}
	support, err := framework.Decode(supportYAML)
	if err != nil {
		return p, fmt.Errorf("support: %w", err)
	}
	brought := map[string]bool{}
	for _, d := range set.others {
		brought[d.object.GetKind()+"/"+d.object.GetName()] = true
	}
	for _, o := range support {
		if !brought[o.GetKind()+"/"+o.GetName()] {
			setup = append(setup, o)
		}
	}
	for _, d := range set.others {
		switch d.object.GetKind() {
		// What the recorded run had too. A CronWorkflow or a quota would act on
		// the other cases.
		case "WorkflowTemplate", "ClusterWorkflowTemplate", "WorkflowEventBinding", "ConfigMap", "Secret", "PersistentVolumeClaim", "ServiceAccount":
			setup = append(setup, d.object)
		}
	}
	for _, o := range setup {
		if err := p.put(ctx, o.DeepCopy()); err != nil {
			return p, fmt.Errorf("set up %s %s: %w", o.GetKind(), o.GetName(), err)
		}
	}
	return p, nil
}

// put creates an object, in place of one that a run before left behind.
func (p *prepared) put(ctx context.Context, o *unstructured.Unstructured) error {
	r, _, err := p.client.Resource(o.GroupVersionKind(), p.namespace)
	if err != nil {
		return err
	}
	if o.GetKind() == "ClusterWorkflowTemplate" {
		p.cluster = append(p.cluster, o)
	}
	_, err = r.Create(ctx, o, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return replace(ctx, r, o)
	}
	return err
}

func replace(ctx context.Context, r dynamic.ResourceInterface, o *unstructured.Unstructured) error {
	old, err := r.Get(ctx, o.GetName(), metav1.GetOptions{})
	if err != nil {
		return err
	}
	o.SetResourceVersion(old.GetResourceVersion())
	_, err = r.Update(ctx, o, metav1.UpdateOptions{})
	return err
}

// cleanUp removes what prepare made.
func (p *prepared) cleanUp(ctx context.Context) error {
	var errs []error
	for _, o := range p.cluster {
		r, _, err := p.client.Resource(o.GroupVersionKind(), "")
		if err == nil {
			err = r.Delete(ctx, o.GetName(), metav1.DeleteOptions{})
		}
		if err != nil && !apierrors.IsNotFound(err) {
			errs = append(errs, err)
		}
	}
	errs = append(errs, p.client.Kube.CoreV1().Namespaces().Delete(ctx, p.namespace, metav1.DeleteOptions{}))
	return errors.Join(errs...)
}
