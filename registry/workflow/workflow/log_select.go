// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/registry/resource/podlog"
)

// choose returns those of the pods whose logs are asked for and can be read, in the order of their creation. When nothing is followed,
// it fails where a single pod is asked for that is not there or has not begun, as pods/log does.
func (l *logStream) choose(all []corev1.Pod) ([]corev1.Pod, error) {
	nodes := subtree(l.wf, l.opts.NodeID)
	if !l.opts.Follow && l.opts.NodeID != "" && !nodes.Has(l.opts.NodeID) {
		return nil, apierrors.NewNotFound(wfv1.SchemeGroupVersion.WithResource("nodes").GroupResource(), l.opts.NodeID)
	}
	var chosen []corev1.Pod
	for _, p := range all {
		if l.owns(&p) && l.wanted(&p, nodes) {
			chosen = append(chosen, p)
		}
	}
	if !l.opts.Follow && l.opts.PodName != "" && len(chosen) == 0 {
		return nil, apierrors.NewNotFound(corev1.Resource("pods"), l.opts.PodName)
	}
	slices.SortFunc(chosen, func(a, b corev1.Pod) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	if !l.opts.Follow && len(chosen) == 1 {
		if why := podlog.NotStarted(&chosen[0], l.opts.Container); why != "" {
			return nil, apierrors.NewBadRequest(why)
		}
	}
	return slices.DeleteFunc(chosen, func(p corev1.Pod) bool { return podlog.NotStarted(&p, l.opts.Container) != "" }), nil
}

// owns tells whether the pod belongs to this very workflow. Its labels do not tell: anybody may have set them.
func (l *logStream) owns(p *corev1.Pod) bool {
	owner := metav1.GetControllerOf(p)
	return owner != nil && owner.UID == l.wf.UID
}

// wanted tells whether the options ask for the pod. nodes are those asked for.
func (l *logStream) wanted(p *corev1.Pod, nodes sets.Set[string]) bool {
	return (l.opts.PodName == "" || l.opts.PodName == p.Name) && (l.opts.NodeID == "" || nodes.Has(p.Annotations[wfv1.AnnotationNodeID]))
}

// subtree returns the ids of the node root and of those that it consists of: its steps, tasks, loop items and attempts, and theirs.
// What merely comes after it does not belong. It is empty if there is no such node.
func subtree(wf *wfv1.Workflow, root string) sets.Set[string] {
	in := sets.New[string]()
	if _, ok := wf.Status.Nodes[root]; !ok {
		return in
	}
	// Nodes of a steps or dag template name it as their boundary. Attempts and loop items have their parent's boundary, and
	// are its children; the children of other nodes are what comes next.
	within := map[string][]string{}
	for id, node := range wf.Status.Nodes {
		if node.BoundaryID != "" {
			within[node.BoundaryID] = append(within[node.BoundaryID], id)
		}
		switch node.Type {
		case wfv1.NodeTypeRetry, wfv1.NodeTypeTaskGroup, wfv1.NodeTypeStepGroup:
			within[id] = append(within[id], node.Children...)
		}
	}
	for queue := []string{root}; len(queue) > 0; queue = queue[1:] {
		if id := queue[0]; !in.Has(id) {
			in.Insert(id)
			queue = append(queue, within[id]...)
		}
	}
	return in
}

// prefixed tells whether lines bear the names of their pods: if the caller says so, or else if there may be several.
func (l *logStream) prefixed() bool {
	if l.opts.Prefix != nil {
		return *l.opts.Prefix
	}
	if l.opts.PodName != "" {
		return false
	}
	if !l.opts.Follow || l.wf.Status.Fulfilled() {
		return len(l.pods) > 1
	}
	root := l.opts.NodeID
	if root == "" {
		root = l.wf.Name
	}
	if node, known := l.wf.Status.Nodes[root]; known {
		return node.Type != wfv1.NodeTypePod || l.opts.NodeID == "" && l.exitHandler()
	}
	return l.opts.NodeID != "" || !l.startsWithPod() || l.exitHandler()
}

// spec returns the spec that the workflow runs by.
func (l *logStream) spec() *wfv1.WorkflowSpec {
	if s := l.wf.Status.StoredWorkflowTemplateSpec; s != nil {
		return s
	}
	return &l.wf.Spec
}

// startsWithPod tells whether the entrypoint surely is a single pod, before the status says so.
func (l *logStream) startsWithPod() bool {
	spec := l.spec()
	tmpl := spec.Template(spec.Entrypoint)
	return tmpl != nil && tmpl.IsPodType() && tmpl.RetryStrategy == nil && spec.RetryStrategy == nil && spec.TemplateDefaults == nil
}

// exitHandler tells whether more pods may come when the entrypoint has ended.
func (l *logStream) exitHandler() bool {
	return l.spec().OnExit != "" || len(l.spec().Hooks) > 0
}
