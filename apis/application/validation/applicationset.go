// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// ValidateApplicationSet returns what can never be right in an application set, besides its metadata.
func ValidateApplicationSet(set *appv1.ApplicationSet) field.ErrorList {
	spec, path := &set.Spec, field.NewPath("spec")
	var errs field.ErrorList
	if spec.Generators == nil {
		errs = append(errs, field.Required(path.Child("generators"), "what finds the parameters of the applications"))
	}
	for i := range spec.Generators {
		errs = append(errs, topGenerator(&spec.Generators[i], path.Child("generators").Index(i))...)
	}
	for i, option := range spec.GoTemplateOptions {
		errs = append(errs, oneOf(option, path.Child("goTemplateOptions").Index(i), goTemplateOptions...)...)
	}
	if p := spec.SyncPolicy; p != nil && p.ApplicationsSync != nil {
		errs = append(errs, oneOf(*p.ApplicationsSync, path.Child("syncPolicy", "applicationsSync"),
			appv1.ApplicationsCreateOnly, appv1.ApplicationsCreateUpdate, appv1.ApplicationsCreateDelete, appv1.ApplicationsSync)...)
	}
	if spec.Strategy != nil {
		errs = append(errs, strategy(spec.Strategy, path.Child("strategy"))...)
	}
	for i, d := range spec.IgnoreApplicationDifferences {
		errs = append(errs, differences(d.JSONPointers, d.JQPathExpressions, path.Child("ignoreApplicationDifferences").Index(i))...)
	}
	errs = append(errs, template(&spec.Template, path.Child("template"))...)
	return atMost(errs)
}

// goTemplateOptions are all there are in Go: another one is a panic of its library.
var goTemplateOptions = []string{"missingkey=default", "missingkey=invalid", "missingkey=zero", "missingkey=error"}

// template refuses what no parameter can mend.
func template(t *appv1.ApplicationSetTemplate, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	at := path.Child("metadata")
	if name := t.Metadata.Name; name != "" && !tagged(name) {
		errs = append(errs, messages(at.Child("name"), name, validation.IsDNS1123Subdomain(name))...)
	}
	if ns := t.Metadata.Namespace; ns != "" && !tagged(ns) {
		errs = append(errs, messages(at.Child("namespace"), ns, validation.IsDNS1123Label(ns))...)
	}
	return errs
}

func strategy(s *appv1.ApplicationSetStrategy, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if s.Type != "" {
		errs = append(errs, oneOf(s.Type, path.Child("type"), appv1.ApplicationSetAllAtOnce, appv1.ApplicationSetRollingSync)...)
	}
	if s.DeletionOrder != "" {
		errs = append(errs, oneOf(s.DeletionOrder, path.Child("deletionOrder"), appv1.DeletionOrderAllAtOnce, appv1.DeletionOrderReverse)...)
	}
	if s.DeletionOrder == appv1.DeletionOrderReverse && s.Type != appv1.ApplicationSetRollingSync {
		errs = append(errs, field.Invalid(path.Child("deletionOrder"), s.DeletionOrder, "must go with the type "+appv1.ApplicationSetRollingSync+", whose steps it reverses"))
	}
	if s.Type == appv1.ApplicationSetRollingSync && (s.RollingSync == nil || len(s.RollingSync.Steps) == 0) {
		errs = append(errs, field.Required(path.Child("rollingSync", "steps"), "the steps that are taken"))
	}
	if s.RollingSync == nil {
		return errs
	}
	for i := range s.RollingSync.Steps {
		step, at := &s.RollingSync.Steps[i], path.Child("rollingSync", "steps").Index(i)
		for j, e := range step.MatchExpressions {
			at := at.Child("matchExpressions").Index(j)
			errs = append(errs, required(e.Key, at.Child("key"), "a label of the applications")...)
			errs = append(errs, oneOf(e.Operator, at.Child("operator"), "In", "NotIn")...)
		}
		errs = append(errs, maxUpdate(step.MaxUpdate, at.Child("maxUpdate"))...)
	}
	return errs
}

func maxUpdate(n *intstr.IntOrString, path *field.Path) field.ErrorList {
	if n == nil {
		return nil
	}
	if n.Type == intstr.Int {
		if n.IntVal < 0 {
			return field.ErrorList{field.Invalid(path, n.IntVal, "must not be negative")}
		}
		return nil
	}
	if len(validation.IsValidPercent(n.StrVal)) > 0 {
		return field.ErrorList{field.Invalid(path, short(n.StrVal), "must be a number or a percentage such as 25%")}
	}
	if share, err := intstr.GetScaledValueFromIntOrPercent(n, 100, true); err != nil || share > 100 {
		return field.ErrorList{field.Invalid(path, short(n.StrVal), "must not be greater than 100%")}
	}
	return nil
}

// WarnApplicationSet returns what is accepted in an application set, but will not do what its writer may expect.
func WarnApplicationSet(set *appv1.ApplicationSet) []string {
	var w warnings
	spec, path := &set.Spec, field.NewPath("spec")
	if spec.Generators != nil && len(spec.Generators) == 0 {
		w.add(path.Child("generators"), "empty, so there are no applications")
	}
	for i := range spec.Generators {
		w.topGenerator(&spec.Generators[i], path.Child("generators").Index(i))
	}
	meta := path.Child("template", "metadata")
	switch name := spec.Template.Metadata.Name; {
	case name == "":
		w.add(meta.Child("name"), "absent: each generator's own template must give it")
	case !tagged(name):
		w.add(meta.Child("name"), "no parameter in it, so that all applications have the same name")
	}
	w.finalizers(spec.Template.Metadata.Finalizers, meta.Child("finalizers"))
	if spec.Template.Spec.Project == nil {
		w.add(path.Child("template", "spec", "project"), "absent, which the peer refuses; the project %q is meant", appv1.DefaultProject)
	}
	if !spec.IsGoTemplate() && len(spec.GoTemplateOptions) > 0 {
		w.add(path.Child("goTemplateOptions"), "ignored without goTemplate")
	}
	if p := spec.Template.Spec.SyncPolicy; p != nil {
		w.syncOptions(p.SyncOptions, path.Child("template", "spec", "syncPolicy", "syncOptions"))
	}
	if s := spec.Strategy; s != nil {
		w.strategy(s, path.Child("strategy"))
	}
	for i, d := range spec.IgnoreApplicationDifferences {
		if len(d.JSONPointers)+len(d.JQPathExpressions) == 0 {
			w.add(path.Child("ignoreApplicationDifferences").Index(i), "nothing is ignored: neither jsonPointers nor jqPathExpressions are given")
		}
	}
	return w
}

func (w *warnings) strategy(s *appv1.ApplicationSetStrategy, path *field.Path) {
	if s.RollingSync == nil {
		return
	}
	if s.Type != appv1.ApplicationSetRollingSync {
		w.add(path.Child("rollingSync"), "ignored without the type %s", appv1.ApplicationSetRollingSync)
	}
	for i := range s.RollingSync.Steps {
		step, at := &s.RollingSync.Steps[i], path.Child("rollingSync", "steps").Index(i)
		if len(step.MatchExpressions) == 0 {
			w.add(at, "selects no application by itself: no matchExpressions are given")
		}
		if m := ptr.Deref(step.MaxUpdate, intstr.FromInt32(1)); m == intstr.FromInt32(0) || m.StrVal == "0%" {
			w.add(at.Child("maxUpdate"), "0 means that the applications of the step are only synced by somebody")
		}
	}
}
