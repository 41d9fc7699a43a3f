// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"fmt"
	"maps"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/validation/field"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/workflow/template"
)

// maxStored bounds the templates that one workflow may reach by reference.
const maxStored = 2000

// TemplateGetter reads the templates that a workflow refers to. Both methods return an error for which
// apierrors.IsNotFound holds if there is none.
type TemplateGetter interface {
	// WorkflowTemplate returns the WorkflowTemplate of this name in the workflow's namespace.
	WorkflowTemplate(name string) (*wfv1.WorkflowTemplate, error)
	// ClusterWorkflowTemplate returns the ClusterWorkflowTemplate of this name.
	ClusterWorkflowTemplate(name string) (*wfv1.ClusterWorkflowTemplate, error)
}

// Resolve freezes what a new workflow refers to into its status, in the peer's formats: the spec merged with that of
// workflowTemplateRef into storedWorkflowTemplateSpec, and each template that a templateRef leads to, with those that
// it calls, into storedTemplates. So later changes of templates do not reach workflows that run. It also applies
// workflowMetadata to the workflow. Resolving again gives the same.
//
// Templates that do not exist are errors at the field that names them.
func Resolve(wf *wfv1.Workflow, get TemplateGetter) field.ErrorList {
	s := &resolver{get: get, stored: map[string]wfv1.Template{}, specs: map[templateScope]*wfv1.WorkflowSpec{}}
	wf.Status.StoredWorkflowTemplateSpec, wf.Status.StoredTemplates = nil, nil
	spec, path := &wf.Spec, field.NewPath("spec")
	if ref := wf.Spec.WorkflowTemplateRef; ref != nil {
		refPath := path.Child("workflowTemplateRef", "name")
		if ref.Name == "" {
			return field.ErrorList{field.Required(refPath, "the name of a template")}
		}
		base := s.spec(refScope(&wfv1.TemplateRef{Name: ref.Name, ClusterScope: ref.ClusterScope}), refPath)
		if base == nil {
			return s.errs
		}
		merged, err := MergeSpecs(base, &wf.Spec)
		if err != nil {
			return field.ErrorList{field.InternalError(refPath, err)}
		}
		wf.Status.StoredWorkflowTemplateSpec, spec = merged, merged
	}
	local := templateScope{kind: scopeLocal, name: wf.Name}
	for i := range spec.Templates {
		s.template(&spec.Templates[i], local, path.Child("templates").Index(i), 0)
	}
	s.hooks(spec.Hooks, local, path.Child("hooks"), 0)
	if len(s.errs) > 0 {
		return s.errs
	}
	if len(s.stored) > 0 {
		wf.Status.StoredTemplates = s.stored
	}
	return applyMetadata(wf, spec)
}

// MergeSpecs lays a workflow's spec over that of the template it refers to.
func MergeSpecs(base, over *wfv1.WorkflowSpec) (*wfv1.WorkflowSpec, error) {
	b, err := toMap(base)
	if err != nil {
		return nil, err
	}
	o, err := toMap(over)
	if err != nil {
		return nil, err
	}
	return fromMap[wfv1.WorkflowSpec](mergeJSON(b, o, ""))
}

type resolver struct {
	get    TemplateGetter
	stored map[string]wfv1.Template
	specs  map[templateScope]*wfv1.WorkflowSpec
	errs   field.ErrorList
}

// spec returns the spec of a template object, or nil after recording why there is none.
func (s *resolver) spec(scope templateScope, path *field.Path) *wfv1.WorkflowSpec {
	if spec, ok := s.specs[scope]; ok {
		if spec == nil {
			s.errs = append(s.errs, field.NotFound(path, scope.name))
		}
		return spec
	}
	var spec *wfv1.WorkflowSpec
	var err error
	if scope.kind == scopeCluster {
		var t *wfv1.ClusterWorkflowTemplate
		if t, err = s.get.ClusterWorkflowTemplate(scope.name); err == nil {
			spec = &t.Spec
		}
	} else {
		var t *wfv1.WorkflowTemplate
		if t, err = s.get.WorkflowTemplate(scope.name); err == nil {
			spec = &t.Spec
		}
	}
	switch {
	case apierrors.IsNotFound(err):
		s.errs = append(s.errs, field.NotFound(path, scope.name))
	case err != nil:
		s.errs = append(s.errs, field.InternalError(path, err))
		return nil
	}
	s.specs[scope] = spec
	return spec
}

// template follows the references in a template.
func (s *resolver) template(t *wfv1.Template, scope templateScope, path *field.Path, inline int) {
	if inline > 1 || len(s.errs) > 100 {
		// Inline templates in inline templates are refused by validation.
		return
	}
	one := func(name string, ref *wfv1.TemplateRef, in *wfv1.Template, hooks wfv1.LifecycleHooks, onExit string, at *field.Path) {
		if in != nil {
			s.template(in, scope, at.Child("inline"), inline+1)
		}
		if ref != nil {
			s.ref(ref, at.Child("templateRef"))
		}
		s.localRef(name, scope, at.Child("template"))
		s.localRef(onExit, scope, at.Child("onExit"))
		s.hooks(hooks, scope, at.Child("hooks"), inline)
	}
	for g := range t.Steps {
		for i := range t.Steps[g] {
			x := &t.Steps[g][i]
			one(x.Template, x.TemplateRef, x.Inline, x.Hooks, x.OnExit, path.Child("steps").Index(g).Index(i))
		}
	}
	if t.DAG != nil {
		for i := range t.DAG.Tasks {
			x := &t.DAG.Tasks[i]
			one(x.Template, x.TemplateRef, x.Inline, x.Hooks, x.OnExit, path.Child("dag", "tasks").Index(i))
		}
	}
}

func (s *resolver) hooks(hooks wfv1.LifecycleHooks, scope templateScope, path *field.Path, _ int) {
	for _, name := range sortedKeys(hooks) {
		h := hooks[name]
		if h.TemplateRef != nil {
			s.ref(h.TemplateRef, path.Key(string(name)).Child("templateRef"))
		}
		s.localRef(h.Template, scope, path.Key(string(name)).Child("template"))
	}
}

// localRef stores a template that a stored template calls by its plain name.
func (s *resolver) localRef(name string, scope templateScope, path *field.Path) {
	if name == "" || scope.kind == scopeLocal {
		return
	}
	s.store(scope, name, path)
}

func (s *resolver) ref(ref *wfv1.TemplateRef, path *field.Path) {
	if ref.Name == "" || ref.Template == "" {
		s.errs = append(s.errs, field.Required(path, "name and template"))
		return
	}
	scope := refScope(ref)
	if s.spec(scope, path.Child("name")) != nil {
		s.store(scope, ref.Template, path.Child("template"))
	}
}

func (s *resolver) store(scope templateScope, name string, path *field.Path) {
	key := storedKey(scope, name)
	if _, ok := s.stored[key]; ok {
		return
	}
	spec := s.spec(scope, path)
	if spec == nil {
		return
	}
	t := spec.Template(name)
	if t == nil {
		s.errs = append(s.errs, field.Invalid(path, name, fmt.Sprintf("template reference %s.%s not found", scope.name, name)))
		return
	}
	if len(s.stored) >= maxStored {
		s.errs = append(s.errs, field.TooMany(path, maxStored+1, maxStored))
		return
	}
	s.stored[key] = *t.DeepCopy()
	s.template(t, scope, path, 0)
}

// applyMetadata gives the workflow the labels and annotations that its spec asks for.
func applyMetadata(wf *wfv1.Workflow, spec *wfv1.WorkflowSpec) field.ErrorList {
	md := spec.WorkflowMetadata
	if md == nil {
		return nil
	}
	labels, annotations := maps.Clone(wf.Labels), maps.Clone(wf.Annotations)
	if labels == nil {
		labels = map[string]string{}
	}
	if annotations == nil {
		annotations = map[string]string{}
	}
	maps.Copy(labels, md.Labels)
	maps.Copy(annotations, md.Annotations)
	wf.Labels, wf.Annotations = labels, annotations
	var errs field.ErrorList
	path := field.NewPath("spec", "workflowMetadata", "labelsFrom")
	r := newRun(wf, World{})
	if err := r.globalParameters(); err != nil && len(md.LabelsFrom) > 0 {
		return field.ErrorList{field.Invalid(path, "", err.Error())}
	}
	for _, name := range sortedKeys(md.LabelsFrom) {
		expr := md.LabelsFrom[name].Expression
		value, err := template.Evaluate(expr, &vars{r: r})
		if err != nil {
			errs = append(errs, field.Invalid(path.Key(name).Child("expression"), expr, err.Error()))
			continue
		}
		wf.Labels[name] = value
	}
	return errs
}
