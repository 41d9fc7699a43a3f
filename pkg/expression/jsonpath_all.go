// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package expression

import "fmt"

// JSONPathAll returns all that a JSONPath selects in a document, in order; none is no error. The document is generic
// JSON, with numbers as float64. The evaluation is bounded.
func JSONPathAll(document any, path string) ([]any, error) {
	if err := checkSource(path, MaxSource); err != nil {
		return nil, fmt.Errorf("jsonpath: %w", err)
	}
	q, err := paths.get(path, parseJSONPath)
	if err != nil {
		return nil, fmt.Errorf("jsonpath: %w", err)
	}
	e := &pathEval{root: document, left: 1_000_000}
	found := e.query(q, document)
	if e.left < 0 {
		return nil, fmt.Errorf("jsonpath: %w", ErrTooLarge)
	}
	return found, nil
}
