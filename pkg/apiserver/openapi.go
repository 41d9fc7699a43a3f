// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/component-base/version"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"argosy.dev/argosy/apis/scheme"
	generated "argosy.dev/argosy/generated/openapi"
)

const gvkExtension = "x-kubernetes-group-version-kind"

// publicNamer names definitions as k8s.io/apiserver does, but keeps the
// internal version out of what is published: the hub type is the versioned type.
type publicNamer struct{ *openapi.DefinitionNamer }

// GetDefinitionName implements the namer that openapi configurations take.
func (n publicNamer) GetDefinitionName(name string) (string, spec.Extensions) {
	name, extensions := n.DefinitionNamer.GetDefinitionName(name)
	if kinds, ok := extensions[gvkExtension].([]any); ok {
		extensions[gvkExtension] = slices.DeleteFunc(kinds, func(k any) bool {
			gvk, ok := k.(map[string]any)
			return ok && gvk["version"] == runtime.APIVersionInternal
		})
	}
	return name, extensions
}

// describe makes config publish the OpenAPI documents of our types.
func describe(config *genericapiserver.Config) {
	namer := openapi.NewDefinitionNamer(scheme.Scheme)
	config.OpenAPIConfig = genericapiserver.DefaultOpenAPIConfig(generated.GetOpenAPIDefinitions, namer)
	config.OpenAPIConfig.GetDefinitionName = publicNamer{namer}.GetDefinitionName
	config.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(generated.GetOpenAPIDefinitions, namer)
	config.OpenAPIV3Config.GetDefinitionName = publicNamer{namer}.GetDefinitionName
	for _, info := range []*spec.Info{config.OpenAPIConfig.Info, config.OpenAPIV3Config.Info} {
		info.Title = "Argosy"
		info.Version = version.Get().String()
	}
}
