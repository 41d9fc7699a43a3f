// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package project

import (
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/glob"
	"argosy.dev/argosy/pkg/application/object"
)

// known are objects that Kubernetes itself makes in every namespace. They are nobody's orphans.
var known = []appv1.OrphanedResourceKey{
	{Kind: "ServiceAccount", Name: "default"},
	{Kind: "ConfigMap", Name: "kube-root-ca.crt"},
	{Kind: "Service", Name: "kubernetes"},
	{Kind: "Endpoints", Name: "kubernetes"},
	{Group: "discovery.k8s.io", Kind: "EndpointSlice", Name: "kubernetes"},
}

// LooksForOrphans tells whether a project wants objects found that no application has made, and whether applications
// warn of them.
func LooksForOrphans(p *appv1.AppProject) (looks, warns bool) {
	o := p.Spec.OrphanedResources
	return o != nil, o != nil && ptr.Deref(o.Warn, true)
}

// IsOrphan tells whether an object that no application has made, and no other object owns, counts as an orphan. Those that
// the project ignores do not, nor those that Kubernetes makes in every namespace, nor Events.
func IsOrphan(p *appv1.AppProject, key object.Key) bool {
	o := p.Spec.OrphanedResources
	if o == nil || key.Kind == "Event" && (key.Group == "" || key.Group == "events.k8s.io") {
		return false
	}
	for _, k := range known {
		if k.Group == key.Group && k.Kind == key.Kind && k.Name == key.Name {
			return false
		}
	}
	for _, k := range o.Ignore {
		if (k.Group == "" && key.Group == "" || k.Group != "" && glob.Match(k.Group, key.Group) || k.Group == "" && k.Kind == "") &&
			(k.Kind == "" || glob.Match(k.Kind, key.Kind)) && (k.Name == "" || glob.Match(k.Name, key.Name)) {
			return false
		}
	}
	return true
}
