// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"k8s.io/apimachinery/pkg/util/intstr"

	"argosy.dev/argosy/apis/raw"
)

// ParallelSteps is one group of steps that run side by side.
type ParallelSteps []WorkflowStep

// WorkflowStep runs a template as part of a steps template.
type WorkflowStep struct {
	// name identifies the step in its template. {{steps.NAME...}} refers to it. Letters, digits and dashes.
	// +optional
	Name string `json:"name,omitempty"`
	// template names the template of this workflow that is run. Exactly one of template, templateRef and inline is
	// given.
	// +optional
	Template string `json:"template,omitempty"`
	// inline is the template itself. It may not hold another inline template.
	// +optional
	Inline *Template `json:"inline,omitempty"`
	// arguments are handed to the inputs of the template.
	// +optional
	Arguments Arguments `json:"arguments,omitzero"`
	// templateRef names a template of a WorkflowTemplate or ClusterWorkflowTemplate.
	// +optional
	TemplateRef *TemplateRef `json:"templateRef,omitempty"`
	// withItems runs the step once for each value of the list, seen as {{item}} or {{item.KEY}}.
	// +optional
	// +listType=atomic
	WithItems []raw.JSON `json:"withItems,omitzero"`
	// withParam is like withItems; the list is JSON text, usually the output of another step by a {{...}} tag.
	// +optional
	WithParam string `json:"withParam,omitempty"`
	// withSequence is like withItems; the list is a sequence of numbers.
	// +optional
	WithSequence *Sequence `json:"withSequence,omitempty"`
	// when is a condition, looked at after its tags are replaced. If it is false, the step is skipped.
	// +optional
	When string `json:"when,omitempty"`
	// continueOn lets the workflow go on although this step failed.
	// +optional
	ContinueOn *ContinueOn `json:"continueOn,omitempty"`
	// onExit names a template that is run when the step has ended, whatever the outcome.
	//
	// The hook "exit" says the same, and goes before it.
	// +optional
	OnExit string `json:"onExit,omitempty"`
	// hooks are templates that are run at events of the step. The hook "exit" is run at its end; any other needs an
	// expression, and is run when it first becomes true.
	// +optional
	Hooks LifecycleHooks `json:"hooks,omitzero"`
}

// DAGTemplate runs tasks that depend on each other.
type DAGTemplate struct {
	// target names the tasks that are wanted, separated by spaces. They and what they depend on are run. Empty means
	// all tasks.
	// +optional
	Target string `json:"target,omitempty"`
	// tasks are the tasks, in any order.
	// +listType=atomic
	Tasks []DAGTask `json:"tasks,omitzero"`
	// failFast starts no more tasks once one has failed; what runs is finished, then the DAG fails. When it is
	// false, all branches run as far as they can. Default: true.
	// +optional
	FailFast *bool `json:"failFast,omitempty"`
}

// DAGTask runs a template as part of a DAG.
type DAGTask struct {
	// name identifies the task in its DAG. {{tasks.NAME...}} refers to it. Letters, digits and dashes; where
	// depends or dependencies is used, the first is no digit.
	Name string `json:"name"`
	// template names the template of this workflow that is run. Exactly one of template, templateRef and inline is
	// given.
	// +optional
	Template string `json:"template,omitempty"`
	// inline is the template itself. It may not hold another inline template.
	// +optional
	Inline *Template `json:"inline,omitempty"`
	// arguments are handed to the inputs of the template.
	// +optional
	Arguments Arguments `json:"arguments,omitzero"`
	// templateRef names a template of a WorkflowTemplate or ClusterWorkflowTemplate.
	// +optional
	TemplateRef *TemplateRef `json:"templateRef,omitempty"`
	// dependencies name the tasks that must have succeeded, or been skipped, before this one starts. A DAG uses
	// either dependencies or depends.
	// +optional
	// +listType=atomic
	Dependencies []string `json:"dependencies,omitzero"`
	// withItems runs the task once for each value of the list, seen as {{item}} or {{item.KEY}}.
	// +optional
	// +listType=atomic
	WithItems []raw.JSON `json:"withItems,omitzero"`
	// withParam is like withItems; the list is JSON text, usually the output of another task by a {{...}} tag.
	// +optional
	WithParam string `json:"withParam,omitempty"`
	// withSequence is like withItems; the list is a sequence of numbers.
	// +optional
	WithSequence *Sequence `json:"withSequence,omitempty"`
	// when is a condition, looked at after its tags are replaced. If it is false, the task is skipped.
	// +optional
	When string `json:"when,omitempty"`
	// continueOn lets tasks that depend on this one run although it failed. Not together with depends.
	// +optional
	ContinueOn *ContinueOn `json:"continueOn,omitempty"`
	// onExit names a template that is run when the task has ended, whatever the outcome.
	//
	// The hook "exit" says the same, and goes before it.
	// +optional
	OnExit string `json:"onExit,omitempty"`
	// depends is a logical expression over other tasks, such as "A && (B.Failed || C.Skipped)". The task starts when
	// all tasks named have ended and it is true; if it is false then, the task is omitted. The outcomes are
	// Succeeded, Failed, Errored, Skipped, Omitted, Daemoned, and AnySucceeded and AllFailed for loops. A bare name
	// stands for Succeeded, Skipped or Daemoned.
	// +optional
	Depends string `json:"depends,omitempty"`
	// hooks are templates that are run at events of the task. The hook "exit" is run at its end; any other needs an
	// expression, and is run when it first becomes true.
	// +optional
	Hooks LifecycleHooks `json:"hooks,omitzero"`
}

// TemplateRef names a template of a WorkflowTemplate or ClusterWorkflowTemplate.
type TemplateRef struct {
	// name is the name of the WorkflowTemplate in the workflow's namespace, or of the ClusterWorkflowTemplate.
	// +optional
	Name string `json:"name,omitempty"`
	// template is the name of the template in it.
	// +optional
	Template string `json:"template,omitempty"`
	// clusterScope is true when name is that of a ClusterWorkflowTemplate. Default: false.
	// +optional
	ClusterScope *bool `json:"clusterScope,omitempty"`
}

// ContinueOn says which outcomes do not keep the workflow from going on.
type ContinueOn struct {
	// error goes on after the phase Error. Default: false.
	// +optional
	Error *bool `json:"error,omitempty"`
	// failed goes on after the phase Failed. Default: false.
	// +optional
	Failed *bool `json:"failed,omitempty"`
}

// Sequence is a list of numbers, from start on by steps of one. Each bound is a number, or a tag that yields one.
type Sequence struct {
	// count is how many numbers there are; 0 yields none. Not together with end.
	// +optional
	Count *intstr.IntOrString `json:"count,omitempty"`
	// start is the first number. Default: 0.
	// +optional
	Start *intstr.IntOrString `json:"start,omitempty"`
	// end is the last number. If it is less than start, the sequence descends. Not together with count.
	// +optional
	End *intstr.IntOrString `json:"end,omitempty"`
	// format is how each number is written, in the notation of printf, such as "item%02d". Default: %d.
	// +optional
	Format string `json:"format,omitempty"`
}

// LifecycleEvent is the name of a hook.
type LifecycleEvent string

// ExitLifecycleEvent is the hook that is run at the end of a workflow, step or task.
const ExitLifecycleEvent LifecycleEvent = "exit"

// LifecycleHooks are hooks by name.
type LifecycleHooks map[LifecycleEvent]LifecycleHook

// LifecycleHook is a template that is run at an event of a workflow, step or task.
type LifecycleHook struct {
	// template names the template of this workflow that is run.
	// +optional
	Template string `json:"template,omitempty"`
	// arguments are handed to the inputs of the template.
	// +optional
	Arguments Arguments `json:"arguments,omitzero"`
	// templateRef names a template of a WorkflowTemplate or ClusterWorkflowTemplate.
	// +optional
	TemplateRef *TemplateRef `json:"templateRef,omitempty"`
	// expression is the condition, in the expr language, at which the hook is run. It is required for every hook
	// but "exit".
	// +optional
	Expression string `json:"expression,omitempty"`
}
