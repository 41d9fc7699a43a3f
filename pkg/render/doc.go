// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package render turns one source of an application into manifests: plain files, Kustomize, Helm or Jsonnet.
//
// What is rendered is hostile input, and so are all its options. It is rendered in a child process of this binary, which
// has no environment, no network, no files and little memory and time (see sandbox_linux.go). Files reach it only through
// its pipes, from the Trees that the caller of Render passes; so the caller knows all that a result depends on: the
// Request and what was read of the Trees.
//
// The package must not fetch anything: what is missing (charts that a chart depends on, values at a URL) is named in the
// Error, and the caller may fetch it and call again.
package render
