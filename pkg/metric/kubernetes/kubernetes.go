// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package kubernetes measures by an object of the cluster. The server must not read for a user what the user may not
// read: each object is read with the rights of a service account in the namespace of the analysis run, which the metric
// names (by default the one called default), by impersonation. So what a metric may see is granted by RBAC to service
// accounts of its own namespace, in any namespace.
package kubernetes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authentication/serviceaccount"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/metric"
	"argosy.dev/argosy/pkg/metric/pick"
)

const (
	// timeout is how long reading an object may take.
	timeout = 30 * time.Second
	// learnAgain is how often a kind that is not known leads to a new look at what the cluster serves.
	learnAgain = 10 * time.Second
)

// Provider reads objects of a cluster.
type Provider struct {
	config *rest.Config
	now    func() time.Time

	mu      sync.Mutex
	mapper  *restmapper.DeferredDiscoveryRESTMapper
	learned time.Time
}

var _ metric.Provider = &Provider{}

// New returns a provider for the cluster that the config reaches. Its user must be allowed to impersonate service
// accounts.
func New(config *rest.Config) (*Provider, error) {
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("discovery of the cluster: %w", err)
	}
	return &Provider{config: config, now: time.Now, mapper: restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client))}, nil
}

// Measure reads the object. The value is what jsonPath picks out of it, or all of it. Secrets are never read: their text
// would be recorded.
func (p *Provider) Measure(ctx context.Context, namespace string, m *rov1.Metric) (metric.Value, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	k := m.Provider.Kubernetes
	kind := schema.FromAPIVersionAndKind(k.APIVersion, k.Kind)
	if kind.Group == "" && kind.Kind == "Secret" {
		return metric.Value{}, errors.New("a Secret is not measured, since its text would be recorded; use an argument with secretKeyRef")
	}
	mapping, err := p.mapping(kind)
	if err != nil {
		return metric.Value{}, err
	}
	account := k.ServiceAccountName
	if account == "" {
		account = rov1.DefaultServiceAccountName
	}
	config := rest.CopyConfig(p.config)
	config.QPS = -1
	config.Impersonate = rest.ImpersonationConfig{UserName: serviceaccount.MakeUsername(namespace, account)}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return metric.Value{}, fmt.Errorf("client for service account %s: %w", account, err)
	}
	var objects dynamic.ResourceInterface = client.Resource(mapping.Resource)
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		if k.Namespace != "" {
			namespace = k.Namespace
		}
		objects = client.Resource(mapping.Resource).Namespace(namespace)
	}
	object, err := objects.Get(ctx, k.Name, metav1.GetOptions{})
	if err != nil {
		return metric.Value{}, err
	}
	data, err := object.MarshalJSON()
	if err != nil {
		return metric.Value{}, fmt.Errorf("%s %s: %w", k.Kind, k.Name, err)
	}
	var document any
	if err := json.Unmarshal(data, &document); err != nil {
		return metric.Value{}, fmt.Errorf("%s %s: %w", k.Kind, k.Name, err)
	}
	value, text, err := pick.Value(document, k.JSONPath)
	if err != nil {
		return metric.Value{}, err
	}
	return metric.Value{Result: value, Text: text}, nil
}

// mapping finds the resource of a kind.
func (p *Provider) mapping(kind schema.GroupVersionKind) (*meta.RESTMapping, error) {
	mapping, err := p.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil && meta.IsNoMatchError(err) && p.mayLearn() {
		p.mapper.Reset()
		mapping, err = p.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	}
	if err != nil {
		return nil, fmt.Errorf("kind %s: %w", kind, err)
	}
	return mapping, nil
}

// mayLearn bounds how often metrics that name what is not there cost a discovery.
func (p *Provider) mayLearn() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := p.now(); now.Sub(p.learned) >= learnAgain {
		p.learned = now
		return true
	}
	return false
}
