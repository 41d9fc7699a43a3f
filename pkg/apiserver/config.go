// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"fmt"
	"net/http"

	"k8s.io/apiserver/pkg/admission"
	genericapiserver "k8s.io/apiserver/pkg/server"
	genericoptions "k8s.io/apiserver/pkg/server/options"

	"argosy.dev/argosy/apis/scheme"
	"argosy.dev/argosy/pkg/apiserver/storage"
)

// Config builds the configuration of a server of the given families. Where the
// objects are (Etcd) and what certificate is served must be known by now.
func (o *Options) Config(families []Family) (*Config, error) {
	generic := genericapiserver.NewRecommendedConfig(scheme.Codecs)
	describe(&generic.Config)
	if err := o.ServerRun.ApplyTo(&generic.Config); err != nil {
		return nil, fmt.Errorf("applying server options: %w", err)
	}
	// ExtraAdmissionInitializers is what is asked for between authorization and admission, whose policies hold on to
	// the authorizer.
	initializers := o.Recommended.ExtraAdmissionInitializers
	recommended := *o.Recommended
	recommended.ExtraAdmissionInitializers = func(c *genericapiserver.RecommendedConfig) ([]admission.PluginInitializer, error) {
		if err := delegateAuthorization(recommended.Authorization, &c.Authorization); err != nil {
			return nil, err
		}
		return initializers(c)
	}
	if err := recommended.ApplyTo(generic); err != nil {
		return nil, fmt.Errorf("applying options: %w", err)
	}
	if err := applyStorage(o.Etcd, &generic.Config, aliases(families)); err != nil {
		return nil, err
	}
	generic.LongRunningFunc = longRunning()
	generic.BuildHandlerChainFunc = func(handler http.Handler, c *genericapiserver.Config) http.Handler {
		return genericapiserver.DefaultBuildHandlerChain(withSubmissionLimit(handler, c.Serializer), c)
	}
	return &Config{Generic: generic, Families: families, CompatibilityGroup: o.CompatibilityGroup}, nil
}

// applyStorage says where objects are stored: below one prefix per kind,
// compressed, then encrypted if --encryption-provider-config is given.
func applyStorage(o *genericoptions.EtcdOptions, c *genericapiserver.Config, aliases storage.Aliases) error {
	backend := o.StorageConfig
	backend.StorageObjectCountTracker = c.StorageObjectCountTracker
	factory := storage.NewFactory(backend, aliases)
	if err := o.ApplyWithStorageFactoryTo(factory, c); err != nil {
		return fmt.Errorf("applying etcd options: %w", err)
	}
	transformers, err := storage.Compressing(c.ResourceTransformers)
	if err != nil {
		return err
	}
	c.RESTOptionsGetter = storage.ClearErrors(o.CreateRESTOptionsGetter(factory, transformers))
	return nil
}

// noLoops is what runs where no control loops are wanted.
func noLoops(ctx context.Context, _ Clients) error {
	<-ctx.Done()
	return nil
}
