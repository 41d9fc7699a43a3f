// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package applications runs the loop of applications, in this process, against our own API server and a Kubernetes API
// server: real writes, watches, dry runs and RBAC, in seconds. No controllers run there, so no pod starts and nothing is
// garbage collected; what an object's health is, tests say by an annotation.
package applications

import (
	"context"
	"fmt"
	"os"
	"testing"

	"k8s.io/client-go/rest"

	"argosy.dev/argosy/hack/integration/kubetest"
	"argosy.dev/argosy/pkg/render"
)

var (
	// admin is a client configuration of the cluster with all rights.
	admin *rest.Config
	kube  *kubetest.Server
)

func TestMain(m *testing.M) {
	if render.IsChild() {
		render.Main()
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	server, err := kubetest.Start(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	kube, admin = server, server.Config
	code := m.Run()
	if err := server.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}
