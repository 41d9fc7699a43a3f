// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

const (
	// maxErrors bounds what is reported at once. Nobody reads more, and a hostile object could have millions.
	maxErrors = 100
	// maxWarnings bounds the Warning headers of one answer.
	maxWarnings = 20
	// maxShown is how much of a value is repeated in a message.
	maxShown = 120
)

// report collects findings.
type report struct {
	errs     field.ErrorList
	warnings []string
}

// full tells that nothing more is collected. Loops look at it to end early.
func (r *report) full() bool { return len(r.errs) >= maxErrors }

// add records an error. The last one that fits says that there are more.
func (r *report) add(e *field.Error) {
	switch {
	case r.full():
	case len(r.errs) == maxErrors-1:
		r.errs = append(r.errs, field.Forbidden(specPath, fmt.Sprintf("there are more errors than these %d; mend them first", maxErrors-1)))
	default:
		r.errs = append(r.errs, e)
	}
}

func (r *report) required(path *field.Path, format string, args ...any) {
	r.add(field.Required(path, fmt.Sprintf(format, args...)))
}

func (r *report) invalid(path *field.Path, value, format string, args ...any) {
	r.add(field.Invalid(path, short(value), fmt.Sprintf(format, args...)))
}

func (r *report) forbidden(path *field.Path, format string, args ...any) {
	r.add(field.Forbidden(path, fmt.Sprintf(format, args...)))
}

// warn records what is accepted but may not be what was meant.
func (r *report) warn(path *field.Path, format string, args ...any) {
	if len(r.warnings) < maxWarnings {
		r.warnings = append(r.warnings, path.String()+": "+fmt.Sprintf(format, args...))
	}
}

// need reports an empty value.
func (r *report) need(path *field.Path, value, why string) {
	if value == "" {
		r.required(path, "%s", why)
	}
}

// oneOf reports a value that is none of those, nor empty.
func oneOf[T ~string](r *report, path *field.Path, value T, supported ...T) {
	if value == "" {
		return
	}
	for _, s := range supported {
		if value == s {
			return
		}
	}
	r.add(field.NotSupported(path, T(short(string(value))), supported))
}

// short is text for a message.
func short(s string) string {
	if len(s) <= maxShown {
		return s
	}
	cut := maxShown
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
