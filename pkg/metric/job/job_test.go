// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package job

import (
	"encoding/json"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"pgregory.net/rapid"

	"argosy.dev/argosy/apis/raw"
	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	_ "argosy.dev/argosy/hack/seed"
)

var run = &rov1.AnalysisRun{ObjectMeta: metav1.ObjectMeta{Name: "run", Namespace: "ns", UID: "0f7b0f7e-5b7e-4b7e-8b7e-0f7b0f7e5b7e"}}

// Names are the same for the same measurement, differ between any two, and fit where Kubernetes puts them.
func TestName(t *testing.T) {
	if got := Name(run, "m", 3); got != "0f7b0f7e-5b7e-4b7e-8b7e-0f7b0f7e5b7e.m.3" {
		t.Error(got)
	}
	metric := rapid.StringMatching(`[a-z0-9]([-a-z0-9]{0,60}[a-z0-9])?`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := metric.Draw(t, "a"), metric.Draw(t, "b")
		n := rapid.Int32Range(1, 1<<30).Draw(t, "n")
		name := Name(run, a, n)
		if errs := validation.IsDNS1123Subdomain(name); len(errs) > 0 || len(name) > maxName {
			t.Errorf("%s: %v", name, errs)
		}
		if (a == b) != (name == Name(run, b, n)) || name == Name(run, a, n+1) {
			t.Errorf("%s of %s, %s of %s", name, a, Name(run, b, n), b)
		}
	})
}

func TestNew(t *testing.T) {
	metric := &rov1.Metric{Name: "m", Provider: rov1.MetricProvider{Job: &rov1.JobMetric{
		Metadata: &rov1.Metadata{Labels: map[string]string{"a": "b"}, Annotations: map[string]string{"c": "d"}},
		Spec:     raw.JobSpec{Raw: json.RawMessage(`{"backoffLimit":1,"template":{"metadata":{"labels":{"e":"f"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}`)},
	}}}
	job, err := New(run, metric, 1)
	if err != nil {
		t.Fatal(err)
	}
	if !metav1.IsControlledBy(job, run) || job.OwnerReferences[0].APIVersion != "rollout.argosy.dev/v1alpha1" || job.Namespace != "ns" || job.Name != Name(run, "m", 1) {
		t.Errorf("%+v", job.ObjectMeta)
	}
	for _, labels := range []map[string]string{job.Labels, job.Spec.Template.Labels} {
		if labels[rov1.LabelAnalysisRunUID] != string(run.UID) {
			t.Errorf("labels %v do not name the run", labels)
		}
	}
	if job.Labels["a"] != "b" || job.Annotations["c"] != "d" || job.Spec.Template.Labels["e"] != "f" || *job.Spec.BackoffLimit != 1 {
		t.Errorf("%+v", job)
	}
	if len(metric.Provider.Job.Metadata.Labels) != 1 || len(metric.Provider.Job.Metadata.Annotations) != 1 {
		t.Error("the metric was changed")
	}
	metric.Provider.Job.Spec.Raw = json.RawMessage(`{"backoffLimit":"many"}`)
	if _, err := New(run, metric, 1); err == nil || !strings.Contains(err.Error(), "provider.job.spec") {
		t.Errorf("a spec that is none: %v", err)
	}
}
