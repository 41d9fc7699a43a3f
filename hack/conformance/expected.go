// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// expectation is what expected.txt, xfail.txt and refused.txt say.
type expectation struct {
	// refused holds manifests that are refused, with a piece of the reason.
	refused map[string]string
	// pass holds cases that must pass; the value "chance" allows either end
	// where the case itself draws lots.
	pass map[string]string
	// xfail holds cases known to differ, with the reason.
	xfail map[string]string
}

// readExpectation reads lists of cases: NAME [chance] a line in the first
// file, NAME REASON in the others. Empty lines and # comments are skipped.
func readExpectation(passFile, xfailFile, refusedFile string) (expectation, error) {
	e := expectation{}
	var err error
	if e.pass, err = readList(passFile); err != nil {
		return e, err
	}
	for name, note := range e.pass {
		if note != "" && note != "chance" {
			return e, fmt.Errorf("%s: %s: unknown note %q", passFile, name, note)
		}
	}
	if e.xfail, err = readList(xfailFile); err != nil {
		return e, err
	}
	for name, reason := range e.xfail {
		if reason == "" {
			return e, fmt.Errorf("%s: %s: a reason is required", xfailFile, name)
		}
		if _, both := e.pass[name]; both {
			return e, fmt.Errorf("%s is in both %s and %s", name, passFile, xfailFile)
		}
	}
	if e.refused, err = readList(refusedFile); err != nil {
		return e, err
	}
	for name, reason := range e.refused {
		if reason == "" {
			return e, fmt.Errorf("%s: %s: a piece of the reason is required", refusedFile, name)
		}
	}
	return e, nil
}

func readList(file string) (map[string]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read list of cases: %w", err)
	}
	defer f.Close()
	out := map[string]string{}
	s := bufio.NewScanner(f)
	for s.Scan() {
		line := strings.TrimSpace(s.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, note, _ := strings.Cut(line, " ")
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("%s: %s is listed twice", file, name)
		}
		out[name] = strings.TrimSpace(note)
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("read list of cases: %w", err)
	}
	return out, nil
}
