// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/util/sets"
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
	// stored tells that the object is only kept: what is not built yet is worth a warning, not a refusal.
	stored bool
	// origin is set while templates of other objects are looked at.
	origin *origin
	// silenced are inner fields that another part of the check reports.
	silenced sets.Set[string]
}

// origin is where templates come from that are not in the object itself. Their fields mean nothing to who reads the
// error, so it is attached to the field that refers to them.
type origin struct {
	base *field.Path
	what string
}

// full tells that nothing more is collected. Loops look at it to end early.
func (r *report) full() bool { return len(r.errs) >= maxErrors }

// add records an error. The last one that fits says that there are more.
func (r *report) add(e *field.Error) {
	switch {
	case r.full() || r.silenced.Has(e.Field):
	case len(r.errs) == maxErrors-1:
		r.errs = append(r.errs, field.Forbidden(field.NewPath("spec"), fmt.Sprintf("there are more errors than these %d; mend them first", maxErrors-1)))
	default:
		r.errs = append(r.errs, r.located(e))
	}
}

// located moves an error of a template elsewhere to the field that refers to it.
func (r *report) located(e *field.Error) *field.Error {
	if r.origin == nil {
		return e
	}
	moved := *e
	moved.Field = r.origin.base.String()
	moved.Detail = fmt.Sprintf("in %s, %s: %s", r.origin.what, e.Field, e.Detail)
	return &moved
}

// from runs check for what comes from elsewhere; nil is the object itself.
func (r *report) from(o *origin, check func()) {
	before := r.origin
	r.origin = o
	check()
	r.origin = before
}

// notBuilt records that a feature is used which this version does not have. what is a noun in the plural or a gerund.
func (r *report) notBuilt(path *field.Path, what string) {
	r.unable(field.Forbidden(path, what+" is not supported by this version; leave the field out"))
}

// unable records something that is right as such but cannot be run here: an error for what is to run, and a warning for
// what is only stored.
func (r *report) unable(e *field.Error) {
	if !r.stored {
		r.add(e)
		return
	}
	e = r.located(e)
	switch {
	case len(r.warnings) == maxWarnings-1:
		r.warnings = append(r.warnings, "there are more features that are not supported by this version")
	case len(r.warnings) < maxWarnings:
		r.warnings = append(r.warnings, fmt.Sprintf("%s: %s: workflows that use it are refused", e.Field, strings.TrimSuffix(e.Detail, "; leave the field out")))
	}
}

func (r *report) invalid(path *field.Path, value, format string, args ...any) {
	r.add(field.Invalid(path, short(value), fmt.Sprintf(format, args...)))
}

func (r *report) required(path *field.Path, format string, args ...any) {
	r.add(field.Required(path, fmt.Sprintf(format, args...)))
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

// shortList is a list of names for a message.
func shortList(names []string) string {
	const most = 10
	more := ""
	if len(names) > most {
		names, more = names[:most], fmt.Sprintf(" and %d more", len(names)-most)
	}
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = fmt.Sprintf("%q", short(n))
	}
	return strings.Join(quoted, ", ") + more
}
