// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"context"
	"fmt"
	"slices"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/klog/v2"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	core "argosy.dev/argosy/pkg/rollout"
	"argosy.dev/argosy/pkg/rollout/traffic"
	"argosy.dev/argosy/registry/resource"
)

// onItsWay is how long an object may take from its creation to the caches.
const onItsWay = 100 * time.Millisecond

// Seen tells of objects of the cluster, by what a loop of this process keeps in
// its caches anyway.
type Seen interface {
	// Seen tells whether the object is there. known is false where no cache tells.
	Seen(ref traffic.Ref) (there, known bool)
}

// Templates are the stores of what analyses are made from.
type Templates struct{ Namespaced, Cluster *resource.REST }

// named finds what a rollout names and is not there. Such a rollout is accepted,
// since manifests come in any order; the loop does not act on it until it is, and
// a condition says so.
type named struct {
	templates Templates
	seen      Seen
}

// warn tells the writer. It says nothing about objects that the caller may not
// get, nor about those of other namespaces: whoever may write rollouts must not
// learn by it what there is. Nothing is asked of the cluster's API server but what
// the caller may do, whose answers the authorizer keeps for a time; where no loop
// runs in this process, the condition alone tells of what is not our own.
func (n named) warn(ctx context.Context, reads resource.Reads, ro, old *rov1.Rollout) []string {
	var before []core.Reference
	if old != nil {
		if apiequality.Semantic.DeepEqual(ro.Spec, old.Spec) {
			return nil
		}
		before = core.References(old)
	}
	named := slices.DeleteFunc(core.References(ro), func(r core.Reference) bool {
		return r.Namespace != "" && r.Namespace != ro.Namespace || slices.ContainsFunc(before, func(b core.Reference) bool { return b.Ref == r.Ref })
	})
	there := func(r core.Reference) bool {
		there, known := n.look(ctx, r.Ref)
		return there || !known
	}
	missing := slices.DeleteFunc(named, func(r core.Reference) bool {
		return there(r) || !reads(ctx, schema.GroupResource{Group: r.Group, Resource: r.Resource}, r.Namespace)
	})
	if len(missing) == 0 {
		return nil
	}
	// What came just before, from the same file, may be on its way to the caches.
	select {
	case <-time.After(onItsWay):
	case <-ctx.Done():
	}
	var warnings []string
	for _, r := range slices.DeleteFunc(missing, there) {
		warnings = append(warnings, fmt.Sprintf("%s: there is no %s %q; the rollout is not acted on until there is", r.At, r.Kind, r.Name))
	}
	return warnings
}

// look tells whether an object is there.
func (n named) look(ctx context.Context, ref traffic.Ref) (there, known bool) {
	var store *resource.REST
	switch {
	case ref.Group == rov1.GroupName && ref.Namespace != "":
		store = n.templates.Namespaced
	case ref.Group == rov1.GroupName:
		store = n.templates.Cluster
	case n.seen == nil:
		return false, false
	default:
		return n.seen.Seen(ref)
	}
	if store == nil {
		return false, false
	}
	_, err := store.Get(ctx, ref.Name, &metav1.GetOptions{ResourceVersion: cached})
	if err != nil && !apierrors.IsNotFound(err) {
		klog.FromContext(ctx).Error(err, "Looking whether an analysis template is there, for a warning", "name", ref.Name)
		return false, false
	}
	return err == nil, true
}
