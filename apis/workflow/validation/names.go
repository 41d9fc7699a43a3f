// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

const (
	// maxFieldName is the longest name of a template, step or task (the peer's limit).
	maxFieldName = 128
	// maxWorkflowName is the longest name of a workflow, which is the value of a label on its pods.
	maxWorkflowName = validation.LabelValueMaxLength
	// maxCronName leaves room for the time that is appended to the names of workflows.
	maxCronName = 52
)

// hasTag tells that text is completed when the workflow runs, so that it cannot be judged yet.
func hasTag(s string) bool { return strings.Contains(s, "{{") }

func isLetterOrDigit(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// fieldName checks the name of a template, step or task.
func (r *report) fieldName(path *field.Path, name string) bool {
	switch {
	case name == "":
		r.required(path, "give it a name")
		return false
	case len(name) > maxFieldName:
		r.add(field.TooLong(path, short(name), maxFieldName))
		return false
	}
	for i := 0; i < len(name); i++ {
		if !isLetterOrDigit(name[i]) && (i == 0 || name[i] != '-') {
			r.invalid(path, name, "must consist of letters, digits and '-', and begin with a letter or digit, such as my-name1")
			return false
		}
	}
	return true
}

// parameterName checks the name of a parameter or artifact.
func (r *report) parameterName(path *field.Path, name string) bool {
	if name == "" {
		r.required(path, "give it a name")
		return false
	}
	for i := 0; i < len(name); i++ {
		if !isLetterOrDigit(name[i]) && name[i] != '-' && name[i] != '_' {
			r.invalid(path, name, "must consist of letters, digits, '-' and '_', such as my_param-1")
			return false
		}
	}
	return true
}

// objectName checks the name of another object, unless it is known only when the workflow runs.
func (r *report) objectName(path *field.Path, name string) {
	if name == "" || hasTag(name) {
		return
	}
	for _, m := range validation.IsDNS1123Subdomain(name) {
		r.invalid(path, name, "%s", m)
	}
}
