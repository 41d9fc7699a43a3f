// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package object

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestTrackedOfTheWholeCluster(t *testing.T) {
	for value, want := range map[string]bool{
		"app:rbac.authorization.k8s.io/ClusterRole:/reader":        true,
		"app:rbac.authorization.k8s.io/ClusterRole:default/reader": true,
		"app:rbac.authorization.k8s.io/ClusterRole:default/writer": false,
	} {
		u := &unstructured.Unstructured{}
		u.SetAPIVersion("rbac.authorization.k8s.io/v1")
		u.SetKind("ClusterRole")
		u.SetName("reader")
		Annotate(u, "argocd.argoproj.io/tracking-id", value)
		if application, self := Tracked(u); application != "app" || self != want {
			t.Errorf("%s: %s, %t", value, application, self)
		}
	}
}
