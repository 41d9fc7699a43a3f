// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import corev1 "k8s.io/api/core/v1"

// Inputs declares what a template takes.
type Inputs struct {
	// parameters are the text values that the template takes.
	// +optional
	// +listType=atomic
	Parameters []Parameter `json:"parameters,omitzero"`
	// artifacts are the files that the template takes.
	// +optional
	// +listType=atomic
	Artifacts []Artifact `json:"artifacts,omitzero"`
}

// Outputs declares what a template yields and, in the status of a node, holds what it has yielded.
type Outputs struct {
	// parameters are the text values that the template yields.
	// +optional
	// +listType=atomic
	Parameters []Parameter `json:"parameters,omitzero"`
	// artifacts are the files that the template yields.
	// +optional
	// +listType=atomic
	Artifacts []Artifact `json:"artifacts,omitzero"`
	// result is what the main container wrote to its standard output, at most the last 256 KiB of it, without one
	// final line break. It is kept where something refers to it. Status only.
	// +optional
	Result *string `json:"result,omitempty"`
	// exitCode is the exit code of the main container, as a decimal number. Status only.
	// +optional
	ExitCode *string `json:"exitCode,omitempty"`
}

// Arguments are values handed to the inputs of a template, or to a workflow.
type Arguments struct {
	// parameters are text values.
	// +optional
	// +listType=atomic
	Parameters []Parameter `json:"parameters,omitzero"`
	// artifacts are files.
	// +optional
	// +listType=atomic
	Artifacts []Artifact `json:"artifacts,omitzero"`
}

// Parameter is a named text value.
type Parameter struct {
	// name identifies the parameter. Letters, digits, dashes and underscores.
	Name string `json:"name"`
	// default is the value of an input that no argument is given for.
	// +optional
	Default *AnyString `json:"default,omitempty"`
	// value is the value. A JSON number or boolean is taken as the text it is written with.
	// +optional
	Value *AnyString `json:"value,omitempty"`
	// valueFrom says where the value is read from.
	// +optional
	ValueFrom *ValueFrom `json:"valueFrom,omitempty"`
	// globalName also publishes an output as {{workflow.outputs.parameters.GLOBALNAME}}.
	// +optional
	GlobalName string `json:"globalName,omitempty"`
	// enum lists the values that are allowed. Absent means any.
	// +optional
	// +listType=atomic
	Enum []AnyString `json:"enum,omitzero"`
	// description says what the parameter is for.
	// +optional
	Description *AnyString `json:"description,omitempty"`
}

// ValueFrom says where the value of a parameter is read from. One of its fields besides default is given.
type ValueFrom struct {
	// path is the file of the main container that holds the value. Outputs of container and script templates.
	// +optional
	Path string `json:"path,omitempty"`
	// jsonPath finds the value in the object of a resource template, in the notation of kubectl. Outputs only.
	// +optional
	JSONPath string `json:"jsonPath,omitempty"`
	// jqFilter finds the value in the object of a resource template, in the jq language. Outputs only.
	// +optional
	JQFilter string `json:"jqFilter,omitempty"`
	// event finds the value in the event that triggered the workflow, in the expr language. Event bindings only.
	// +optional
	Event string `json:"event,omitempty"`
	// parameter is a tag that names the output of a step or task, such as {{steps.a.outputs.result}}. Outputs of
	// steps and dag templates.
	// +optional
	Parameter string `json:"parameter,omitempty"`
	// supplied, when present, says that the value is given from outside while the workflow waits at a suspend
	// template.
	// +optional
	Supplied *SuppliedValueFrom `json:"supplied,omitempty"`
	// configMapKeyRef is the key of a ConfigMap that holds the value. The ConfigMap bears the label
	// workflows.argoproj.io/configmap-type: Parameter.
	// +optional
	ConfigMapKeyRef *corev1.ConfigMapKeySelector `json:"configMapKeyRef,omitempty"`
	// default is the value to use when there is none at the place named.
	// +optional
	Default *AnyString `json:"default,omitempty"`
	// expression yields the value, in the expr language. Outputs of steps and dag templates.
	// +optional
	Expression string `json:"expression,omitempty"`
}

// SuppliedValueFrom says that a value is given from outside. It has no fields: to be there is all it says.
type SuppliedValueFrom struct{}
