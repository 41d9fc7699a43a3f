// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Completed tells whether the workflow has ended: Succeeded, Failed or Error.
func (p WorkflowPhase) Completed() bool {
	return p == WorkflowSucceeded || p.FailedOrError()
}

// FailedOrError tells whether the workflow has ended badly.
func (p WorkflowPhase) FailedOrError() bool {
	return p == WorkflowFailed || p == WorkflowError
}

// Fulfilled tells whether nothing more happens to a node: it has ended, or was not run at all.
func (p NodePhase) Fulfilled() bool {
	return p.Completed() || p == NodeSkipped || p == NodeOmitted
}

// Completed tells whether a node has run and ended: Succeeded, Failed or Error.
func (p NodePhase) Completed() bool {
	return p == NodeSucceeded || p.FailedOrError()
}

// FailedOrError tells whether a node has ended badly.
func (p NodePhase) FailedOrError() bool {
	return p == NodeFailed || p == NodeError
}

// Fulfilled tells whether the workflow has ended.
func (s *WorkflowStatus) Fulfilled() bool { return s.Phase.Completed() }

// Fulfilled tells whether nothing that depends on the node needs to wait for it any longer: it has ended, was not
// run, or is a daemon that is ready.
func (n *NodeStatus) Fulfilled() bool {
	return n.Phase.Fulfilled() || n.IsDaemoned() && n.Phase != NodePending
}

// Completed tells whether the node has run and ended.
func (n *NodeStatus) Completed() bool { return n.Phase.Completed() }

// Succeeded tells whether the node has ended well.
func (n *NodeStatus) Succeeded() bool { return n.Phase == NodeSucceeded }

// FailedOrError tells whether the node has ended badly.
func (n *NodeStatus) FailedOrError() bool { return n.Phase.FailedOrError() }

// IsDaemoned tells whether the node's pod runs on in the background.
func (n *NodeStatus) IsDaemoned() bool { return n.Daemoned != nil && *n.Daemoned }

// Find returns the node of the given name, and whether there is one.
func (n Nodes) Find(nodeName string) (NodeStatus, bool) {
	for _, node := range n {
		if node.Name == nodeName {
			return node, true
		}
	}
	return NodeStatus{}, false
}

// TemplateType is what a template does. The values are the JSON names of the template's fields.
type TemplateType string

const (
	// TemplateTypeUnknown is the type of a template that says nothing, or several things.
	TemplateTypeUnknown TemplateType = ""
	// TemplateTypeContainer runs a container.
	TemplateTypeContainer TemplateType = "container"
	// TemplateTypeContainerSet runs several containers in one pod.
	TemplateTypeContainerSet TemplateType = "containerSet"
	// TemplateTypeScript runs a script in a container.
	TemplateTypeScript TemplateType = "script"
	// TemplateTypeSteps runs groups of steps.
	TemplateTypeSteps TemplateType = "steps"
	// TemplateTypeDAG runs tasks that depend on each other.
	TemplateTypeDAG TemplateType = "dag"
	// TemplateTypeSuspend waits.
	TemplateTypeSuspend TemplateType = "suspend"
	// TemplateTypeResource acts on an object of the cluster.
	TemplateTypeResource TemplateType = "resource"
	// TemplateTypeData lists files.
	TemplateTypeData TemplateType = "data"
	// TemplateTypeHTTP makes an HTTP request.
	TemplateTypeHTTP TemplateType = "http"
	// TemplateTypePlugin hands work to an executor plugin.
	TemplateTypePlugin TemplateType = "plugin"
)

// Types returns all that the template says it does, in a fixed order. A valid template has one.
func (t *Template) Types() []TemplateType {
	var types []TemplateType
	add := func(given bool, tt TemplateType) {
		if given {
			types = append(types, tt)
		}
	}
	add(t.Container != nil, TemplateTypeContainer)
	add(t.ContainerSet != nil, TemplateTypeContainerSet)
	add(t.Script != nil, TemplateTypeScript)
	add(t.Steps != nil, TemplateTypeSteps)
	add(t.DAG != nil, TemplateTypeDAG)
	add(t.Suspend != nil, TemplateTypeSuspend)
	add(t.Resource != nil, TemplateTypeResource)
	add(t.Data != nil, TemplateTypeData)
	add(t.HTTP != nil, TemplateTypeHTTP)
	add(t.Plugin != nil, TemplateTypePlugin)
	return types
}

// Type returns what the template does, or TemplateTypeUnknown if it says nothing or several things.
func (t *Template) Type() TemplateType {
	if types := t.Types(); len(types) == 1 {
		return types[0]
	}
	return TemplateTypeUnknown
}

// IsPodType tells whether the template is run as a pod of its own.
func (t *Template) IsPodType() bool {
	switch t.Type() {
	case TemplateTypeContainer, TemplateTypeContainerSet, TemplateTypeScript, TemplateTypeResource, TemplateTypeData:
		return true
	}
	return false
}

// IsLeaf tells whether the template does its work itself, rather than by the templates of its steps or tasks.
func (t *Template) IsLeaf() bool {
	tt := t.Type()
	return tt != TemplateTypeSteps && tt != TemplateTypeDAG && tt != TemplateTypeUnknown
}

// Template returns the template of the given name, or nil if there is none.
func (s *WorkflowSpec) Template(name string) *Template {
	for i := range s.Templates {
		if s.Templates[i].Name == name {
			return &s.Templates[i]
		}
	}
	return nil
}

// Parameter returns the parameter of the given name, or nil if there is none.
func (in *Inputs) Parameter(name string) *Parameter { return findParameter(in.Parameters, name) }

// Parameter returns the parameter of the given name, or nil if there is none.
func (out *Outputs) Parameter(name string) *Parameter { return findParameter(out.Parameters, name) }

// Parameter returns the parameter of the given name, or nil if there is none.
func (a *Arguments) Parameter(name string) *Parameter { return findParameter(a.Parameters, name) }

func findParameter(parameters []Parameter, name string) *Parameter {
	for i := range parameters {
		if parameters[i].Name == name {
			return &parameters[i]
		}
	}
	return nil
}
