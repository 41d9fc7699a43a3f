// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

// ValidateWorkflowTemplate returns why no workflow could run the template. Features that this version does not have are
// warnings: see WarningsWorkflowTemplate.
func ValidateWorkflowTemplate(t *wfv1.WorkflowTemplate) field.ErrorList {
	return checkTemplate(t.Name, &t.Spec).errs
}

// WarningsWorkflowTemplate names the features of the template that keep workflows from running it; at most 20.
func WarningsWorkflowTemplate(t *wfv1.WorkflowTemplate) []string {
	return checkTemplate(t.Name, &t.Spec).warnings
}

// ValidateClusterWorkflowTemplate is ValidateWorkflowTemplate for templates of the whole cluster.
func ValidateClusterWorkflowTemplate(t *wfv1.ClusterWorkflowTemplate) field.ErrorList {
	return checkTemplate(t.Name, &t.Spec).errs
}

// WarningsClusterWorkflowTemplate is WarningsWorkflowTemplate for templates of the whole cluster.
func WarningsClusterWorkflowTemplate(t *wfv1.ClusterWorkflowTemplate) []string {
	return checkTemplate(t.Name, &t.Spec).warnings
}

func checkTemplate(name string, spec *wfv1.WorkflowSpec) *checker {
	c := &checker{report: report{stored: true}, spec: spec, path: field.NewPath("spec"), open: true}
	c.nameLength(name, maxWorkflowName, "the name is the value of a label of workflows")
	c.storedSpec()
	return c
}

// storedSpec checks a spec that workflows will get. Templates of other objects may come later.
func (c *checker) storedSpec() {
	c.shape(c.spec, c.path)
	c.know(nil, nil)
	c.workflowArguments()
	c.specReferences()
	if c.spec.WorkflowTemplateRef != nil {
		c.templateOfWorkflow(c.spec, c.path)
		return
	}
	c.templates()
}

// ValidateWorkflowEventBinding returns why events could not be handled by the binding.
func ValidateWorkflowEventBinding(b *wfv1.WorkflowEventBinding) field.ErrorList {
	c := &checker{report: report{stored: true}, open: true}
	path := field.NewPath("spec")
	c.compiles(path.Child("event", "selector"), b.Spec.Event.Selector)
	if s := b.Spec.Submit; s != nil {
		at := path.Child("submit")
		if s.WorkflowTemplateRef.Name == "" {
			c.required(at.Child("workflowTemplateRef", "name"), "name the WorkflowTemplate to run")
		}
		if s.Arguments != nil {
			c.arguments(s.Arguments, at.Child("arguments"), true)
			for i := range s.Arguments.Parameters {
				if c.full() {
					break
				}
				if from := s.Arguments.Parameters[i].ValueFrom; from != nil && from.Event != "" {
					c.compiles(at.Child("arguments", "parameters").Index(i).Child("valueFrom", "event"), from.Event)
				}
			}
		}
	}
	return c.errs
}

// compiles checks an expression that must be there.
func (c *checker) compiles(path *field.Path, source string) {
	if source == "" {
		c.required(path, "give an expression")
		return
	}
	c.compile(path, source)
}
