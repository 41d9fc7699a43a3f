// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

// node returns the node of this id, or nil. Callers must not change it: edit returns one that may be changed.
func (r *run) node(id string) *wfv1.NodeStatus {
	if n, ok := r.nodes[id]; ok {
		return n
	}
	if n, ok := r.wf.Status.Nodes[id]; ok {
		return &n
	}
	return nil
}

// phase is node for the hot path: most nodes of a large workflow are only asked whether they are done.
func (r *run) phase(id string) (wfv1.NodePhase, bool) {
	if n, ok := r.nodes[id]; ok {
		return n.Phase, true
	}
	n, ok := r.wf.Status.Nodes[id]
	return n.Phase, ok
}

// nameOf returns the name of a node that exists.
func (r *run) nameOf(id string) string {
	if n, ok := r.nodes[id]; ok {
		return n.Name
	}
	return r.wf.Status.Nodes[id].Name
}

// edit returns the node for changing. It must exist.
func (r *run) edit(id string) *wfv1.NodeStatus {
	if n, ok := r.nodes[id]; ok {
		return n
	}
	n := r.wf.Status.Nodes[id]
	// Appending must not write into arrays that the given workflow owns.
	n.Children, n.OutboundNodes = slices.Clip(n.Children), slices.Clip(n.OutboundNodes)
	r.nodes[id] = &n
	return &n
}

// addChild records that a node comes after another.
func (r *run) addChild(parent, child string) {
	n := r.edit(parent)
	n.Children = append(n.Children, child)
}

// create adds a node.
func (r *run) create(c *call, t wfv1.NodeType, phase wfv1.NodePhase, message string) *wfv1.NodeStatus {
	n := &wfv1.NodeStatus{
		ID: r.wf.NodeID(c.name), Name: c.name, DisplayName: r.displayName(c), Type: t, Phase: phase, Message: message,
		TemplateName: c.template, TemplateRef: c.ref, TemplateScope: c.scope.String(), BoundaryID: c.boundaryID,
		StartedAt: r.now,
	}
	if c.hooked || c.retried {
		n.NodeFlag = &wfv1.NodeFlag{Hooked: c.hooked, Retried: c.retried}
	}
	if t == wfv1.NodeTypeStepGroup {
		n.TemplateScope = ""
	}
	if phase.Fulfilled() {
		n.FinishedAt = r.now
	}
	if other := r.node(n.ID); other != nil {
		// The node is not recorded; the workflow ends with this reconciliation.
		r.sameID(n.ID, other.Name, c.name)
		return n
	}
	r.nodes[n.ID] = n
	r.nodeEvent(n)
	return n
}

// sameID notes that the names of two nodes have the same hash, which happens once in a hundred workflows of 10,000 nodes.
// Ids and names of pods are users' interface and have no room for more; to go on would be to take one node for the other.
func (r *run) sameID(id, a, b string) {
	if r.fatal == "" {
		r.fatal = fmt.Sprintf("the nodes %q and %q have the same id %s: rename one of them", a, b, id)
	}
}

// createError adds a node for something that could not even be started.
func (r *run) createError(c *call, err error) *wfv1.NodeStatus {
	return r.create(c, wfv1.NodeTypeSkipped, wfv1.NodeError, err.Error())
}

// displayName is the node's name without its boundary's and without the number of its step group.
func (r *run) displayName(c *call) string {
	if c.boundaryID == "" {
		return c.name
	}
	boundary := r.node(c.boundaryID)
	if boundary == nil {
		return c.name
	}
	s := strings.TrimPrefix(c.name, boundary.Name)
	if strings.HasPrefix(s, "[") {
		if i := strings.Index(s, "]."); i >= 0 {
			s = s[i+1:]
		}
	}
	return strings.TrimPrefix(s, ".")
}

// finish ends a node. The phase of a node that has ended never changes again.
func (r *run) finish(id string, phase wfv1.NodePhase, message string) {
	if n := r.node(id); n.Phase.Fulfilled() {
		return
	}
	n := r.edit(id)
	n.Phase, n.Message = phase, message
	if n.FinishedAt.IsZero() {
		n.FinishedAt = r.now
	}
	r.nodeEvent(n)
}

// count adds to the progress of the workflow and of the nodes on the path, by what a pod node contributes.
func (r *run) count(done, all int) {
	r.dirty = true
	r.status.Progress = addProgress(r.status.Progress, done, all)
	for _, id := range r.path {
		n := r.edit(id)
		n.Progress = addProgress(n.Progress, done, all)
	}
}

func addProgress(p wfv1.Progress, done, all int) wfv1.Progress {
	var n, m int
	// An unset or foreign value counts as nothing done of nothing.
	if _, err := fmt.Sscanf(string(p), "%d/%d", &n, &m); err != nil {
		n, m = 0, 0
	}
	return wfv1.Progress(fmt.Sprintf("%d/%d", n+done, m+all))
}

// use adds resources to the workflow and the nodes on the path.
func (r *run) use(d wfv1.ResourcesDuration) {
	if len(d) == 0 {
		return
	}
	r.dirty = true
	r.status.ResourcesDuration = addResources(r.status.ResourcesDuration, d)
	for _, id := range r.path {
		n := r.edit(id)
		n.ResourcesDuration = addResources(n.ResourcesDuration, d)
	}
}

func addResources(a, b wfv1.ResourcesDuration) wfv1.ResourcesDuration {
	sum := make(wfv1.ResourcesDuration, len(a)+len(b))
	for k, v := range a {
		sum[k] = v
	}
	for k, v := range b {
		sum[k] += v
	}
	return sum
}

// outbound returns the nodes after which the next node comes, when it comes after the given one. The peer's rules,
// which users see as the edges of the graph.
func (r *run) outbound(id string) []string {
	n := r.node(id)
	if n == nil {
		return nil
	}
	switch n.Type {
	case wfv1.NodeTypeTaskGroup:
		var out []string
		for _, c := range r.ownChildren(n) {
			out = append(out, r.outbound(c)...)
		}
		if len(out) > 0 {
			return out
		}
	case wfv1.NodeTypeRetry:
		if attempts := r.ownChildren(n); len(attempts) > 0 {
			return attempts[len(attempts)-1:]
		}
	case wfv1.NodeTypeSteps, wfv1.NodeTypeDAG:
		var out []string
		for _, o := range n.OutboundNodes {
			out = append(out, r.outbound(o)...)
		}
		return out
	}
	return []string{id}
}

// ownChildren returns the children of a loop or retry node that are its parts, not its exit handler.
func (r *run) ownChildren(n *wfv1.NodeStatus) []string {
	hook := r.wf.NodeID(n.Name + ".onExit")
	if !slices.Contains(n.Children, hook) {
		return n.Children
	}
	return slices.DeleteFunc(slices.Clone(n.Children), func(id string) bool { return id == hook })
}

func (r *run) event(kind, reason, message string, annotations map[string]string) {
	r.decision.Events = append(r.decision.Events, Event{Type: kind, Reason: reason, Message: message, Annotations: annotations})
}

// nodeEvent records that a node has reached a phase. Nodes that only group others tell nothing new.
func (r *run) nodeEvent(n *wfv1.NodeStatus) {
	switch {
	case n.Type == wfv1.NodeTypeStepGroup || n.Type == wfv1.NodeTypeTaskGroup:
		return
	case n.Phase == wfv1.NodePending || n.Phase == wfv1.NodeOmitted || n.Phase == wfv1.NodeSkipped:
		return
	}
	kind := corev1.EventTypeNormal
	if n.Phase.FailedOrError() {
		kind = corev1.EventTypeWarning
	}
	message := fmt.Sprintf("%s node %s", n.Phase, n.Name)
	if n.Message != "" {
		message += ": " + n.Message
	}
	r.event(kind, "WorkflowNode"+string(n.Phase), message, map[string]string{
		wfv1.AnnotationNodeName:      n.Name,
		wfv1.AnnotationNodeType:      string(n.Type),
		wfv1.AnnotationNodeStartTime: n.StartedAt.UTC().Format(time.RFC3339),
	})
}
