// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cluster is the adapter between applications and the clusters that they go to: which cluster a destination means
// and with what credentials, what is there now (caches over watches, shared by all applications with the same rights), and
// how objects are applied and deleted. It must not decide what should be applied, compare, or judge health: it carries
// out. It must never put credentials, or what a Secret holds, into an error or a log.
package cluster
