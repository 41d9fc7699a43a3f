// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupName is the native API group of the application family.
const GroupName = "application.argosy.dev"

// Version is the only version of the family, in the native group and in the compatibility group.
const Version = "v1alpha1"

// SchemeGroupVersion is the native group and version, in which objects are also stored.
var SchemeGroupVersion = schema.GroupVersion{Group: GroupName, Version: Version}

var (
	// SchemeBuilder collects what a client's scheme needs to know of the native group.
	SchemeBuilder = runtime.NewSchemeBuilder(addNativeTypes)
	// AddToScheme registers the kinds of the native group and version. The generated clients call it.
	AddToScheme = SchemeBuilder.AddToScheme
)

// Kind returns the native group kind of an unqualified kind.
func Kind(kind string) schema.GroupKind {
	return SchemeGroupVersion.WithKind(kind).GroupKind()
}

// Resource returns the native group resource of an unqualified resource.
func Resource(resource string) schema.GroupResource {
	return SchemeGroupVersion.WithResource(resource).GroupResource()
}

// AddKnownTypes registers the Go types of the family under the given group and version: the native or the
// compatibility group, versioned or internal.
func AddKnownTypes(scheme *runtime.Scheme, gv schema.GroupVersion) error {
	scheme.AddKnownTypes(gv,
		&Application{}, &ApplicationList{},
		&ApplicationSet{}, &ApplicationSetList{},
		&AppProject{}, &AppProjectList{},
		&ApplicationSync{}, &ApplicationRollback{}, &ApplicationTerminate{}, &ApplicationRefresh{},
		&ApplicationManifests{}, &ApplicationDiff{}, &ApplicationTree{},
		&ApplicationManifestsOptions{}, &ApplicationDiffOptions{}, &ApplicationLogOptions{},
	)
	return nil
}

func addNativeTypes(scheme *runtime.Scheme) error {
	if err := AddKnownTypes(scheme, SchemeGroupVersion); err != nil {
		return err
	}
	metav1.AddToGroupVersion(scheme, SchemeGroupVersion)
	return nil
}
