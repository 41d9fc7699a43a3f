// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"
)

// runOptions are the arguments of `run`.
type runOptions struct {
	result   bool              // capture standard output
	params   []param           // output parameters, in the order given
	defaults map[string]string // values for parameters that cannot be read
	report   string            // path of the termination log
	command  []string          // the user's command and arguments; never empty
}

// param is an output parameter that is read from a file.
type param struct{ name, path string }

// parseRun reads the arguments that follow `run`. The flag package is not used: it would accept spellings that nobody writes here.
func parseRun(args []string) (runOptions, error) {
	o := runOptions{defaults: map[string]string{}, report: "/dev/termination-log"}
	for len(args) > 0 {
		flag := args[0]
		switch flag {
		case "--":
			if len(args) == 1 {
				return o, errors.New("no command given")
			}
			o.command = args[1:]
			return o, o.check()
		case "--result":
			o.result = true
			args = args[1:]
			continue
		case "--param", "--default", "--report":
		default:
			return o, fmt.Errorf("unknown argument %q", flag)
		}
		if len(args) == 1 {
			return o, fmt.Errorf("%s needs a value", flag)
		}
		value := args[1]
		args = args[2:]
		if flag == "--report" {
			o.report = value
			continue
		}
		name, rest, ok := strings.Cut(value, "=")
		if !ok || name == "" {
			return o, fmt.Errorf("%s %q is not NAME=VALUE", flag, value)
		}
		if flag == "--param" {
			o.params = append(o.params, param{name, rest})
		} else {
			o.defaults[name] = rest
		}
	}
	return o, errors.New("no command given: -- is missing")
}

// check refuses a default that belongs to no parameter, and a parameter given twice.
func (o *runOptions) check() error {
	known := map[string]bool{}
	for _, p := range o.params {
		if known[p.name] {
			return fmt.Errorf("parameter %q is given twice", p.name)
		}
		known[p.name] = true
	}
	for name := range o.defaults {
		if !known[name] {
			return fmt.Errorf("--default for %q, which is no --param", name)
		}
	}
	return nil
}
