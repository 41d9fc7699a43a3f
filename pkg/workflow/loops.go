// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"

	"argosy.dev/argosy/apis/raw"
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/expression"
	"argosy.dev/argosy/pkg/workflow/template"
)

// item is an element of a loop.
type item struct {
	// text is {{item}}: a string's own text, else JSON.
	text string
	// fields are {{item.KEY}} of an object.
	fields map[string]string
}

func newItem(raw json.RawMessage) (*item, error) {
	if len(raw) == 0 {
		raw = json.RawMessage("null")
	}
	text, err := jsonText(raw)
	if err != nil {
		return nil, err
	}
	it := &item{text: text}
	if raw[0] == '{' {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(raw, &fields); err != nil {
			return nil, fmt.Errorf("loop item: %w", err)
		}
		it.fields = make(map[string]string, len(fields))
		for k, v := range fields {
			if it.fields[k], err = jsonText(v); err != nil {
				return nil, err
			}
		}
	}
	return it, nil
}

// jsonText renders a JSON value as a parameter: strings without quotes, numbers with their digits, objects with sorted
// keys.
func jsonText(raw json.RawMessage) (string, error) {
	if len(raw) > 0 && raw[0] != '"' && raw[0] != '{' && raw[0] != '[' {
		return string(raw), nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return "", fmt.Errorf("loop item: %w", err)
	}
	if s, ok := v.(string); ok {
		return s, nil
	}
	return mustJSON(v), nil
}

func (it *item) lookup(key string) (string, template.State) {
	if key == "" {
		return it.text, template.Found
	}
	return known(it.fields, key)
}

func (it *item) env() any {
	if it.fields == nil {
		return it.text
	}
	m := make(map[string]any, len(it.fields))
	for k, v := range it.fields {
		m[k] = v
	}
	return m
}

var noParentheses = strings.NewReplacer("(", "", ")", "")

// nodeName is the name of the node for the i-th item of a loop.
func (it *item) nodeName(name string, i int) string {
	desc := it.text
	if it.fields != nil {
		pairs := make([]string, 0, len(it.fields))
		for k, v := range it.fields {
			pairs = append(pairs, k+":"+v)
		}
		sort.Strings(pairs)
		desc = strings.Join(pairs, ",")
	}
	return fmt.Sprintf("%s(%d:%s)", name, i, noParentheses.Replace(desc))
}

// instance is a part that is to be run, or not.
type instance struct {
	part *part
	name string
	args wfv1.Arguments
	// skip is the reason for not running it.
	skip string
	err  error
}

// instances resolves a part into what is to be run: one instance, or one for each item of its loop. An error concerns
// the part as a whole.
func (f *frame) instances(p *part) ([]instance, error) {
	base := f.nodeName(p)
	if !p.expands() {
		return []instance{f.instance(p, base, f.vars)}, nil
	}
	items, err := f.items(p)
	if err != nil {
		// What a loop goes over may be the output of something skipped for the same reason as the loop itself.
		if run, whenErr := f.when(p, f.vars); whenErr == nil && !run {
			return []instance{{part: p, name: base, skip: f.skipReason(p, f.vars)}}, nil
		}
		return nil, err
	}
	if len(items) == 0 {
		return []instance{{part: p, name: base, skip: "Skipped, empty params"}}, nil
	}
	out := make([]instance, len(items))
	for i, it := range items {
		v := *f.vars
		v.item = it
		out[i] = f.instance(p, it.nodeName(base, i), &v)
	}
	return out, nil
}

func (f *frame) instance(p *part, name string, v *vars) instance {
	in := instance{part: p, name: name}
	run, err := f.when(p, v)
	switch {
	case err != nil:
		in.err = err
	case !run:
		in.skip = f.skipReason(p, v)
	default:
		in.args, in.err = f.r.arguments(*p.args, v)
	}
	return in
}

func (f *frame) whenText(p *part, v *vars) (string, error) {
	text, unresolved, err := template.String(p.when, v)
	if err == nil && len(unresolved) > 0 {
		err = unresolved[0]
	}
	return text, err
}

func (f *frame) when(p *part, v *vars) (bool, error) {
	if p.when == "" {
		return true, nil
	}
	text, err := f.whenText(p, v)
	if err != nil {
		return false, fmt.Errorf("when: %w", err)
	}
	return expression.When(text)
}

func (f *frame) skipReason(p *part, v *vars) string {
	text, err := f.whenText(p, v)
	if err != nil {
		text = p.when
	}
	return fmt.Sprintf("when '%s' evaluated false", text)
}

// items evaluates what a loop goes over.
func (f *frame) items(p *part) ([]*item, error) {
	var values []raw.JSON
	var err error
	switch {
	case p.withParam != "":
		values, err = f.paramItems(p.withParam)
	case p.withSequence != nil:
		values, err = f.sequenceItems(p.withSequence)
	default:
		values, err = f.substitutedItems(p.withItems)
	}
	if err != nil {
		return nil, err
	}
	if len(values) > maxItems {
		return nil, fmt.Errorf("a loop over %d items; at most %d are allowed", len(values), maxItems)
	}
	items := make([]*item, len(values))
	for i := range values {
		if items[i], err = newItem(values[i].Raw); err != nil {
			return nil, err
		}
	}
	return items, nil
}

func (f *frame) substitutedItems(items []raw.JSON) ([]raw.JSON, error) {
	out, unresolved, err := template.Object(&items, f.vars)
	if err == nil && len(unresolved) > 0 {
		err = unresolved[0]
	}
	if err != nil {
		return nil, fmt.Errorf("withItems: %w", err)
	}
	return *out, nil
}

func (f *frame) paramItems(param string) ([]raw.JSON, error) {
	text, unresolved, err := template.String(param, f.vars)
	if err == nil && len(unresolved) > 0 {
		err = unresolved[0]
	}
	if err != nil {
		return nil, fmt.Errorf("withParam: %w", err)
	}
	var items []raw.JSON
	if err := json.Unmarshal([]byte(text), &items); err != nil {
		if len(text) > 200 {
			text = text[:200] + "…"
		}
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			err = fmt.Errorf("it is a JSON %s", wrong.Value)
		}
		return nil, fmt.Errorf("withParam value could not be parsed as a JSON list: %q: %w", text, err)
	}
	return items, nil
}

func (f *frame) sequenceItems(s *wfv1.Sequence) ([]raw.JSON, error) {
	start, err := f.sequenceInt("start", s.Start, 0)
	if err != nil {
		return nil, err
	}
	var end int64
	switch {
	case s.Count != nil:
		count, err := f.sequenceInt("count", s.Count, 0)
		if err != nil {
			return nil, err
		}
		if count <= 0 {
			return nil, nil
		}
		end = start + count - 1
	case s.End != nil:
		if end, err = f.sequenceInt("end", s.End, 0); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("withSequence must have count or end")
	}
	step, n := int64(1), end-start
	if n < 0 {
		step, n = -1, -n
	}
	if n < 0 || n >= maxItems {
		return nil, fmt.Errorf("withSequence from %d to %d: at most %d items are allowed", start, end, maxItems)
	}
	format := s.Format
	if format == "" {
		format = "%d"
	} else if format, err = f.text("withSequence.format", format); err != nil {
		return nil, err
	}
	items := make([]raw.JSON, 0, n+1)
	for i := int64(0); i <= n; i++ {
		text, err := SequenceText(format, start+i*step)
		if err != nil {
			return nil, err
		}
		items = append(items, raw.JSON{Raw: json.RawMessage(mustJSON(text))})
	}
	return items, nil
}

// SequenceText formats a number of a withSequence. The format is that of printf with one integer verb.
func SequenceText(format string, n int64) (string, error) {
	if len(format) > 256 {
		return "", fmt.Errorf("withSequence.format is longer than 256 characters")
	}
	text := fmt.Sprintf(format, n)
	if strings.Contains(text, "%!") || len(text) > 1024 {
		return "", fmt.Errorf("withSequence.format %q does not format one integer, as in %%03d", format)
	}
	return text, nil
}

func (f *frame) text(field, s string) (string, error) {
	out, unresolved, err := template.String(s, f.vars)
	if err == nil && len(unresolved) > 0 {
		err = unresolved[0]
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", field, err)
	}
	return out, nil
}

func (f *frame) sequenceInt(field string, v *intstr.IntOrString, fallback int64) (int64, error) {
	if v == nil {
		return fallback, nil
	}
	text, err := f.text("withSequence."+field, v.String())
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32)
	if err != nil {
		return 0, fmt.Errorf("withSequence.%s: %q is not an integer", field, text)
	}
	return n, nil
}
