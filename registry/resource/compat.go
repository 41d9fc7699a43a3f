// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"
	"fmt"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/warning"
)

// The compatibility rule. Many of the peers' kinds have no status subresource:
// their tools write spec and status in one request. In the compatibility group
// such a request may change status if the caller may update RESOURCE/status
// there. Otherwise its status is ignored, with a warning. Native groups are strict.

// statusOnMain tells whether the request is one to which the rule applies.
func (s *Strategy[T]) statusOnMain(ctx context.Context) bool {
	info, ok := request.RequestInfoFrom(ctx)
	return ok && s.kind.StatusOnMain && info.IsResourceRequest && info.Subresource == "" && info.APIGroup == compat.Group
}

// statusAllowed tells whether this request may change status.
func (s *Strategy[T]) statusAllowed(ctx context.Context, t T) bool {
	return s.statusOnMain(ctx) && s.kind.may(s.authz, t)(ctx, "update", "status")
}

func (s *Strategy[T]) warnStatusIgnored(ctx context.Context) {
	if s.statusOnMain(ctx) {
		warning.AddWarning(ctx, "", fmt.Sprintf("status: ignored, since you may not update %s/status in group %s", s.kind.Resource, compat.Group))
	}
}

// keepStatus brings back the old status, but for what TakeStatus takes over, and
// warns of the rest.
func (s *Strategy[T]) keepStatus(ctx context.Context, t, o T) {
	if !s.statusOnMain(ctx) || apiequality.Semantic.DeepEqual(s.kind.Status(t), s.kind.Status(o)) {
		assign(s.kind.Status(t), s.kind.Status(o))
		return
	}
	asked := s.kind.must(t.DeepCopyObject())
	assign(s.kind.Status(t), s.kind.Status(o))
	if s.kind.TakeStatus != nil {
		s.kind.TakeStatus(t, asked, o)
	}
	if !apiequality.Semantic.DeepEqual(s.kind.Status(t), s.kind.Status(asked)) {
		s.warnStatusIgnored(ctx)
	}
}
