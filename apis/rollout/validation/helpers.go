// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1validation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// maxErrors bounds what is reported at once. Nobody reads more, and a hostile object could have millions.
const maxErrors = 100

// atMost returns the first errors of a list.
func atMost(errs field.ErrorList) field.ErrorList {
	if len(errs) > maxErrors {
		errs = append(errs[:maxErrors-1:maxErrors-1], field.Forbidden(field.NewPath("spec"), fmt.Sprintf("there are more errors than these %d; mend them first", maxErrors-1)))
	}
	return errs
}

// nonnegative refuses a number below 0.
func nonnegative[T ~int32 | ~int64](value T, path *field.Path) field.ErrorList {
	return apivalidation.ValidateNonnegativeField(int64(value), path)
}

// nonnegativePointer refuses a number below 0, if there is one.
func nonnegativePointer(value *int32, path *field.Path) field.ErrorList {
	if value == nil {
		return nil
	}
	return nonnegative(*value, path)
}

// between refuses a number out of a range, if there is one.
func between(value *int32, low, high int32, path *field.Path) field.ErrorList {
	if value == nil || *value >= low && *value <= high {
		return nil
	}
	return field.ErrorList{field.Invalid(path, *value, validation.InclusiveRangeError(int(low), int(high)))}
}

// required refuses an empty text.
func required(value string, path *field.Path) field.ErrorList {
	if value == "" {
		return field.ErrorList{field.Required(path, "")}
	}
	return nil
}

// serviceName refuses a text that no Service can be named by, unless it is empty.
func serviceName(name string, path *field.Path) field.ErrorList {
	if name == "" {
		return nil
	}
	return messages(path, name, apivalidation.NameIsDNS1035Label(name, false))
}

// objectName refuses an empty text, and one that no object can be named by.
func objectName(name string, path *field.Path) field.ErrorList {
	if name == "" {
		return required(name, path)
	}
	return messages(path, name, apivalidation.NameIsDNSSubdomain(name, false))
}

// messages returns an error for each of what is said of a value.
func messages(path *field.Path, value any, said []string) field.ErrorList {
	var errs field.ErrorList
	for _, m := range said {
		errs = append(errs, field.Invalid(path, value, m))
	}
	return errs
}

// oneOf refuses a value that is none of those that are known.
func oneOf[T ~string](value T, path *field.Path, known ...T) field.ErrorList {
	for _, k := range known {
		if value == k {
			return nil
		}
	}
	return field.ErrorList{field.NotSupported(path, value, known)}
}

// tagged tells whether a text has {{...}} tags, whose values only a run knows.
func tagged(s string) bool { return strings.Contains(s, "{{") }

// duration refuses a text that is no duration as Go writes it, unless it is empty or has tags.
func duration(text string, path *field.Path) field.ErrorList {
	if text == "" || tagged(text) {
		return nil
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return field.ErrorList{field.Invalid(path, text, "must be a duration such as 30s or 1h30m")}
	case d < 0:
		return field.ErrorList{field.Invalid(path, text, invalidDuration)}
	}
	return nil
}

// pattern refuses a text that is empty, or no regular expression.
func pattern(text string, path *field.Path) field.ErrorList {
	if text == "" {
		return required(text, path)
	}
	if _, err := regexp.Compile(text); err != nil {
		return field.ErrorList{field.Invalid(path, text, "must be the name of a metric or a regular expression: "+err.Error())}
	}
	return nil
}

// portion returns the number or the percentage that is written, and what is wrong with it. A percentage may be above
// 100 where more than all makes sense.
func portion(value *intstr.IntOrString, aboveAll bool, path *field.Path) (int, field.ErrorList) {
	if value == nil {
		return 0, nil
	}
	if value.Type == intstr.Int {
		return value.IntValue(), nonnegative(int64(value.IntValue()), path)
	}
	if said := validation.IsValidPercent(value.StrVal); len(said) > 0 {
		return 0, field.ErrorList{field.Invalid(path, value.StrVal, "must be a number or a percentage such as 25%")}
	}
	n, err := intstr.GetScaledValueFromIntOrPercent(value, 100, true)
	switch {
	case err != nil:
		return 0, field.ErrorList{field.Invalid(path, value.StrVal, err.Error())}
	case n > 100 && !aboveAll:
		return n, field.ErrorList{field.Invalid(path, value.StrVal, "must not be greater than 100%")}
	}
	return n, nil
}

// selector refuses a label selector that selects nothing, everything, or that cannot be read.
func selector(s *metav1.LabelSelector, path *field.Path) field.ErrorList {
	errs := metav1validation.ValidateLabelSelector(s, metav1validation.LabelSelectorValidationOptions{}, path)
	if len(s.MatchLabels)+len(s.MatchExpressions) == 0 {
		errs = append(errs, field.Invalid(path, s, "empty selector is invalid for deployment"))
	}
	return errs
}

// metadata refuses labels and annotations that no object can bear.
func metadata(m *rov1.Metadata, path *field.Path) field.ErrorList {
	if m == nil {
		return nil
	}
	return append(metav1validation.ValidateLabels(m.Labels, path.Child("labels")),
		apivalidation.ValidateAnnotations(m.Annotations, path.Child("annotations"))...)
}

// names refuses names that occur twice.
type names map[string]bool

func (n names) add(name string, path *field.Path) field.ErrorList {
	if name == "" {
		return required(name, path)
	}
	if n[name] {
		return field.ErrorList{field.Duplicate(path, name)}
	}
	n[name] = true
	return nil
}

// set returns the names of the fields that are set, in order.
func set(fields ...option) []string {
	var out []string
	for _, f := range fields {
		if f.set {
			out = append(out, f.name)
		}
	}
	return out
}

// option is a field of which exactly one is to be set.
type option struct {
	name string
	set  bool
}

// exactlyOne refuses none or several of some fields.
func exactlyOne(path *field.Path, fields ...option) field.ErrorList {
	given := set(fields...)
	if len(given) == 1 {
		return nil
	}
	all := make([]string, len(fields))
	for i, f := range fields {
		all[i] = f.name
	}
	what := strings.Join(all, ", ")
	if len(given) == 0 {
		return field.ErrorList{field.Required(path, "one of "+what+" must be given")}
	}
	return field.ErrorList{field.Invalid(path, strings.Join(given, ", "), "only one of "+what+" may be given")}
}
