// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/diff"
	"argosy.dev/argosy/pkg/application/object"
)

// Tracking is how objects are told to belong to an application (argocd-cm: application.resourceTrackingMethod,
// application.instanceLabelKey, installationID).
type Tracking struct {
	// Annotate writes the annotation tracking-id, by which objects are found. Without it the label alone counts.
	Annotate bool
	// Label is the label that is written besides, empty for none.
	Label string
	// Installation tells installations apart; empty for none.
	Installation string
}

// maxLabel is the length of a label's value. Names that are longer are cut off where the label is only for people.
const maxLabel = 63

// Write writes on a manifest to which application it belongs.
func (t Tracking) Write(u *unstructured.Unstructured, instance string) {
	if t.Annotate {
		object.Track(u, instance)
		if t.Installation != "" {
			object.Annotate(u, appv1.AnnotationInstallationID, t.Installation)
		}
	}
	if t.Label != "" {
		labels := u.GetLabels()
		if labels == nil {
			labels = map[string]string{}
		}
		value := instance
		if t.Annotate && len(value) > maxLabel {
			value = value[:maxLabel]
		}
		labels[t.Label] = value
		u.SetLabels(labels)
	}
}

// Owns tells whether a live object belongs to the instance: by the annotation, written for this very object by this
// installation, or by the label where there is no annotation that counts.
func (t Tracking) Owns(u *unstructured.Unstructured, instance string) bool {
	if !t.Annotate {
		return t.Label != "" && u.GetLabels()[t.Label] == instance
	}
	of, self := object.Tracked(u)
	return self && of == instance && (t.Installation == "" || u.GetAnnotations()[appv1.AnnotationInstallationID] == t.Installation)
}

// TargetsInput is what an application's manifests are made ready with.
type TargetsInput struct {
	// Objects are the manifests as they were rendered, in order. They are not changed.
	Objects []*unstructured.Unstructured
	// Namespaced tells whether objects of a kind are in namespaces; known is false where the cluster does not serve it.
	Namespaced func(schema.GroupVersionKind) (namespaced, known bool)
	// Destination is the namespace of objects that name none.
	Destination string
	// Instance is the application's name on objects.
	Instance string
	Tracking Tracking
	// Excluded tells that the administrator excludes objects of a kind.
	Excluded func(schema.GroupKind) bool
}

// Targets are an application's manifests, ready to be compared and applied.
type Targets struct {
	// Objects are the manifests with their namespaces and with whose they are, each once, in order. Hooks that are named
	// by generateName have no name, and may be there several times.
	Objects []*unstructured.Unstructured
	// Findings are what is wrong with them.
	Findings []Finding
}

// MakeTargets makes an application's manifests ready. Of an object that occurs twice the last counts, as with the peer.
func MakeTargets(in TargetsInput) Targets {
	var out Targets
	at, times := map[object.Key]int{}, map[object.Key]int{}
	for _, manifest := range in.Objects {
		gvk := manifest.GroupVersionKind()
		if in.Excluded != nil && in.Excluded(gvk.GroupKind()) {
			out.Findings = append(out.Findings, Finding{appv1.ConditionExcludedResourceWarning,
				fmt.Sprintf("Resource %s/%s %s is excluded in the settings", gvk.Group, gvk.Kind, manifest.GetName())})
			continue
		}
		if _, hook := object.Hooks(manifest); hook {
			if phases, _ := object.Hooks(manifest); len(phases) == 0 {
				continue // a hook of a kind that nobody runs (Helm's tests, words that mean nothing)
			}
		}
		u := diff.Normalized(manifest)
		if namespaced, known := in.Namespaced(gvk); namespaced || !known {
			if u.GetNamespace() == "" && (known || !likelyClusterScoped(gvk)) {
				u.SetNamespace(in.Destination)
			}
			if known && u.GetNamespace() == "" {
				out.Findings = append(out.Findings, Finding{appv1.ConditionInvalidSpecError,
					fmt.Sprintf("Namespace for %s %s is missing.", u.GetName(), gvk)})
			}
		} else if u.GetNamespace() != "" {
			u.SetNamespace("")
		}
		in.Tracking.Write(u, in.Instance)
		key := object.KeyOf(u)
		if key.Name == "" {
			out.Objects = append(out.Objects, u)
			continue
		}
		if i, there := at[key]; there {
			out.Objects[i] = u
			times[key]++
			continue
		}
		at[key] = len(out.Objects)
		out.Objects = append(out.Objects, u)
	}
	for _, u := range out.Objects {
		if more := times[object.KeyOf(u)]; more > 0 {
			out.Findings = append(out.Findings, Finding{appv1.ConditionRepeatedResourceWarning,
				fmt.Sprintf("Resource %s appeared %d times among application resources.", object.KeyOf(u), more+1)})
		}
	}
	return out
}

// likelyClusterScoped guesses for kinds that are not served yet (their definition comes with the same sync): where it is
// wrong, the object is compared again as soon as its kind is served.
func likelyClusterScoped(gvk schema.GroupVersionKind) bool {
	return strings.HasPrefix(gvk.Kind, "Cluster")
}
