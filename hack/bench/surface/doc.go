// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package surface measures the API alone, with no loop at work: the same Workflow objects as custom resources of
// the kube-apiserver, in Argosy through the aggregation layer, and in Argosy directly. It speaks HTTP as client-go
// does (JSON, gzip accepted, one connection for each client), but decodes nothing that it need not, so that on a small
// machine the servers are measured and not the client.
//
// It must not know how Argosy works inside.
package surface
