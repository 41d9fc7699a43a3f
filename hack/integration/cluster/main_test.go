// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cluster tests pkg/cluster against a real API server: what is asked of it, how often, and what comes of it.
package cluster

import (
	"context"
	"fmt"
	"os"
	"testing"

	"k8s.io/client-go/rest"

	"argosy.dev/argosy/hack/integration/kubetest"
)

// admin is a client configuration with all rights.
var admin *rest.Config

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	server, err := kubetest.Start(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	admin = server.Config
	code := m.Run()
	if err := server.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}
