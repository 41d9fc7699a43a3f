// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"fmt"

	"github.com/Knetic/govaluate"
)

// maxWhen is larger than MaxSource because outputs, up to 256 KiB each, are substituted into the text of a `when`.
const maxWhen = 1 << 20

// When evaluates a `when` condition after its variables were substituted. The language is govaluate's, and a bare word
// stands for itself as a string, so `heads == tails` needs no quotes. An empty condition holds.
func When(source string) (bool, error) {
	if source == "" {
		return true, nil
	}
	e, err := parseWhen(source)
	if err != nil {
		return false, err
	}
	result, err := evaluateWhen(source, e)
	if err != nil {
		return false, err
	}
	b, ok := result.(bool)
	if !ok {
		return false, fmt.Errorf("when %q is neither true nor false but %v", source, result)
	}
	return b, nil
}

// CheckWhen reports whether the text is a condition that can be evaluated. Callers put plain words in the place of
// variables first.
func CheckWhen(source string) error {
	if source == "" {
		return nil
	}
	_, err := parseWhen(source)
	return err
}

func parseWhen(source string) (e *govaluate.EvaluableExpression, err error) {
	if err := checkSource(source, maxWhen); err != nil {
		return nil, fmt.Errorf("when: %w", err)
	}
	defer func() {
		if r := recover(); r != nil {
			e, err = nil, fmt.Errorf("invalid when %q: %v", source, r)
		}
	}()
	parsed, err := govaluate.NewEvaluableExpression(source)
	if err != nil {
		return nil, fmt.Errorf("invalid when %q: %w (text with special characters needs quotes)", source, err)
	}
	tokens := parsed.Tokens()
	for i := range tokens {
		if tokens[i].Kind == govaluate.VARIABLE {
			tokens[i].Kind = govaluate.STRING
		}
	}
	e, err = govaluate.NewEvaluableExpressionFromTokens(tokens)
	if err != nil {
		return nil, fmt.Errorf("invalid when %q: %w", source, err)
	}
	return e, nil
}

func evaluateWhen(source string, e *govaluate.EvaluableExpression) (result any, err error) {
	defer func() {
		if r := recover(); r != nil {
			result, err = nil, fmt.Errorf("evaluate when %q: %v", source, r)
		}
	}()
	result, err = e.Evaluate(nil)
	if err != nil {
		return nil, fmt.Errorf("evaluate when %q: %w", source, err)
	}
	return result, nil
}
