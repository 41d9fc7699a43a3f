// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/cluster"
)

// TestIdentity: whoever writes a project in a namespace of his own gets no rights of accounts elsewhere.
func TestIdentity(t *testing.T) {
	e := NewEngine(EngineConfig{ControlNamespace: "argocd", ServiceAccount: "syncer"})
	own, foreign := cluster.Destination{Own: true}, cluster.Destination{}
	for name, tc := range map[string]struct {
		namespace   string
		destination cluster.Destination
		named       string
		want        cluster.Identity
		refused     bool
	}{
		"nothing named":                              {"team", own, "", "system:serviceaccount:team:syncer", false},
		"another cluster's own credentials":          {"team", foreign, "", "", false},
		"an account of the same namespace":           {"team", own, "system:serviceaccount:team:deployer", "system:serviceaccount:team:deployer", false},
		"an account of another namespace":            {"team", own, "system:serviceaccount:kube-system:admin", "", true},
		"the same, on another cluster":               {"team", foreign, "system:serviceaccount:kube-system:admin", "", true},
		"the same, from the administrator's project": {"argocd", own, "system:serviceaccount:kube-system:admin", "system:serviceaccount:kube-system:admin", false},
		"no account at all":                          {"argocd", own, "system:admin", "", true},
		"a name that only begins like the namespace": {"team", own, "system:serviceaccount:team2:x", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := &scene{app: &appv1.Application{ObjectMeta: metav1.ObjectMeta{Namespace: tc.namespace}}, project: &appv1.AppProject{}}
			got, err := e.identity(s, tc.destination, tc.named)
			if got != tc.want || (err != nil) != tc.refused {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}
