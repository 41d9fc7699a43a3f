// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

// node returns the node whose name is that of the workflow with the suffix.
func (s *sim) node(suffix string) *wfv1.NodeStatus {
	s.t.Helper()
	n, ok := s.wf.Status.Nodes[s.wf.NodeID(s.wf.Name+suffix)]
	if !ok {
		s.t.Fatalf("no node %q in\n%s", suffix, describe(s.wf))
	}
	return &n
}

// describe renders the nodes, one a line, with their inputs.
func describe(wf *wfv1.Workflow) string {
	params := func(list []wfv1.Parameter) string {
		text := ""
		for _, p := range list {
			text += " " + p.Name + "=" + p.Value.String()
		}
		return text
	}
	var lines []string
	for _, n := range wf.Status.Nodes {
		line := fmt.Sprintf("%s %s %s %q", strings.Replace(n.Name, wf.Name, "$", 1), n.Type, n.Phase, n.Message)
		if n.Inputs != nil {
			line += params(n.Inputs.Parameters)
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	// Ids are hashes; names say more.
	ids := regexp.MustCompile(regexp.QuoteMeta(wf.Name) + `-\d+`)
	head := fmt.Sprintf("%s %q %s", wf.Status.Phase, wf.Status.Message, strings.TrimPrefix(string(wf.Status.Progress), "0/0"))
	if wf.Status.Outputs != nil {
		head += params(wf.Status.Outputs.Parameters)
	}
	return ids.ReplaceAllStringFunc(head+"\n"+strings.Join(lines, "\n"), func(id string) string {
		return strings.Replace(wf.Status.Nodes[id].Name, wf.Name, "$", 1)
	})
}
