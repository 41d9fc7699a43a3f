// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package integration tests the server in one process, on its embedded etcd and
// without a cluster: what the API does with objects. What a cluster does with
// the server is tested in hack/e2e. What the server asks of clusters is tested in
// hack/integration/cluster, against a kube-apiserver that hack/integration/kubetest
// starts.
package integration
