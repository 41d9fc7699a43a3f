// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package framework is what the end-to-end tests, the conformance runner and
// the benchmarks share: clients of a real cluster, manifests, waiting by
// watch, and the kubectl binary. It must not know what a test asserts, must
// not import the product's server code, and must not poll where a watch can
// tell.
package framework

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
)

// Groups under which the workflow family is served.
const (
	NativeGroup = "workflow.argosy.dev"
	CompatGroup = "argoproj.io"
	Version     = "v1alpha1"
)

// Native and Compat name a resource of the workflow family in the native and
// in the compatibility group.
func Native(resource string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: NativeGroup, Version: Version, Resource: resource}
}

// Compat is Native for argoproj.io.
func Compat(resource string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: CompatGroup, Version: Version, Resource: resource}
}

// Client reaches the cluster as one user.
type Client struct {
	// Kubeconfig is the file the client was made from, for kubectl.
	Kubeconfig string
	Config     *rest.Config
	Kube       kubernetes.Interface
	Dynamic    dynamic.Interface
	mapper     *restmapper.DeferredDiscoveryRESTMapper
}

// Connect makes a client from a kubeconfig file. It talks to nobody yet.
func Connect(kubeconfig string) (*Client, error) {
	if kubeconfig == "" {
		return nil, errors.New("KUBECONFIG is not set: run make cluster, then export KUBECONFIG=.local/kubeconfig")
	}
	cfg, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("load kubeconfig: %w", err)
	}
	return ForConfig(cfg, kubeconfig)
}

// ForConfig makes a client from a ready configuration. Client-side throttling
// is off: it would measure itself.
func ForConfig(cfg *rest.Config, kubeconfig string) (*Client, error) {
	cfg = rest.CopyConfig(cfg)
	cfg.QPS = -1
	// Who wants warnings asks the result of his request for them.
	cfg.WarningHandlerWithContext = rest.NoWarnings{}
	kube, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	dyn, err := dynamic.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("make dynamic client: %w", err)
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(kube.Discovery()))
	return &Client{Kubeconfig: kubeconfig, Config: cfg, Kube: kube, Dynamic: dyn, mapper: mapper}, nil
}

// Resource finds the client for the kind of an object, in namespace when the
// kind has one.
func (c *Client) Resource(gvk schema.GroupVersionKind, namespace string) (dynamic.ResourceInterface, schema.GroupVersionResource, error) {
	m, err := c.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return nil, schema.GroupVersionResource{}, fmt.Errorf("find resource of %s: %w", gvk, err)
	}
	if m.Scope.Name() == meta.RESTScopeNameRoot {
		return c.Dynamic.Resource(m.Resource), m.Resource, nil
	}
	return c.Dynamic.Resource(m.Resource).Namespace(namespace), m.Resource, nil
}

// Serves tells whether the cluster has a resource.
func (c *Client) Serves(gvr schema.GroupVersionResource) (bool, error) {
	_, err := c.mapper.KindFor(gvr)
	if meta.IsNoMatchError(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("find %s: %w", gvr, err)
	}
	return true, nil
}

// Create creates one object in namespace.
func (c *Client) Create(ctx context.Context, namespace string, o *unstructured.Unstructured, opts metav1.CreateOptions) (*unstructured.Unstructured, error) {
	r, _, err := c.Resource(o.GroupVersionKind(), namespace)
	if err != nil {
		return nil, err
	}
	return r.Create(ctx, o, opts)
}

// Root is the top of the repository: the nearest parent of the working
// directory that holds go.mod of the product.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find repository: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = up
	}
}
