// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package argoproj names the compatibility group, argoproj.io. It serves the Go types of the native groups and has
// none of its own.
package argoproj

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	applicationv1alpha1 "argosy.dev/argosy/apis/application/v1alpha1"
	rolloutv1alpha1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	sensorv1alpha1 "argosy.dev/argosy/apis/sensor/v1alpha1"
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

// families are what each family registers under the group.
var families = []struct {
	addKnownTypes, addFieldLabels func(*runtime.Scheme, schema.GroupVersion) error
}{
	{applicationv1alpha1.AddKnownTypes, applicationv1alpha1.AddFieldLabelConversions},
	{workflowv1alpha1.AddKnownTypes, workflowv1alpha1.AddFieldLabelConversions},
	{rolloutv1alpha1.AddKnownTypes, rolloutv1alpha1.AddFieldLabelConversions},
	{sensorv1alpha1.AddKnownTypes, sensorv1alpha1.AddFieldLabelConversions},
}

// AddKnownTypes registers the Go types of all families under the given version of the group.
func AddKnownTypes(scheme *runtime.Scheme, version string) error {
	for _, f := range families {
		if err := f.addKnownTypes(scheme, schema.GroupVersion{Group: GroupName, Version: version}); err != nil {
			return err
		}
	}
	return nil
}

// AddFieldLabelConversions tells the scheme by which fields the kinds of the group can be selected.
func AddFieldLabelConversions(scheme *runtime.Scheme) error {
	for _, f := range families {
		if err := f.addFieldLabels(scheme, SchemeGroupVersion); err != nil {
			return err
		}
	}
	return nil
}
