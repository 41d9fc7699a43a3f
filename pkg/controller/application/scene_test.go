// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/settings"
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

// TestSettled: a wrong key of the settings is told to all applications, and stops them only if it bounds what they may do.
func TestSettled(t *testing.T) {
	_, wrong := settings.Parse(map[string]string{"timeout.reconciliation": "soon", "resource.customizations.health.a_B": "return {"})
	warnings, err := settled(wrong)
	if err != nil || len(warnings) != 2 {
		t.Fatalf("warnings are %v, %v", warnings, err)
	}
	for i, want := range []string{"argocd-cm: resource.customizations.health.a_B: ", `argocd-cm: timeout.reconciliation: "soon" is no duration`} {
		if w := warnings[i]; w.Type != appv1.ConditionInvalidSettingsWarning || w.Error() || !strings.HasPrefix(w.Message, want) || !strings.HasSuffix(w.Message, "; the default is used") {
			t.Errorf("warning %d is %+v", i, w)
		}
	}
	_, wrong = settings.Parse(map[string]string{"timeout.reconciliation": "soon", "resource.exclusions": "{"})
	if trouble := (problem{}); !asProblem(func() error { _, err := settled(wrong); return err }(), &trouble) ||
		trouble.Type != appv1.ConditionComparisonError || !strings.HasPrefix(trouble.Message, "argocd-cm: resource.exclusions: ") {
		t.Errorf("a key that binds: %+v", trouble)
	}
	many := map[string]string{}
	for i := range 500 {
		many[fmt.Sprintf("kustomize.path.v%03d", i)] = "x"
	}
	_, wrong = settings.Parse(many)
	if warnings, err := settled(wrong); err != nil || len(warnings) != maxWrong+1 || warnings[maxWrong].Message != "argocd-cm: 490 more keys are wrong" {
		t.Errorf("many wrong keys: %v, %v", warnings, err)
	}
}

// TestAge: repositories are asked as often as the settings say, and not at all if they say 0.
func TestAge(t *testing.T) {
	for every, want := range map[time.Duration]time.Duration{10 * time.Second: 10 * time.Second, 2 * time.Minute: time.Minute, time.Hour: time.Minute, 0: math.MaxInt64} {
		if got := age(every); got != want {
			t.Errorf("every %s: what is known may be %s old, not %s", every, got, want)
		}
	}
}
