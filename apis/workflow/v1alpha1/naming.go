// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"hash/fnv"
	"strconv"
	"strings"
)

// maxPodNameLength is the longest name that Kubernetes allows for a pod.
const maxPodNameLength = 253

// hashLength is the room kept for the decimal digits of a 32 bit hash.
const hashLength = 10

// NodeID returns the id of the node of this name: the workflow's name for the node of the same name (the entrypoint),
// else WORKFLOW-HASH with the 32 bit FNV-1a hash of the node's name. The peer's rule: ids found in old objects and in
// users' tools stay valid.
func (wf *Workflow) NodeID(nodeName string) string {
	return NodeID(wf.Name, nodeName)
}

// NodeID returns the id of a node of the workflow of the given name. See Workflow.NodeID.
func NodeID(workflowName, nodeName string) string {
	if nodeName == workflowName {
		return workflowName
	}
	return workflowName + "-" + nameHash(nodeName)
}

// PodName returns the name of the pod of a node: the workflow's name for the node of the same name, else
// WORKFLOW-TEMPLATE-HASH, cut before the hash so that the whole fits into 253 characters. A node of an inline
// template, which has no name, and one below it have WORKFLOW-HASH. Workflows that bear the annotation
// workflows.argoproj.io/pod-name-format: v1 name pods by the node's id. The peer's rule, but for capital letters in a
// template's name: pods cannot have them, so they become small ones.
func PodName(wf *Workflow, nodeName, templateName string) string {
	if wf.Annotations[AnnotationPodNameFormat] == PodNameFormatV1 {
		return wf.NodeID(nodeName)
	}
	if nodeName == wf.Name {
		return wf.Name
	}
	head := wf.Name
	if templateName != "" && !strings.Contains(nodeName, ".inline") {
		head += "-" + strings.ToLower(templateName)
	}
	if limit := maxPodNameLength - hashLength - 1; len(head) > limit {
		head = head[:limit]
	}
	return head + "-" + nameHash(nodeName)
}

func nameHash(nodeName string) string {
	h := fnv.New32a()
	// A hash never fails to take bytes (see hash.Hash).
	_, _ = h.Write([]byte(nodeName))
	return strconv.FormatUint(uint64(h.Sum32()), 10)
}
