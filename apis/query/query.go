// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package query reads the query parameters of requests as kube-apiserver does, the first value of each, but refuses what
// is no number or boolean, rather than take it for 0 or false. It must not know which parameters any request has.
package query

import (
	"fmt"
	"net/url"
	"strconv"
)

// Bool returns the value of a parameter that is true or false, nil if it is absent. One without a value is switched on,
// as in "?follow".
func Bool(query url.Values, name string) (*bool, error) {
	if !query.Has(name) {
		return nil, nil
	}
	b := true
	if text := query.Get(name); text != "" {
		var err error
		if b, err = strconv.ParseBool(text); err != nil {
			return nil, fmt.Errorf("query parameter %s: %q is neither true nor false", name, text)
		}
	}
	return &b, nil
}

// Count returns the value of a parameter that is a number of at least 0, nil if it is absent.
func Count(query url.Values, name string) (*int64, error) {
	if !query.Has(name) {
		return nil, nil
	}
	n, err := strconv.ParseInt(query.Get(name), 10, 64)
	if err != nil || n < 0 {
		return nil, fmt.Errorf("query parameter %s: %q is not a number of at least 0", name, query.Get(name))
	}
	return &n, nil
}
