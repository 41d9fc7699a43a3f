// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"slices"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	snv1 "argosy.dev/argosy/apis/sensor/v1alpha1"
)

func (r *report) filters(f *snv1.EventDependencyFilter, path *field.Path) {
	r.logicalOperator(f.ExprLogicalOperator, path.Child("exprLogicalOperator"))
	for i := range f.Exprs {
		if r.full() {
			return
		}
		r.exprFilter(&f.Exprs[i], path.Child("exprs").Index(i))
	}
	r.logicalOperator(f.DataLogicalOperator, path.Child("dataLogicalOperator"))
	for i := range f.Data {
		if r.full() {
			return
		}
		r.dataFilter(&f.Data[i], path.Child("data").Index(i))
	}
	if f.Context != nil {
		r.contextFilter(f.Context, path.Child("context"))
	}
	if f.Time != nil {
		r.timeFilter(f.Time, path.Child("time"))
	}
	r.parses(lua, path.Child("script"), f.Script)
}

func (r *report) exprFilter(f *snv1.ExprFilter, path *field.Path) {
	r.need(path.Child("expr"), f.Expr, "write a condition over the names of fields")
	if len(f.Fields) == 0 {
		r.required(path.Child("fields"), "say which fields of the event the condition is about")
	}
	var names []string
	for i, payload := range f.Fields {
		at := path.Child("fields").Index(i)
		r.need(at.Child("name"), payload.Name, "name the field, so that the condition can use it")
		r.need(at.Child("path"), payload.Path, "say where the field is in the event's data")
		names = append(names, payload.Name)
	}
	for _, name := range r.condition(path.Child("expr"), f.Expr) {
		if !slices.Contains(names, name) {
			r.warn(path.Child("expr"), "%q is none of the fields, so that the condition fails where it is needed", short(name))
		}
	}
}

func (r *report) dataFilter(f *snv1.DataFilter, path *field.Path) {
	r.need(path.Child("path"), f.Path, "say where the field is in the event's data")
	oneOf(r, path.Child("comparator"), f.Comparator, snv1.GreaterThanOrEqualTo, snv1.GreaterThan, snv1.EqualTo, snv1.NotEqualTo, snv1.LessThan, snv1.LessThanOrEqualTo)
	r.need(path.Child("type"), string(f.Type), "say what the field is: bool, number or string")
	oneOf(r, path.Child("type"), f.Type, snv1.JSONTypeBool, snv1.JSONTypeNumber, snv1.JSONTypeString)
	if len(f.Value) == 0 {
		r.required(path.Child("value"), "say what the field is compared with")
	}
	r.parses(goTemplate, path.Child("template"), f.Template)
	for i, value := range f.Value {
		if r.full() {
			return
		}
		r.dataValue(f, value, path.Child("value").Index(i))
	}
}

// dataValue checks that a value can be compared with a field. What a template makes of the field is a string.
func (r *report) dataValue(f *snv1.DataFilter, value string, path *field.Path) {
	switch {
	case value == "":
		r.required(path, "say what the field is compared with")
	case f.Type == snv1.JSONTypeString && (f.Comparator.OrDefault() == snv1.EqualTo || f.Comparator == snv1.NotEqualTo):
		r.parses(regularExpression, path, value)
	case f.Template != "":
	case f.Type == snv1.JSONTypeNumber:
		if _, err := strconv.ParseFloat(value, 64); err != nil {
			r.invalid(path, value, "is no number")
		}
	case f.Type == snv1.JSONTypeBool:
		if _, err := strconv.ParseBool(value); err != nil {
			r.invalid(path, value, "is neither true nor false")
		}
	}
}

func (r *report) contextFilter(c *snv1.EventContext, path *field.Path) {
	compared := []*string{c.Type, c.Source, c.Subject, c.DataContentType}
	others := []*string{c.ID, c.SpecVersion}
	set := func(s *string) bool { return ptr.Deref(s, "") != "" }
	switch {
	case slices.ContainsFunc(compared, set):
	case slices.ContainsFunc(others, set) || !c.Time.IsZero():
		r.warn(path, "only type, source, subject and datacontenttype are compared, and none of them is set: all events pass")
	default:
		r.required(path, "set type, source, subject or datacontenttype")
	}
}

func (r *report) timeFilter(t *snv1.TimeFilter, path *field.Path) {
	start, startOK := r.timeOfDay(path.Child("start"), t.Start)
	stop, stopOK := r.timeOfDay(path.Child("stop"), t.Stop)
	if startOK && stopOK && start.Equal(stop) {
		r.invalid(path.Child("stop"), t.Stop, "must be another time than start, or no event counts")
	}
	r.timezone(path.Child("timezone"), t.Timezone)
}

func (r *report) timeOfDay(path *field.Path, text string) (time.Time, bool) {
	if text == "" {
		r.required(path, `say at what time of the day, such as "09:00:00"`)
		return time.Time{}, false
	}
	t, err := time.Parse(time.TimeOnly, text)
	if err != nil {
		r.invalid(path, text, `is no time of the day such as "09:00:00"`)
	}
	return t, err == nil
}
