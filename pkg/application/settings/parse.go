// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/diff"
	"argosy.dev/argosy/pkg/application/health"
)

// parser collects what keys say, and what is wrong with them.
type parser struct {
	*Settings
	// key is the key that is being read.
	key     string
	checks  map[string]check
	ignores []rule
	updates []rule
	quiet   bool
	// wrong are errors by key.
	wrong map[string][]error
}

// check is a script of a check of health, and rule a rule about what is ignored, with the key that it is from.
type (
	check struct{ key, script string }
	rule  struct {
		key string
		appv1.ResourceIgnoreDifferences
	}
)

// Problem is what is wrong with one key.
type Problem struct {
	// Key is the key of the ConfigMap.
	Key string
	// Err says what is wrong.
	Err error
	// Binds tells that the key bounds what applications own, touch, read or show. What it would have forbidden must not be
	// done because it is misspelt, so nothing may be done until it is right. Of any other key the default will do.
	Binds bool
}

// Error names the ConfigMap, the key, and what is wrong.
func (p Problem) Error() string { return fmt.Sprintf("%s: %s: %v", ConfigMap, p.Key, p.Err) }

// binding are the keys that bound something.
var binding = map[string]bool{
	"application.resourceTrackingMethod": true, "application.instanceLabelKey": true, "installationID": true,
	"resource.exclusions": true, "resource.inclusions": true, "resource.sensitive.mask.annotations": true,
	"kustomize.buildOptions": true, "helm.valuesFileSchemes": true, "globalProjects": true,
}

// keys are the keys that are known, and what reads them. Keys of other parts of the peer are passed over.
var keys = map[string]func(p *parser, value string) error{
	"application.resourceTrackingMethod":    (*parser).tracking,
	"application.instanceLabelKey":          (*parser).instanceLabel,
	"installationID":                        func(p *parser, v string) error { p.InstallationID = strings.TrimSpace(v); return nil },
	"resource.customizations":               (*parser).customizations,
	"resource.exclusions":                   func(p *parser, v string) error { return into(v, &p.Exclusions) },
	"resource.inclusions":                   func(p *parser, v string) error { return into(v, &p.Inclusions) },
	"resource.compareoptions":               (*parser).compareOptions,
	"resource.ignoreResourceUpdatesEnabled": func(p *parser, v string) error { on, err := boolean(v); p.quiet = !on; return err },
	"resource.sensitive.mask.annotations":   func(p *parser, v string) error { p.SensitiveAnnotations = list(v); return nil },
	"kustomize.buildOptions":                func(p *parser, v string) error { p.KustomizeBuildOptions = strings.Fields(v); return nil },
	"kustomize.enable":                      func(p *parser, v string) error { return off(v, &p.NoKustomize) },
	"helm.enable":                           func(p *parser, v string) error { return off(v, &p.NoHelm) },
	"jsonnet.enable":                        func(p *parser, v string) error { return off(v, &p.NoJsonnet) },
	"helm.valuesFileSchemes":                (*parser).schemes,
	"globalProjects":                        (*parser).globals,
	"timeout.reconciliation":                func(p *parser, v string) error { return duration(v, &p.Reconciliation) },
	"timeout.reconciliation.jitter":         func(p *parser, v string) error { return duration(v, &p.Jitter) },
	"timeout.hard.reconciliation":           func(p *parser, v string) error { return duration(v, &p.HardReconciliation) },
}

const prefix = "resource.customizations."

// maxValue bounds what a key says, in bytes. A ConfigMap has room for a MiB.
const maxValue = 512 << 10

// Parse returns what the data of argocd-cm says, and what is wrong with it, by key. Settings are returned in any case:
// where a key is wrong they have the default.
func Parse(data map[string]string) (*Settings, []Problem) {
	p := &parser{Settings: Default(), checks: map[string]check{}, wrong: map[string][]error{}}
	for _, key := range slices.Sorted(maps.Keys(data)) {
		value := data[key]
		p.key = key
		switch read := keys[key]; {
		case read == nil && !strings.HasPrefix(key, prefix) && !strings.HasPrefix(key, "kustomize."):
		case len(value) > maxValue:
			p.fail(key, fmt.Errorf("is longer than %d bytes", maxValue))
		case key == "helm.valuesFileSchemes" && strings.TrimSpace(value) == "":
			p.HelmValuesFileSchemes = []string{} // the one key of which nothing means none, and not the default
		case read != nil:
			if strings.TrimSpace(value) != "" {
				p.fail(key, read(p, value))
			}
		case strings.HasPrefix(key, prefix):
			p.fail(key, p.customization(strings.TrimPrefix(key, prefix), value))
		default: // kustomize.path.VERSION and the like
			p.fail(key, errors.New("there is one version of kustomize only, which is built in"))
		}
	}
	p.compile()
	var problems []Problem
	for _, key := range slices.Sorted(maps.Keys(p.wrong)) {
		problems = append(problems, Problem{Key: key, Err: errors.Join(p.wrong[key]...), Binds: binding[key]})
	}
	return p.Settings, problems
}

// fail notes what is wrong with a key. No error is none.
func (p *parser) fail(key string, err error) {
	if err != nil {
		p.wrong[key] = append(p.wrong[key], err)
	}
}

// compile makes of what was collected what is used. A check or rule that is wrong leaves out itself only.
func (p *parser) compile() {
	good := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(p.checks)) {
		c := p.checks[name]
		if _, err := health.NewOverrides(map[string]string{name: c.script}); err != nil {
			p.fail(c.key, err)
			continue
		}
		good[name] = c.script
	}
	if len(good) > 0 {
		overrides, err := health.NewOverrides(good)
		if err != nil { // each was compiled just now, so it is none of them
			p.fail(prefix+"health", err)
		}
		p.Health = overrides
	}
	p.IgnoreDifferences = p.valid("ignoreDifferences", p.ignores)
	if updates := p.valid("ignoreResourceUpdates", p.updates); !p.quiet && len(updates) > 0 {
		p.IgnoreUpdates, _ = diff.CompileRules(updates...) // each was compiled just now
	}
}

func (p *parser) valid(what string, rules []rule) []appv1.ResourceIgnoreDifferences {
	var out []appv1.ResourceIgnoreDifferences
	for _, r := range rules {
		if _, err := diff.CompileRules(r.ResourceIgnoreDifferences); err != nil {
			p.fail(r.key, fmt.Errorf("%s of %s/%s: %w", what, r.Group, r.Kind, err))
			continue
		}
		out = append(out, r.ResourceIgnoreDifferences)
	}
	return out
}

func (p *parser) tracking(value string) error {
	switch m := TrackingMethod(strings.TrimSpace(value)); m {
	case TrackingAnnotation, TrackingLabel, TrackingAnnotationAndLabel:
		p.Tracking = m
		return nil
	}
	return fmt.Errorf("%q is none of %s, %s and %s", short(value), TrackingAnnotation, TrackingLabel, TrackingAnnotationAndLabel)
}

func (p *parser) instanceLabel(value string) error {
	value = strings.TrimSpace(value)
	if said := validation.IsQualifiedName(value); len(said) > 0 {
		return fmt.Errorf("%q is no key of a label: %s", short(value), strings.Join(said, "; "))
	}
	p.InstanceLabel = value
	return nil
}

func (p *parser) schemes(value string) error {
	schemes := list(value)
	for _, s := range schemes {
		if strings.ContainsAny(s, ":/ ") {
			return fmt.Errorf("%q is no scheme of URLs, such as https", short(s))
		}
	}
	p.HelmValuesFileSchemes = schemes
	return nil
}

func (p *parser) globals(value string) error {
	var all []struct {
		LabelSelector metav1.LabelSelector `json:"labelSelector"`
		ProjectName   string               `json:"projectName"`
	}
	if err := into(value, &all); err != nil {
		return err
	}
	for i, g := range all {
		selector, err := metav1.LabelSelectorAsSelector(&g.LabelSelector)
		if err != nil {
			return fmt.Errorf("[%d].labelSelector: %w", i, err)
		}
		if g.ProjectName == "" {
			return fmt.Errorf("[%d].projectName is missing", i)
		}
		p.GlobalProjects = append(p.GlobalProjects, GlobalProject{selector, g.ProjectName})
	}
	return nil
}

func (p *parser) compareOptions(value string) error {
	var options struct {
		IgnoreAggregatedRoles              bool  `json:"ignoreAggregatedRoles"`
		IgnoreResourceStatusField          any   `json:"ignoreResourceStatusField"`
		IgnoreDifferencesOnResourceUpdates *bool `json:"ignoreDifferencesOnResourceUpdates"`
	}
	if err := into(value, &options); err != nil {
		return err
	}
	p.IgnoreAggregatedRoles = options.IgnoreAggregatedRoles
	switch s := options.IgnoreResourceStatusField; s {
	case nil, "", "all":
	case "crd":
		p.IgnoreStatus = diff.StatusIgnoreCRD
	case "none", "off", "false", false:
		p.IgnoreStatus = diff.StatusIgnoreNone
	default:
		return fmt.Errorf("ignoreResourceStatusField: %q is none of all, crd and none", short(fmt.Sprint(s)))
	}
	return nil
}

// into reads YAML. What is not known is an error, since a misspelt key would have no effect.
func into(value string, out any) error {
	if err := yaml.UnmarshalStrict([]byte(value), out); err != nil {
		return fmt.Errorf("is not what it should be: %w", err)
	}
	return nil
}

func boolean(value string) (bool, error) {
	b, err := strconv.ParseBool(strings.TrimSpace(value))
	if err != nil {
		return true, fmt.Errorf("%q is neither true nor false", short(value))
	}
	return b, nil
}

// off reads a switch that is on unless it says false.
func off(value string, out *bool) error {
	on, err := boolean(value)
	*out = !on
	return err
}

// duration reads a duration as the peer does: 180s, 3m, 1d, or a number of seconds.
func duration(value string, out *time.Duration) error {
	value = strings.TrimSpace(value)
	text, unit := value, time.Duration(1)
	if days, ok := strings.CutSuffix(value, "d"); ok {
		text, unit = days+"h", 24
	} else if _, err := strconv.ParseUint(value, 10, 63); err == nil {
		text = value + "s"
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 || d > (1<<62)/unit {
		return fmt.Errorf("%q is no duration, such as 180s or 3m", short(value))
	}
	*out = d * unit
	return nil
}

func list(value string) []string {
	out := []string{}
	for s := range strings.SplitSeq(value, ",") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func short(s string) string {
	if len(s) > 100 {
		return strings.ToValidUTF8(s[:100], "") + "..."
	}
	return s
}
