// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"argosy.dev/argosy/apis/raw"
	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/metric/job"
)

var begin = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// failer is what *testing.T and *rapid.T have in common.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// simulation drives a run as the shell does, with outcomes that are told beforehand and a clock that jumps.
type simulation struct {
	t   failer
	run *rov1.AnalysisRun
	now time.Time
	// outcome is how the n-th measurement of a metric ends. For a Job it is how the Job ends.
	outcome func(metric string, n int32) rov1.AnalysisPhase
	// lasts is how long a Job runs.
	lasts time.Duration
	// lost tells, before each write of the status, whether the process dies instead.
	lost func() bool
	// at is called before each look, and may change the run.
	at func(s *simulation)

	taken   map[string]Taken
	jobs    map[string]*batchv1.Job
	made    map[string]int
	deleted map[string]bool
	events  []Event
	gone    bool
}

func simulate(t failer, run *rov1.AnalysisRun, outcome func(string, int32) rov1.AnalysisPhase) *simulation {
	return &simulation{t: t, run: run, now: begin, outcome: outcome, lasts: 5 * time.Second,
		taken: map[string]Taken{}, jobs: map[string]*batchv1.Job{}, made: map[string]int{}, deleted: map[string]bool{}}
}

// until drives the run until done says so. It fails if nothing happens any more before that.
func (s *simulation) until(done func(*simulation) bool) *simulation {
	s.t.Helper()
	for range 5000 {
		if done(s) {
			return s
		}
		if s.at != nil {
			s.at(s)
		}
		s.step()
	}
	s.t.Fatalf("does not end: %s", show(s.run.Status))
	return s
}

// end drives the run to its end, and a look further.
func (s *simulation) end() *rov1.AnalysisRunStatus {
	s.t.Helper()
	s.until(func(s *simulation) bool { return s.run.Status.Phase.Completed() })
	s.step()
	return &s.run.Status
}

func (s *simulation) step() {
	s.t.Helper()
	world := World{Now: s.now, Taken: s.taken, Jobs: s.jobs}
	before := s.run.DeepCopy()
	d := Reconcile(s.run, world)
	if diff := cmp.Diff(before, s.run); diff != "" {
		s.t.Fatalf("the run was changed: %s", diff)
	}
	if diff := cmp.Diff(d, Reconcile(s.run, world)); diff != "" {
		s.t.Fatalf("the same arguments gave another answer: %s", diff)
	}
	for _, name := range d.DeleteJobs {
		if s.jobs[name] == nil {
			s.t.Fatalf("asks to delete the Job %s, which is not there", name)
		}
		delete(s.jobs, name)
		s.deleted[name] = true
	}
	s.taken = map[string]Taken{}
	for _, w := range d.Measure {
		s.take(w)
	}
	if s.lost != nil && s.lost() {
		s.taken = map[string]Taken{} // what was done is done; what was known is lost
		return
	}
	if d.Status != nil {
		var stored rov1.AnalysisRunStatus
		data, err := json.Marshal(d.Status)
		if err == nil {
			err = json.Unmarshal(data, &stored)
		}
		if err != nil {
			s.t.Fatalf("status: %v", err)
		}
		s.run = s.run.DeepCopy()
		s.run.Status = stored
	}
	s.events = append(s.events, d.Events...)
	s.gone = s.gone || d.Delete
	if len(s.taken) > 0 || d.Status != nil {
		s.now = s.now.Add(10 * time.Millisecond)
		return
	}
	// Nothing is to be done: time passes until a timer or a Job.
	wait := d.RequeueAfter
	for _, j := range s.jobs {
		if left := j.CreationTimestamp.Add(s.lasts).Sub(s.now); len(j.Status.Conditions) == 0 && (wait == 0 || left < wait) {
			wait = max(left, time.Millisecond)
		}
	}
	s.now = s.now.Add(wait)
	for _, j := range s.jobs {
		if len(j.Status.Conditions) == 0 && !s.now.Before(j.CreationTimestamp.Add(s.lasts)) {
			s.endJob(j)
		}
	}
}

func (s *simulation) take(w Measure) {
	m, err := Metric(s.run, w.Metric, nil)
	if err != nil {
		s.t.Fatalf("metric %s: %v", w.Metric, err)
	}
	start := metav1.NewTime(s.now)
	t := Taken{Number: w.Number, Measurement: rov1.Measurement{StartedAt: &start, Phase: s.outcome(w.Metric, w.Number)}}
	if m.Provider.Job != nil && t.Measurement.Phase != rov1.AnalysisPhaseError {
		name := job.Name(s.run, w.Metric, w.Number)
		if s.deleted[name] {
			s.t.Fatalf("the Job %s is made again", name)
		}
		if s.jobs[name] == nil {
			s.made[name]++
			s.jobs[name] = &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: start,
				Annotations: map[string]string{"metric": w.Metric, "number": fmt.Sprint(w.Number)}}}
		}
		t.Measurement.Phase = rov1.AnalysisPhaseRunning
		t.Measurement.Metadata = map[string]string{job.MetadataName: name}
	}
	s.taken[w.Metric] = t
}

func (s *simulation) endJob(j *batchv1.Job) {
	var n int32
	if _, err := fmt.Sscan(j.Annotations["number"], &n); err != nil {
		s.t.Fatalf("%v", err)
	}
	kind := batchv1.JobComplete
	if s.outcome(j.Annotations["metric"], n) != rov1.AnalysisPhaseSuccessful {
		kind = batchv1.JobFailed
	}
	j = j.DeepCopy()
	j.Status.Conditions = []batchv1.JobCondition{{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(s.now)}}
	s.jobs[j.Name] = j
}

func show(status rov1.AnalysisRunStatus) string {
	data, err := json.MarshalIndent(status, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// outcomes tells the phases by letters: s, f, i, e. The last one goes on.
func outcomes(letters string) func(string, int32) rov1.AnalysisPhase {
	return func(_ string, n int32) rov1.AnalysisPhase {
		switch letters[min(int(n), len(letters))-1] {
		case 's':
			return rov1.AnalysisPhaseSuccessful
		case 'f':
			return rov1.AnalysisPhaseFailed
		case 'i':
			return rov1.AnalysisPhaseInconclusive
		}
		return rov1.AnalysisPhaseError
	}
}

// webMetric is a metric that is measured at once, jobMetric one that takes time.
func webMetric(name string, change ...func(*rov1.Metric)) rov1.Metric {
	m := rov1.Metric{Name: name, Provider: rov1.MetricProvider{Web: &rov1.WebMetric{URL: "https://example.com/{{args.path}}"}}}
	for _, c := range change {
		c(&m)
	}
	return m
}

func jobMetric(name string, change ...func(*rov1.Metric)) rov1.Metric {
	m := webMetric(name, change...)
	m.Provider = rov1.MetricProvider{Job: &rov1.JobMetric{Spec: raw.JobSpec{
		Raw: json.RawMessage(`{"template":{"spec":{"containers":[{"image":"i","name":"c"}],"restartPolicy":"Never"}}}`)}}}
	return m
}

func number32(n int32) *intstr.IntOrString { return ptr.To(intstr.FromInt32(n)) }

func every(interval string, count int32) func(*rov1.Metric) {
	return func(m *rov1.Metric) {
		m.Interval = interval
		if count > 0 {
			m.Count = number32(count)
		}
	}
}

func newRun(metrics ...rov1.Metric) *rov1.AnalysisRun {
	return &rov1.AnalysisRun{
		ObjectMeta: metav1.ObjectMeta{Name: "run", Namespace: "ns", UID: "0f7b0f7e-5b7e-4b7e-8b7e-0f7b0f7e5b7e"},
		Spec:       rov1.AnalysisRunSpec{Metrics: metrics, Args: []rov1.Argument{{Name: "path", Value: ptr.To("health")}, {Name: "count", Value: ptr.To("3")}}},
	}
}

var _ failer = &testing.T{}

func intstrText(s string) intstr.IntOrString { return intstr.FromString(s) }
