// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"math"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

// namespace makes the destination's namespace, or brings its labels and annotations, before anything else and even before
// the check, if the option CreateNamespace asks for it. A manifest of that namespace goes before.
func (s *stepper) namespace() verdict {
	t := s.namespaceTask()
	if t == nil {
		return complete
	}
	message := ""
	switch result := s.resultOf(t); {
	case result == nil:
	case pending(*result):
		message = result.Message
	case result.Status == appv1.ResultSyncFailed:
		return failed
	default:
		return complete
	}
	id := s.id(t, VerbApply)
	outcome, done := s.in.Done[id]
	switch {
	case !done && t.Live != nil && !s.differs(t):
		return complete
	case !done && t.Live != nil && t.Live.GetDeletionTimestamp() != nil:
		return s.wait("waiting for deletion of %s", list([]*task{t}, "resource"))
	case !done:
		if t.Live == nil {
			s.results.set(t, "", t.Key.Label()+" created", "")
		}
		s.effect(Apply{For: id, Object: t.Target, Mode: ServerSide, Create: t.Live == nil})
		s.decision.State.Message = "applying " + s.names("resource")
		return working
	case outcome.Err != "":
		s.broken(t, outcome.Err)
		return failed
	}
	s.results.set(t, appv1.ResultSynced, orElse(message, outcome.Message), appv1.OperationSucceeded)
	return complete
}

// namespaceTask is the destination's namespace as a task; nil if it is not ours to make.
func (s *stepper) namespaceTask() *task {
	if s.settings[object.OptionCreateNamespace] != "true" || s.in.Destination == "" || s.plan.namespaces[s.in.Destination] != nil {
		return nil
	}
	target := &unstructured.Unstructured{Object: map[string]any{}}
	target.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind(namespaceKind))
	target.SetName(s.in.Destination)
	if m := s.in.NamespaceMetadata; m != nil {
		target.SetLabels(m.Labels)
		target.SetAnnotations(m.Annotations)
	}
	return &task{
		Object: &Object{
			Key: object.Key{Kind: namespaceKind, Name: s.in.Destination}, Version: "v1", Target: target, Live: s.in.Namespace, Served: true,
		},
		at: place{phase: object.PreSync, wave: math.MinInt},
	}
}

// differs tells whether a live namespace lacks labels or annotations that it should have.
func (s *stepper) differs(t *task) bool {
	m := s.in.NamespaceMetadata
	if m == nil {
		return false
	}
	labels := t.Live.GetLabels()
	for name, value := range m.Labels {
		if got, there := labels[name]; !there || got != value {
			return true
		}
	}
	for name, value := range m.Annotations {
		if got, there := annotationsOf(t.Live)[name]; !there || got != value {
			return true
		}
	}
	return false
}
