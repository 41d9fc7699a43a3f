// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package install registers the native group of the application family in a server's scheme. It holds no types.
package install

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	"argosy.dev/argosy/apis/application/v1alpha1"
)

// Install registers the types of the application family under application.argosy.dev, for the version and as the hub
// that the server's machinery converts through (the same Go types), with field selectors. The family has no defaults.
// Install the native groups before the compatibility group: errors name the group that came first. It panics where the
// types contradict what is registered already, which is a mistake of the program.
func Install(scheme *runtime.Scheme) {
	for _, version := range []string{v1alpha1.Version, runtime.APIVersionInternal} {
		gv := schema.GroupVersion{Group: v1alpha1.GroupName, Version: version}
		utilruntime.Must(v1alpha1.AddKnownTypes(scheme, gv))
	}
	metav1.AddToGroupVersion(scheme, v1alpha1.SchemeGroupVersion)
	utilruntime.Must(v1alpha1.AddFieldLabelConversions(scheme, v1alpha1.SchemeGroupVersion))
	utilruntime.Must(v1alpha1.AddConversions(scheme))
	utilruntime.Must(scheme.SetVersionPriority(v1alpha1.SchemeGroupVersion))
}
