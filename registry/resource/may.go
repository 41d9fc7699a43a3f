// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/endpoints/request"
)

// May tells whether the caller of a request may do something else to the same
// object: verb on the subresource ("" for the object itself), in the group
// through which the request comes. An authorizer that fails allows nothing.
type May func(ctx context.Context, verb, subresource string) bool

// may asks authz about the object of a kind. Nobody may anything where authz is nil.
func (k *Kind[T]) may(authz authorizer.UnconditionalAuthorizer, t T) May {
	return func(ctx context.Context, verb, subresource string) bool {
		user, ok := request.UserFrom(ctx)
		if !ok || authz == nil {
			return false
		}
		group := k.GroupVersion
		if info, ok := request.RequestInfoFrom(ctx); ok && info.APIGroup == compat.Group {
			group = compat
		}
		decision, _, err := authz.Authorize(ctx, authorizer.AttributesRecord{
			User:            user,
			Verb:            verb,
			Namespace:       t.GetNamespace(),
			APIGroup:        group.Group,
			APIVersion:      group.Version,
			Resource:        k.Resource,
			Subresource:     subresource,
			Name:            t.GetName(),
			ResourceRequest: true,
		})
		return err == nil && decision == authorizer.DecisionAllow
	}
}

// Reads tells whether the caller of a request may get all objects of a resource
// in a namespace; "" is that of what has none. Kinds of the family are asked
// about in the group through which the request comes. An authorizer that fails
// allows nothing.
type Reads func(ctx context.Context, resource schema.GroupResource, namespace string) bool

// reads asks authz. Nobody may read anything where authz is nil.
func (k *Kind[T]) reads(authz authorizer.UnconditionalAuthorizer) Reads {
	return func(ctx context.Context, resource schema.GroupResource, namespace string) bool {
		user, ok := request.UserFrom(ctx)
		if !ok || authz == nil {
			return false
		}
		if info, ok := request.RequestInfoFrom(ctx); ok && info.APIGroup == compat.Group && resource.Group == k.GroupVersion.Group {
			resource.Group = compat.Group
		}
		decision, _, err := authz.Authorize(ctx, authorizer.AttributesRecord{
			User:            user,
			Verb:            "get",
			Namespace:       namespace,
			APIGroup:        resource.Group,
			Resource:        resource.Resource,
			ResourceRequest: true,
		})
		return err == nil && decision == authorizer.DecisionAllow
	}
}
