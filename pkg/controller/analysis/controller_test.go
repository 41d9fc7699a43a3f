// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/wait"
	kubefake "k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/util/retry"
	"k8s.io/utils/ptr"

	"argosy.dev/argosy/apis/raw"
	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	argosyfake "argosy.dev/argosy/generated/clientset/versioned/fake"
	"argosy.dev/argosy/pkg/metric"
	jobmetric "argosy.dev/argosy/pkg/metric/job"
)

const secretText = "s3cr3t/+ value"

// source is a provider whose answers are told beforehand.
type source func(ctx context.Context, m *rov1.Metric) (metric.Value, error)

// Measure implements metric.Provider.
func (s source) Measure(ctx context.Context, _ string, m *rov1.Metric) (metric.Value, error) {
	return s(ctx, m)
}

func number(n float64) source {
	return func(context.Context, *rov1.Metric) (metric.Value, error) {
		return metric.Value{Result: n, Text: fmt.Sprint(n)}, nil
	}
}

// world is a fake cluster and a fake Argosy with a loop between them. Its Jobs end as soon as they exist, if jobs says
// so.
type world struct {
	t       *testing.T
	argosy  *argosyfake.Clientset
	cluster *kubefake.Clientset
	web     source
	// jobs is the condition that a Job gets when it is created; empty for none.
	jobs batchv1.JobConditionType

	mu   sync.Mutex
	made map[string]int
}

func webRun(change ...func(*rov1.AnalysisRun)) *rov1.AnalysisRun {
	run := &rov1.AnalysisRun{
		ObjectMeta: metav1.ObjectMeta{Name: "run", Namespace: "ns", UID: "uid-1"},
		Spec: rov1.AnalysisRunSpec{Metrics: []rov1.Metric{{
			Name: "m", SuccessCondition: "result > 1", Interval: "1s", Count: ptr.To(intstr.FromInt32(2)),
			Provider: rov1.MetricProvider{Web: &rov1.WebMetric{URL: "https://example.com"}},
		}}},
	}
	for _, c := range change {
		c(run)
	}
	return run
}

func jobRun(change ...func(*rov1.AnalysisRun)) *rov1.AnalysisRun {
	return webRun(append([]func(*rov1.AnalysisRun){func(run *rov1.AnalysisRun) {
		run.Spec.Metrics[0].SuccessCondition = ""
		run.Spec.Metrics[0].Provider = rov1.MetricProvider{Job: &rov1.JobMetric{Spec: raw.JobSpec{
			Raw: json.RawMessage(`{"template":{"spec":{"containers":[{"image":"i","name":"c"}],"restartPolicy":"Never"}}}`)}}}
	}}, change...)...)
}

func newWorld(t *testing.T, run *rov1.AnalysisRun) *world {
	t.Helper()
	w := &world{t: t, argosy: argosyfake.NewSimpleClientset(), cluster: kubefake.NewClientset(), web: number(2), jobs: batchv1.JobComplete, made: map[string]int{}}
	var version atomic.Int64
	// As the server does, which the fake one does not: versions rise, a write of an older one is a conflict, and a write of
	// the status leaves the rest as it is.
	w.argosy.PrependReactor("*", "analysisruns", func(action clienttesting.Action) (bool, runtime.Object, error) {
		write, ok := action.(clienttesting.UpdateAction) // creations look the same
		if !ok {
			return false, nil, nil
		}
		run := write.GetObject().(*rov1.AnalysisRun)
		if action.GetVerb() == "update" {
			object, err := w.argosy.Tracker().Get(rov1.SchemeGroupVersion.WithResource("analysisruns"), run.Namespace, run.Name)
			if err != nil {
				return true, nil, err
			}
			stored := object.(*rov1.AnalysisRun)
			if run.ResourceVersion != stored.ResourceVersion {
				return true, nil, apierrors.NewConflict(rov1.Resource("analysisruns"), run.Name, errors.New("it was changed"))
			}
			if action.GetSubresource() == "status" {
				run.Spec = stored.Spec
			}
		}
		run.ResourceVersion = fmt.Sprint(version.Add(1))
		return false, nil, nil
	})
	w.cluster.PrependReactor("create", "jobs", func(action clienttesting.Action) (bool, runtime.Object, error) {
		job := action.(clienttesting.CreateAction).GetObject().(*batchv1.Job)
		if _, err := w.cluster.Tracker().Get(batchv1.SchemeGroupVersion.WithResource("jobs"), job.Namespace, job.Name); err == nil {
			return true, nil, apierrors.NewAlreadyExists(batchv1.Resource("jobs"), job.Name)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.made[job.Name]++
		job.UID = types.UID("job-" + job.Name)
		if w.jobs != "" {
			job.Status.Conditions = []batchv1.JobCondition{{Type: w.jobs, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()}}
		}
		return false, nil, nil
	})
	if _, err := w.cluster.CoreV1().Secrets("ns").Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "s"}, Data: map[string][]byte{"k": []byte(secretText)}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.argosy.RolloutV1alpha1().AnalysisRuns("ns").Create(t.Context(), run.DeepCopy(), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) get() *rov1.AnalysisRun {
	w.t.Helper()
	run, err := w.argosy.RolloutV1alpha1().AnalysisRuns("ns").Get(w.t.Context(), "run", metav1.GetOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	return run
}

// drive runs a new loop, as a process does that has just started, until done.
func (w *world) drive(done func() bool) {
	w.t.Helper()
	c, err := New(Config{Argosy: w.argosy, Cluster: w.cluster, Workers: 2, Providers: map[string]metric.Provider{
		"web": source(func(ctx context.Context, m *rov1.Metric) (metric.Value, error) { return w.web(ctx, m) })}})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	err = wait.PollUntilContextCancel(ctx, time.Millisecond, true, func(context.Context) (bool, error) { return done(), nil })
	cancel()
	if runErr := <-ended; runErr != nil {
		w.t.Errorf("the loop ended with: %v", runErr)
	}
	if err != nil {
		w.t.Fatalf("waiting: %v; the run stands at %+v", err, w.get().Status)
	}
}

func (w *world) end() *rov1.AnalysisRun {
	w.t.Helper()
	w.drive(func() bool { return w.get().Status.Phase.Completed() })
	return w.get()
}

func TestRunsToTheEnd(t *testing.T) {
	for name, test := range map[string]struct {
		run   *rov1.AnalysisRun
		web   source
		jobs  batchv1.JobConditionType
		phase rov1.AnalysisPhase
		made  int
	}{
		"good":       {run: webRun(), web: number(2), phase: "Successful"},
		"bad":        {run: webRun(), web: number(1), phase: "Failed"},
		"jobs":       {run: jobRun(), jobs: batchv1.JobComplete, phase: "Successful", made: 2},
		"failed job": {run: jobRun(), jobs: batchv1.JobFailed, phase: "Failed", made: 1},
		"not built": {run: webRun(func(r *rov1.AnalysisRun) {
			r.Spec.Metrics[0].Provider = rov1.MetricProvider{Graphite: &rov1.GraphiteMetric{}}
		}), phase: "Error"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, test.run)
			w.web, w.jobs = test.web, test.jobs
			run := w.end()
			if run.Status.Phase != test.phase {
				t.Errorf("%s: %s", run.Status.Phase, run.Status.Message)
			}
			if len(w.made) != test.made {
				t.Errorf("Jobs %v, want %d", w.made, test.made)
			}
		})
	}
}

// A process that dies between an effect and the status that records it does the effect once.
func TestCrashBetweenWrites(t *testing.T) {
	for crash := int32(1); crash <= 6; crash++ {
		t.Run(fmt.Sprintf("at status write %d", crash), func(t *testing.T) {
			w := newWorld(t, jobRun())
			var writes atomic.Int32
			w.argosy.PrependReactor("update", "analysisruns", func(clienttesting.Action) (bool, runtime.Object, error) {
				if n := writes.Add(1); n >= crash && n < 1000 {
					return true, nil, errors.New("killed")
				}
				return false, nil, nil
			})
			w.drive(func() bool { return writes.Load() >= crash || w.get().Status.Phase.Completed() })
			writes.Store(1000)
			if run := w.end(); run.Status.Phase != rov1.AnalysisPhaseSuccessful || run.Status.MetricResults[0].Count != 2 {
				t.Errorf("%s (%s), %+v", run.Status.Phase, run.Status.Message, run.Status.MetricResults)
			}
			if len(w.made) != 2 {
				t.Errorf("Jobs %v, want 2", w.made)
			}
			for name, n := range w.made {
				if n != 1 {
					t.Errorf("Job %s was made %d times", name, n)
				}
			}
		})
	}
}

func TestForeignJobIsNotAdopted(t *testing.T) {
	run := jobRun(func(r *rov1.AnalysisRun) { r.Spec.Metrics[0].ConsecutiveErrorLimit = ptr.To(intstr.FromInt32(0)) })
	w := newWorld(t, run)
	name := jobmetric.Name(run, "m", 1)
	if err := w.cluster.Tracker().Add(&batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ns", UID: "foreign"}}); err != nil {
		t.Fatal(err)
	}
	got := w.end()
	if got.Status.Phase != rov1.AnalysisPhaseError || !strings.Contains(got.Status.Message, "does not belong to this analysis run") {
		t.Errorf("%s: %s", got.Status.Phase, got.Status.Message)
	}
	if _, err := w.cluster.BatchV1().Jobs("ns").Get(t.Context(), name, metav1.GetOptions{}); err != nil {
		t.Errorf("somebody else's Job: %v", err)
	}
}

// What may pass is waited for.
func TestTriesAgain(t *testing.T) {
	w := newWorld(t, jobRun())
	var attempts atomic.Int32
	w.cluster.PrependReactor("create", "jobs", func(clienttesting.Action) (bool, runtime.Object, error) {
		if attempts.Add(1) <= 2 {
			return true, nil, apierrors.NewServiceUnavailable("the API server is away")
		}
		return false, nil, nil
	})
	if run := w.end(); run.Status.Phase != rov1.AnalysisPhaseSuccessful || run.Status.MetricResults[0].Error != 0 {
		t.Errorf("%s: %+v", run.Status.Phase, run.Status.MetricResults)
	}
}

// A verb that comes while a measurement is being taken ends it, and is not overwritten.
func TestTerminateWhileMeasuring(t *testing.T) {
	w := newWorld(t, webRun())
	measuring, gaveUp := make(chan struct{}), make(chan struct{})
	w.web = func(ctx context.Context, _ *rov1.Metric) (metric.Value, error) {
		close(measuring)
		<-ctx.Done()
		close(gaveUp)
		return metric.Value{}, ctx.Err()
	}
	go func() {
		<-measuring
		if err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
			run := w.get()
			run.Spec.Terminate = ptr.To(true)
			_, err := w.argosy.RolloutV1alpha1().AnalysisRuns("ns").Update(t.Context(), run, metav1.UpdateOptions{})
			return err
		}); err != nil {
			t.Error(err)
		}
	}()
	run := w.end()
	if run.Status.Phase != rov1.AnalysisPhaseSuccessful || run.Status.Message != "terminated on request" || len(run.Status.MetricResults) != 0 {
		t.Errorf("%s (%s): %+v", run.Status.Phase, run.Status.Message, run.Status.MetricResults)
	}
	<-gaveUp
}

func TestTerminateEndsJobs(t *testing.T) {
	w := newWorld(t, jobRun())
	w.jobs = ""
	w.drive(func() bool { return len(w.get().Status.MetricResults) == 1 })
	run := w.get()
	run.Spec.Terminate = ptr.To(true)
	if _, err := w.argosy.RolloutV1alpha1().AnalysisRuns("ns").Update(t.Context(), run, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	w.drive(func() bool {
		jobs, err := w.cluster.BatchV1().Jobs("ns").List(t.Context(), metav1.ListOptions{})
		return err == nil && len(jobs.Items) == 0 && w.get().Status.Phase.Completed()
	})
	if m := w.get().Status.MetricResults[0]; m.Measurements[0].Message != "given up, since the run ends" || m.Phase != rov1.AnalysisPhaseSuccessful {
		t.Errorf("%+v", m)
	}
}

// An image that cannot be had makes the run inconclusive, and its Job goes.
func TestBadImage(t *testing.T) {
	w := newWorld(t, jobRun())
	w.jobs = ""
	w.cluster.PrependReactor("create", "jobs", func(action clienttesting.Action) (bool, runtime.Object, error) {
		job := action.(clienttesting.CreateAction).GetObject().(*batchv1.Job)
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "ns", Labels: job.Spec.Template.Labels,
				OwnerReferences: []metav1.OwnerReference{{APIVersion: "batch/v1", Kind: "Job", Name: job.Name, UID: types.UID("job-" + job.Name), Controller: ptr.To(true)}}},
			Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: "c", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull", Message: "no such image"}}}}},
		}
		return false, nil, w.cluster.Tracker().Add(pod)
	})
	w.drive(func() bool {
		jobs, err := w.cluster.BatchV1().Jobs("ns").List(t.Context(), metav1.ListOptions{})
		return err == nil && len(jobs.Items) == 0 && w.get().Status.Phase.Completed()
	})
	if run := w.get(); run.Status.Phase != rov1.AnalysisPhaseInconclusive || !strings.Contains(run.Status.Message, "no such image") {
		t.Errorf("%s: %s", run.Status.Phase, run.Status.Message)
	}
}

// The text of a Secret reaches the provider, and nothing that is recorded.
func TestSecretsStaySecret(t *testing.T) {
	withSecret := func(run *rov1.AnalysisRun) {
		run.Spec.Args = []rov1.Argument{{Name: "token", ValueFrom: &rov1.ValueFrom{SecretKeyRef: &rov1.SecretKeyRef{Name: "s", Key: "k"}}}}
		run.Spec.Metrics[0].Provider.Web.Headers = []rov1.WebMetricHeader{{Key: "Authorization", Value: "Bearer {{args.token}}"}}
		run.Spec.Metrics[0].ConsecutiveErrorLimit = ptr.To(intstr.FromInt32(0))
	}
	var seen atomic.Value
	echo := func(_ context.Context, m *rov1.Metric) (metric.Value, error) {
		header := m.Provider.Web.Headers[0].Value
		seen.Store(header)
		return metric.Value{Result: 2.0, Text: header, Metadata: map[string]string{"warnings": header}, About: map[string]string{"q": header}}, nil
	}
	for name, test := range map[string]struct {
		run *rov1.AnalysisRun
		web source
	}{
		"in the value": {webRun(withSecret), echo},
		"in an error": {webRun(withSecret), func(ctx context.Context, m *rov1.Metric) (metric.Value, error) {
			v, _ := echo(ctx, m)
			return v, fmt.Errorf("invalid header %q", m.Provider.Web.Headers[0].Value)
		}},
		"in a panic": {webRun(withSecret), func(ctx context.Context, m *rov1.Metric) (metric.Value, error) {
			_, _ = echo(ctx, m)
			panic(m.Provider.Web.Headers[0].Value)
		}},
		"in a condition that is wrong": {webRun(withSecret, func(run *rov1.AnalysisRun) { run.Spec.Metrics[0].SuccessCondition = "result == '{{args.token}}' &&" }), echo},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, test.run)
			w.web = test.web
			run := w.end()
			if seen.Load() != "Bearer "+secretText {
				t.Errorf("the provider was given %q", seen.Load())
			}
			data, err := json.Marshal(run)
			if err != nil {
				t.Fatal(err)
			}
			for _, action := range w.cluster.Actions() {
				if create, ok := action.(clienttesting.CreateAction); ok && action.GetResource().Resource == "events" {
					event, err := json.Marshal(create.GetObject())
					if err != nil {
						t.Fatal(err)
					}
					data = append(data, event...)
				}
			}
			if text := string(data); strings.Contains(text, "s3cr3t") {
				t.Errorf("the secret is shown: %s", text)
			}
			if name != "in a panic" && !strings.Contains(string(data), "[redacted]") {
				t.Errorf("nothing was hidden: %s", data)
			}
		})
	}
	t.Run("that is missing", func(t *testing.T) {
		w := newWorld(t, webRun(withSecret, func(run *rov1.AnalysisRun) { run.Spec.Args[0].ValueFrom.SecretKeyRef.Key = "none" }))
		if run := w.end(); run.Status.Phase != rov1.AnalysisPhaseError || !strings.Contains(run.Status.Message, "Secret \"s\" has no key \"none\"") {
			t.Errorf("%s: %s", run.Status.Phase, run.Status.Message)
		}
	})
}

func TestTimeToLive(t *testing.T) {
	w := newWorld(t, webRun(func(run *rov1.AnalysisRun) {
		run.Spec.TTLStrategy = &rov1.TTLStrategy{SecondsAfterCompletion: ptr.To[int32](0)}
	}))
	w.end()
	// A new process finds it ended.
	w.drive(func() bool {
		_, err := w.argosy.RolloutV1alpha1().AnalysisRuns("ns").Get(t.Context(), "run", metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	})
}
