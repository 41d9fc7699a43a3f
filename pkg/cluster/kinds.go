// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Kind is a kind that a cluster serves, in one version.
type Kind struct {
	schema.GroupVersionKind
	// Resource is the plural name by which it is served.
	Resource string
	// Namespaced tells that its objects are in namespaces.
	Namespaced bool

	verbs []string
}

// GVR is the resource by which the kind is served.
func (k Kind) GVR() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: k.Group, Version: k.Version, Resource: k.Resource}
}

// watchable tells whether a cache can be made of it.
func (k Kind) watchable() bool {
	return slices.Contains(k.verbs, "list") && slices.Contains(k.verbs, "watch")
}

// NotServed is the error of a kind that the cluster does not serve.
type NotServed struct {
	Kind schema.GroupKind
	// Version is empty if no version is served.
	Version string
}

func (e *NotServed) Error() string {
	if e.Version != "" {
		return fmt.Sprintf("the cluster does not serve %s in version %s", e.Kind, e.Version)
	}
	return fmt.Sprintf("the cluster does not serve %s", e.Kind)
}

// Kinds is what a cluster serves, at one time. It does not change.
type Kinds struct {
	kubeVersion string
	apiVersions []string
	// versions are the versions of each kind, the preferred one first.
	versions map[schema.GroupKind][]Kind
	// failed are groups whose API could not be asked: whether their kinds are served is not known.
	failed map[string]error
}

// KubeVersion is the version of the API server ("v1.37.2").
func (k *Kinds) KubeVersion() string { return k.kubeVersion }

// APIVersions are the versions and kinds that are served, sorted, in the form that Helm's Capabilities have: "apps/v1" and
// "apps/v1/Deployment". It must not be changed.
func (k *Kinds) APIVersions() []string { return k.apiVersions }

// Find returns a kind, in the version if given and else in the preferred one. The error is a *NotServed if the cluster does
// not serve it, and another if that cannot be known now.
func (k *Kinds) Find(kind schema.GroupKind, version string) (Kind, error) {
	versions := k.versions[kind]
	if len(versions) > 0 && version == "" {
		return versions[0], nil
	}
	for _, served := range versions {
		if served.Version == version {
			return served, nil
		}
	}
	if err := k.failed[kind.Group]; err != nil {
		return Kind{}, fmt.Errorf("whether the cluster serves %s is not known: its API group does not answer: %w", kind, err)
	}
	if len(versions) > 0 {
		return Kind{}, &NotServed{Kind: kind, Version: version}
	}
	return Kind{}, &NotServed{Kind: kind}
}

// All are the kinds that are served, each in its preferred version, sorted by group and kind.
func (k *Kinds) All() []Kind {
	out := make([]Kind, 0, len(k.versions))
	for _, versions := range k.versions {
		out = append(out, versions[0])
	}
	slices.SortFunc(out, func(a, b Kind) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Kind, b.Kind))
	})
	return out
}

// keep has the versions of groups that do not answer stay as they were: manifests are rendered by them, and an API that is away
// for a moment must not make them others.
func (k *Kinds) keep(before *Kinds) {
	var kept []string
	for _, version := range before.apiVersions {
		group, _, _ := strings.Cut(version, "/")
		if k.failed[group] != nil && !slices.Contains(k.apiVersions, version) {
			kept = append(kept, version)
		}
	}
	if len(kept) > 0 {
		k.apiVersions = append(slices.Clone(k.apiVersions), kept...)
		slices.Sort(k.apiVersions)
	}
}

// newKinds makes sense of what discovery answers.
func newKinds(kubeVersion string, groups []*metav1.APIGroup, lists []*metav1.APIResourceList, failed map[schema.GroupVersion]error) *Kinds {
	k := &Kinds{kubeVersion: kubeVersion, versions: map[schema.GroupKind][]Kind{}, failed: map[string]error{}}
	for version, err := range failed {
		k.failed[version.Group] = err
	}
	rank := map[schema.GroupVersion]int{}
	for _, group := range groups {
		preferred, _ := schema.ParseGroupVersion(group.PreferredVersion.GroupVersion)
		for i, version := range group.Versions {
			served, err := schema.ParseGroupVersion(version.GroupVersion)
			if err != nil {
				continue
			}
			rank[served] = i + 1
			if served == preferred {
				rank[served] = 0
			}
		}
	}
	names := map[string]struct{}{}
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			continue
		}
		names[list.GroupVersion] = struct{}{}
		for _, resource := range list.APIResources {
			if strings.Contains(resource.Name, "/") {
				continue // a subresource
			}
			kind := Kind{GroupVersionKind: version.WithKind(resource.Kind), Resource: resource.Name, Namespaced: resource.Namespaced, verbs: resource.Verbs}
			k.versions[kind.GroupKind()] = append(k.versions[kind.GroupKind()], kind)
			names[list.GroupVersion+"/"+resource.Kind] = struct{}{}
		}
	}
	for _, versions := range k.versions {
		slices.SortStableFunc(versions, func(a, b Kind) int {
			return cmp.Compare(rank[a.GroupVersion()], rank[b.GroupVersion()])
		})
	}
	k.apiVersions = slices.Sorted(maps.Keys(names))
	return k
}
