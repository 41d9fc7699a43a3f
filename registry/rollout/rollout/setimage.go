// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"k8s.io/apiserver/pkg/registry/rest"

	core "argosy.dev/argosy/pkg/rollout"
)

// NewSetImageREST returns the storage of rollouts/setimage: run other images.
func NewSetImageREST(v verbs) rest.Storage {
	return newVerb(v, "SetImage", "new images requested", core.SetImage)
}
