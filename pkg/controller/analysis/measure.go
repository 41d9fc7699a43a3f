// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"context"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/metric"
	jobmetric "argosy.dev/argosy/pkg/metric/job"
	"argosy.dev/argosy/pkg/rollout/analysis"
)

// measure begins the measurements that are wanted and not under way, and gives up those that are under way and not
// wanted. It waits for none: each lets the run be worked on when it comes back.
func (c *Controller) measure(ctx context.Context, key types.NamespacedName, m *memory, run *rov1.AnalysisRun, wanted []analysis.Measure) {
	c.mu.Lock()
	defer c.mu.Unlock()
	want := make(map[string]int32, len(wanted))
	for _, w := range wanted {
		want[w.Metric] = w.Number
	}
	for name, u := range m.under {
		if want[name] != u.number {
			u.cancel()
			delete(m.under, name)
		}
	}
	for _, w := range wanted {
		if m.under[w.Metric] != nil {
			continue
		}
		if t, back := m.taken[w.Metric]; back && t.Number == w.Number {
			c.loop.Add(key) // it came back after the world was observed
			continue
		}
		limited, cancel := context.WithCancel(ctx)
		u := &underway{number: w.Number, cancel: cancel}
		m.under[w.Metric] = u
		own := c.freeOf[run.Namespace]
		if own == nil {
			own = make(chan struct{}, measuringEach)
			c.freeOf[run.Namespace] = own
		}
		c.measurements.Go(func() {
			defer cancel()
			for _, free := range []chan struct{}{own, c.free} {
				select {
				case free <- struct{}{}:
					defer func() { <-free }()
				case <-limited.Done():
					return
				}
			}
			taken, job := c.take(limited, run, w)
			c.mu.Lock()
			defer c.mu.Unlock()
			if m.under[w.Metric] != u {
				return // given up: if a Job came into being, its event leads to its end
			}
			delete(m.under, w.Metric)
			if limited.Err() != nil {
				return // the loop ends: what was found is the end's doing
			}
			m.taken[w.Metric] = taken
			if job != nil {
				m.created = append(m.created, job)
			}
			c.loop.Add(key)
		})
	}
}

// take takes one measurement. Whatever it returns is without secrets. For a metric that is measured by a Job the
// measurement has only begun, and the Job is returned too.
func (c *Controller) take(ctx context.Context, run *rov1.AnalysisRun, want analysis.Measure) (taken analysis.Taken, made *batchv1.Job) {
	began := metav1.NewTime(c.config.Clock.Now())
	taken = analysis.Taken{Number: want.Number, Measurement: rov1.Measurement{StartedAt: &began}}
	var redactor analysis.Redactor
	defer func() {
		if p := recover(); p != nil {
			// Providers and libraries work on what users supply: what breaks one must stay an error of this measurement. The
			// value of the panic may hold a secret.
			klog.FromContext(ctx).Error(nil, "Measuring panicked", "analysisrun", klog.KObj(run), "metric", want.Metric, "panic", redactor.Text(fmt.Sprint(p)))
			c.failed(&taken, fmt.Errorf("internal error: the measurement panicked"))
		}
		taken = redactor.Taken(taken)
	}()
	secrets, err := c.secrets(ctx, run, want.Metric)
	redactor = analysis.NewRedactor(secrets)
	if err != nil {
		c.failed(&taken, err)
		return taken, nil
	}
	m, err := analysis.Metric(run, want.Metric, secrets)
	if err != nil {
		c.failed(&taken, err)
		return taken, nil
	}
	if m.Provider.Job != nil {
		made, err := c.begin(ctx, run, m, &taken)
		if err != nil {
			c.failed(&taken, err)
		}
		return taken, made
	}
	provider := c.provider(m)
	if provider == nil {
		c.failed(&taken, fmt.Errorf("no provider of this version can measure it"))
		return taken, nil
	}
	value, err := provider.Measure(ctx, run.Namespace, m)
	taken.Measurement.Value, taken.Measurement.Metadata, taken.Metadata = value.Text, value.Metadata, value.About
	if err == nil {
		taken.Measurement.Phase, err = analysis.Judge(m, value.Result)
	}
	if err != nil {
		c.failed(&taken, err)
		return taken, nil
	}
	c.finished(&taken)
	return taken, nil
}

// begin creates the Job of a measurement.
func (c *Controller) begin(ctx context.Context, run *rov1.AnalysisRun, m *rov1.Metric, taken *analysis.Taken) (*batchv1.Job, error) {
	wanted, err := jobmetric.New(run, m, taken.Number)
	if err != nil {
		return nil, err
	}
	job, err := c.createJob(ctx, run, wanted)
	if err != nil {
		return nil, err
	}
	taken.Measurement.Phase = rov1.AnalysisPhaseRunning
	taken.Measurement.Metadata = map[string]string{jobmetric.MetadataName: job.Name}
	// Its spec may hold a secret, and nobody needs it any more.
	job.Spec, job.Annotations, job.ManagedFields = batchv1.JobSpec{}, nil, nil
	return job, nil
}

// secrets reads the arguments of a metric that come from Secrets.
func (c *Controller) secrets(ctx context.Context, run *rov1.AnalysisRun, name string) (map[string]string, error) {
	refs, err := analysis.SecretsOf(run, name)
	if err != nil {
		return nil, err
	}
	secrets := make(map[string]string, len(refs))
	for arg, ref := range refs {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		secret, err := c.config.Cluster.CoreV1().Secrets(run.Namespace).Get(ctx, ref.Name, metav1.GetOptions{})
		cancel()
		if err != nil {
			return secrets, fmt.Errorf("args.%s: %w", arg, err)
		}
		value, ok := secret.Data[ref.Key]
		if !ok {
			return secrets, fmt.Errorf("args.%s: Secret %q has no key %q", arg, ref.Name, ref.Key)
		}
		secrets[arg] = string(value)
	}
	return secrets, nil
}

// provider returns what measures the metric; nil if nothing does.
func (c *Controller) provider(m *rov1.Metric) metric.Provider {
	switch p := &m.Provider; {
	case p.Prometheus != nil:
		return c.config.Providers["prometheus"]
	case p.Web != nil:
		return c.config.Providers["web"]
	case p.Kubernetes != nil:
		return c.config.Providers["kubernetes"]
	}
	return nil
}

// failed ends a measurement that could not be taken.
func (c *Controller) failed(taken *analysis.Taken, err error) {
	taken.Measurement.Phase, taken.Measurement.Message = rov1.AnalysisPhaseError, err.Error()
	c.finished(taken)
}

func (c *Controller) finished(taken *analysis.Taken) {
	now := metav1.NewTime(c.config.Clock.Now())
	taken.Measurement.FinishedAt = &now
}
