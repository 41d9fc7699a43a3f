// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// tree draws an application with its objects and what they own.
func (p appPrinter) tree(t *appv1.ApplicationTree) string {
	rows := [][]cell{header("NAME", "KIND", "SYNC", "HEALTH", "AGE", "INFO")}
	rows = append(rows, []cell{plain(t.Name), plain("Application"), stateOf(string(t.Sync)), stateOf(string(t.Health.Status)),
		plain(p.age(&t.CreationTimestamp)), plain(oneLine(t.Health.Message))})
	p.walk(t, func(n *appv1.ApplicationTreeNode, prefix string) {
		health, sync := "", cell{}
		if n.Health != nil {
			health = string(n.Health.Status)
		}
		if n.Sync != "" || len(n.Parents) == 0 {
			sync = stateOf(string(n.Sync))
		}
		rows = append(rows, []cell{plain(prefix + oneLine(n.Name)), plain(oneLine(n.Kind)), sync, stateOf(health), plain(p.age(&n.CreationTimestamp)), plain(nodeInfo(n))})
	})
	return p.table(rows)
}

// walk calls visit with each object of a tree, after what owns it, and with the lines that lead to it.
func (p appPrinter) walk(t *appv1.ApplicationTree, visit func(n *appv1.ApplicationTreeNode, prefix string)) {
	roots, below := rootsOf(t.Nodes)
	seen := make([]bool, len(t.Nodes))
	var draw func(level []int, prefix string)
	draw = func(level []int, prefix string) {
		level = slices.DeleteFunc(slices.Clone(level), func(i int) bool { return seen[i] })
		for j, i := range level {
			seen[i] = true
			n, last := &t.Nodes[i], j == len(level)-1
			visit(n, branch(prefix, last))
			draw(below[i], indent(prefix, last))
		}
	}
	draw(roots, "")
}

// rootsOf returns the nodes that have no parent among the nodes, and what is below each node. Of nodes that own each
// other in a circle, the first is a root, so that each node is somewhere.
func rootsOf(nodes []appv1.ApplicationTreeNode) (roots []int, below map[int][]int) {
	known := map[types.UID]int{}
	for i, n := range nodes {
		if n.UID != "" {
			known[n.UID] = i
		}
	}
	below = map[int][]int{}
	for i, n := range nodes {
		parent := slices.IndexFunc(n.Parents, func(uid types.UID) bool { at, ok := known[uid]; return ok && at != i })
		if parent < 0 {
			roots = append(roots, i)
		} else {
			at := known[n.Parents[parent]]
			below[at] = append(below[at], i)
		}
	}
	reached := make([]bool, len(nodes))
	var reach func(i int)
	reach = func(i int) {
		if !reached[i] {
			reached[i] = true
			for _, j := range below[i] {
				reach(j)
			}
		}
	}
	for _, i := range roots {
		reach(i)
	}
	for i := range nodes {
		if !reached[i] {
			roots = append(roots, i)
			reach(i)
		}
	}
	return roots, below
}

// nodeInfo is what there is to say of an object, in short.
func nodeInfo(n *appv1.ApplicationTreeNode) string {
	var parts []string
	if n.Hook {
		parts = append(parts, "hook")
	}
	if n.Orphaned {
		parts = append(parts, "orphaned")
	}
	if n.RequiresPruning {
		parts = append(parts, "to prune")
	}
	if n.SyncWave != 0 {
		parts = append(parts, fmt.Sprintf("wave:%d", n.SyncWave))
	}
	for _, info := range n.Info {
		parts = append(parts, oneLine(info.Name)+":"+oneLine(info.Value))
	}
	if n.Health != nil && n.Health.Message != "" {
		parts = append(parts, oneLine(n.Health.Message))
	}
	return strings.Join(parts, ",")
}
