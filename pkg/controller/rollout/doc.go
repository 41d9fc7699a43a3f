// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package rollout is the shell around the rollout core (argosy.dev/argosy/pkg/rollout): it watches Rollouts and all
// that they name or have made, hands it to the core, and applies what the core decides. It takes no decision about a
// rollout itself.
//
// The order of effects is what makes a crash harmless: each effect is idempotent, and all come before the status that
// records them. Names of what is created are functions of the rollout, so doing an effect twice finds the first one's
// result; an object of such a name that belongs to another is never taken over.
package rollout
