// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"context"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/registry/resource"
	"argosy.dev/argosy/registry/resource/podlog"
)

// logREST serves workflows/log: the logs of a workflow's pods, merged by lines.
// The caller needs get on workflows/log only; the pods are read with the
// server's own identity, and only those that belong to the workflow.
type logREST struct {
	store *genericregistry.Store
	deps  resource.Deps
}

var (
	_ rest.Storage           = &logREST{}
	_ rest.GetterWithOptions = &logREST{}
	_ rest.StorageMetadata   = &logREST{}
)

// NewLogREST returns the storage of workflows/log.
func NewLogREST(store *genericregistry.Store, deps resource.Deps) rest.Storage {
	return &logREST{store, deps}
}

// New implements rest.Storage.
func (r *logREST) New() runtime.Object { return &wfv1.Workflow{} }

// Destroy does nothing: the store belongs to the main resource.
func (r *logREST) Destroy() {}

// ProducesMIMETypes implements rest.StorageMetadata.
func (r *logREST) ProducesMIMETypes(string) []string { return []string{"text/plain"} }

// ProducesObject implements rest.StorageMetadata: the answer is text.
func (r *logREST) ProducesObject(string) any { return "" }

// NewGetOptions implements rest.GetterWithOptions.
func (r *logREST) NewGetOptions() (runtime.Object, bool, string) {
	return &wfv1.WorkflowLogOptions{}, false, ""
}

// OverrideMetricsVerb counts following apart from reading, which is short.
func (r *logREST) OverrideMetricsVerb(verb string) string {
	if verb == "GET" {
		return "CONNECT"
	}
	return verb
}

// Get returns a stream of the logs of the workflow's pods.
func (r *logREST) Get(ctx context.Context, name string, options runtime.Object) (runtime.Object, error) {
	given, ok := options.(*wfv1.WorkflowLogOptions)
	if !ok {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("not a WorkflowLogOptions: %T", options))
	}
	opts := given.DeepCopy()
	if opts.Container == "" {
		opts.Container = wfv1.MainContainerName
	}
	if errs := validateLogOptions(opts); len(errs) > 0 {
		return nil, apierrors.NewInvalid(wfv1.SchemeGroupVersion.WithKind("WorkflowLogOptions").GroupKind(), name, errs)
	}
	if r.deps.Cluster == nil {
		return nil, apierrors.NewServiceUnavailable("this server has no cluster to read logs from")
	}
	obj, err := r.store.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	wf, ok := obj.(*wfv1.Workflow)
	if !ok {
		return nil, apierrors.NewInternalError(fmt.Errorf("unexpected object of type %T in the store of workflows", obj))
	}
	l := &logStream{rest: r, wf: wf, opts: opts}
	all, err := l.list(ctx)
	if err != nil {
		return nil, err
	}
	if l.pods, err = l.choose(all); err != nil {
		return nil, err
	}
	return l, nil
}

// validateLogOptions refuses options that make no sense. That numbers are not negative is checked when they are read.
func validateLogOptions(o *wfv1.WorkflowLogOptions) field.ErrorList {
	var errs field.ErrorList
	if o.SinceSeconds != nil && *o.SinceSeconds < 1 {
		errs = append(errs, field.Invalid(field.NewPath("sinceSeconds"), *o.SinceSeconds, "must be greater than 0"))
	}
	for _, msg := range validation.IsDNS1123Label(o.Container) {
		errs = append(errs, field.Invalid(field.NewPath("container"), o.Container, msg))
	}
	if o.PodName != "" {
		for _, msg := range apivalidation.NameIsDNSSubdomain(o.PodName, false) {
			errs = append(errs, field.Invalid(field.NewPath("podName"), o.PodName, msg))
		}
	}
	return errs
}

// logStream is the answer to one request: it opens the stream when the handler
// asks for it.
type logStream struct {
	rest *logREST
	wf   *wfv1.Workflow
	opts *wfv1.WorkflowLogOptions
	pods []corev1.Pod // that were there when the request came
}

var (
	_ rest.ResourceStreamer = &logStream{}
	_ runtime.Object        = &logStream{}
)

// GetObjectKind implements runtime.Object, as rest.ResourceStreamer asks. A stream has no kind.
func (l *logStream) GetObjectKind() schema.ObjectKind { return schema.EmptyObjectKind }

// DeepCopyObject implements runtime.Object. It is another stream of the same logs.
func (l *logStream) DeepCopyObject() runtime.Object { c := *l; return &c }

// InputStream implements rest.ResourceStreamer. The stream ends with ctx, or when it is closed.
func (l *logStream) InputStream(ctx context.Context, _, _ string) (io.ReadCloser, bool, string, error) {
	prefixed := l.prefixed()
	if !l.opts.Follow && len(l.pods) == 1 {
		// With a single log, an error in opening it is the answer, rather than text in a stream.
		body, err := l.open(ctx, &l.pods[0])
		switch {
		case apierrors.IsNotFound(err), apierrors.IsBadRequest(err):
			return nil, false, "", err
		case err != nil: // Above all, that we may not read it is not the caller's fault.
			return nil, false, "", apierrors.NewInternalError(fmt.Errorf("reading the log of pod %s: %w", l.pods[0].Name, err))
		}
		m := podlog.New(ctx, func(ctx context.Context, m *podlog.Merger) {
			m.Copy(ctx, l.prefix(&l.pods[0], prefixed), body)
		})
		return m, false, "text/plain", nil
	}
	produce := l.readAll
	if l.opts.Follow {
		produce = l.follow
	}
	return podlog.New(ctx, func(ctx context.Context, m *podlog.Merger) { produce(ctx, m, prefixed) }), l.opts.Follow, "text/plain", nil
}

// readAll reads the logs there are, pod after pod in the order of their creation.
func (l *logStream) readAll(ctx context.Context, m *podlog.Merger, prefixed bool) {
	for i := range l.pods {
		l.readPod(ctx, m, &l.pods[i], prefixed)
	}
}

// readPod reads the log of one pod into m. A log that cannot be had is named in the stream, so that nobody takes what he sees for all.
func (l *logStream) readPod(ctx context.Context, m *podlog.Merger, p *corev1.Pod, prefixed bool) {
	prefix := l.prefix(p, prefixed)
	body, err := l.open(ctx, p)
	switch {
	case ctx.Err() != nil: // Nobody listens any longer.
	case err != nil:
		m.Note(ctx, fmt.Sprintf("[%s] the log cannot be read: %v", p.Name, err))
	default:
		m.Copy(ctx, prefix, body)
	}
}

// open opens the log of one pod.
func (l *logStream) open(ctx context.Context, p *corev1.Pod) (io.ReadCloser, error) {
	s := podlog.ContainerStatus(p, l.opts.Container)
	return l.rest.deps.Cluster.CoreV1().Pods(p.Namespace).GetLogs(p.Name, &corev1.PodLogOptions{
		Container:    l.opts.Container,
		Follow:       l.opts.Follow && (s == nil || s.State.Terminated == nil),
		Timestamps:   l.opts.Timestamps,
		TailLines:    l.opts.TailLines,
		SinceSeconds: l.opts.SinceSeconds,
	}).Stream(ctx)
}

// prefix is what is put before each line of the pod.
func (l *logStream) prefix(p *corev1.Pod, prefixed bool) string {
	if !prefixed {
		return ""
	}
	return "[" + p.Name + "] "
}

// list returns the pods of the workflow as they are now.
func (l *logStream) list(ctx context.Context) ([]corev1.Pod, error) {
	pods, err := l.rest.deps.Cluster.CoreV1().Pods(l.wf.Namespace).List(ctx, metav1.ListOptions{LabelSelector: l.selector()})
	if err != nil {
		return nil, fmt.Errorf("listing the pods of the workflow: %w", err)
	}
	return pods.Items, nil
}

// selector finds the pods of the workflow, and maybe others, since anybody may label a pod.
func (l *logStream) selector() string {
	return labels.Set{wfv1.LabelWorkflow: l.wf.Name}.String()
}
