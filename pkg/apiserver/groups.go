// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"

	"argosy.dev/argosy/apis/argoproj"
	"argosy.dev/argosy/apis/scheme"
	"argosy.dev/argosy/pkg/apiserver/storage"
	"argosy.dev/argosy/registry/resource"
)

// Version is the API version of all groups.
const Version = argoproj.Version

// Family is the storage of one family of kinds.
type Family interface {
	// Group is the family's native API group.
	Group() string
	// Resources are the names of its kinds, which the compatibility group serves too.
	Resources() []string
	// NewStorage returns the storage of all resources and subresources, by path.
	NewStorage(resource.Config) (map[string]rest.Storage, error)
}

// aliases says that the compatibility group's resources are the native ones.
func aliases(families []Family) storage.Aliases {
	out := storage.Aliases{}
	for _, f := range families {
		for _, r := range f.Resources() {
			out[argoproj.Resource(r)] = schema.GroupResource{Group: f.Group(), Resource: r}
		}
	}
	return out
}

// twins returns the resource by which the other of the two groups serves the
// same objects.
func twins(gvr schema.GroupVersionResource) (schema.GroupVersionResource, bool) {
	for _, f := range NewFamilies(nil, nil, Views{}, FamilyOptions{}) {
		for _, r := range f.Resources() {
			native, compat := schema.GroupVersionResource{Group: f.Group(), Version: Version, Resource: r}, argoproj.SchemeGroupVersion.WithResource(r)
			switch gvr {
			case native:
				return compat, true
			case compat:
				return native, true
			}
		}
	}
	return gvr, false
}

// apiGroups builds the groups to install. A kind has one storage, placed in its
// native group and in the compatibility group.
func apiGroups(families []Family, compat bool, getter generic.RESTOptionsGetter, authz authorizer.UnconditionalAuthorizer) ([]*genericapiserver.APIGroupInfo, error) {
	var out []*genericapiserver.APIGroupInfo
	all := map[string]rest.Storage{}
	for _, f := range families {
		s, err := f.NewStorage(resource.Config{Getter: getter, Typer: scheme.Scheme, Authorizer: authz})
		if err != nil {
			return nil, fmt.Errorf("group %s: %w", f.Group(), err)
		}
		out = append(out, apiGroup(f.Group(), s))
		for path, storage := range s {
			all[path] = withoutShortNames(storage)
		}
	}
	if compat {
		out = append(out, apiGroup(argoproj.GroupName, all))
	}
	return out, nil
}

// withoutShortNames keeps short names to the native group: kubectl warns on every
// use of a name that is in two groups, and the objects are the same.
func withoutShortNames(storage rest.Storage) rest.Storage {
	if main, ok := storage.(*resource.REST); ok {
		return unabbreviated{main}
	}
	return storage
}

type unabbreviated struct{ *resource.REST }

// ShortNames implements rest.ShortNamesProvider.
func (unabbreviated) ShortNames() []string { return nil }

func apiGroup(name string, storage map[string]rest.Storage) *genericapiserver.APIGroupInfo {
	info := genericapiserver.NewDefaultAPIGroupInfo(name, scheme.Scheme, scheme.ParameterCodec, scheme.Codecs)
	info.NegotiatedSerializer = negotiated{info.NegotiatedSerializer}
	info.VersionedResourcesStorageMap[Version] = storage
	return &info
}

// negotiated offers every media type but protobuf, for which our types have no
// code. Without it the namespace controller, which prefers protobuf, gets an
// error from us, and no namespace of the cluster can be deleted. Its strict
// serializers look into what is kept as JSON, too.
type negotiated struct{ runtime.NegotiatedSerializer }

// SupportedMediaTypes implements runtime.NegotiatedSerializer.
func (s negotiated) SupportedMediaTypes() []runtime.SerializerInfo {
	var out []runtime.SerializerInfo
	for _, info := range s.NegotiatedSerializer.SupportedMediaTypes() {
		if info.MediaType != runtime.ContentTypeProtobuf {
			info.StrictSerializer = strict{info.StrictSerializer}
			out = append(out, info)
		}
	}
	return out
}
