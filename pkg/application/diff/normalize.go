// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// serverFields are what the API server writes in metadata, whatever a manifest says.
var serverFields = []string{
	"creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "managedFields", "resourceVersion", "selfLink", "uid",
}

// normalize returns a copy of an object without what never counts as a difference, and with what can be written in
// several ways written in one.
func normalize(u *unstructured.Unstructured, o Options) *unstructured.Unstructured {
	u = bare(u)
	gvk := u.GroupVersionKind()
	if metadata, ok := u.Object["metadata"].(map[string]any); ok {
		for _, name := range serverFields {
			delete(metadata, name)
		}
		if annotations, ok := metadata["annotations"].(map[string]any); ok {
			delete(annotations, corev1.LastAppliedConfigAnnotation)
		}
	}
	withoutEmpty(u)
	switch o.Status {
	case StatusIgnoreNone:
	case StatusIgnoreCRD:
		if gvk.Group == "apiextensions.k8s.io" && gvk.Kind == "CustomResourceDefinition" {
			delete(u.Object, "status")
		}
	default:
		delete(u.Object, "status")
	}
	switch {
	case gvk.Group == "" && gvk.Kind == "Endpoints":
		sortEndpoints(u.Object)
	case o.IgnoreAggregatedRoles && gvk.Group == "rbac.authorization.k8s.io" && gvk.Kind == "ClusterRole":
		if u.Object["aggregationRule"] != nil {
			delete(u.Object, "rules")
		}
	}
	return u
}

// withoutEmpty takes empty annotations and labels out of an object.
func withoutEmpty(u *unstructured.Unstructured) {
	metadata, ok := u.Object["metadata"].(map[string]any)
	if !ok {
		return
	}
	for _, name := range []string{"annotations", "labels"} {
		if m, ok := metadata[name].(map[string]any); ok && len(m) == 0 {
			delete(metadata, name)
		}
	}
}

// bare returns a copy of a manifest without nulls, and of a Secret with all of its values in data. It is what should be
// applied and compared: the API server keeps neither.
func bare(u *unstructured.Unstructured) *unstructured.Unstructured {
	u = u.DeepCopy()
	withoutNulls(u.Object)
	if isSecret(u) {
		joinSecret(u.Object)
	}
	return u
}

// Normalized is a copy of a manifest as it should be applied: without nulls, and of a Secret with stringData put into data,
// since what is owned of a field that the API server does not keep would have to be applied again for ever.
func Normalized(target *unstructured.Unstructured) *unstructured.Unstructured { return bare(target) }

func withoutNulls(v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if value == nil {
				delete(v, key)
			} else {
				withoutNulls(value)
			}
		}
	case []any:
		for _, item := range v {
			withoutNulls(item)
		}
	}
}

func isSecret(u *unstructured.Unstructured) bool {
	gvk := u.GroupVersionKind()
	return gvk.Group == "" && gvk.Kind == "Secret"
}

// joinSecret moves stringData to data, where its values win.
func joinSecret(o map[string]any) {
	texts, ok := o["stringData"].(map[string]any)
	if !ok {
		return
	}
	data, ok := o["data"].(map[string]any)
	if !ok {
		data = map[string]any{}
	}
	for key, value := range texts {
		text, ok := value.(string)
		if !ok {
			return // the API server will refuse it
		}
		data[key] = base64.StdEncoding.EncodeToString([]byte(text))
	}
	if len(data) > 0 {
		o["data"] = data
	}
	delete(o, "stringData")
}

// sortEndpoints makes the order of subsets, addresses and ports not matter, since controllers write them in any.
func sortEndpoints(o map[string]any) {
	subsets, ok := o["subsets"].([]any)
	if !ok {
		return
	}
	for _, s := range subsets {
		subset, ok := s.(map[string]any)
		if !ok {
			continue
		}
		for _, name := range []string{"addresses", "notReadyAddresses", "ports"} {
			if list, ok := subset[name].([]any); ok {
				sortByText(list)
			}
		}
	}
	sortByText(subsets)
}

func sortByText(list []any) {
	text := make(map[int]string, len(list))
	order := make([]int, len(list))
	for i, item := range list {
		raw, _ := json.Marshal(item) // values of JSON can always be written
		text[i], order[i] = string(raw), i
	}
	slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(text[a], text[b]) })
	sorted := make([]any, len(list))
	for i, at := range order {
		sorted[i] = list[at]
	}
	copy(list, sorted)
}

// equal tells whether two values of JSON are the same. 1 and 1.0 are.
func equal(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for key, value := range a {
			other, there := b[key]
			if !there || !equal(value, other) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equal)
	case int64:
		switch b := b.(type) {
		case int64:
			return a == b
		case float64:
			return float64(a) == b
		}
		return false
	case float64:
		switch b := b.(type) {
		case int64:
			return a == float64(b)
		case float64:
			return a == b
		}
		return false
	}
	return a == b
}

// Tracking says how objects are known to belong to an application.
type Tracking struct {
	// Instance is the name by which objects know the application (see object.InstanceName).
	Instance string
	// Label is the key of the label that may say so. Empty is app.kubernetes.io/instance.
	Label string
	// Labels tells that labels are used at all; ByLabel that they alone decide, and the annotation is not written.
	Labels, ByLabel bool
}

// forgive takes marks of tracking out of both sides where their absence is no difference: an object that was tracked by
// label belongs to the application already, and is given the annotation when something else has to be changed; and
// CustomResourceDefinitions need none, since several applications may bring the same.
func (t Tracking) forgive(target, live, l, p *unstructured.Unstructured) {
	label := t.Label
	if label == "" {
		label = appv1.LabelInstance
	}
	if live.GetAnnotations()[appv1.AnnotationTrackingID] != "" || target.GetAnnotations()[appv1.AnnotationTrackingID] == "" {
		return
	}
	gvk := live.GroupVersionKind()
	definition := gvk.Group == "apiextensions.k8s.io" && gvk.Kind == "CustomResourceDefinition"
	labelled := t.Instance != "" && live.GetLabels()[label] == shortLabel(t.Instance)
	if !definition && !labelled {
		return
	}
	for _, u := range []*unstructured.Unstructured{l, p} {
		annotations := u.GetAnnotations()
		delete(annotations, appv1.AnnotationTrackingID)
		u.SetAnnotations(annotations)
		if _, wanted := target.GetLabels()[label]; !wanted {
			labels := u.GetLabels()
			delete(labels, label)
			u.SetLabels(labels)
		}
		withoutEmpty(u)
	}
}

// shortLabel is a name as the value of a label, which has room for 63 characters.
func shortLabel(name string) string {
	if len(name) > 63 {
		return name[:63]
	}
	return name
}
