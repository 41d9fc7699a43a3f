// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

var (
	// subscript is a path to one label or annotation.
	subscript = regexp.MustCompile(`^metadata\.(?:labels|annotations)\['([^']*)'\]$`)
	// plainPath is a path to any field below spec or status.
	plainPath = regexp.MustCompile(`^(?:spec|status)(?:\.[A-Za-z0-9_-]+|\[[0-9]+\]|\['[^']+'\])+$`)
)

// ValidateAnalysisTemplate returns what is wrong with an analysis template, besides its metadata.
func ValidateAnalysisTemplate(t *rov1.AnalysisTemplate) field.ErrorList {
	return atMost(validateTemplateSpec(&t.Spec, field.NewPath("spec")))
}

// ValidateClusterAnalysisTemplate returns what is wrong with an analysis template of the cluster, besides its metadata.
func ValidateClusterAnalysisTemplate(t *rov1.ClusterAnalysisTemplate) field.ErrorList {
	return atMost(validateTemplateSpec(&t.Spec, field.NewPath("spec")))
}

func validateTemplateSpec(spec *rov1.AnalysisTemplateSpec, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if len(spec.Metrics) == 0 && len(spec.Templates) == 0 {
		errs = append(errs, field.Required(path.Child("metrics"), needsAMetric))
	}
	errs = append(errs, validateMetrics(spec.Metrics, path.Child("metrics"))...)
	errs = append(errs, validateArguments(spec.Args, path.Child("args"))...)
	errs = append(errs, validateDryRun(spec.DryRun, path.Child("dryRun"))...)
	errs = append(errs, validateRetention(spec.MeasurementRetention, path.Child("measurementRetention"))...)
	for i, ref := range spec.Templates {
		errs = append(errs, objectName(ref.TemplateName, path.Child("templates").Index(i).Child("templateName"))...)
	}
	return errs
}

// ValidateAnalysisRun returns what is wrong with an analysis run, besides its metadata.
func ValidateAnalysisRun(r *rov1.AnalysisRun) field.ErrorList {
	path := field.NewPath("spec")
	var errs field.ErrorList
	if len(r.Spec.Metrics) == 0 {
		errs = append(errs, field.Required(path.Child("metrics"), needsAMetric))
	}
	errs = append(errs, validateMetrics(r.Spec.Metrics, path.Child("metrics"))...)
	errs = append(errs, validateArguments(r.Spec.Args, path.Child("args"))...)
	for i, a := range r.Spec.Args {
		if a.Value == nil && a.ValueFrom == nil {
			errs = append(errs, field.Required(path.Child("args").Index(i).Child("value"), "an argument of a run needs a value"))
		}
	}
	errs = append(errs, validateDryRun(r.Spec.DryRun, path.Child("dryRun"))...)
	errs = append(errs, validateRetention(r.Spec.MeasurementRetention, path.Child("measurementRetention"))...)
	if t := r.Spec.TTLStrategy; t != nil {
		at := path.Child("ttlStrategy")
		errs = append(errs, nonnegativePointer(t.SecondsAfterCompletion, at.Child("secondsAfterCompletion"))...)
		errs = append(errs, nonnegativePointer(t.SecondsAfterFailure, at.Child("secondsAfterFailure"))...)
		errs = append(errs, nonnegativePointer(t.SecondsAfterSuccess, at.Child("secondsAfterSuccess"))...)
	}
	return atMost(errs)
}

// validateRolloutAnalysis checks an analysis that a rollout starts.
func validateRolloutAnalysis(a *rov1.RolloutAnalysis, path *field.Path) field.ErrorList {
	if a == nil {
		return nil
	}
	var errs field.ErrorList
	if len(a.Templates) == 0 {
		errs = append(errs, field.Required(path.Child("templates"), needsATemplate))
	}
	for i, ref := range a.Templates {
		errs = append(errs, objectName(ref.TemplateName, path.Child("templates").Index(i).Child("templateName"))...)
	}
	errs = append(errs, validateRunArguments(a.Args, path.Child("args"))...)
	errs = append(errs, validateDryRun(a.DryRun, path.Child("dryRun"))...)
	errs = append(errs, validateRetention(a.MeasurementRetention, path.Child("measurementRetention"))...)
	return append(errs, metadata(a.AnalysisRunMetadata, path.Child("analysisRunMetadata"))...)
}

// validateRunArguments checks arguments that a rollout gives to an analysis.
func validateRunArguments(args []rov1.AnalysisRunArgument, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, a := range args {
		at := path.Index(i)
		errs = append(errs, required(a.Name, at.Child("name"))...)
		from := a.ValueFrom
		if from == nil {
			continue
		}
		errs = append(errs, exactlyOne(at.Child("valueFrom"), option{"podTemplateHashValue", from.PodTemplateHashValue != nil}, option{"fieldRef", from.FieldRef != nil})...)
		if from.PodTemplateHashValue != nil {
			errs = append(errs, oneOf(*from.PodTemplateHashValue, at.Child("valueFrom", "podTemplateHashValue"), rov1.StableHash, rov1.LatestHash)...)
		}
		errs = append(errs, validateFieldRef(from.FieldRef, at.Child("valueFrom", "fieldRef"))...)
	}
	return errs
}

// validateArguments checks arguments that an analysis takes.
func validateArguments(args []rov1.Argument, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, a := range args {
		at := path.Index(i)
		errs = append(errs, required(a.Name, at.Child("name"))...)
		from := a.ValueFrom
		if from == nil {
			continue
		}
		errs = append(errs, exactlyOne(at.Child("valueFrom"), option{"secretKeyRef", from.SecretKeyRef != nil}, option{"fieldRef", from.FieldRef != nil})...)
		if s := from.SecretKeyRef; s != nil {
			errs = append(errs, required(s.Name, at.Child("valueFrom", "secretKeyRef", "name"))...)
			errs = append(errs, required(s.Key, at.Child("valueFrom", "secretKeyRef", "key"))...)
		}
		errs = append(errs, validateFieldRef(from.FieldRef, at.Child("valueFrom", "fieldRef"))...)
	}
	return errs
}

// validateFieldRef checks a path to a field of a rollout.
func validateFieldRef(ref *rov1.FieldRef, path *field.Path) field.ErrorList {
	if ref == nil {
		return nil
	}
	at := path.Child("fieldPath")
	switch p := ref.FieldPath; p {
	case "":
		return required(p, at)
	case "metadata.name", "metadata.namespace", "metadata.uid", "metadata.labels", "metadata.annotations":
		return nil
	default:
		if m := subscript.FindStringSubmatch(p); m != nil {
			key := m[1]
			if strings.HasPrefix(p, "metadata.annotations") {
				key = strings.ToLower(key)
			}
			return messages(at, p, validation.IsQualifiedName(key))
		}
		if plainPath.MatchString(p) {
			return nil
		}
		return field.ErrorList{field.Invalid(at, p, "must be metadata.name, metadata.namespace, metadata.uid, a label or annotation such as metadata.labels['a'], or a path below spec or status")}
	}
}

func validateDryRun(runs []rov1.DryRun, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, d := range runs {
		errs = append(errs, pattern(d.MetricName, path.Index(i).Child("metricName"))...)
	}
	return errs
}

func validateRetention(rules []rov1.MeasurementRetention, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, r := range rules {
		errs = append(errs, pattern(r.MetricName, path.Index(i).Child("metricName"))...)
		errs = append(errs, nonnegative(r.Limit, path.Index(i).Child("limit"))...)
	}
	return errs
}

// ValidateExperiment returns what is wrong with an experiment, besides its metadata.
func ValidateExperiment(e *rov1.Experiment) field.ErrorList {
	path := field.NewPath("spec")
	var errs field.ErrorList
	templates := path.Child("templates")
	if len(e.Spec.Templates) == 0 {
		errs = append(errs, field.Required(templates, needsATemplate))
	}
	deadline := e.Spec.GetProgressDeadlineSeconds()
	errs = append(errs, nonnegativePointer(e.Spec.ProgressDeadlineSeconds, path.Child("progressDeadlineSeconds"))...)
	taken := names{}
	for i := range e.Spec.Templates {
		t, at := &e.Spec.Templates[i], templates.Index(i)
		errs = append(errs, taken.add(t.Name, at.Child("name"))...)
		errs = append(errs, nonnegativePointer(t.Replicas, at.Child("replicas"))...)
		errs = append(errs, nonnegativePointer(t.MinReadySeconds, at.Child("minReadySeconds"))...)
		if deadline <= t.GetMinReadySeconds() {
			errs = append(errs, field.Invalid(path.Child("progressDeadlineSeconds"), deadline, fmt.Sprintf("%s of template %q", aboveMinReady, t.Name)))
		}
		if t.Selector == nil {
			errs = append(errs, field.Required(at.Child("selector"), ""))
		} else {
			errs = append(errs, selector(t.Selector, at.Child("selector"))...)
		}
		if t.Service != nil {
			errs = append(errs, serviceName(t.Service.Name, at.Child("service", "name"))...)
		}
		errs = append(errs, validateReplicaSetTemplate(t.Template, t.Selector, at.Child("template"))...)
		if len(errs) > maxErrors {
			break
		}
	}
	errs = append(errs, duration(e.Spec.Duration, path.Child("duration"))...)
	errs = append(errs, nonnegativePointer(e.Spec.ScaleDownDelaySeconds, path.Child("scaleDownDelaySeconds"))...)
	analyses := names{}
	for i, a := range e.Spec.Analyses {
		at := path.Child("analyses").Index(i)
		errs = append(errs, analyses.add(a.Name, at.Child("name"))...)
		errs = append(errs, objectName(a.TemplateName, at.Child("templateName"))...)
		errs = append(errs, validateArguments(a.Args, at.Child("args"))...)
	}
	errs = append(errs, validateDryRun(e.Spec.DryRun, path.Child("dryRun"))...)
	errs = append(errs, validateRetention(e.Spec.MeasurementRetention, path.Child("measurementRetention"))...)
	errs = append(errs, metadata(e.Spec.AnalysisRunMetadata, path.Child("analysisRunMetadata"))...)
	return atMost(errs)
}
