// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"
	"fmt"
	"io"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/registry/resource"
	"argosy.dev/argosy/registry/resource/podlog"
)

// logREST serves applications/log: the logs of the pods of an application, merged
// by lines. The caller needs get on applications/log only.
type logREST struct {
	main *resource.REST
	live Live
}

var (
	_ rest.Storage           = &logREST{}
	_ rest.GetterWithOptions = &logREST{}
	_ rest.StorageMetadata   = &logREST{}
)

// NewLogREST returns the storage of applications/log.
func NewLogREST(v verbs) rest.Storage { return &logREST{v.main, v.live} }

// New implements rest.Storage.
func (r *logREST) New() runtime.Object { return &appv1.Application{} }

// Destroy does nothing: the store belongs to the main resource.
func (r *logREST) Destroy() {}

// ProducesMIMETypes implements rest.StorageMetadata.
func (r *logREST) ProducesMIMETypes(string) []string { return []string{"text/plain"} }

// ProducesObject implements rest.StorageMetadata: the answer is text.
func (r *logREST) ProducesObject(string) any { return "" }

// NewGetOptions implements rest.GetterWithOptions.
func (r *logREST) NewGetOptions() (runtime.Object, bool, string) {
	return &appv1.ApplicationLogOptions{}, false, ""
}

// OverrideMetricsVerb counts following apart from reading, which is short.
func (r *logREST) OverrideMetricsVerb(verb string) string {
	if verb == "GET" {
		return "CONNECT"
	}
	return verb
}

// Get returns a stream of the logs of the application's pods.
func (r *logREST) Get(ctx context.Context, name string, options runtime.Object) (runtime.Object, error) {
	given, ok := options.(*appv1.ApplicationLogOptions)
	if !ok {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("not an ApplicationLogOptions: %T", options))
	}
	opts := given.DeepCopy()
	resources, errs := logOptions(opts)
	if len(errs) > 0 {
		return nil, apierrors.NewInvalid(appv1.Kind("ApplicationLogOptions"), name, errs)
	}
	app, err := find(ctx, r.main, r.live, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	pods, err := r.live.Pods(ctx, app)
	if err != nil {
		return nil, told(app, err)
	}
	l := &logStream{live: r.live, app: app, opts: opts, resources: resources, cluster: pods.Cluster}
	l.pods, err = l.choose(pods.Pods)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// logOptions refuses options that make no sense, and returns the resources among
// them. That numbers are not negative is checked when they are read.
func logOptions(o *appv1.ApplicationLogOptions) ([]selector, field.ErrorList) {
	var errs field.ErrorList
	if o.SinceSeconds != nil && *o.SinceSeconds < 1 {
		errs = append(errs, field.Invalid(field.NewPath("sinceSeconds"), *o.SinceSeconds, "must be greater than 0"))
	}
	if o.Previous && o.Follow {
		errs = append(errs, field.Invalid(field.NewPath("previous"), true, "what was written before can not be followed"))
	}
	var out []selector
	for i, text := range o.Resource {
		s, err := parseSelector(text)
		if err != nil {
			errs = append(errs, field.Invalid(field.NewPath("resource").Index(i), text, err.Error()))
		}
		out = append(out, s)
	}
	return out, errs
}

// logStream is the answer to one request: it opens the stream when the handler
// asks for it.
type logStream struct {
	live      Live
	app       *appv1.Application
	opts      *appv1.ApplicationLogOptions
	resources []selector
	cluster   podReader
	pods      []Pod // that were there when the request came
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
	if !l.opts.Follow && len(l.pods) == 1 {
		// With a single log, an error in opening it is the answer, rather than text in a stream.
		pod := &l.pods[0]
		body, err := l.open(ctx, pod)
		switch {
		case apierrors.IsNotFound(err), apierrors.IsBadRequest(err):
			return nil, false, "", err
		case err != nil: // Above all, that we may not read it is not the caller's fault.
			return nil, false, "", apierrors.NewInternalError(fmt.Errorf("reading the log of pod %s: %w", pod.Name, err))
		}
		return podlog.New(ctx, func(ctx context.Context, m *podlog.Merger) { m.Copy(ctx, l.prefix(pod), body) }), false, "text/plain", nil
	}
	produce := l.readAll
	if l.opts.Follow {
		produce = l.follow
	}
	return podlog.New(ctx, produce), l.opts.Follow, "text/plain", nil
}

// readAll reads the logs there are, pod after pod in the order of their creation.
func (l *logStream) readAll(ctx context.Context, m *podlog.Merger) {
	for i := range l.pods {
		l.readPod(ctx, m, &l.pods[i])
	}
}

// readPod reads the log of one pod into m. A log that cannot be had is named in
// the stream, so that nobody takes what he sees for all.
func (l *logStream) readPod(ctx context.Context, m *podlog.Merger, pod *Pod) {
	body, err := l.open(ctx, pod)
	switch {
	case ctx.Err() != nil: // Nobody listens any longer.
	case err != nil:
		m.Note(ctx, fmt.Sprintf("[%s] the log cannot be read: %v", pod.Name, err))
	default:
		m.Copy(ctx, l.prefix(pod), body)
	}
}

// open opens the log of one pod.
func (l *logStream) open(ctx context.Context, pod *Pod) (io.ReadCloser, error) {
	container := l.container(pod)
	s := podlog.ContainerStatus(&pod.Pod, container)
	return l.cluster.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, l.podOptions(container, s == nil || s.State.Terminated == nil)).Stream(ctx)
}

// prefix is what is put before each line of the pod.
func (l *logStream) prefix(pod *Pod) string {
	prefixed := len(l.pods) > 1 || l.opts.Follow && l.opts.PodName == ""
	if l.opts.Prefix != nil {
		prefixed = *l.opts.Prefix
	}
	if !prefixed {
		return ""
	}
	return "[" + pod.Name + "] "
}
