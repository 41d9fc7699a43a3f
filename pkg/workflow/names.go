// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"maps"
	"slices"
	"strconv"
)

// nodeNames makes the ids of many nodes whose names begin alike. The result is that of Workflow.NodeID (a test compares
// them); the hash of the common beginning is computed once.
type nodeNames struct {
	prefix []byte
	hash   uint32
	buf    []byte
}

const (
	fnvOffset = 2166136261
	fnvPrime  = 16777619
)

func newNodeNames(workflow, beginning string) *nodeNames {
	n := &nodeNames{prefix: append([]byte(workflow), '-'), hash: fnvOffset}
	for i := 0; i < len(beginning); i++ {
		n.hash = (n.hash ^ uint32(beginning[i])) * fnvPrime
	}
	return n
}

func (n *nodeNames) id(rest string) string {
	h := n.hash
	for i := 0; i < len(rest); i++ {
		h = (h ^ uint32(rest[i])) * fnvPrime
	}
	n.buf = strconv.AppendUint(append(n.buf[:0], n.prefix...), uint64(h), 10)
	return string(n.buf)
}

// sortedKeys returns the keys of a map in order, for results that do not depend on chance.
func sortedKeys[K ~string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
