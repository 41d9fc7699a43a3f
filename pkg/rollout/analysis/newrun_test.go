// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

func template(name string, change func(*rov1.AnalysisTemplateSpec), metrics ...string) *rov1.AnalysisTemplate {
	t := &rov1.AnalysisTemplate{ObjectMeta: metav1.ObjectMeta{Name: name}}
	for _, m := range metrics {
		t.Spec.Metrics = append(t.Spec.Metrics, webMetric(m))
	}
	if change != nil {
		change(&t.Spec)
	}
	return t
}

func plan(templates ...*rov1.AnalysisTemplate) Plan {
	p := Plan{Namespace: "ns", Name: "run", AnalysisTemplates: map[string]*rov1.AnalysisTemplate{}, ClusterAnalysisTemplates: map[string]*rov1.ClusterAnalysisTemplate{}}
	for i, t := range templates {
		if i == 0 {
			p.Refs = []rov1.AnalysisTemplateRef{{TemplateName: t.Name}}
		}
		p.AnalysisTemplates[t.Name] = t
	}
	return p
}

func names(names ...string) []rov1.AnalysisTemplateRef {
	var refs []rov1.AnalysisTemplateRef
	for _, n := range names {
		name, cluster := strings.CutPrefix(n, "cluster:")
		refs = append(refs, rov1.AnalysisTemplateRef{TemplateName: name, ClusterScope: &cluster})
	}
	return refs
}

func TestNewRun(t *testing.T) {
	arg := func(name string, value *string) func(*rov1.AnalysisTemplateSpec) {
		return func(s *rov1.AnalysisTemplateSpec) { s.Args = append(s.Args, rov1.Argument{Name: name, Value: value}) }
	}
	all := func(changes ...func(*rov1.AnalysisTemplateSpec)) func(*rov1.AnalysisTemplateSpec) {
		return func(s *rov1.AnalysisTemplateSpec) {
			for _, c := range changes {
				c(s)
			}
		}
	}
	nested := func(to ...string) func(*rov1.AnalysisTemplateSpec) {
		return func(s *rov1.AnalysisTemplateSpec) { s.Templates = names(to...) }
	}
	for _, test := range []struct {
		name    string
		plan    Plan
		change  func(*Plan)
		metrics string
		args    string
		err     string
	}{
		{name: "one", plan: plan(template("a", arg("x", ptr.To("1")), "m")), metrics: "m", args: "x=1"},
		{name: "nested, each once", plan: plan(template("a", nested("b", "c"), "m1"), template("b", nested("c"), "m2"), template("c", nil, "m3")), metrics: "m1 m2 m3"},
		{name: "templates of the cluster", plan: plan(template("a", nested("cluster:g", "b"), "m1"), template("b", nil, "m2")), change: func(p *Plan) {
			p.ClusterAnalysisTemplates["g"] = &rov1.ClusterAnalysisTemplate{Spec: template("g", nil, "m3").Spec}
		}, metrics: "m1 m3 m2"},
		{name: "names itself", plan: plan(template("a", nested("b"), "m1"), template("b", nested("a"), "m2")), err: "AnalysisTemplate a → AnalysisTemplate b → AnalysisTemplate a"},
		{name: "missing", plan: plan(template("a", nested("b"), "m")), err: "there is no AnalysisTemplate \"b\""},
		{name: "missing in the cluster", plan: plan(template("a", nested("cluster:a"), "m")), err: "there is no ClusterAnalysisTemplate \"a\""},
		{name: "same metric", plan: plan(template("a", nested("b"), "m"), template("b", nil, "m")), err: "two metrics are called \"m\""},
		{name: "no metric", plan: plan(template("a", nil)), err: "the templates have no metric"},
		{name: "given wins", plan: plan(template("a", arg("x", ptr.To("1")), "m")), change: func(p *Plan) {
			p.Args = []rov1.Argument{{Name: "x", Value: ptr.To("2")}, {Name: "other", Value: ptr.To("3")}}
		}, metrics: "m", args: "x=2"},
		{name: "not given", plan: plan(template("a", arg("x", nil), "m")), err: `argument "x" has no value`},
		{name: "default of the other", plan: plan(template("a", all(arg("x", nil), nested("b")), "m1"), template("b", arg("x", ptr.To("1")), "m2")), metrics: "m1 m2", args: "x=1"},
		{name: "defaults differ", plan: plan(template("a", all(arg("x", ptr.To("1")), nested("b")), "m1"), template("b", arg("x", ptr.To("2")), "m2")), err: "templates differ in the default of argument \"x\""},
		{name: "same dry run", plan: plan(template("a", func(s *rov1.AnalysisTemplateSpec) { s.DryRun = []rov1.DryRun{{MetricName: "m"}} }, "m")),
			change: func(p *Plan) { p.DryRun = []rov1.DryRun{{MetricName: "m"}} }, err: "two rules of dryRun are for \"m\""},
		{name: "same retention", plan: plan(template("a", func(s *rov1.AnalysisTemplateSpec) {
			s.MeasurementRetention = []rov1.MeasurementRetention{{MetricName: "m"}}
		}, "m")),
			change: func(p *Plan) { p.MeasurementRetention = []rov1.MeasurementRetention{{MetricName: "m"}} }, err: "two rules of measurementRetention are for \"m\""},
		{name: "text given for a secret", plan: plan(template("a", func(s *rov1.AnalysisTemplateSpec) {
			s.Args = []rov1.Argument{{Name: "x", ValueFrom: &rov1.ValueFrom{SecretKeyRef: &rov1.SecretKeyRef{Name: "s", Key: "k"}}}}
		}, "m")), change: func(p *Plan) { p.Args = []rov1.Argument{{Name: "x", Value: ptr.To("2")}} }, metrics: "m", args: "x=2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.change != nil {
				test.change(&test.plan)
			}
			before := Plan{AnalysisTemplates: map[string]*rov1.AnalysisTemplate{}}
			for name, tmpl := range test.plan.AnalysisTemplates {
				before.AnalysisTemplates[name] = tmpl.DeepCopy()
			}
			run, err := NewRun(test.plan)
			if diff := cmp.Diff(before.AnalysisTemplates, test.plan.AnalysisTemplates); diff != "" {
				t.Errorf("templates were changed: %s", diff)
			}
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got %v, want %s", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var metrics, args []string
			for _, m := range run.Spec.Metrics {
				metrics = append(metrics, m.Name)
			}
			for _, a := range run.Spec.Args {
				if a.ValueFrom != nil {
					t.Errorf("%s still comes from elsewhere", a.Name)
				}
				args = append(args, a.Name+"="+ptr.Deref(a.Value, "?"))
			}
			if got := strings.Join(metrics, " "); got != test.metrics {
				t.Errorf("metrics %s, want %s", got, test.metrics)
			}
			if got := strings.Join(args, " "); got != test.args {
				t.Errorf("args %s, want %s", got, test.args)
			}
		})
	}
}

func TestArguments(t *testing.T) {
	ro := &rov1.Rollout{ObjectMeta: metav1.ObjectMeta{Name: "ro", Labels: map[string]string{"app.kubernetes.io/name": "shop", "b": "2"}}}
	ro.Spec.Replicas = ptr.To[int32](12345678)
	ro.Spec.Strategy.Canary = &rov1.CanaryStrategy{Steps: []rov1.CanaryStep{{SetWeight: ptr.To[int32](20)}}}
	field := func(path string) rov1.AnalysisRunArgument {
		return rov1.AnalysisRunArgument{Name: "x", ValueFrom: &rov1.ArgumentValueFrom{FieldRef: &rov1.FieldRef{FieldPath: path}}}
	}
	hash := func(h rov1.ValueFromPodTemplateHash) rov1.AnalysisRunArgument {
		return rov1.AnalysisRunArgument{Name: "x", ValueFrom: &rov1.ArgumentValueFrom{PodTemplateHashValue: &h}}
	}
	for _, test := range []struct {
		arg  rov1.AnalysisRunArgument
		want string
		err  string
	}{
		{arg: rov1.AnalysisRunArgument{Name: "x", Value: "v"}, want: "v"},
		{arg: hash(rov1.StableHash), want: "old"},
		{arg: hash(rov1.LatestHash), want: "new"},
		{arg: field("metadata.name"), want: "ro"},
		{arg: field("metadata.labels['app.kubernetes.io/name']"), want: "shop"},
		{arg: field("metadata.labels['none']"), want: ""},
		{arg: field("metadata.labels"), want: "app.kubernetes.io/name=\"shop\"\nb=\"2\""},
		{arg: field("spec.replicas"), want: "12345678"},
		{arg: field("spec.strategy.canary.steps[0].setWeight"), want: "20"},
		{arg: field("spec.strategy.canary.steps[1].setWeight"), err: "no element"},
		{arg: field("spec.strategy.canary"), err: "is not one value"},
		{arg: field("spec.none"), err: "has no field"},
		{arg: field("spec.replicas.none"), err: "has no field"},
		{arg: field("spec]"), err: "has no field"},
	} {
		got, err := Arguments([]rov1.AnalysisRunArgument{test.arg}, ro, "old", "new")
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%+v: got %v, want %s", test.arg, err, test.err)
			}
			continue
		}
		if err != nil || *got[0].Value != test.want {
			t.Errorf("%+v: %v, %v; want %s", test.arg, got, err, test.want)
		}
	}
}
