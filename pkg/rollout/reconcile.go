// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"

// Reconcile decides what should happen next with a rollout. It never changes ro or what is in the world, and gives the
// same answer for the same arguments.
func Reconcile(_ *rov1.Rollout, _ World) Decision { return Decision{} }
