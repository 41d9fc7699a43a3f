// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package template substitutes `{{variable}}` and `{{=expression}}` in the JSON form of workflow objects.
//
// It must not know which variables exist: callers offer them. Text that was put in is never scanned again, so a value
// that happens to contain braces (an output of a user's program) cannot reach other variables.
package template

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"argosy.dev/argosy/pkg/expression"
)

// State tells what is known about a variable.
type State int

const (
	// Unknown is a variable that does not exist here, at least not yet.
	Unknown State = iota
	// Found is a variable with a value.
	Found
	// Absent is a variable that exists and has no value: an output of a step that was skipped.
	Absent
)

// Variables are what tags can refer to.
type Variables interface {
	// Lookup returns the value of a variable by its dotted name.
	Lookup(name string) (string, State)
	// Env returns the root variables for an expression, which reads refs. ok is false if a variable that the expression
	// needs is not there yet.
	Env(refs []expression.Ref) (env map[string]any, ok bool)
}

// Unresolved is a tag that was left as it is.
type Unresolved struct {
	// Tag is what stands between the braces, without blanks around it; an expression begins with `=`.
	Tag string
	// Absent tells that the variable exists but has no value.
	Absent bool
	// Err is why an expression could not be evaluated.
	Err error
}

// Error describes the tag for users.
func (u Unresolved) Error() string {
	switch {
	case u.Err != nil:
		return fmt.Sprintf("failed to resolve {{%s}}: %v", u.Tag, u.Err)
	case u.Absent:
		return fmt.Sprintf("failed to resolve {{%s}}: it has no value, since what should provide it was skipped or omitted", u.Tag)
	}
	return fmt.Sprintf("failed to resolve {{%s}}", u.Tag)
}

// Tag is a tag found in a text.
type Tag struct {
	// Text is what stands between the braces, without blanks around it.
	Text string
	// Expression tells that Text is an expression; the leading `=` is not part of it.
	Expression bool
}

var open = []byte("{{")

// Has tells whether there could be tags in the text.
func Has(text []byte) bool { return bytes.Contains(text, open) }

// Tags lists the tags of a plain text, which is not JSON.
func Tags(text string) []Tag {
	var tags []Tag
	for {
		i := strings.Index(text, "{{")
		if i < 0 {
			return tags
		}
		end, skip := tagEnd(text[i+2:], false)
		if end < 0 {
			text = text[i+1+skip:]
			continue
		}
		tags = append(tags, newTag(text[i+2:i+2+end]))
		text = text[i+end+4:]
	}
}

func newTag(inner string) Tag {
	inner = strings.TrimSpace(inner)
	if rest, ok := strings.CutPrefix(inner, "="); ok {
		return Tag{Text: strings.TrimSpace(rest), Expression: true}
	}
	return Tag{Text: inner}
}

// tagEnd returns where the braces close that were opened before text. In an expression braces nest. In JSON text a tag
// does not reach beyond its string. If they do not close, end is -1 and no tag begins in the first skip bytes.
func tagEnd(text string, inJSON bool) (end, skip int) {
	isExpression := strings.HasPrefix(strings.TrimLeft(text, " \t"), "=")
	first, depth := -1, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inJSON && c == '\\':
			i++
		case inJSON && c == '"':
			return first, i
		case c == '{' && !isExpression:
			// `{{a {{b}}` and `{{{b}}`: the first braces open nothing.
			return -1, max(i-1, 0)
		case c == '{':
			depth++
		case c == '}':
			closes := i+1 < len(text) && text[i+1] == '}'
			if closes && first < 0 {
				first = i
			}
			if depth > 0 {
				depth--
			} else if closes {
				return i, 0
			}
		}
	}
	return first, len(text)
}

// Replace substitutes the tags in JSON text. Tags that cannot be resolved stay as they are and are listed.
func Replace(text []byte, vars Variables) ([]byte, []Unresolved) {
	if !Has(text) {
		return text, nil
	}
	var unresolved []Unresolved
	var out bytes.Buffer
	out.Grow(len(text) + len(text)/4)
	rest := string(text)
	for {
		i := strings.Index(rest, "{{")
		if i < 0 {
			out.WriteString(rest)
			return out.Bytes(), unresolved
		}
		out.WriteString(rest[:i])
		rest = rest[i:]
		end, skip := tagEnd(rest[2:], true)
		if end < 0 {
			out.WriteString(rest[:1+skip])
			rest = rest[1+skip:]
			continue
		}
		whole := rest[:end+4]
		rest = rest[end+4:]
		value, u := resolve(whole[2:end+2], vars)
		if u != nil {
			unresolved = append(unresolved, *u)
			out.WriteString(whole)
			continue
		}
		writeEscaped(&out, value)
	}
}

// resolve evaluates what stands between the braces in JSON text.
func resolve(raw string, vars Variables) (string, *Unresolved) {
	inner := raw
	if strings.IndexByte(raw, '\\') >= 0 {
		if err := json.Unmarshal([]byte(`"`+raw+`"`), &inner); err != nil {
			return "", &Unresolved{Tag: raw, Err: err}
		}
	}
	tag := newTag(inner)
	if !tag.Expression {
		value, state := vars.Lookup(tag.Text)
		if state == Found {
			return value, nil
		}
		return "", &Unresolved{Tag: tag.Text, Absent: state == Absent}
	}
	value, err := Evaluate(tag.Text, vars)
	if err != nil {
		return "", &Unresolved{Tag: "=" + tag.Text, Err: err}
	}
	return value, nil
}

// Evaluate evaluates an expression to text: strings as they are, numbers and booleans in their usual form, lists and
// maps as JSON. An expression without a value is an error.
func Evaluate(source string, vars Variables) (string, error) {
	program, err := expression.Compile(source)
	if err != nil {
		return "", err
	}
	env, ok := vars.Env(program.Refs())
	if !ok {
		return "", fmt.Errorf("a variable that %q needs is not known here", source)
	}
	result, err := program.Run(env)
	if err != nil {
		return "", err
	}
	if result == nil {
		return "", fmt.Errorf("%q has no value", source)
	}
	return Format(result)
}

// Format renders the result of an expression as text.
func Format(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case bool:
		return strconv.FormatBool(v), nil
	case int:
		return strconv.Itoa(v), nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("render the result of an expression: %w", err)
	}
	// Types that render as a JSON string, such as times and durations, are text and not JSON.
	var s string
	if json.Unmarshal(b, &s) == nil {
		return s, nil
	}
	return string(b), nil
}

func writeEscaped(out *bytes.Buffer, value string) {
	b, err := json.Marshal(value)
	if err != nil {
		// A string always marshals: encoding/json replaces what is not UTF-8.
		panic(err)
	}
	out.Write(b[1 : len(b)-1])
}

// Object returns a copy of in with its tags substituted, or in itself if there are none.
func Object[T any](in *T, vars Variables) (*T, []Unresolved, error) {
	text, err := json.Marshal(in)
	if err != nil {
		return nil, nil, fmt.Errorf("marshal %T: %w", in, err)
	}
	if !Has(text) {
		return in, nil, nil
	}
	return Parse[T](text, vars)
}

// Parse substitutes the tags in JSON text and decodes the result.
func Parse[T any](text []byte, vars Variables) (*T, []Unresolved, error) {
	text, unresolved := Replace(text, vars)
	out := new(T)
	if err := json.Unmarshal(text, out); err != nil {
		return nil, unresolved, fmt.Errorf("after substitution: %w", err)
	}
	return out, unresolved, nil
}

// String substitutes the tags of a plain text.
func String(text string, vars Variables) (string, []Unresolved, error) {
	if !strings.Contains(text, "{{") {
		return text, nil, nil
	}
	out, unresolved, err := Object(&text, vars)
	if err != nil {
		return "", nil, err
	}
	return *out, unresolved, nil
}
