// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
)

// Defaulting here does one thing: it moves older spellings to their successors, as the peer's own conversion does.
// It fills in no values, since whatever the server adds to a spec is drift in the eyes of a GitOps tool. Applying it
// again changes nothing, and an object that is applied in the old spelling over one that was moved stays the same.

// RegisterDefaults registers the defaulting of the family's kinds. It is keyed by Go type, so once is enough for all
// groups that these types are registered in.
func RegisterDefaults(scheme *runtime.Scheme) error {
	scheme.AddTypeDefaultingFunc(&Workflow{}, func(obj any) { SetDefaultsWorkflow(obj.(*Workflow)) })
	scheme.AddTypeDefaultingFunc(&WorkflowTemplate{}, func(obj any) { SetDefaultsWorkflowTemplate(obj.(*WorkflowTemplate)) })
	scheme.AddTypeDefaultingFunc(&ClusterWorkflowTemplate{}, func(obj any) { SetDefaultsClusterWorkflowTemplate(obj.(*ClusterWorkflowTemplate)) })
	scheme.AddTypeDefaultingFunc(&CronWorkflow{}, func(obj any) { SetDefaultsCronWorkflow(obj.(*CronWorkflow)) })
	scheme.AddTypeDefaultingFunc(&WorkflowList{}, func(obj any) { defaultItems(obj.(*WorkflowList).Items, SetDefaultsWorkflow) })
	scheme.AddTypeDefaultingFunc(&WorkflowTemplateList{}, func(obj any) {
		defaultItems(obj.(*WorkflowTemplateList).Items, SetDefaultsWorkflowTemplate)
	})
	scheme.AddTypeDefaultingFunc(&ClusterWorkflowTemplateList{}, func(obj any) {
		defaultItems(obj.(*ClusterWorkflowTemplateList).Items, SetDefaultsClusterWorkflowTemplate)
	})
	scheme.AddTypeDefaultingFunc(&CronWorkflowList{}, func(obj any) { defaultItems(obj.(*CronWorkflowList).Items, SetDefaultsCronWorkflow) })
	return nil
}

func defaultItems[T any](items []T, set func(*T)) {
	for i := range items {
		set(&items[i])
	}
}

// SetDefaultsWorkflow moves older spellings in the spec of a workflow.
func SetDefaultsWorkflow(wf *Workflow) { setDefaultsWorkflowSpec(&wf.Spec) }

// SetDefaultsWorkflowTemplate moves older spellings in the spec of a workflow template.
func SetDefaultsWorkflowTemplate(t *WorkflowTemplate) { setDefaultsWorkflowSpec(&t.Spec) }

// SetDefaultsClusterWorkflowTemplate moves older spellings in the spec of a cluster workflow template.
func SetDefaultsClusterWorkflowTemplate(t *ClusterWorkflowTemplate) { setDefaultsWorkflowSpec(&t.Spec) }

// SetDefaultsCronWorkflow moves older spellings in a cron workflow and in the spec of its workflows.
func SetDefaultsCronWorkflow(cron *CronWorkflow) {
	spec := &cron.Spec
	if spec.Schedule != "" {
		if !slices.Contains(spec.Schedules, spec.Schedule) {
			spec.Schedules = append(spec.Schedules, spec.Schedule)
		}
		spec.Schedule = ""
	}
	setDefaultsWorkflowSpec(&spec.WorkflowSpec)
}

func setDefaultsWorkflowSpec(spec *WorkflowSpec) {
	setDefaultsSynchronization(spec.Synchronization)
	for i := range spec.Templates {
		setDefaultsTemplate(&spec.Templates[i])
	}
	setDefaultsTemplate(spec.TemplateDefaults)
}

func setDefaultsTemplate(t *Template) {
	if t == nil {
		return
	}
	setDefaultsSynchronization(t.Synchronization)
	for _, group := range t.Steps {
		for i := range group {
			setDefaultsTemplate(group[i].Inline)
		}
	}
	if t.DAG != nil {
		for i := range t.DAG.Tasks {
			setDefaultsTemplate(t.DAG.Tasks[i].Inline)
		}
	}
}

func setDefaultsSynchronization(s *Synchronization) {
	if s == nil {
		return
	}
	if s.Mutex != nil {
		if !slices.Contains(s.Mutexes, *s.Mutex) {
			s.Mutexes = append(s.Mutexes, *s.Mutex)
		}
		s.Mutex = nil
	}
	if s.Semaphore != nil {
		same := func(other SemaphoreRef) bool { return equality.Semantic.DeepEqual(other, *s.Semaphore) }
		if !slices.ContainsFunc(s.Semaphores, same) {
			s.Semaphores = append(s.Semaphores, *s.Semaphore)
		}
		s.Semaphore = nil
	}
}
