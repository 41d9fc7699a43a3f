// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"
	"fmt"
	"math"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application"
	"argosy.dev/argosy/pkg/application/object"
	"argosy.dev/argosy/pkg/application/project"
	"argosy.dev/argosy/pkg/manifests"
	"argosy.dev/argosy/pkg/render"
)

// wish is which manifests are looked at: those of the application's sources, or those that an operation asks for.
type wish struct {
	sources   []appv1.ApplicationSource
	revisions []string
	// manifests are given instead of sources.
	manifests []string
	refresh   manifests.Refresh
}

// look is what one look at an application has found out.
type look struct {
	*scene
	revisions []string
	types     []appv1.ApplicationSourceType
	targets   []*unstructured.Unstructured
	all       []application.Compared
	// compared tells that all is what there is.
	compared bool
	findings []application.Finding
}

// look compares what is wanted with what there is.
func (e *Engine) look(ctx context.Context, s *scene, w wish, k *known) (*look, error) {
	l := &look{scene: s}
	if err := e.want(ctx, l, w, k); err != nil {
		return l, err
	}
	all, findings, err := s.compare(ctx, l.targets, k)
	l.all, l.compared, l.findings = all, err == nil, append(l.findings, findings...)
	return l, err
}

// want finds out what is wanted.
func (e *Engine) want(ctx context.Context, l *look, w wish, k *known) error {
	objects, digest, err := e.render(ctx, l, w)
	if err != nil {
		return err
	}
	targets := k.targets(digest, l.kinds, l.namespaced, func(namespaced func(schema.GroupVersionKind) (bool, bool)) application.Targets {
		return application.MakeTargets(application.TargetsInput{
			Objects: objects, Namespaced: namespaced, Destination: l.app.Spec.Destination.Namespace, Instance: l.instance, Tracking: l.tracking,
			Excluded: func(gk schema.GroupKind) bool {
				return l.settings.Excluded(gk.Group, gk.Kind, l.cache.Destination().Server)
			},
		})
	})
	l.targets, l.findings = targets.Objects, append(l.findings, targets.Findings...)
	return nil
}

// render returns the manifests that are wished for, and a digest of them.
func (e *Engine) render(ctx context.Context, l *look, w wish) ([]*unstructured.Unstructured, string, error) {
	if len(w.manifests) > 0 {
		objects, err := parse(w.manifests)
		if err != nil {
			return nil, "", incomparable(err)
		}
		l.revisions = w.revisions
		return objects, "", nil
	}
	result, err := e.sources.Generate(ctx, l.generate(w))
	if err != nil {
		if ctx.Err() != nil {
			return nil, "", ctx.Err()
		}
		//lint:ignore ST1005 The words are the peer's, for users who look for them.
		return nil, "", incomparable(fmt.Errorf("Failed to load target state: failed to generate manifest for source: %w", err))
	}
	l.revisions, l.types, l.asksKinds = result.Revisions, result.Types, result.AsksKinds
	return result.Objects, result.Digest, nil
}

// parse reads manifests that were given with an operation.
func parse(texts []string) ([]*unstructured.Unstructured, error) {
	out := make([]*unstructured.Unstructured, 0, len(texts))
	for i, text := range texts {
		u := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(text), &u.Object); err != nil {
			return nil, fmt.Errorf("manifests[%d] is not an object: %w", i, err)
		}
		if u.GetKind() == "" || u.GetAPIVersion() == "" {
			return nil, fmt.Errorf("manifests[%d] has no kind or apiVersion", i)
		}
		out = append(out, u)
	}
	return out, nil
}

// comparison puts together what the look has found out.
func (l *look) comparison() *application.Comparison {
	c := application.Compare(l.all, l.options, object.Key{Group: appv1.GroupName, Kind: "Application", Namespace: l.app.Namespace, Name: l.app.Name})
	return &c
}

// wishOf is what the application itself wants.
func wishOf(app *appv1.Application, refresh manifests.Refresh) wish {
	return wish{sources: project.Sources(app), refresh: refresh}
}

// age is how old what is known of repositories may be, where they are asked so often. 0 is never: then a request for the latest
// asks them, and all else goes by what that has found.
func age(reconciliation time.Duration) time.Duration {
	if reconciliation == 0 {
		return math.MaxInt64
	}
	return min(reconciliation, refsAge)
}

// generate is the request for the manifests of a wish.
func (s *scene) generate(w wish) manifests.Request {
	return manifests.Request{
		Application: s.app, Sources: w.sources, Revisions: w.revisions, Destination: s.app.Spec.Destination.Namespace,
		KubeVersion: s.kinds.KubeVersion(), APIVersions: s.kinds.APIVersions(), Refresh: w.refresh, Age: age(s.settings.Reconciliation),
		Settings: render.Settings{
			KustomizeOptions: s.settings.KustomizeBuildOptions, ValueSchemes: s.settings.HelmValuesFileSchemes,
			NoHelm: s.settings.NoHelm, NoKustomize: s.settings.NoKustomize, NoJsonnet: s.settings.NoJsonnet,
		},
		Permits: func(repoURL string) bool { return project.PermitsSource(s.project, repoURL) == nil },
	}
}
