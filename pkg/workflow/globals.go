// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/workflow/template"
)

// global resolves what follows `workflow.`.
func (r *run) global(name string) (string, template.State) {
	found := func(s string) (string, template.State) { return s, template.Found }
	switch name {
	case "name":
		return found(r.wf.Name)
	case "namespace":
		return found(r.wf.Namespace)
	case "uid":
		return found(string(r.wf.UID))
	case "mainEntrypoint":
		return found(r.spec.Entrypoint)
	case "serviceAccountName":
		return found(r.spec.ServiceAccountName)
	case "priority":
		if r.spec.Priority != nil {
			return found(strconv.Itoa(int(*r.spec.Priority)))
		}
		return found("0")
	case "creationTimestamp":
		return found(r.wf.CreationTimestamp.UTC().Format(time.RFC3339))
	case "scheduledTime":
		if s, ok := r.wf.Annotations[wfv1.AnnotationScheduledTime]; ok {
			return found(s)
		}
		return "", template.Unknown
	case "status":
		if r.final != "" {
			return found(string(r.final))
		}
		return found(string(r.status.Phase))
	case "failures":
		if r.final != "" {
			return found(r.failures)
		}
		return "", template.Unknown
	case "duration":
		return found(fmt.Sprintf("%f", r.duration().Seconds()))
	case "parameters", "parameters.json":
		if r.params != nil {
			return found(parametersJSON(r.globalArguments().Parameters))
		}
		return "", template.Unknown
	case "labels", "labels.json":
		return found(mapJSON(r.wf.Labels))
	case "annotations", "annotations.json":
		return found(mapJSON(r.wf.Annotations))
	}
	prefix, rest, _ := strings.Cut(name, ".")
	switch prefix {
	case "parameters":
		return known(r.params, rest)
	case "labels":
		return known(r.wf.Labels, rest)
	case "annotations":
		return known(r.wf.Annotations, rest)
	case "creationTimestamp":
		if s, ok := formatTime(r.wf.CreationTimestamp.UTC(), rest); ok {
			return found(s)
		}
	case "outputs":
		if p, ok := strings.CutPrefix(rest, "parameters."); ok && r.status.Outputs != nil {
			if out := r.status.Outputs.Parameter(p); out != nil && out.Value != nil {
				return found(out.Value.String())
			}
		}
	}
	return "", template.Unknown
}

func known(m map[string]string, key string) (string, template.State) {
	if s, ok := m[key]; ok {
		return s, template.Found
	}
	return "", template.Unknown
}

func mapJSON(m map[string]string) string {
	if m == nil {
		m = map[string]string{}
	}
	return mustJSON(m)
}

func (r *run) duration() time.Duration {
	if r.status.StartedAt.IsZero() || r.world.Now.Before(r.status.StartedAt.Time) {
		return 0
	}
	return r.world.Now.Sub(r.status.StartedAt.Time)
}

// globalEnv is the root variable `workflow` of expressions.
func (r *run) globalEnv() map[string]any {
	text := func(m map[string]string) map[string]any {
		out := make(map[string]any, len(m))
		for k, v := range m {
			out[k] = v
		}
		return out
	}
	env := map[string]any{"parameters": text(r.params), "labels": text(r.wf.Labels), "annotations": text(r.wf.Annotations)}
	for _, name := range []string{"name", "namespace", "uid", "mainEntrypoint", "serviceAccountName", "priority",
		"creationTimestamp", "scheduledTime", "status", "failures", "duration"} {
		if s, state := r.global(name); state == template.Found {
			env[name] = s
		}
	}
	outputs := map[string]any{}
	if r.status.Outputs != nil {
		outputs = parametersEnv(r.status.Outputs.Parameters)
	}
	env["outputs"] = map[string]any{"parameters": outputs}
	return env
}

// globalParameters resolves spec.arguments, whose values may refer to other variables of the workflow.
func (r *run) globalParameters() error {
	params := make(map[string]string, len(r.spec.Arguments.Parameters))
	v := &vars{r: r}
	for i := range r.spec.Arguments.Parameters {
		p := &r.spec.Arguments.Parameters[i]
		value := p.Value
		if value == nil {
			value = p.Default
		}
		if value == nil && p.ValueFrom != nil {
			value = p.ValueFrom.Default
		}
		if value == nil {
			return fmt.Errorf("spec.arguments.parameters: %s has no value", p.Name)
		}
		s, _, err := template.String(value.String(), v)
		if err != nil {
			return fmt.Errorf("spec.arguments.parameters: %s: %w", p.Name, err)
		}
		params[p.Name] = s
	}
	r.params = params
	return nil
}

// globalArguments are spec.arguments with their values.
func (r *run) globalArguments() wfv1.Arguments {
	var args wfv1.Arguments
	for i := range r.spec.Arguments.Parameters {
		p := r.spec.Arguments.Parameters[i]
		p.Value, p.ValueFrom = wfv1.ToAnyString(r.params[p.Name]), nil
		args.Parameters = append(args.Parameters, p)
	}
	return args
}

// globalText substitutes variables of the workflow in a field of the spec.
func (r *run) globalText(s string) (string, error) {
	out, unresolved, err := template.String(s, &vars{r: r})
	if err == nil && len(unresolved) > 0 {
		err = unresolved[0]
	}
	return out, err
}

// addGlobals publishes outputs that have a globalName as outputs of the workflow.
func (r *run) addGlobals(out *wfv1.Outputs) {
	if out == nil {
		return
	}
	if s := withGlobals(r.status.Outputs, out); s != nil {
		r.status.Outputs = s
		r.dirty = true
	}
}

// withGlobals returns the workflow's outputs with the global ones of a node, or nil if there is nothing to add.
func withGlobals(old, out *wfv1.Outputs) *wfv1.Outputs {
	var merged *wfv1.Outputs
	for _, p := range out.Parameters {
		if p.GlobalName == "" || p.Value == nil {
			continue
		}
		if merged == nil {
			merged = &wfv1.Outputs{}
			if old != nil {
				merged = old.DeepCopy()
			}
		}
		if g := merged.Parameter(p.GlobalName); g != nil {
			g.Value = p.Value
			continue
		}
		merged.Parameters = append(merged.Parameters, wfv1.Parameter{Name: p.GlobalName, Value: p.Value})
	}
	return merged
}

// timeFormats are the letters of strftime that the peer offers.
var timeFormats = map[string]string{
	"B": "January", "b": "Jan", "m": "01", "A": "Monday", "a": "Mon", "d": "02", "H": "15", "I": "03", "M": "04",
	"S": "05", "Y": "2006", "y": "06", "p": "PM", "Z": "MST", "z": "-0700", "L": ".000", "RFC3339": time.RFC3339,
}

func formatTime(t time.Time, format string) (string, bool) {
	if format == "s" {
		return strconv.FormatInt(t.Unix(), 10), true
	}
	layout, ok := timeFormats[format]
	if !ok {
		return "", false
	}
	return strings.TrimPrefix(t.Format(layout), "."), true
}

// failuresJSON is {{workflow.failures}}: the nodes that failed, as a JSON text inside a JSON string, which users decode
// twice.
func (r *run) failuresJSON() string {
	type failure struct {
		DisplayName  string `json:"displayName"`
		Message      string `json:"message"`
		TemplateName string `json:"templateName"`
		Phase        string `json:"phase"`
		PodName      string `json:"podName"`
		FinishedAt   string `json:"finishedAt"`
	}
	var nodes []*wfv1.NodeStatus
	for id, n := range r.wf.Status.Nodes {
		if _, changed := r.nodes[id]; !changed && n.Phase.FailedOrError() {
			nodes = append(nodes, &n)
		}
	}
	for _, n := range r.nodes {
		if n.Phase.FailedOrError() {
			nodes = append(nodes, n)
		}
	}
	sort.Slice(nodes, func(i, j int) bool {
		a, b := nodes[i], nodes[j]
		switch {
		case !a.FinishedAt.Equal(&b.FinishedAt):
			return a.FinishedAt.Before(&b.FinishedAt)
		case len(a.Name) != len(b.Name):
			// What failed at the same time failed because of what is below it.
			return len(a.Name) > len(b.Name)
		}
		return a.Name < b.Name
	})
	list := make([]failure, 0, len(nodes))
	for _, n := range nodes {
		list = append(list, failure{n.DisplayName, n.Message, n.TemplateName, string(n.Phase),
			wfv1.PodName(r.wf, n.Name, templateName(n)), n.FinishedAt.UTC().Format(time.RFC3339)})
	}
	return strconv.Quote(mustJSON(list))
}

// templateName is the name of the template of a node, wherever it is.
func templateName(n *wfv1.NodeStatus) string {
	if n.TemplateRef != nil {
		return n.TemplateRef.Template
	}
	return n.TemplateName
}

var errNotSupplied = errors.New("was not supplied")
