// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"pgregory.net/rapid"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	_ "argosy.dev/argosy/hack/seed"
)

func named(name string, annotations map[string]string) *wfv1.Workflow {
	return &wfv1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: annotations}}
}

// The hashes were computed apart from this program, by the definition of FNV-1a.
func TestNodeID(t *testing.T) {
	for _, tc := range []struct{ workflow, node, want string }{
		{"hello", "hello", "hello"},
		{"hello", "hello[0].step", "hello-2955383849"},
		{"wf", "wf.task(1:b)", "wf-178340291"},
		{"dag", "dag.é", "dag-3881700783"},
	} {
		if got := named(tc.workflow, nil).NodeID(tc.node); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.node, got, tc.want)
		}
	}
}

func TestPodName(t *testing.T) {
	long := strings.Repeat("w", 200)
	for _, tc := range []struct {
		name                     string
		workflow, node, template string
		annotations              map[string]string
		want                     string
	}{
		{"entrypoint", "hello", "hello", "main", nil, "hello"},
		{"step", "hello", "hello[0].step", "print", nil, "hello-print-2955383849"},
		{"old format", "hello", "hello[0].step", "print", map[string]string{wfv1.AnnotationPodNameFormat: "v1"}, "hello-2955383849"},
		{"new format by name", "hello", "hello[0].step", "print", map[string]string{wfv1.AnnotationPodNameFormat: "v2"}, "hello-print-2955383849"},
		{"inline template", "wf", "wf[0].a.inline", "", nil, "wf-4096175474"},
		{"capital letters", "hello", "hello[0].step", "Print-It", nil, "hello-print-it-2955383849"},
		{"cut", long, strings.Repeat("ab", 200), strings.Repeat("t", 60), nil, long + "-" + strings.Repeat("t", 41) + "-3950584917"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := wfv1.PodName(named(tc.workflow, tc.annotations), tc.node, tc.template); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// Whatever the names, a pod's name is one that Kubernetes takes, and differs where the hash of the node differs.
func TestPodNameIsValid(t *testing.T) {
	dnsName := rapid.StringMatching(`[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?`)
	rapid.Check(t, func(t *rapid.T) {
		wf := named(dnsName.Draw(t, "workflow"), nil)
		template := rapid.StringMatching(`([a-zA-Z0-9][-a-zA-Z0-9]{0,127})?`).Draw(t, "template")
		node := rapid.String().Draw(t, "node")
		name := wfv1.PodName(wf, node, template)
		if errs := validation.IsDNS1123Subdomain(name); len(errs) > 0 {
			t.Errorf("%s: %v", name, errs)
		}
		if node != wf.Name && !strings.HasSuffix(name, strings.TrimPrefix(wf.NodeID(node), wf.Name)) {
			t.Errorf("%s does not end like the node's id %s", name, wf.NodeID(node))
		}
	})
}
