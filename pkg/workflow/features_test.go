// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

// prelude has templates that most cases use: p succeeds or fails as the script says, arg takes an argument.
const prelude = `
metadata: {name: w}
spec:
  entrypoint: main
  templates:
  - name: p
    container: {image: i, command: [c]}
  - name: arg
    inputs: {parameters: [{name: v}]}
    container: {image: i, command: [c], args: ["{{inputs.parameters.v}}"]}
  - name: res
    script: {image: i, command: [sh], source: x}
  - name: out
    container: {image: i, command: [c]}
    outputs: {parameters: [{name: o, valueFrom: {path: /o}}]}
`

// indented puts text under spec.templates.
func indented(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ") + "\n"
}

// ends are the outcomes of pods by the name of their node without the workflow's.
type ends map[string]ending

func simulate(t tb, text string, e ends) *sim {
	t.Helper()
	s := newSim(t, parse(t, text))
	s.end = func(_ *corev1.Pod, node string) ending {
		out := e[strings.TrimPrefix(node, s.wf.Name)]
		if out.lasts == 0 {
			out.lasts = time.Second
		}
		return out
	}
	return s
}

// feature is a workflow that shows a feature, and how it must end.
type feature struct {
	name string
	// templates come after the prelude; text, if set, is the whole workflow.
	templates, text string
	ends            ends
	// want is what describe says.
	want string
}

func testFeatures(t *testing.T, features []feature) {
	t.Helper()
	for _, c := range features {
		t.Run(c.name, func(t *testing.T) {
			text := c.text
			if text == "" {
				text = prelude + indented(c.templates) + "  arguments: {parameters: [{name: d, value: 20s}]}"
			}
			s := simulate(t, text, c.ends)
			wf := s.run()
			if c.want == "recursion" {
				if n := len(wf.Status.Nodes); n < 200 || wf.Status.Phase != wfv1.WorkflowFailed {
					t.Errorf("%d nodes, %s", n, wf.Status.Phase)
				}
				return
			}
			if diff := cmp.Diff(strings.TrimSpace(c.want), describe(wf)); diff != "" {
				t.Errorf("(-want +got)\n%s\n%s", diff, describe(wf))
			}
		})
	}
}
