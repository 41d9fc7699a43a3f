// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"

	"argosy.dev/argosy/pkg/application/object"
)

const rbac = "rbac.authorization.k8s.io"

var (
	kindPod         = schema.GroupKind{Kind: "Pod"}
	kindClaim       = schema.GroupKind{Kind: "PersistentVolumeClaim"}
	kindReplicaSet  = schema.GroupKind{Group: "apps", Kind: "ReplicaSet"}
	kindStatefulSet = schema.GroupKind{Group: "apps", Kind: "StatefulSet"}
	kindRevision    = schema.GroupKind{Group: "apps", Kind: "ControllerRevision"}
	kindJob         = schema.GroupKind{Group: "batch", Kind: "Job"}
)

// children are the kinds of what an object of a kind owns, and what that owns in turn.
var children = map[schema.GroupKind][]schema.GroupKind{
	{Group: "apps", Kind: "Deployment"}:          {kindReplicaSet, kindPod},
	kindReplicaSet:                               {kindPod},
	kindStatefulSet:                              {kindPod, kindRevision, kindClaim},
	{Group: "apps", Kind: "DaemonSet"}:           {kindPod, kindRevision},
	kindJob:                                      {kindPod},
	{Group: "batch", Kind: "CronJob"}:            {kindJob, kindPod},
	{Kind: "ReplicationController"}:              {kindPod},
	{Group: rbac, Kind: "ClusterRole"}:           {{Group: rbac, Kind: "Role"}},
	{Kind: "Service"}:                            {{Group: "discovery.k8s.io", Kind: "EndpointSlice"}},
	{Group: "argoproj.io", Kind: "Rollout"}:      {kindReplicaSet, kindPod, {Group: "argoproj.io", Kind: "AnalysisRun"}, {Group: "argoproj.io", Kind: "Experiment"}},
	{Group: "argoproj.io", Kind: "Experiment"}:   {kindReplicaSet, kindPod, {Group: "argoproj.io", Kind: "AnalysisRun"}},
	{Group: "argoproj.io", Kind: "Workflow"}:     {kindPod},
	{Group: "argoproj.io", Kind: "CronWorkflow"}: {{Group: "argoproj.io", Kind: "Workflow"}, kindPod},
}

// childless tells that objects of a kind are known to own nothing: those of Kubernetes itself that are not in children.
func childless(kind schema.GroupKind) bool {
	return !strings.Contains(kind.Group, ".") || strings.HasSuffix(kind.Group, ".k8s.io")
}

// Tree returns the objects with these keys that are there, and all that they own, each after one of its owners. The kinds
// that controllers of Kubernetes make are watched from then on, for a while; of others metadata is listed, where an object
// is of a kind of which it is not known what it owns. What a ClusterRole owns is looked for in the namespaces
// that are given, and in those of the roots. Where the identity may not read a kind, the tree lacks it, and the error, a
// *WatchError, says so beside the rest of the tree.
func (c *Cache) Tree(ctx context.Context, roots []object.Key, namespaces ...string) ([]Node, error) {
	var problems []error
	type where struct {
		kind      schema.GroupKind
		namespace string
	}
	wanted, listed := map[where]struct{}{}, map[string]struct{}{}
	everywhere := sets.New(namespaces...)
	for _, key := range roots {
		everywhere.Insert(key.Namespace)
	}
	everywhere.Delete("")
	for _, key := range roots {
		wanted[where{key.GroupKind(), key.Namespace}] = struct{}{}
		in := []string{key.Namespace}
		if key.Namespace == "" {
			in = sets.List(everywhere)
		}
		below, known := children[key.GroupKind()]
		for _, namespace := range in {
			for _, kind := range below {
				wanted[where{kind, namespace}] = struct{}{}
			}
			if !known && !childless(key.GroupKind()) && key.Namespace != "" {
				listed[namespace] = struct{}{}
			}
		}
	}
	for w := range wanted {
		kind, err := c.Find(ctx, w.kind, "")
		if unserved := (*NotServed)(nil); errors.As(err, &unserved) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if !kind.watchable() || kind.Namespaced != (w.namespace != "") {
			continue
		}
		if err := c.await(ctx, kind, w.namespace); err != nil {
			if ctx.Err() != nil {
				return nil, err
			}
			problems = append(problems, err)
		}
	}
	others := map[types.UID]items{}
	for namespace := range listed {
		all, err := c.list(ctx, namespace)
		if err != nil {
			return nil, err
		}
		for _, it := range all {
			for _, o := range it.owners {
				addTo(others, o.uid, it)
			}
		}
	}
	return c.grow(roots, others), errors.Join(problems...)
}

// grow walks from the roots to what they own.
func (c *Cache) grow(roots []object.Key, others map[types.UID]items) []Node {
	c.mu.Lock()
	var queue []*item
	for _, key := range slices.SortedFunc(slices.Values(roots), compareKeys) {
		if t := c.tables[key.GroupKind()]; t != nil {
			if it := t.items[place{namespace: key.Namespace, name: key.Name}]; it != nil {
				queue = append(queue, it)
			}
		}
	}
	seen := map[types.UID]struct{}{}
	parents := map[types.UID][]types.UID{}
	var order []*item
	for len(queue) > 0 {
		it := queue[0]
		queue = queue[1:]
		if _, again := seen[it.uid]; again {
			continue
		}
		seen[it.uid] = struct{}{}
		order = append(order, it)
		below := maps.Clone(c.index.owned[it.uid])
		if below == nil {
			below = items{}
		}
		for other := range others[it.uid] {
			if c.index.uid[other.uid] == nil { // what is watched is known better
				below[other] = struct{}{}
			}
		}
		for _, claim := range c.claimsLocked(it) {
			below[claim] = struct{}{}
		}
		for _, child := range slices.SortedFunc(maps.Keys(below), func(a, b *item) int { return compareKeys(a.key(), b.key()) }) {
			if !slices.Contains(parents[child.uid], it.uid) {
				parents[child.uid] = append(parents[child.uid], it.uid)
			}
			queue = append(queue, child)
		}
	}
	c.mu.Unlock()
	nodes := make([]Node, 0, len(order))
	for _, it := range order {
		n := it.node()
		n.Parents = parents[it.uid]
		nodes = append(nodes, n)
	}
	return nodes
}

// claimsLocked returns the volume claims that a StatefulSet has made: by default nothing but their names says so.
func (c *Cache) claimsLocked(it *item) []*item {
	t := c.tables[kindClaim]
	if it.table.kind.GroupKind() != kindStatefulSet || !it.full || t == nil {
		return nil
	}
	templates, _, _ := unstructured.NestedSlice(it.object(it.table.kind).Object, "spec", "volumeClaimTemplates")
	var out []*item
	for _, template := range templates {
		content, _ := template.(map[string]any)
		name, _, _ := unstructured.NestedString(content, "metadata", "name")
		for at, claim := range t.items {
			ordinal, of := strings.CutPrefix(at.name, name+"-"+it.name+"-")
			if of && at.namespace == it.namespace && len(claim.owners) == 0 && ordinal != "" && strings.Trim(ordinal, "0123456789") == "" {
				out = append(out, claim)
			}
		}
	}
	return out
}

// node is the item as people see it.
func (it *item) node() Node {
	u := it.object(it.table.kind)
	return Node{
		Key: it.key(), Version: it.table.kind.Version, UID: it.uid, ResourceVersion: it.version, Created: it.created,
		Object: u, Images: images(u), Info: info(u),
	}
}
