// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package scheme is the server's scheme, ready for use: all native groups and the compatibility group. Clients use
// that of the generated clientset instead, which knows the native groups only.
package scheme

import (
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"

	applicationinstall "argosy.dev/argosy/apis/application/install"
	argoprojinstall "argosy.dev/argosy/apis/argoproj/install"
	rolloutinstall "argosy.dev/argosy/apis/rollout/install"
	sensorinstall "argosy.dev/argosy/apis/sensor/install"
	workflowinstall "argosy.dev/argosy/apis/workflow/install"
)

var (
	// Scheme knows every type that the server serves.
	Scheme = runtime.NewScheme()
	// Codecs encode and decode these types. A field that a type does not have is reported by the strict decoders.
	Codecs = serializer.NewCodecFactory(Scheme)
	// ParameterCodec turns queries into options, those of our own kinds included.
	ParameterCodec = runtime.NewParameterCodec(Scheme)
)

func init() {
	applicationinstall.Install(Scheme)
	workflowinstall.Install(Scheme)
	rolloutinstall.Install(Scheme)
	sensorinstall.Install(Scheme)
	argoprojinstall.Install(Scheme)

	// What scale subresources speak, whichever group they are in. As with our own kinds the hub is the versioned type.
	for _, version := range []string{autoscalingv1.SchemeGroupVersion.Version, runtime.APIVersionInternal} {
		Scheme.AddKnownTypes(schema.GroupVersion{Group: autoscalingv1.GroupName, Version: version}, &autoscalingv1.Scale{})
	}

	// Every server speaks these in the legacy group too, whatever its own groups are.
	v1 := schema.GroupVersion{Version: "v1"}
	metav1.AddToGroupVersion(Scheme, v1)
	Scheme.AddUnversionedTypes(v1,
		&metav1.Status{},
		&metav1.APIVersions{},
		&metav1.APIGroupList{},
		&metav1.APIGroup{},
		&metav1.APIResourceList{},
	)
}
