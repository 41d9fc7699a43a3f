// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package object

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// TrackingID is what is written on an object to say that it belongs to an application: the peer's annotation
// argocd.argoproj.io/tracking-id, which is APP:GROUP/KIND:NAMESPACE/NAME.
type TrackingID struct {
	// Application is the name of the application. One outside of the control namespace is NAMESPACE_NAME.
	Application string
	// Key is the object that the annotation was written for.
	Key Key
}

// String is the value of the annotation.
func (t TrackingID) String() string {
	return fmt.Sprintf("%s:%s/%s:%s/%s", t.Application, t.Key.Group, t.Key.Kind, t.Key.Namespace, t.Key.Name)
}

// ParseTrackingID reads the value of the annotation. ok is false where it is none.
func ParseTrackingID(value string) (id TrackingID, ok bool) {
	parts := strings.SplitN(value, ":", 3)
	if len(parts) != 3 {
		return id, false
	}
	group, kind, ok := strings.Cut(parts[1], "/")
	if !ok {
		return id, false
	}
	namespace, name, ok := strings.Cut(parts[2], "/")
	if !ok {
		return id, false
	}
	return TrackingID{Application: parts[0], Key: Key{Group: group, Kind: kind, Namespace: namespace, Name: name}}, true
}

// Tracked returns to which application an object belongs by its annotation, and whether the annotation was written for
// this very object: one that somebody has copied from another object makes nothing belong to anybody. On an object of the
// whole cluster the annotation may name a namespace, that of the application's destination: it is no part of what the
// object is.
func Tracked(u *unstructured.Unstructured) (application string, self bool) {
	id, ok := ParseTrackingID(annotation(u, appv1.AnnotationTrackingID))
	if !ok {
		return "", false
	}
	if u.GetNamespace() == "" {
		id.Key.Namespace = ""
	}
	return id.Application, id.Key == KeyOf(u)
}

// Track writes on a manifest to which application it belongs.
func Track(u *unstructured.Unstructured, application string) {
	Annotate(u, appv1.AnnotationTrackingID, TrackingID{Application: application, Key: KeyOf(u)}.String())
}

// Annotate sets an annotation.
func Annotate(o metav1.Object, name, value string) {
	annotations := o.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[name] = value
	o.SetAnnotations(annotations)
}

// InstanceName is the name by which objects know their application: its name in the control namespace, NAMESPACE_NAME
// in any other.
func InstanceName(app *appv1.Application, controlNamespace string) string {
	if app.Namespace == controlNamespace || app.Namespace == "" {
		return app.Name
	}
	return app.Namespace + "_" + app.Name
}
