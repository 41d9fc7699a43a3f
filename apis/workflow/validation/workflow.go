// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

// ValidateWorkflow returns why a workflow cannot run; at most 100 reasons. The templates that it refers to must have
// been frozen into its status. Errors inside of them are reported at the field that refers to them. The form of the
// metadata is checked elsewhere, as for any object.
func ValidateWorkflow(wf *wfv1.Workflow) field.ErrorList {
	c := &checker{spec: &wf.Spec, path: field.NewPath("spec"), elsewhere: wf.Status.StoredTemplates, runs: true, entry: true}
	c.nameLength(wf.Name, maxWorkflowName, "the name is a label of the workflow's pods")
	c.shape(&wf.Spec, c.path)
	ref := wf.Spec.WorkflowTemplateRef
	if ref == nil {
		c.know(wf.Labels, wf.Annotations)
		c.workflowArguments()
		c.specReferences()
		c.templates()
		return c.errs
	}
	at := c.path.Child("workflowTemplateRef")
	c.templateOfWorkflow(&wf.Spec, c.path)
	stored := wf.Status.StoredWorkflowTemplateSpec
	if stored == nil || ref.Name == "" {
		// Resolving has reported that there is no such template.
		return c.errs
	}
	c.own, c.spec = &wf.Spec, stored
	c.know(wf.Labels, wf.Annotations)
	own := &scope{c: c}
	eachText(&wf.Spec, c.path, own.text, "templates", "templateDefaults", "hooks", "entrypoint", "onExit")
	c.silenced = sets.New[string]()
	for _, e := range c.errs {
		c.silenced.Insert(e.Field)
	}
	kind := "namespaced/"
	if ptr.Deref(ref.ClusterScope, false) {
		kind = "cluster/"
	}
	c.from(&origin{at, objectOf(kind + ref.Name)}, func() {
		c.shape(stored, c.path)
		c.workflowArguments()
		c.specReferences()
		c.templates()
	})
	return c.errs
}

// templateOfWorkflow checks a reference from a spec to a whole template.
func (c *checker) templateOfWorkflow(spec *wfv1.WorkflowSpec, path *field.Path) {
	if len(spec.Templates) > 0 {
		c.add(field.Forbidden(path.Child("templates"), "the templates are those of the one that workflowTemplateRef names: leave one of the two out"))
	}
	if spec.WorkflowTemplateRef.Name == "" {
		c.required(path.Child("workflowTemplateRef", "name"), "name the WorkflowTemplate")
	}
}

// ValidateWorkflowUpdate returns why a workflow must not be changed in this way. A spec that does not change is not
// judged again: rules that are new must not keep a workflow from being labelled, or its status from being written.
//
// What was frozen at submission stays: references to templates cannot change, and a workflow that runs a template by
// workflowTemplateRef heeds later changes of suspend and shutdown only.
func ValidateWorkflowUpdate(wf, old *wfv1.Workflow) field.ErrorList {
	if apiequality.Semantic.DeepEqual(wf.Spec, old.Spec) {
		return nil
	}
	path := field.NewPath("spec")
	// Suspending and shutting down are not held up by what else is in the spec.
	before := old.Spec
	before.Suspend, before.Shutdown = wf.Spec.Suspend, wf.Spec.Shutdown
	if apiequality.Semantic.DeepEqual(wf.Spec, before) {
		c := &checker{}
		c.shutdown(wf.Spec.Shutdown, path.Child("shutdown"))
		return c.errs
	}
	switch {
	case !apiequality.Semantic.DeepEqual(wf.Spec.WorkflowTemplateRef, old.Spec.WorkflowTemplateRef):
		return field.ErrorList{field.Forbidden(path.Child("workflowTemplateRef"), "the template was taken over when the workflow was created: create another workflow")}
	case wf.Spec.WorkflowTemplateRef != nil:
		return field.ErrorList{field.Forbidden(path, "the workflow runs what its template was when the workflow was created: only suspend and shutdown can change")}
	}
	// Resolving has not looked at the new spec; the status that counts is the old one.
	judged := *wf
	judged.Status.StoredTemplates, judged.Status.StoredWorkflowTemplateSpec = old.Status.StoredTemplates, nil
	return ValidateWorkflow(&judged)
}
