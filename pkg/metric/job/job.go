// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package job measures by Jobs: it says what Job a measurement is, and what the state of a Job says of the measurement.
// Both are pure functions; the loop creates, watches and deletes Jobs.
package job

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// MetadataName is where a measurement remembers the name of its Job.
const MetadataName = "job-name"

// Annotations of a Job that tell of what it is a part.
const (
	annotationRun    = "rollout.argosy.dev/analysisrun"
	annotationMetric = "rollout.argosy.dev/metric"
)

// maxName is how long the name of a Job may be: its pods bear it as a label.
const maxName = 63

// Name returns the name of the Job of the number-th measurement of a metric. It is a function of these, so that a crash
// never leads to a second Job.
func Name(run *rov1.AnalysisRun, metric string, number int32) string {
	name := fmt.Sprintf("%s.%s.%d", run.UID, metric, number)
	if len(name) <= maxName {
		return name
	}
	sum := sha256.Sum256([]byte(metric))
	return fmt.Sprintf("%s.%s.%d", run.UID, hex.EncodeToString(sum[:])[:10], number)
}

// New returns the Job of the number-th measurement of a metric, all of whose arguments are put in. The error says what
// is wrong with its spec.
func New(run *rov1.AnalysisRun, metric *rov1.Metric, number int32) (*batchv1.Job, error) {
	spec, err := metric.Provider.Job.Spec.Decode()
	if err != nil {
		return nil, fmt.Errorf("provider.job.spec: %w", err)
	}
	labels, annotations := map[string]string{}, map[string]string{}
	if m := metric.Provider.Job.Metadata; m != nil {
		maps.Copy(labels, m.Labels)
		maps.Copy(annotations, m.Annotations)
	}
	labels[rov1.LabelAnalysisRunUID] = string(run.UID)
	annotations[annotationRun] = run.Name
	annotations[annotationMetric] = metric.Name
	// By this label the loop finds the pods too, which tell of images that cannot be had.
	if spec.Template.Labels == nil {
		spec.Template.Labels = map[string]string{}
	}
	spec.Template.Labels[rov1.LabelAnalysisRunUID] = string(run.UID)
	return &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{
			Name: Name(run, metric.Name, number), Namespace: run.Namespace, Labels: labels, Annotations: annotations,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(run, rov1.SchemeGroupVersion.WithKind("AnalysisRun"))},
		},
		Spec: *spec,
	}, nil
}

// Judge tells what a Job and its pods say of the measurement, and when it ended: Running as long as it may still go
// either way, Inconclusive (with no end, for the Job itself goes on) if an image cannot be had.
func Judge(object *batchv1.Job, pods []*corev1.Pod) (phase rov1.AnalysisPhase, message string, finished *metav1.Time) {
	for i := range object.Status.Conditions {
		c := &object.Status.Conditions[i]
		if c.Status == corev1.ConditionFalse {
			continue
		}
		switch c.Type {
		case batchv1.JobComplete:
			return rov1.AnalysisPhaseSuccessful, "", when(c)
		case batchv1.JobFailed:
			return rov1.AnalysisPhaseFailed, reason(c), when(c)
		}
	}
	for _, pod := range pods {
		for _, list := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
			for i := range list {
				if waiting := list[i].State.Waiting; waiting != nil && noImage(waiting.Reason) {
					return rov1.AnalysisPhaseInconclusive, fmt.Sprintf("container %q of pod %q: %s: %s", list[i].Name, pod.Name, waiting.Reason, waiting.Message), nil
				}
			}
		}
	}
	return rov1.AnalysisPhaseRunning, "", nil
}

// noImage tells whether a container waits for an image that could not be had.
func noImage(reason string) bool {
	switch reason {
	case "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull":
		return true
	}
	return false
}

func when(c *batchv1.JobCondition) *metav1.Time {
	if c.LastTransitionTime.IsZero() {
		return nil
	}
	return &c.LastTransitionTime
}

func reason(c *batchv1.JobCondition) string {
	if c.Reason == "" || c.Message == "" {
		return c.Reason + c.Message
	}
	return c.Reason + ": " + c.Message
}
