// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// Plan says of what an analysis run is made.
type Plan struct {
	// Namespace and Name are those of the run.
	Namespace, Name string
	// Owner controls the run; nil if nothing does.
	Owner *metav1.OwnerReference
	// Labels and Annotations are put on the run.
	Labels, Annotations map[string]string
	// Refs name the templates. AnalysisTemplates and ClusterAnalysisTemplates hold them by name, and those that they
	// name in turn. What is absent does not exist.
	Refs                     []rov1.AnalysisTemplateRef
	AnalysisTemplates        map[string]*rov1.AnalysisTemplate
	ClusterAnalysisTemplates map[string]*rov1.ClusterAnalysisTemplate
	// Args win over the defaults of the templates. Those that no template takes are left out: nothing refers to them.
	Args []rov1.Argument
	// DryRun and MeasurementRetention are added to those of the templates.
	DryRun               []rov1.DryRun
	MeasurementRetention []rov1.MeasurementRetention
}

// NewRun makes an analysis run of templates: their metrics and arguments, and those of the templates that they name.
// It is an error if a template is missing or names itself, if two of them have a metric of the same name or different
// values for an argument, or if an argument is left without a value. The plan is not changed.
func NewRun(plan Plan) (*rov1.AnalysisRun, error) {
	specs, err := plan.collect()
	if err != nil {
		return nil, err
	}
	run := &rov1.AnalysisRun{ObjectMeta: metav1.ObjectMeta{
		Namespace: plan.Namespace, Name: plan.Name, Labels: maps.Clone(plan.Labels), Annotations: maps.Clone(plan.Annotations),
	}}
	if plan.Owner != nil {
		run.OwnerReferences = []metav1.OwnerReference{*plan.Owner.DeepCopy()}
	}
	run.Spec.DryRun = slices.Clone(plan.DryRun)
	run.Spec.MeasurementRetention = slices.Clone(plan.MeasurementRetention)
	for _, spec := range specs {
		for i := range spec.Metrics {
			run.Spec.Metrics = append(run.Spec.Metrics, *spec.Metrics[i].DeepCopy())
		}
		run.Spec.DryRun = append(run.Spec.DryRun, spec.DryRun...)
		run.Spec.MeasurementRetention = append(run.Spec.MeasurementRetention, spec.MeasurementRetention...)
		for i := range spec.Args {
			if run.Spec.Args, err = withDefault(run.Spec.Args, spec.Args[i].DeepCopy()); err != nil {
				return nil, err
			}
		}
	}
	if err := unique("two metrics are called %q", run.Spec.Metrics, func(m rov1.Metric) string { return m.Name }); err != nil {
		return nil, err
	}
	if err := unique("two rules of dryRun are for %q", run.Spec.DryRun, func(d rov1.DryRun) string { return d.MetricName }); err != nil {
		return nil, err
	}
	if err := unique("two rules of measurementRetention are for %q", run.Spec.MeasurementRetention, func(r rov1.MeasurementRetention) string { return r.MetricName }); err != nil {
		return nil, err
	}
	for _, given := range plan.Args {
		for i := range run.Spec.Args {
			// What is given replaces the default whole: a text given for an argument whose default is in a Secret must not
			// lose against the Secret.
			if run.Spec.Args[i].Name == given.Name && (given.Value != nil || given.ValueFrom != nil) {
				run.Spec.Args[i] = *given.DeepCopy()
			}
		}
	}
	for _, arg := range run.Spec.Args {
		if arg.Value == nil && arg.ValueFrom == nil {
			return nil, fmt.Errorf("argument %q has no value", arg.Name)
		}
	}
	if len(run.Spec.Metrics) == 0 {
		return nil, errors.New("the templates have no metric")
	}
	return run, nil
}

// collect returns the specs of the templates, each once, each before those that it names.
func (p *Plan) collect() ([]*rov1.AnalysisTemplateSpec, error) {
	var all []*rov1.AnalysisTemplateSpec
	done := map[string]bool{}
	var visit func(refs []rov1.AnalysisTemplateRef, above []string) error
	visit = func(refs []rov1.AnalysisTemplateRef, above []string) error {
		for _, ref := range refs {
			kind := "AnalysisTemplate"
			var spec *rov1.AnalysisTemplateSpec
			if ref.GetClusterScope() {
				kind = "ClusterAnalysisTemplate"
				if t := p.ClusterAnalysisTemplates[ref.TemplateName]; t != nil {
					spec = &t.Spec
				}
			} else if t := p.AnalysisTemplates[ref.TemplateName]; t != nil {
				spec = &t.Spec
			}
			if spec == nil {
				return fmt.Errorf("there is no %s %q", kind, ref.TemplateName)
			}
			name := kind + " " + ref.TemplateName
			if slices.Contains(above, name) {
				return fmt.Errorf("templates name each other in a circle: %s", strings.Join(append(above, name), " → "))
			}
			if done[name] {
				continue
			}
			all = append(all, spec)
			if err := visit(spec.Templates, append(slices.Clip(above), name)); err != nil {
				return err
			}
			done[name] = true
		}
		return nil
	}
	if err := visit(p.Refs, nil); err != nil {
		return nil, err
	}
	return all, nil
}

// withDefault adds an argument of a template to those of others. A value wins over none.
func withDefault(args []rov1.Argument, arg *rov1.Argument) ([]rov1.Argument, error) {
	for i := range args {
		if args[i].Name != arg.Name {
			continue
		}
		if before, now := args[i].Value, arg.Value; before != nil && now != nil && *before != *now {
			return nil, fmt.Errorf("templates differ in the default of argument %q: %q, %q", arg.Name, *before, *now)
		}
		if args[i].Value == nil && (arg.Value != nil || arg.ValueFrom != nil) {
			args[i] = *arg
		}
		return args, nil
	}
	return append(args, *arg), nil
}

func unique[T any](format string, list []T, name func(T) string) error {
	seen := map[string]bool{}
	for _, e := range list {
		if seen[name(e)] {
			return fmt.Errorf(format, name(e))
		}
		seen[name(e)] = true
	}
	return nil
}

// Arguments gives the arguments of an analysis their values: stable and latest are the hashes of the rollout's pod
// templates, and fields are those of the rollout. A field that is not there, or that holds more than one value, is an
// error.
func Arguments(args []rov1.AnalysisRunArgument, ro *rov1.Rollout, stable, latest string) ([]rov1.Argument, error) {
	out := make([]rov1.Argument, 0, len(args))
	var object any
	for _, arg := range args {
		value := arg.Value
		if from := arg.ValueFrom; from != nil {
			switch {
			case from.PodTemplateHashValue != nil && *from.PodTemplateHashValue == rov1.StableHash:
				value = stable
			case from.PodTemplateHashValue != nil && *from.PodTemplateHashValue == rov1.LatestHash:
				value = latest
			case from.FieldRef != nil:
				if object == nil {
					data, err := json.Marshal(ro)
					if err != nil {
						return nil, fmt.Errorf("args.%s: %w", arg.Name, err)
					}
					if err := json.Unmarshal(data, &object); err != nil {
						return nil, fmt.Errorf("args.%s: %w", arg.Name, err)
					}
				}
				var err error
				if value, err = fieldOf(object, from.FieldRef.FieldPath); err != nil {
					return nil, fmt.Errorf("args.%s: %w", arg.Name, err)
				}
			}
		}
		out = append(out, rov1.Argument{Name: arg.Name, Value: ptr.To(value)})
	}
	return out, nil
}

// pathPart is one part of a field path: a name, ['a key'], or [2].
var pathPart = regexp.MustCompile(`^\.?(?:\['([^']*)'\]|\[([0-9]+)\]|([^.\[\]]+))`)

// fieldOf reads a field of a rollout, given as generic JSON. Labels and annotations that are not set are empty, as in
// the downward API.
func fieldOf(object any, path string) (string, error) {
	at := object
	for rest := path; rest != ""; {
		m := pathPart.FindStringSubmatch(rest)
		if m == nil {
			return "", fmt.Errorf("the rollout has no field %s", path)
		}
		rest = rest[len(m[0]):]
		switch v := at.(type) {
		case map[string]any:
			at = v[m[1]+m[2]+m[3]]
		case []any:
			i, err := strconv.Atoi(m[2] + m[3])
			if err != nil || i >= len(v) {
				return "", fmt.Errorf("field %s of the rollout: there is no element %s", path, m[0])
			}
			at = v[i]
		default:
			at = nil
		}
	}
	switch v := at.(type) {
	case nil:
		if strings.HasPrefix(path, "metadata.labels") || strings.HasPrefix(path, "metadata.annotations") {
			return "", nil
		}
		return "", fmt.Errorf("the rollout has no field %s", path)
	case map[string]any:
		if path != "metadata.labels" && path != "metadata.annotations" {
			return "", fmt.Errorf("field %s of the rollout is not one value", path)
		}
		lines := make([]string, 0, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			lines = append(lines, fmt.Sprintf("%s=%q", key, v[key]))
		}
		return strings.Join(lines, "\n"), nil
	case []any:
		return "", fmt.Errorf("field %s of the rollout is not one value", path)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	default:
		return fmt.Sprint(v), nil
	}
}
