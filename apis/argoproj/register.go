// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package argoproj names the compatibility group, argoproj.io. It serves the Go types of the native groups and has
// none of its own.
package argoproj

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	workflowv1alpha1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

// GroupName is the group of the peers.
const GroupName = "argoproj.io"

// Version is the only version of the group.
const Version = "v1alpha1"

// SchemeGroupVersion is the group and version of the peers.
var SchemeGroupVersion = schema.GroupVersion{Group: GroupName, Version: Version}

// Resource returns the compatibility group resource of an unqualified resource.
func Resource(resource string) schema.GroupResource {
	return SchemeGroupVersion.WithResource(resource).GroupResource()
}

// AddKnownTypes registers the Go types of all families under the given version of the group.
func AddKnownTypes(scheme *runtime.Scheme, version string) error {
	return workflowv1alpha1.AddKnownTypes(scheme, schema.GroupVersion{Group: GroupName, Version: version})
}

// AddFieldLabelConversions tells the scheme by which fields the kinds of the group can be selected.
func AddFieldLabelConversions(scheme *runtime.Scheme) error {
	return workflowv1alpha1.AddFieldLabelConversions(scheme, SchemeGroupVersion)
}
