// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"

	"argosy.dev/argosy/pkg/application/object"
	"argosy.dev/argosy/registry/resource/podlog"
)

// podReader is what a log needs of a cluster.
type podReader interface {
	CoreV1() typedcorev1.CoreV1Interface
}

// annotationDefaultContainer names the container that kubectl shows. It is a convention of Kubernetes.
const annotationDefaultContainer = "kubectl.kubernetes.io/default-container"

// selector chooses objects. Each part may be *, and the namespace absent.
type selector object.Key

// parseSelector reads GROUP:KIND:[NAMESPACE/]NAME.
func parseSelector(text string) (selector, error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 || parts[1] == "" {
		return selector{}, errors.New("must be GROUP:KIND:[NAMESPACE/]NAME")
	}
	s := selector{Group: parts[0], Kind: parts[1], Namespace: "*", Name: parts[2]}
	if namespace, name, ok := strings.Cut(parts[2], "/"); ok {
		s.Namespace, s.Name = namespace, name
	}
	if s.Name == "" {
		return selector{}, errors.New("must be GROUP:KIND:[NAMESPACE/]NAME")
	}
	return s, nil
}

// matches tells whether an object is chosen.
func (s selector) matches(k object.Key) bool {
	is := func(want, have string) bool { return want == "*" || want == have }
	return is(s.Group, k.Group) && is(s.Kind, k.Kind) && is(s.Namespace, k.Namespace) && is(s.Name, k.Name)
}

// wanted returns those of the pods that the options ask for, in the order of their creation.
func (l *logStream) wanted(all []Pod) []Pod {
	var out []Pod
	for _, pod := range all {
		if (l.opts.PodName == "" || l.opts.PodName == pod.Name) && (len(l.resources) == 0 || slices.ContainsFunc(l.resources, func(s selector) bool {
			return slices.ContainsFunc(pod.Path, s.matches)
		})) {
			out = append(out, pod)
		}
	}
	slices.SortFunc(out, func(a, b Pod) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// choose returns those of the pods whose logs are asked for and can be read. When
// nothing is followed, it fails where a single pod is asked for that is not there
// or has not begun, as pods/log does.
func (l *logStream) choose(all []Pod) ([]Pod, error) {
	out := l.wanted(all)
	if l.opts.Follow {
		return out, nil
	}
	if l.opts.PodName != "" && len(out) == 0 {
		return nil, apierrors.NewNotFound(corev1.Resource("pods"), l.opts.PodName)
	}
	if len(out) == 1 {
		if why := l.notStarted(&out[0]); why != "" {
			return nil, apierrors.NewBadRequest(why)
		}
	}
	return slices.DeleteFunc(out, func(pod Pod) bool { return l.notStarted(&pod) != "" }), nil
}

// notStarted says why there is no log; empty if there may be one.
func (l *logStream) notStarted(pod *Pod) string {
	container := l.container(pod)
	if l.opts.Previous {
		if s := podlog.ContainerStatus(&pod.Pod, container); s != nil && s.RestartCount > 0 {
			return ""
		}
	}
	return podlog.NotStarted(&pod.Pod, container)
}

// container is the container of the pod whose log is read.
func (l *logStream) container(pod *Pod) string {
	if l.opts.Container != "" {
		return l.opts.Container
	}
	if name := pod.Annotations[annotationDefaultContainer]; name != "" {
		return name
	}
	if len(pod.Spec.Containers) > 0 {
		return pod.Spec.Containers[0].Name
	}
	return ""
}

// podOptions are what is asked of a pod's log.
func (l *logStream) podOptions(container string, mayGoOn bool) *corev1.PodLogOptions {
	return &corev1.PodLogOptions{
		Container: container, Follow: l.opts.Follow && mayGoOn, Previous: l.opts.Previous, Timestamps: l.opts.Timestamps,
		TailLines: l.opts.TailLines, SinceSeconds: l.opts.SinceSeconds,
	}
}
