// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/apis/raw"
	"argosy.dev/argosy/pkg/application"
	"argosy.dev/argosy/pkg/application/diff"
	"argosy.dev/argosy/pkg/application/health"
	"argosy.dev/argosy/pkg/application/object"
	"argosy.dev/argosy/pkg/application/project"
	"argosy.dev/argosy/pkg/cluster"
	"argosy.dev/argosy/pkg/manifests"
	registry "argosy.dev/argosy/registry/application/application"
)

var _ registry.Live = &Engine{}

// shown is the error that a caller sees of one that keeps from looking at an application.
func shown(err error) error {
	if trouble := (problem{}); asProblem(err, &trouble) {
		return apierrors.NewBadRequest(trouble.Message)
	}
	return err
}

// Manifests implements registry.Live.
func (e *Engine) Manifests(ctx context.Context, app *appv1.Application, options *appv1.ApplicationManifestsOptions) (*appv1.ApplicationManifests, error) {
	s, err := e.scene(ctx, app)
	if err != nil {
		return nil, shown(err)
	}
	l := &look{scene: s}
	objects, _, err := e.render(ctx, l, wishFor(app, options.Revision, options.Hard))
	if err != nil {
		return nil, shown(err)
	}
	out := &appv1.ApplicationManifests{Revisions: l.revisions, SourceTypes: l.types}
	for _, u := range diff.Mask(s.settings.SensitiveAnnotations, objects...) {
		text, err := u.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("encoding %s: %w", object.KeyOf(u).Label(), err)
		}
		out.Manifests = append(out.Manifests, raw.Object{Raw: text})
	}
	return out, nil
}

// wishFor is what a caller asks for.
func wishFor(app *appv1.Application, revisions []string, hard bool) wish {
	w := wishOf(app, manifests.Latest)
	w.revisions = revisions
	if hard {
		w.refresh = manifests.Hard
	}
	return w
}

// Diff implements registry.Live.
func (e *Engine) Diff(ctx context.Context, app *appv1.Application, options *appv1.ApplicationDiffOptions) (*appv1.ApplicationDiff, error) {
	s, err := e.scene(ctx, app)
	if err != nil {
		return nil, shown(err)
	}
	l, err := e.look(ctx, s, wishFor(app, options.Revision, options.Hard), newKnown())
	if err != nil {
		return nil, shown(err)
	}
	out := &appv1.ApplicationDiff{Revisions: l.revisions}
	for i := range l.all {
		c := &l.all[i]
		if c.Hook() || c.Key.Name == "" || c.Synced() == appv1.SyncStatusSynced {
			continue
		}
		difference, err := s.difference(ctx, c)
		if err != nil {
			return nil, err
		}
		if difference != nil {
			out.Resources = append(out.Resources, *difference)
		}
	}
	return out, nil
}

// difference is how an object differs from its manifest; nil if it does not after all.
func (s *scene) difference(ctx context.Context, c *application.Compared) (*appv1.ApplicationDiffResource, error) {
	out := &appv1.ApplicationDiffResource{Group: c.Key.Group, Version: c.Version, Kind: c.Key.Kind, Namespace: c.Key.Namespace, Name: c.Key.Name, Change: appv1.DiffModified}
	switch {
	case c.Live == nil:
		out.Change = appv1.DiffAdded
	case c.Target == nil:
		out.Change = appv1.DiffRemoved
	}
	var predicted *unstructured.Unstructured
	if c.Live != nil && c.Target != nil {
		// Whoever may not write there sees what can be known without the server.
		predicted, _ = s.predict(ctx, c)
	}
	result, err := diff.Compare(c.Target, c.Live, predicted, s.diff)
	if err != nil {
		return nil, err
	}
	if !result.Modified {
		return nil, nil
	}
	if out.Diff, err = diff.Unified(result.Live, result.Predicted, s.settings.SensitiveAnnotations...); err != nil {
		return nil, err
	}
	masked := diff.Mask(s.settings.SensitiveAnnotations, result.Live, result.Predicted)
	for i, into := range []*raw.Object{&out.Live, &out.Target} {
		if masked[i] == nil {
			continue
		}
		text, err := masked[i].MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("encoding %s: %w", c.Key.Label(), err)
		}
		into.Raw = text
	}
	return out, nil
}

// roots are the objects of an application, by what its status says.
func roots(app *appv1.Application) []object.Key {
	out := make([]object.Key, 0, len(app.Status.Resources))
	for _, r := range app.Status.Resources {
		out = append(out, object.Key{Group: r.Group, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name})
	}
	return out
}

// below returns the objects of an application that are there, and all that they own.
func (e *Engine) below(ctx context.Context, app *appv1.Application) (*scene, []cluster.Node, error) {
	s, err := e.scene(ctx, app)
	if err != nil {
		return nil, nil, shown(err)
	}
	nodes, err := s.cache.Tree(ctx, roots(e.newest(app)), app.Spec.Destination.Namespace)
	// What may not be read is not shown.
	if unreadable := (*cluster.WatchError)(nil); err != nil && !errors.As(err, &unreadable) {
		return nil, nil, err
	}
	return s, nodes, nil
}

// Tree implements registry.Live.
func (e *Engine) Tree(ctx context.Context, app *appv1.Application) ([]appv1.ApplicationTreeNode, error) {
	s, nodes, err := e.below(ctx, app)
	if err != nil {
		return nil, err
	}
	app = e.newest(app)
	known := map[object.Key]*appv1.ResourceStatus{}
	for i, key := range roots(app) {
		known[key] = &app.Status.Resources[i]
	}
	var out []appv1.ApplicationTreeNode
	there := map[object.Key]bool{}
	for _, node := range nodes {
		there[node.Key] = true
		out = append(out, s.node(node, known[node.Key]))
	}
	for _, key := range roots(app) {
		if r := known[key]; !there[key] {
			out = append(out, appv1.ApplicationTreeNode{Group: r.Group, Version: r.Version, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name,
				Sync: r.Status, Health: r.Health, Hook: r.Hook, SyncWave: r.SyncWave})
		}
	}
	if looks, _ := project.LooksForOrphans(s.project); looks && app.Spec.Destination.Namespace != "" {
		orphans, err := s.orphans(ctx)
		if err != nil {
			return nil, err
		}
		for _, orphan := range orphans {
			node := s.node(orphan, nil)
			node.Orphaned = true
			out = append(out, node)
		}
	}
	return out, nil
}

// orphans are the objects of the destination's namespace that no application has made, and that the project does not ignore.
func (s *scene) orphans(ctx context.Context) ([]cluster.Node, error) {
	all, err := s.cache.Orphans(ctx, s.app.Spec.Destination.Namespace)
	if unreadable := (*cluster.WatchError)(nil); err != nil && !errors.As(err, &unreadable) {
		return nil, fmt.Errorf("looking for orphaned objects: %w", err)
	}
	var out []cluster.Node
	for _, node := range all {
		if project.IsOrphan(s.project, node.Key) {
			out = append(out, node)
		}
	}
	return out, nil
}

// node is an object in the tree. status is what the application's status says of it, nil if it says nothing.
func (s *scene) node(n cluster.Node, status *appv1.ResourceStatus) appv1.ApplicationTreeNode {
	out := appv1.ApplicationTreeNode{
		Group: n.Key.Group, Version: n.Version, Kind: n.Key.Kind, Namespace: n.Key.Namespace, Name: n.Key.Name,
		UID: n.UID, ResourceVersion: n.ResourceVersion, CreationTimestamp: metav1.NewTime(n.Created), Parents: n.Parents,
		Images: n.Images, ExternalURLs: application.URLs(n.Object),
	}
	for _, info := range n.Info {
		out.Info = append(out.Info, appv1.Info{Name: info.Name, Value: info.Value})
	}
	if status != nil {
		out.Sync, out.Hook, out.RequiresPruning, out.SyncWave = status.Status, status.Hook, status.RequiresPruning, status.SyncWave
	}
	// A check that fails is told where the application is looked at.
	out.Health, _ = health.Of(n.Object, s.settings.Health)
	return out
}

// Pods implements registry.Live.
func (e *Engine) Pods(ctx context.Context, app *appv1.Application) (*registry.Pods, error) {
	s, nodes, err := e.below(ctx, app)
	if err != nil {
		return nil, err
	}
	client, err := kubernetes.NewForConfig(s.cache.RESTConfig())
	if err != nil {
		return nil, errors.New("a client for the destination cannot be made")
	}
	out := &registry.Pods{Cluster: client}
	byUID := map[types.UID]cluster.Node{}
	for _, node := range nodes {
		byUID[node.UID] = node
		if node.Key.Group != "" || node.Key.Kind != "Pod" {
			continue
		}
		var pod corev1.Pod
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(node.Object.Object, &pod); err != nil {
			return nil, fmt.Errorf("reading pod %s: %w", node.Key.Name, err)
		}
		out.Pods = append(out.Pods, registry.Pod{Pod: pod, Path: path(node, byUID)})
	}
	return out, nil
}

// path is a node, what owns it, and so on up.
func path(n cluster.Node, byUID map[types.UID]cluster.Node) []object.Key {
	out := []object.Key{n.Key}
	for len(n.Parents) > 0 && len(out) < 16 {
		parent, there := byUID[n.Parents[0]]
		if !there {
			break
		}
		n = parent
		out = append(out, n.Key)
	}
	return out
}

// Watch implements registry.Live.
func (e *Engine) Watch(ctx context.Context, app *appv1.Application) (<-chan struct{}, error) {
	if _, _, err := e.below(ctx, app); err != nil {
		return nil, err
	}
	return e.follow(ctx, app)
}
