// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package apiserver composes the server: options, API groups, storage, serving
// certificate, registration with the cluster's API server. What the kinds of a
// family do is in registry/ and pkg/<family>, never here.
package apiserver

import (
	"fmt"

	genericapiserver "k8s.io/apiserver/pkg/server"
)

// Config is a server's configuration, from Options or made by a test.
type Config struct {
	// Generic configures what every API server has. Its RESTOptionsGetter must
	// come from storage.NewFactory with the aliases of the families.
	Generic *genericapiserver.RecommendedConfig
	// Families are what is served.
	Families []Family
	// CompatibilityGroup serves all families under argoproj.io too.
	CompatibilityGroup bool
}

// New builds a server. Nothing runs until the result is prepared and run.
func (c *Config) New() (*genericapiserver.GenericAPIServer, error) {
	completed := c.Generic.Complete()
	server, err := completed.New("argosy-apiserver", genericapiserver.NewEmptyDelegate())
	if err != nil {
		return nil, fmt.Errorf("creating the API server: %w", err)
	}
	groups, err := apiGroups(c.Families, c.CompatibilityGroup, completed.RESTOptionsGetter, completed.Authorization.Authorizer)
	if err != nil {
		return nil, err
	}
	// One call for all groups: server-side apply needs one view of all types.
	if err := server.InstallAPIGroups(groups...); err != nil {
		return nil, fmt.Errorf("installing API groups: %w", err)
	}
	return server, nil
}
