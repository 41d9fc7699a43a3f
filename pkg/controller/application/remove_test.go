// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
	"argosy.dev/argosy/pkg/application/project"
	"argosy.dev/argosy/pkg/cluster"
)

func annotated(name, value string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"kind": "Pod"}}
	object.Annotate(u, name, value)
	return u
}

// TestHookFinalizers: an application waits for the hooks of deletion that it has, and for no others.
func TestHookFinalizers(t *testing.T) {
	const pre, post, cleanup, own = appv1.FinalizerPreDelete, appv1.FinalizerPostDelete, "/cleanup", "resources-finalizer.argocd.argoproj.io"
	for name, tc := range map[string]struct {
		has   []string
		hooks []string
		want  []string
	}{
		"no hooks":                {[]string{own}, nil, []string{own}},
		"hooks of syncs":          {nil, []string{"PreSync", "SyncFail"}, nil},
		"a hook before":           {[]string{own}, []string{"PreDelete"}, []string{own, pre, pre + cleanup}},
		"hooks before and after":  {nil, []string{"PostDelete", "PreDelete", "PostDelete"}, []string{pre, pre + cleanup, post, post + cleanup}},
		"one hook, both":          {nil, []string{"PreDelete,PostDelete"}, []string{pre, pre + cleanup, post, post + cleanup}},
		"as it is":                {[]string{post, own, post + cleanup}, []string{"PostDelete"}, []string{post, own, post + cleanup}},
		"written without cleanup": {[]string{post}, []string{"PostDelete"}, []string{post, post + cleanup}},
		"the hook has left":       {[]string{pre, own, pre + cleanup, appv1.FinalizerHooks}, nil, []string{own, appv1.FinalizerHooks}},
		"another has come":        {[]string{pre, pre + cleanup}, []string{"PostDelete"}, []string{post, post + cleanup}},
	} {
		var targets []*unstructured.Unstructured
		for _, phase := range tc.hooks {
			targets = append(targets, annotated(appv1.AnnotationHook, phase))
		}
		if got := hookFinalizers(tc.has, targets); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}

// TestComparedRevisions: the revisions that count in a deletion are those that were compared last, of the same sources.
func TestComparedRevisions(t *testing.T) {
	one, two := sourcesOf("a"), sourcesOf("a", "b")
	for name, tc := range map[string]struct {
		spec appv1.ApplicationSpec
		sync appv1.SyncStatus
		want []string
	}{
		"one":                {appv1.ApplicationSpec{Source: &one[0]}, appv1.SyncStatus{Revision: "1", ComparedTo: &appv1.ComparedTo{Source: &one[0]}}, []string{"1"}},
		"several":            {appv1.ApplicationSpec{Sources: two}, appv1.SyncStatus{Revisions: []string{"1", "2"}, ComparedTo: &appv1.ComparedTo{Sources: two}}, []string{"1", "2"}},
		"never compared":     {appv1.ApplicationSpec{Source: &one[0]}, appv1.SyncStatus{}, nil},
		"no revision known":  {appv1.ApplicationSpec{Source: &one[0]}, appv1.SyncStatus{ComparedTo: &appv1.ComparedTo{Source: &one[0]}}, nil},
		"another source now": {appv1.ApplicationSpec{Source: &two[1]}, appv1.SyncStatus{Revision: "1", ComparedTo: &appv1.ComparedTo{Source: &one[0]}}, nil},
		"one more by now":    {appv1.ApplicationSpec{Sources: two}, appv1.SyncStatus{Revisions: []string{"1"}, ComparedTo: &appv1.ComparedTo{Sources: one}}, nil},
		"one, then several":  {appv1.ApplicationSpec{Sources: one}, appv1.SyncStatus{Revision: "1", ComparedTo: &appv1.ComparedTo{Source: &one[0]}}, nil},
	} {
		if got := comparedRevisions(&appv1.Application{Spec: tc.spec, Status: appv1.ApplicationStatus{Sync: tc.sync}}); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}

// TestUnsupportedAndDeletion: what is not built keeps from syncing an application, and never from deleting it. Only its hooks
// do not run where what they are made of is not known, or may not be used.
func TestUnsupportedAndDeletion(t *testing.T) {
	plain := appv1.ApplicationSource{RepoURL: "https://a.example/b", Path: "."}
	plugin := plain
	plugin.Plugin = &appv1.ApplicationSourcePlugin{}
	all := project.Default("n").Spec
	windows, keys, others := all, all, all
	windows.SyncWindows = []appv1.SyncWindow{{Kind: "deny", Applications: []string{"*"}}}
	keys.SignatureKeys = []appv1.SignatureKey{{KeyID: "x"}}
	others.SourceRepos = []string{"https://other.example/*"}
	for name, tc := range map[string]struct {
		source  appv1.ApplicationSource
		project appv1.AppProjectSpec
		syncs   bool
		unfit   string
	}{
		"all is well":                        {plain, all, true, ""},
		"a plugin":                           {plugin, all, false, "plugin"},
		"a sync window":                      {plain, windows, false, ""},
		"signatures":                         {plain, keys, false, "signatures of commits"},
		"a source that is not permitted now": {plain, others, false, "is not permitted in project"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, last := range []bool{false, true} {
				app := &appv1.Application{Spec: appv1.ApplicationSpec{Source: &tc.source}}
				app.Name, app.Namespace = "a", "n"
				s := &scene{app: app, project: &appv1.AppProject{Spec: tc.project}, last: last}
				s.project.Namespace = "n"
				err := errors.Join(s.supported(), s.check(project.Cluster{Server: "https://kubernetes.default.svc"}))
				if (err == nil) != (last || tc.syncs) {
					t.Errorf("last %t: %v", last, err)
				}
				if last && (!strings.Contains(s.unfit, tc.unfit) || (tc.unfit == "") != (s.unfit == "")) {
					t.Errorf("hooks do not run for %q", s.unfit)
				}
			}
		})
	}
}

// TestRefuses: a sync is told what the server has refused in a dry run, unless it does not do what was tried.
func TestRefuses(t *testing.T) {
	immutable := &cluster.Error{Err: apierrors.NewInvalid(appv1.SchemeGroupVersion.WithKind("X").GroupKind(), "x", nil)}
	plain := annotated("a", "b")
	for name, tc := range map[string]struct {
		scene  scene
		target *unstructured.Unstructured
		err    error
		want   bool
	}{
		"refused":              {scene{}, plain, immutable, true},
		"away":                 {scene{}, plain, &cluster.Error{Err: apierrors.NewServiceUnavailable("x")}, false},
		"replaced":             {scene{options: object.Options{"Replace=true"}}, plain, immutable, false},
		"made anew":            {scene{}, annotated(appv1.AnnotationSyncOptions, "Force=true"), immutable, false},
		"all are made anew":    {scene{force: true}, plain, immutable, false},
		"client-side, refused": {scene{options: object.Options{"ServerSideApply=false"}}, plain, immutable, true},
	} {
		if got := tc.scene.refuses(tc.target, tc.err); got != tc.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// TestWaits: a deletion that waits for the same for a while is told of once.
func TestWaits(t *testing.T) {
	m, at := &memory{}, time.Unix(100, 0)
	for i, step := range []struct {
		after   time.Duration
		message string
		want    bool
	}{
		{0, "", false}, {time.Hour, "", false}, {0, "a", false}, {lookAgain / 2, "a", false}, {lookAgain, "a", true}, {lookAgain, "a", false},
		{0, "b", false}, {lookAgain / 2, "a", false}, {lookAgain, "a", true},
	} {
		at = at.Add(step.after)
		if got := m.waits(step.message, at); got != step.want {
			t.Errorf("step %d: %t", i, got)
		}
	}
}
