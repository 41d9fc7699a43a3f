// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"fmt"
	"slices"
	"strings"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/workflow/template"
)

// arguments resolves the arguments of a step, task or hook. An argument that refers to the output of something that was
// skipped counts as not given, so that the default of the input applies.
func (r *run) arguments(args wfv1.Arguments, v *vars) (wfv1.Arguments, error) {
	out := wfv1.Arguments{Parameters: make([]wfv1.Parameter, 0, len(args.Parameters))}
	for i := range args.Parameters {
		p := args.Parameters[i]
		value, err := r.argument(&p, v)
		if err != nil {
			return out, fmt.Errorf("argument %s: %w", p.Name, err)
		}
		if value == nil {
			continue
		}
		p.Value, p.ValueFrom = value, nil
		out.Parameters = append(out.Parameters, p)
	}
	return out, nil
}

// argument returns the value of one argument, or nil if it has none.
func (r *run) argument(p *wfv1.Parameter, v *vars) (*wfv1.AnyString, error) {
	value := p.Value
	if value == nil && p.ValueFrom != nil {
		resolved, err := outputValue(p.ValueFrom, v)
		if err != nil {
			return nil, err
		}
		return resolved, nil
	}
	if value == nil {
		return p.Default, nil
	}
	text := value.String()
	s, unresolved, err := template.String(text, v)
	if err != nil {
		return nil, err
	}
	if len(unresolved) > 0 {
		if u := unresolved[0]; !u.Absent || strings.TrimSpace(text) != s || !isTag(s) {
			return nil, u
		}
		return p.Default, nil
	}
	return wfv1.ToAnyString(s), nil
}

// isTag tells whether the text is one tag and nothing else.
func isTag(s string) bool {
	return strings.HasPrefix(s, "{{") && strings.HasSuffix(s, "}}") && strings.Count(s, "{{") == 1
}

// outputValue evaluates valueFrom.parameter or valueFrom.expression, with valueFrom.default for what has no value.
func outputValue(from *wfv1.ValueFrom, v *vars) (*wfv1.AnyString, error) {
	var s string
	var err error
	switch {
	case from.Expression != "":
		s, err = template.Evaluate(from.Expression, v)
	case from.Parameter != "":
		var unresolved []template.Unresolved
		s, unresolved, err = template.String(from.Parameter, v)
		if err == nil && len(unresolved) > 0 {
			err = unresolved[0]
		}
	default:
		return from.Default, nil
	}
	if err != nil {
		if from.Default != nil {
			return from.Default, nil
		}
		return nil, err
	}
	return wfv1.ToAnyString(s), nil
}

// inputs are the inputs of a template that is called with arguments; nil if it has none.
func (r *run) inputs(tmpl *wfv1.Template, c *call) (*wfv1.Inputs, error) {
	if len(tmpl.Inputs.Parameters) == 0 {
		return nil, nil
	}
	in := &wfv1.Inputs{Parameters: make([]wfv1.Parameter, 0, len(tmpl.Inputs.Parameters))}
	// A default may refer to the inputs before it.
	v := &vars{r: r, locals: r.callLocals(c, tmpl), inputs: in}
	for i := range tmpl.Inputs.Parameters {
		p := tmpl.Inputs.Parameters[i]
		if arg := c.args.Parameter(p.Name); arg != nil && arg.Value != nil {
			p.Value = arg.Value
		} else {
			own := p.Value
			if own == nil {
				own = p.Default
			}
			if own == nil && p.ValueFrom != nil {
				own = p.ValueFrom.Default
			}
			if own == nil {
				return nil, fmt.Errorf("inputs.parameters.%s %w", p.Name, errNotSupplied)
			}
			s, unresolved, err := template.String(own.String(), v)
			if err != nil {
				return nil, fmt.Errorf("inputs.parameters.%s: %w", p.Name, err)
			}
			if len(unresolved) > 0 && unresolved[0].Err != nil {
				return nil, fmt.Errorf("inputs.parameters.%s: %w", p.Name, unresolved[0])
			}
			p.Value = wfv1.ToAnyString(s)
		}
		if len(p.Enum) > 0 && !slices.Contains(p.Enum, *p.Value) {
			allowed := make([]string, len(p.Enum))
			for j := range p.Enum {
				allowed[j] = p.Enum[j].String()
			}
			return nil, fmt.Errorf("inputs.parameters.%s: value %q is not one of %q", p.Name, p.Value.String(), allowed)
		}
		p.ValueFrom = nil
		in.Parameters = append(in.Parameters, p)
	}
	return in, nil
}

// outputs are the outputs of a steps or dag template whose parts have ended; nil if it has none.
func (f *frame) outputs() (*wfv1.Outputs, error) {
	declared := f.t.tmpl.Outputs.Parameters
	if len(declared) == 0 {
		return nil, nil
	}
	out := &wfv1.Outputs{Parameters: make([]wfv1.Parameter, 0, len(declared))}
	for i := range declared {
		p := declared[i]
		value := p.Value
		if p.ValueFrom != nil {
			var err error
			if value, err = outputValue(p.ValueFrom, f.vars); err != nil {
				return nil, fmt.Errorf("outputs.parameters.%s: %w", p.Name, err)
			}
		}
		if value == nil {
			return nil, fmt.Errorf("outputs.parameters.%s has no value", p.Name)
		}
		p.Value, p.ValueFrom = value, nil
		out.Parameters = append(out.Parameters, p)
	}
	return out, nil
}
