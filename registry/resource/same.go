// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"

	"k8s.io/apiserver/pkg/endpoints/request"

	"argosy.dev/argosy/apis/raw"
)

// onlySorted tells whether a and b differ in nothing but in what strategic merge
// patches and server-side apply do to free JSON that they do not touch: they sort
// its keys. In a whole object the order is what its writer wants.
func onlySorted(ctx context.Context, a, b any) bool {
	info, ok := request.RequestInfoFrom(ctx)
	return ok && info.Verb == "patch" && raw.Same(a, b)
}
