// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/component-base/version"
	openapicommon "k8s.io/kube-openapi/pkg/common"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"argosy.dev/argosy/apis/scheme"
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
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

// definitions are the generated ones, less what is required of a container of
// a pod but not of a template's: its name, which the server gives it. Clients that
// validate by the published document would refuse what the server takes.
func definitions(ref openapicommon.ReferenceCallback) map[string]openapicommon.OpenAPIDefinition {
	all := generated.GetOpenAPIDefinitions(ref)
	for _, model := range []string{corev1.Container{}.OpenAPIModelName(), wfv1.ScriptTemplate{}.OpenAPIModelName()} {
		definition := all[model]
		definition.Schema.Required = slices.DeleteFunc(definition.Schema.Required, func(field string) bool { return field == "name" })
		all[model] = definition
	}
	return all
}

// describe makes config publish the OpenAPI documents of our types.
func describe(config *genericapiserver.Config) {
	namer := openapi.NewDefinitionNamer(scheme.Scheme)
	config.OpenAPIConfig = genericapiserver.DefaultOpenAPIConfig(definitions, namer)
	config.OpenAPIConfig.GetDefinitionName = publicNamer{namer}.GetDefinitionName
	config.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(definitions, namer)
	config.OpenAPIV3Config.GetDefinitionName = publicNamer{namer}.GetDefinitionName
	for _, info := range []*spec.Info{config.OpenAPIConfig.Info, config.OpenAPIV3Config.Info} {
		info.Title = "Argosy"
		info.Version = version.Get().String()
	}
}
