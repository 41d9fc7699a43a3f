// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"errors"
	"slices"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

func sourcesOf(urls ...string) (out []appv1.ApplicationSource) {
	for _, url := range urls {
		out = append(out, appv1.ApplicationSource{RepoURL: url})
	}
	return out
}

// No two operations of an application begin in the same second: hooks are known by it.
func TestBeginning(t *testing.T) {
	now := time.Unix(100, 5)
	at := func(second int64) metav1.Time { return metav1.NewTime(time.Unix(second, 0)) }
	for name, tc := range map[string]struct {
		status appv1.ApplicationStatus
		want   int64
	}{
		"the first":               {appv1.ApplicationStatus{}, 100},
		"long after the last":     {appv1.ApplicationStatus{OperationState: &appv1.OperationState{StartedAt: at(7)}}, 100},
		"at once after the last":  {appv1.ApplicationStatus{OperationState: &appv1.OperationState{StartedAt: at(100)}}, 101},
		"the clock went back":     {appv1.ApplicationStatus{OperationState: &appv1.OperationState{StartedAt: at(300)}}, 301},
		"the last is in history":  {appv1.ApplicationStatus{History: []appv1.RevisionHistory{{DeployStartedAt: ptr.To(at(100))}, {}}}, 101},
		"history and state agree": {appv1.ApplicationStatus{OperationState: &appv1.OperationState{StartedAt: at(101)}, History: []appv1.RevisionHistory{{DeployStartedAt: ptr.To(at(100))}}}, 102},
	} {
		if got := beginning(&appv1.Application{Status: tc.status}, time.Time{}, now); got.Unix() != tc.want || got.Nanosecond() != 0 {
			t.Errorf("%s: %v, want second %d", name, got, tc.want)
		}
	}
}

// Whoever asks for the next operation takes the state of the last away.
func TestBeginningIsRemembered(t *testing.T) {
	m, now := &memory{}, time.Unix(100, 5)
	for want := int64(100); want < 103; want++ {
		if got := m.begin(&appv1.Application{}, now); got.Unix() != want {
			t.Errorf("%v, want second %d", got, want)
		}
	}
}

// What an operation syncs is what it says; else what it began with, whatever the application says by now.
func TestPinned(t *testing.T) {
	one, two := &appv1.Application{Spec: appv1.ApplicationSpec{Source: &sourcesOf("own")[0]}}, &appv1.Application{Spec: appv1.ApplicationSpec{Sources: sourcesOf("a", "b")}}
	for name, tc := range map[string]struct {
		app       *appv1.Application
		sync      appv1.SyncOperation
		result    *appv1.SyncOperationResult
		sources   []string
		revisions []string
		several   bool
	}{
		"its source":                     {one, appv1.SyncOperation{}, nil, []string{"own"}, nil, false},
		"its source at a revision":       {one, appv1.SyncOperation{Revision: "v1"}, nil, []string{"own"}, []string{"v1"}, false},
		"another source":                 {one, appv1.SyncOperation{Source: &sourcesOf("other")[0], Revision: "v1"}, nil, []string{"other"}, []string{"v1"}, false},
		"begun with a commit":            {one, appv1.SyncOperation{Revision: "main"}, &appv1.SyncOperationResult{Source: &sourcesOf("then")[0], Revision: "abc"}, []string{"then"}, []string{"abc"}, false},
		"its sources":                    {two, appv1.SyncOperation{Revisions: []string{"1", ""}}, nil, []string{"a", "b"}, []string{"1", ""}, true},
		"one source where it has two":    {two, appv1.SyncOperation{Source: &sourcesOf("other")[0]}, nil, []string{"other"}, nil, false},
		"two sources where it has one":   {one, appv1.SyncOperation{Sources: sourcesOf("x", "y")}, nil, []string{"x", "y"}, nil, true},
		"begun with commits of several":  {two, appv1.SyncOperation{}, &appv1.SyncOperationResult{Sources: sourcesOf("then", "b"), Revisions: []string{"1", "2"}}, []string{"then", "b"}, []string{"1", "2"}, true},
		"begun, with nothing that is so": {two, appv1.SyncOperation{}, &appv1.SyncOperationResult{}, []string{"a", "b"}, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := pinned(tc.app, &appv1.OperationState{Operation: appv1.Operation{Sync: &tc.sync}, SyncResult: tc.result})
			var urls []string
			for _, source := range w.sources {
				urls = append(urls, source.RepoURL)
			}
			if !slices.Equal(urls, tc.sources) || !slices.Equal(w.revisions, tc.revisions) {
				t.Errorf("it syncs %q at %q", urls, w.revisions)
			}
			if got := several(tc.app, &tc.sync); got != tc.several {
				t.Errorf("several: %t", got)
			}
			result := synced(tc.app, &tc.sync, w.sources, []string{"r1", "r2"})
			if tc.several && (len(result.Sources) != 2 || result.Source != nil || !slices.Equal(result.Revisions, []string{"r1", "r2"})) ||
				!tc.several && (result.Source == nil || result.Sources != nil || result.Revision != "r1") {
				t.Errorf("it says that it syncs %+v", result)
			}
		})
	}
}

// Only what would be refused in any case fails a sync before anything is applied.
func TestCertain(t *testing.T) {
	services := schema.GroupResource{Resource: "services"}
	invalid := func(why string) error {
		return apierrors.NewInvalid(schema.GroupKind{Kind: "Service"}, "s", field.ErrorList{field.Invalid(field.NewPath("spec"), 1, why)})
	}
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"invalid":      {invalid("must be between 1 and 65535"), true},
		"bad":          {apierrors.NewBadRequest("strict decoding error"), true},
		"undeclared":   {apierrors.NewInternalError(errors.New(".spec.colour: field not declared in schema")), true},
		"a taken port": {invalid("provided port is already allocated"), false},
		"a webhook":    {apierrors.NewBadRequest(`admission webhook "a" denied the request`), false},
		"forbidden":    {apierrors.NewForbidden(services, "s", errors.New("exceeded quota")), false},
		"not found":    {apierrors.NewNotFound(services, "s"), false},
		"silence":      {errors.New("connection refused"), false},
		"internal":     {apierrors.NewInternalError(errors.New("no leader")), false},
	} {
		if got := certain(c.err); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
