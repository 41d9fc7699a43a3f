// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package pick picks a part of a JSON document by a path as kubectl writes it. Unlike kubectl's, the evaluation is
// bounded: paths and documents come from users.
package pick

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"argosy.dev/argosy/pkg/expression"
)

// Value returns the first value at the path, and its JSON text. An empty path is the whole document.
func Value(document any, path string) (value any, text string, err error) {
	value = document
	if path = strings.TrimSpace(path); path != "" {
		plain, err := translate(path)
		if err != nil {
			return nil, "", fmt.Errorf("jsonPath %s: %w", path, err)
		}
		found, err := expression.JSONPathAll(document, plain)
		if err != nil {
			return nil, "", fmt.Errorf("jsonPath %s: %w", path, err)
		}
		if len(found) == 0 {
			return nil, "", fmt.Errorf("nothing at jsonPath %s", path)
		}
		value = found[0]
	}
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, "", fmt.Errorf("encode value: %w", err)
	}
	return value, strings.TrimSuffix(buf.String(), "\n"), nil
}

// translate makes a JSONPath of a path as kubectl writes it: {.a.b\.c} is $.a['b.c'].
func translate(path string) (string, error) {
	if strings.HasPrefix(path, "{") {
		if !strings.HasSuffix(path, "}") || strings.Contains(path[1:], "{") {
			return "", errors.New("it must be one expression in braces, such as {.status.replicas}")
		}
		path = strings.TrimSpace(path[1 : len(path)-1])
	}
	path = strings.TrimPrefix(strings.TrimPrefix(path, "$"), "@")
	if path != "" && path[0] != '.' && path[0] != '[' {
		path = "." + path
	}
	if path == "." {
		path = ""
	}
	var out strings.Builder
	out.WriteByte('$')
	for i := 0; i < len(path); {
		switch path[i] {
		case '[':
			end := closing(path[i:])
			out.WriteString(path[i : i+end])
			i += end
		case '.':
			dots := len(path[i:]) - len(strings.TrimLeft(path[i:], "."))
			i += dots
			var name strings.Builder
			escaped := false
			for i < len(path) && path[i] != '.' && path[i] != '[' {
				if path[i] == '\\' && i+1 < len(path) {
					i++
					escaped = true
				}
				name.WriteByte(path[i])
				i++
			}
			if escaped {
				if dots > 1 {
					out.WriteString("..")
				}
				quoted := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(name.String())
				out.WriteString("['" + quoted + "']")
				continue
			}
			out.WriteString(strings.Repeat(".", dots))
			out.WriteString(name.String())
		default:
			return "", fmt.Errorf("unexpected %q", path[i:])
		}
	}
	return out.String(), nil
}

// closing returns the length of the brackets with which s begins; all of s if they are not closed.
func closing(s string) int {
	depth := 0
	var quote byte
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == '\\' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '[':
			depth++
		case c == ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}
