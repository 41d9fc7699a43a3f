// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package application is the loop of applications, and what it shares with the subresources that show them (manifests,
// diff, tree): how an application is looked at. It reads what is wanted (pkg/manifests) and what there is (pkg/cluster),
// asks pkg/application what follows, and does it. It must not decide anything itself.
//
// Files: engine.go (what a look needs), look.go (one look), compare.go (which objects differ), operate.go (syncs),
// remove.go (deletion), controller.go and reconcile.go (the loop), live.go (subresources), follow.go (the caches of
// applications, and who is told of changes), tenants.go (the Secrets and settings of a namespace).
package application
