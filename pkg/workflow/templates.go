// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"encoding/json"
	"fmt"
	"k8s.io/utils/ptr"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/workflow/template"
)

// Kinds of places where templates are. The values are part of node status and of the keys of storedTemplates.
const (
	scopeLocal      = "local"
	scopeNamespaced = "namespaced"
	scopeCluster    = "cluster"
)

// templateScope is the object in which the names of templates are looked up: the workflow itself, or a template object
// that was referred to.
type templateScope struct{ kind, name string }

// String is the form in status.nodes[].templateScope.
func (s templateScope) String() string {
	if s.kind == "" {
		return ""
	}
	return s.kind + "/" + s.name
}

// storedKey is the key of a template in status.storedTemplates.
func storedKey(scope templateScope, name string) string {
	return scope.kind + "/" + scope.name + "/" + name
}

// refScope is where a templateRef leads.
func refScope(ref *wfv1.TemplateRef) templateScope {
	if ptr.Deref(ref.ClusterScope, false) {
		return templateScope{scopeCluster, ref.Name}
	}
	return templateScope{scopeNamespaced, ref.Name}
}

// boundTemplate is a template with the workflow's defaults and the scope of the names in it.
type boundTemplate struct {
	tmpl  *wfv1.Template
	scope templateScope
	// retry is the template's retry strategy, or the workflow's.
	retry *wfv1.RetryStrategy
	// text is the template as JSON, once something needed it.
	text []byte
}

// lookup finds the template of a step, task or hook.
func (r *run) lookup(h holder, from templateScope) (*boundTemplate, error) {
	if h.inline != nil {
		return r.bind(h.inline, from)
	}
	scope, name := from, h.template
	if h.ref != nil {
		scope, name = refScope(h.ref), h.ref.Template
	}
	key := storedKey(scope, name)
	if t, ok := r.templates[key]; ok {
		return t, nil
	}
	var tmpl *wfv1.Template
	if scope.kind == scopeLocal {
		tmpl = r.spec.Template(name)
	} else if t, ok := r.status.StoredTemplates[key]; ok {
		tmpl = &t
	}
	if tmpl == nil {
		return nil, fmt.Errorf("template %q is not defined in %s", name, scope)
	}
	t, err := r.bind(tmpl, scope)
	if err != nil {
		return nil, err
	}
	r.templates[key] = t
	return t, nil
}

func (r *run) bind(tmpl *wfv1.Template, scope templateScope) (*boundTemplate, error) {
	if r.spec.TemplateDefaults != nil {
		merged, err := WithDefaults(tmpl, r.spec.TemplateDefaults)
		if err != nil {
			return nil, err
		}
		tmpl = merged
	}
	t := &boundTemplate{tmpl: tmpl, scope: scope, retry: tmpl.RetryStrategy}
	if t.retry == nil {
		t.retry = r.spec.RetryStrategy
	}
	return t, nil
}

// json returns the template as JSON.
func (t *boundTemplate) json() ([]byte, error) {
	if t.text == nil {
		text, err := json.Marshal(t.tmpl)
		if err != nil {
			return nil, fmt.Errorf("marshal template %q: %w", t.tmpl.Name, err)
		}
		t.text = text
	}
	return t.text, nil
}

// substituted returns the template with its tags replaced. What cannot be resolved stays: a program's own text may look
// like a tag.
func (t *boundTemplate) substituted(v *vars) (*wfv1.Template, error) {
	text, err := t.json()
	if err != nil {
		return nil, err
	}
	if !template.Has(text) {
		return t.tmpl, nil
	}
	out, unresolved, err := template.Parse[wfv1.Template](text, v)
	if err != nil {
		return nil, fmt.Errorf("template %q: %w", t.tmpl.Name, err)
	}
	for _, u := range unresolved {
		if u.Err != nil {
			return nil, fmt.Errorf("template %q: %w", t.tmpl.Name, u)
		}
	}
	return out, nil
}

// typeKeys are the JSON names of what makes a template's type. A default for one type does not touch another.
var typeKeys = []wfv1.TemplateType{
	wfv1.TemplateTypeContainer, wfv1.TemplateTypeContainerSet, wfv1.TemplateTypeScript, wfv1.TemplateTypeSteps,
	wfv1.TemplateTypeDAG, wfv1.TemplateTypeSuspend, wfv1.TemplateTypeResource, wfv1.TemplateTypeData,
	wfv1.TemplateTypeHTTP, wfv1.TemplateTypePlugin,
}

// WithDefaults returns the template with what it leaves out taken from the workflow's templateDefaults.
func WithDefaults(tmpl, defaults *wfv1.Template) (*wfv1.Template, error) {
	base, err := toMap(defaults)
	if err != nil {
		return nil, err
	}
	over, err := toMap(tmpl)
	if err != nil {
		return nil, err
	}
	delete(base, "name")
	for _, k := range typeKeys {
		if _, ok := over[string(k)]; !ok {
			delete(base, string(k))
		}
	}
	if tt := tmpl.Type(); tt == wfv1.TemplateTypeSteps || tt == wfv1.TemplateTypeDAG {
		// Only leaves have deadlines; a default of one is not meant for what calls them.
		delete(base, "activeDeadlineSeconds")
	}
	return fromMap[wfv1.Template](mergeJSON(base, over, ""))
}

func toMap(v any) (map[string]any, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("marshal %T: %w", v, err)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("unmarshal %T: %w", v, err)
	}
	return m, nil
}

func fromMap[T any](m any) (*T, error) {
	b, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("marshal merged %T: %w", m, err)
	}
	out := new(T)
	if err := json.Unmarshal(b, out); err != nil {
		return nil, fmt.Errorf("unmarshal merged %T: %w", out, err)
	}
	return out, nil
}

// mergeKeys are the lists that merge element by element, with the field that identifies an element. Other lists replace
// each other. As Kubernetes' strategic merge has it for the same fields.
var mergeKeys = map[string]string{
	"parameters": "name", "artifacts": "name", "volumes": "name", "imagePullSecrets": "name", "env": "name",
	"initContainers": "name", "sidecars": "name", "templates": "name", "volumeMounts": "mountPath", "hostAliases": "ip",
}

// mergeJSON lays over on top of base. field is the name of the field that holds the values.
func mergeJSON(base, over any, field string) any {
	switch o := over.(type) {
	case map[string]any:
		b, ok := base.(map[string]any)
		if !ok {
			return over
		}
		out := make(map[string]any, len(b)+len(o))
		for k, v := range b {
			out[k] = v
		}
		for k, v := range o {
			if old, ok := out[k]; ok {
				v = mergeJSON(old, v, k)
			}
			out[k] = v
		}
		return out
	case []any:
		b, ok := base.([]any)
		key := mergeKeys[field]
		if !ok || key == "" {
			return over
		}
		return mergeLists(b, o, key)
	}
	return over
}

func mergeLists(base, over []any, key string) []any {
	id := func(v any) any {
		if m, ok := v.(map[string]any); ok {
			return m[key]
		}
		return nil
	}
	out := append([]any{}, base...)
	at := make(map[any]int, len(out))
	for i, v := range out {
		if k, ok := id(v).(string); ok {
			at[k] = i
		}
	}
	for _, v := range over {
		k, ok := id(v).(string)
		if i, found := at[k]; ok && found {
			merged, isMap := mergeJSON(out[i], v, "").(map[string]any)
			if isMap {
				dropOverridden(merged, v)
				v = merged
			}
			out[i] = v
			continue
		}
		out = append(out, v)
	}
	return out
}

// dropOverridden keeps a parameter from having both the value of one side and the valueFrom of the other.
func dropOverridden(merged map[string]any, over any) {
	o, ok := over.(map[string]any)
	if !ok {
		return
	}
	_, value := o["value"]
	_, from := o["valueFrom"]
	if value && !from {
		delete(merged, "valueFrom")
	}
	if from && !value {
		delete(merged, "value")
	}
}
