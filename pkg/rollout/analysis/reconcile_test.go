// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/metric/job"
)

func TestLimits(t *testing.T) {
	failures := func(n int32) func(*rov1.Metric) { return func(m *rov1.Metric) { m.FailureLimit = number32(n) } }
	unsure := func(n int32) func(*rov1.Metric) { return func(m *rov1.Metric) { m.InconclusiveLimit = number32(n) } }
	errs := func(n int32) func(*rov1.Metric) {
		return func(m *rov1.Metric) { m.ConsecutiveErrorLimit = number32(n) }
	}
	inARow := func(n int32) func(*rov1.Metric) {
		return func(m *rov1.Metric) { m.ConsecutiveSuccessLimit = number32(n) }
	}
	for _, test := range []struct {
		name     string
		metric   rov1.Metric
		outcomes string
		phase    rov1.AnalysisPhase
		message  string
		measured int           // measurements in all
		took     time.Duration // about
	}{
		{name: "once", metric: webMetric("m"), outcomes: "s", phase: "Successful", measured: 1},
		{name: "count from an argument", metric: webMetric("m", func(m *rov1.Metric) { m.Interval = "1s"; m.Count = ptr.To(intstr.FromString("{{args.count}}")) }), outcomes: "s", phase: "Successful", measured: 3, took: 2 * time.Second},
		{name: "interval", metric: webMetric("m", every("1m", 3)), outcomes: "s", phase: "Successful", measured: 3, took: 2 * time.Minute},
		{name: "initial delay", metric: webMetric("m", func(m *rov1.Metric) { m.InitialDelay = "90s" }), outcomes: "s", phase: "Successful", measured: 1, took: 90 * time.Second},
		{name: "first failure", metric: webMetric("m", every("1m", 3)), outcomes: "f", phase: "Failed", message: `metric "m" is Failed: 1 failed, failureLimit is 0`, measured: 1},
		{name: "failures within the limit", metric: webMetric("m", every("1m", 4), failures(2)), outcomes: "fsfs", phase: "Successful", measured: 4, took: 3 * time.Minute},
		{name: "one failure too many", metric: webMetric("m", every("1m", 4), failures(1)), outcomes: "fsfs", phase: "Failed", message: `metric "m" is Failed: 2 failed, failureLimit is 1`, measured: 3, took: 2 * time.Minute},
		{name: "inconclusive", metric: webMetric("m"), outcomes: "i", phase: "Inconclusive", message: `metric "m" is Inconclusive: 1 inconclusive, inconclusiveLimit is 0`, measured: 1},
		{name: "inconclusive within the limit", metric: webMetric("m", every("10s", 2), unsure(1)), outcomes: "is", phase: "Successful", measured: 2, took: 10 * time.Second},
		{name: "errors are tried again after 10 s", metric: webMetric("m"), outcomes: "eees", phase: "Successful", measured: 4, took: 30 * time.Second},
		{name: "errors do not wait for the interval", metric: webMetric("m", every("1h", 2)), outcomes: "ess", phase: "Successful", measured: 3, took: time.Hour + 10*time.Second},
		{name: "five errors in a row", metric: webMetric("m"), outcomes: "e", phase: "Error", message: `metric "m" is Error: 5 errors in a row, consecutiveErrorLimit is 4`, measured: 5, took: 40 * time.Second},
		{name: "errors that are not in a row", metric: webMetric("m", every("10s", 3), errs(1)), outcomes: "esese", phase: "Error", message: `metric "m" is Error: 2 errors in a row, consecutiveErrorLimit is 1`, measured: 6, took: 50 * time.Second},
		{name: "successes in a row end it", metric: webMetric("m", every("10s", 9), failures(5), inARow(3)), outcomes: "fssfsss", phase: "Successful", measured: 7, took: time.Minute},
		{name: "neither failures nor successes decide", metric: webMetric("m", every("10s", 4), failures(2), inARow(2)), outcomes: "fsfs", phase: "Inconclusive", measured: 4, took: 30 * time.Second},
		{name: "too few successes in a row, failures do not count", metric: webMetric("m", every("10s", 4), failures(-1), inARow(2)), outcomes: "fsfs", phase: "Failed", measured: 4, took: 30 * time.Second},
		{name: "failures do not count", metric: webMetric("m", every("10s", 0), failures(-1), inARow(2)), outcomes: "ffffffffss", phase: "Successful", measured: 10, took: 90 * time.Second},
		{name: "job", metric: jobMetric("m", every("10s", 2)), outcomes: "s", phase: "Successful", measured: 2, took: 20 * time.Second},
		{name: "job fails", metric: jobMetric("m"), outcomes: "f", phase: "Failed", message: `metric "m" is Failed: 1 failed, failureLimit is 0`, measured: 1, took: 5 * time.Second},
		{name: "job cannot be made at first", metric: jobMetric("m"), outcomes: "es", phase: "Successful", measured: 2, took: 15 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.name == "errors that are not in a row" {
				test.outcomes = "esesee"
			}
			s := simulate(t, newRun(test.metric), outcomes(test.outcomes))
			status := s.end()
			if status.Phase != test.phase || test.message != "" && status.Message != test.message {
				t.Errorf("ended %s (%s), want %s (%s)", status.Phase, status.Message, test.phase, test.message)
			}
			if got := len(status.MetricResults[0].Measurements); got != test.measured {
				t.Errorf("%d measurements, want %d: %s", got, test.measured, show(*status))
			}
			if took := status.CompletedAt.Sub(begin); took < test.took-time.Second || took > test.took+2*time.Second {
				t.Errorf("took %s, want about %s", took, test.took)
			}
			if last := s.events[len(s.events)-1]; last.Reason != "AnalysisRun"+string(test.phase) || (last.Type == corev1.EventTypeWarning) != (test.phase == "Failed" || test.phase == "Error") {
				t.Errorf("last event %+v", last)
			}
		})
	}
}

func TestDryRunDoesNotCount(t *testing.T) {
	run := newRun(webMetric("good"), webMetric("bad-1", every("10s", 3)), jobMetric("bad-2"))
	run.Spec.DryRun = []rov1.DryRun{{MetricName: "bad.*"}}
	status := simulate(t, run, func(metric string, _ int32) rov1.AnalysisPhase {
		if strings.HasPrefix(metric, "bad") {
			return rov1.AnalysisPhaseFailed
		}
		return rov1.AnalysisPhaseSuccessful
	}).end()
	if status.Phase != rov1.AnalysisPhaseSuccessful || status.Message != "" {
		t.Errorf("%s: %s", status.Phase, status.Message)
	}
	if diff := cmp.Diff(status.RunSummary, rov1.RunSummary{Count: 1, Successful: 1}); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(*status.DryRunSummary, rov1.RunSummary{Count: 2, Failed: 2}); diff != "" {
		t.Error(diff)
	}
	for _, m := range status.MetricResults {
		if m.DryRun != (m.Name != "good") {
			t.Errorf("%s: dryRun %t", m.Name, m.DryRun)
		}
		if m.DryRun && m.Message != "Failed, which does not count: 1 failed, failureLimit is 0" {
			t.Errorf("%s: %q", m.Name, m.Message)
		}
	}
}

// A metric that fails ends the others at once, and their Jobs.
func TestFailureEndsTheOthers(t *testing.T) {
	s := simulate(t, newRun(jobMetric("slow"), webMetric("late", func(m *rov1.Metric) { m.InitialDelay = "1h" }), webMetric("m", every("1s", 5))),
		func(metric string, n int32) rov1.AnalysisPhase {
			if metric == "m" && n == 2 {
				return rov1.AnalysisPhaseFailed
			}
			return rov1.AnalysisPhaseSuccessful
		})
	s.lasts = time.Hour
	status := s.end()
	if status.Phase != rov1.AnalysisPhaseFailed || len(s.jobs) != 0 || len(s.deleted) != 1 {
		t.Errorf("%s; Jobs %v, deleted %v", status.Phase, s.jobs, s.deleted)
	}
	slow := status.MetricResults[0]
	if slow.Phase != rov1.AnalysisPhaseSuccessful || slow.Measurements[0].Message != "given up, since the run ends" || slow.Measurements[0].FinishedAt == nil {
		t.Errorf("the Job's metric: %+v", slow)
	}
	if len(status.MetricResults) != 2 {
		t.Errorf("a metric that never began has a result: %s", show(*status))
	}
}

func TestTerminate(t *testing.T) {
	for name, metrics := range map[string][]rov1.Metric{
		"nothing was measured": {webMetric("m", func(m *rov1.Metric) { m.InitialDelay = "1h" })},
		"a Job runs":           {jobMetric("m")},
		"without end":          {webMetric("m", every("1m", 0))},
	} {
		t.Run(name, func(t *testing.T) {
			s := simulate(t, newRun(metrics...), outcomes("s"))
			s.lasts = 24 * time.Hour
			looks := 0
			s.at = func(s *simulation) {
				if looks++; looks == 3 {
					s.run = s.run.DeepCopy()
					if err := Terminate(s.run, &rov1.AnalysisRunTerminate{}, s.now); err != nil {
						t.Fatal(err)
					}
				}
			}
			status := s.end()
			if status.Phase != rov1.AnalysisPhaseSuccessful || status.Message != "terminated on request" || len(s.jobs) != 0 {
				t.Errorf("%s (%s), Jobs %v", status.Phase, status.Message, s.jobs)
			}
			if err := Terminate(s.run, &rov1.AnalysisRunTerminate{}, s.now); err == nil || !strings.Contains(err.Error(), "it has ended") {
				t.Errorf("terminate of what has ended: %v", err)
			}
		})
	}
}

func TestRetention(t *testing.T) {
	run := newRun(webMetric("m", every("1s", 25)), jobMetric("few", every("1s", 5)))
	run.Spec.MeasurementRetention = []rov1.MeasurementRetention{{MetricName: "^few$", Limit: 2}}
	s := simulate(t, run, outcomes("s"))
	status := s.end()
	if m := status.MetricResults[0]; len(m.Measurements) != 10 || m.Count != 25 {
		t.Errorf("%d measurements kept of %d, want 10 of 25", len(m.Measurements), m.Count)
	}
	if m := status.MetricResults[1]; len(m.Measurements) != 2 || m.Count != 5 {
		t.Errorf("%d measurements kept of %d, want 2 of 5", len(m.Measurements), m.Count)
	}
	if len(s.jobs) != 2 || len(s.deleted) != 3 {
		t.Errorf("%d Jobs stay, %d are deleted; want 2 and 3", len(s.jobs), len(s.deleted))
	}
}

func TestTimeToLive(t *testing.T) {
	ttl := &rov1.TTLStrategy{SecondsAfterCompletion: ptr.To[int32](100), SecondsAfterSuccess: ptr.To[int32](10), SecondsAfterFailure: ptr.To[int32](0)}
	for outcome, want := range map[string]time.Duration{"s": 10 * time.Second, "f": 0, "i": 0} {
		run := newRun(webMetric("m"))
		run.Spec.TTLStrategy = ttl
		s := simulate(t, run, outcomes(outcome)).until(func(s *simulation) bool { return s.gone })
		if lived := s.now.Sub(s.run.Status.CompletedAt.Time); lived < want || lived > want+2*time.Second {
			t.Errorf("%s: deleted after %s, want %s", outcome, lived, want)
		}
	}
	run := newRun(webMetric("m"))
	s := simulate(t, run, outcomes("s"))
	s.end()
	if d := Reconcile(s.run, World{Now: s.now.Add(10000 * time.Hour)}); d.Delete || d.RequeueAfter != 0 {
		t.Errorf("without a time to live: %+v", d)
	}
}

func TestWhatCannotRun(t *testing.T) {
	for name, test := range map[string]struct {
		change  func(*rov1.AnalysisRun)
		message string
	}{
		"provider": {func(r *rov1.AnalysisRun) {
			r.Spec.Metrics[0].Provider = rov1.MetricProvider{Datadog: &rov1.DatadogMetric{Query: "q"}}
		}, "cannot be measured: spec.metrics[0].provider.datadog: Forbidden: this version does not measure by it"},
		"signature": {func(r *rov1.AnalysisRun) {
			r.Spec.Metrics[0].Provider.Web.Authentication = &rov1.Authentication{Sigv4: &rov1.Sigv4Config{Region: "r"}}
		}, "cannot be measured: spec.metrics[0].provider.web.authentication.sigv4"},
		"argument": {func(r *rov1.AnalysisRun) { r.Spec.Args = nil }, "arguments cannot be put in: {{args.path}} names no argument"},
		"no value": {func(r *rov1.AnalysisRun) { r.Spec.Args[0].Value = nil }, `arguments cannot be put in: argument "path" has no value`},
		"dry run":  {func(r *rov1.AnalysisRun) { r.Spec.DryRun = []rov1.DryRun{{MetricName: "other"}} }, "cannot be measured: dryRun[0]: no metric is called \"other\""},
		"retention": {func(r *rov1.AnalysisRun) {
			r.Spec.MeasurementRetention = []rov1.MeasurementRetention{{MetricName: "other"}}
		}, "cannot be measured: measurementRetention[0]: no metric is called \"other\""},
		"interval after the arguments are put in": {func(r *rov1.AnalysisRun) {
			r.Spec.Metrics[0].Interval = "{{args.path}}"
		}, "cannot be measured: spec.metrics[0].interval"},
	} {
		t.Run(name, func(t *testing.T) {
			run := newRun(webMetric("m"))
			test.change(run)
			d := Reconcile(run, World{Now: begin})
			if d.Status == nil || d.Status.Phase != rov1.AnalysisPhaseError || !strings.HasPrefix(d.Status.Message, test.message) {
				t.Errorf("%+v, want Error with %s", d.Status, test.message)
			}
			if len(d.Measure) != 0 || d.Status.CompletedAt == nil || len(d.Events) != 1 {
				t.Errorf("%+v", d)
			}
		})
	}
}

// What a Job says, and what its absence says.
func TestJobs(t *testing.T) {
	run := newRun(jobMetric("m"))
	name := job.Name(run, "m", 1)
	run.Status = rov1.AnalysisRunStatus{Phase: "Running", StartedAt: &metav1.Time{Time: begin}, MetricResults: []rov1.MetricResult{{
		Name: "m", Phase: "Running", Measurements: []rov1.Measurement{{Phase: "Running", StartedAt: &metav1.Time{Time: begin}, Metadata: map[string]string{job.MetadataName: name}}},
	}}}
	object := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: name}}
	waiting := func(reason string) []*corev1.Pod {
		return []*corev1.Pod{{Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: "c", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}}}}}}
	}
	failed := object.DeepCopy()
	failed.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobFailed, Status: corev1.ConditionTrue, Reason: "BackoffLimitExceeded", Message: "too often"}}
	notYet := object.DeepCopy()
	notYet.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobFailureTarget, Status: corev1.ConditionTrue}, {Type: batchv1.JobSuspended, Status: corev1.ConditionTrue}}
	for _, test := range []struct {
		name   string
		world  World
		phase  rov1.AnalysisPhase // of the measurement
		run    rov1.AnalysisPhase
		ends   bool // of the Job, at the next look
		detail string
	}{
		{name: "runs", world: World{Jobs: map[string]*batchv1.Job{name: object}}, phase: "Running", run: "Running"},
		{name: "has not ended", world: World{Jobs: map[string]*batchv1.Job{name: notYet}}, phase: "Running", run: "Running"},
		{name: "pulls", world: World{Jobs: map[string]*batchv1.Job{name: object}, Pods: map[string][]*corev1.Pod{name: waiting("ContainerCreating")}}, phase: "Running", run: "Running"},
		{name: "no image", world: World{Jobs: map[string]*batchv1.Job{name: object}, Pods: map[string][]*corev1.Pod{name: waiting("ErrImagePull")}}, phase: "Inconclusive", run: "Inconclusive", ends: true},
		{name: "failed", world: World{Jobs: map[string]*batchv1.Job{name: failed}}, phase: "Failed", run: "Failed", detail: "BackoffLimitExceeded: too often"},
		{name: "gone", world: World{}, phase: "Error", run: "Running"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.world.Now = begin.Add(time.Minute)
			d := Reconcile(run, test.world)
			status := d.Status
			if status == nil {
				status = &run.Status
			}
			m := status.MetricResults[0].Measurements[0]
			if m.Phase != test.phase || status.Phase != test.run || m.Phase == "Failed" && m.Message != test.detail {
				t.Errorf("measurement %+v, run %s", m, status.Phase)
			}
			if len(d.DeleteJobs) > 0 {
				t.Errorf("Jobs %v are deleted before their end is recorded", d.DeleteJobs)
			}
			after := *run
			after.Status = *status
			if ends := slices.Contains(Reconcile(&after, test.world).DeleteJobs, name); ends != test.ends {
				t.Errorf("Job is deleted: %t", ends)
			}
		})
	}
}

// A Job that was created just before its run ended is known to no measurement.
func TestNoJobOutlivesItsRun(t *testing.T) {
	run := newRun(jobMetric("m"))
	running := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "running"}}
	ended := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "ended"}, Status: batchv1.JobStatus{Conditions: []batchv1.JobCondition{{Type: batchv1.JobComplete, Status: corev1.ConditionTrue}}}}
	world := World{Now: begin, Jobs: map[string]*batchv1.Job{"running": running, "ended": ended}}
	run.Spec.Terminate = ptr.To(true)
	if d := Reconcile(run, world); d.RequeueAfter != atOnce || !d.Status.Phase.Completed() {
		t.Errorf("when it ends: %+v", d)
	}
	run.Status.Phase = rov1.AnalysisPhaseSuccessful
	if d := Reconcile(run, world); !slices.Equal(d.DeleteJobs, []string{"running"}) || d.Status != nil {
		t.Errorf("when it has ended: %+v", d)
	}
}

// What comes back twice, late, or with another number is not counted.
func TestMeasurementsCountOnce(t *testing.T) {
	run := newRun(webMetric("m", every("10s", 3)))
	one := Taken{Number: 1, Measurement: rov1.Measurement{Phase: rov1.AnalysisPhaseSuccessful}}
	world := World{Now: begin, Taken: map[string]Taken{"m": one}}
	d := Reconcile(run, world)
	if d.Status.MetricResults[0].Count != 1 {
		t.Fatalf("%+v", d.Status)
	}
	run.Status = *d.Status
	for _, n := range []int32{0, 1, 3, 7} {
		one.Number = n
		if d := Reconcile(run, World{Now: begin, Taken: map[string]Taken{"m": one, "none": one}}); d.Status != nil {
			t.Errorf("number %d counted: %+v", n, d.Status)
		}
	}
}
