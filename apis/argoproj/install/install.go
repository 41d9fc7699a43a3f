// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package install registers the compatibility group in a server's scheme. It holds no types.
package install

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"

	"argosy.dev/argosy/apis/argoproj"
)

// Install registers the Go types of the native groups once more, under argoproj.io. What is keyed by Go type
// (defaults, query conversions) comes with the native groups, which are installed before. It panics where the types
// contradict what is registered already, which is a mistake of the program.
func Install(scheme *runtime.Scheme) {
	for _, version := range []string{argoproj.Version, runtime.APIVersionInternal} {
		utilruntime.Must(argoproj.AddKnownTypes(scheme, version))
	}
	metav1.AddToGroupVersion(scheme, argoproj.SchemeGroupVersion)
	utilruntime.Must(argoproj.AddFieldLabelConversions(scheme))
	utilruntime.Must(scheme.SetVersionPriority(argoproj.SchemeGroupVersion))
}
