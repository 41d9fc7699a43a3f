// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// expectation is what expected.txt and xfail.txt say.
type expectation struct {
	// pass holds cases that must pass; the value "chance" allows either end
	// where the case itself draws lots.
	pass map[string]string
	// xfail holds cases known to differ, with the reason.
	xfail map[string]string
}

// readExpectation reads a list of cases: NAME [chance] a line in the first
// file, NAME REASON in the second. Empty lines and # comments are skipped.
func readExpectation(passFile, xfailFile string) (expectation, error) {
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
