// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package health

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

// Item is one of the objects of an application, as far as the application's health needs it.
type Item struct {
	// Target is its manifest, nil if there is none.
	Target *unstructured.Unstructured
	// Live is the object, nil if there is none.
	Live *unstructured.Unstructured
	// Health is what Of says of Live: nil where no check knows the kind.
	Health *appv1.HealthStatus
}

// Aggregate is the health of an application: that of the object that does worst. Objects that are missing count only if
// all are. Hooks, objects that bear the annotation ignore-healthcheck, the application itself, and child applications
// that are Missing or Unknown do not count. An application of nothing is healthy. self is the application's own
// key, for one that manages itself.
func Aggregate(items []Item, self object.Key) appv1.HealthStatusCode {
	worst := appv1.HealthHealthy
	missing, there := 0, 0
	for _, item := range items {
		if !Counts(item, self) {
			continue
		}
		if item.Live == nil {
			missing++
			continue
		}
		there++
		if item.Health == nil {
			continue
		}
		code := item.Health.Status
		if isApplication(item) && (code == appv1.HealthMissing || code == appv1.HealthUnknown) {
			continue
		}
		if code == appv1.HealthMissing {
			continue
		}
		if Worse(code, worst) {
			worst = code
		}
	}
	if missing > 0 && there == 0 {
		return appv1.HealthMissing
	}
	return worst
}

// Counts tells whether an object counts for the health of its application at all.
func Counts(item Item, self object.Key) bool {
	u := item.Live
	if u == nil {
		u = item.Target
	}
	if u == nil || same(object.KeyOf(u), self) {
		return false
	}
	for _, o := range []*unstructured.Unstructured{item.Target, item.Live} {
		if o == nil {
			continue
		}
		if object.IsHook(o) || object.Skipped(o) || o.GetAnnotations()[appv1.AnnotationIgnoreHealthcheck] == "true" {
			return false
		}
	}
	return true
}

func isApplication(item Item) bool {
	gvk := item.Live.GroupVersionKind()
	return gvk.Kind == "Application" && applications(gvk.Group)
}

// applications tells whether a group is one of the two by which applications are served.
func applications(group string) bool { return group == "argoproj.io" || group == appv1.GroupName }

// same tells whether two keys are of the same application, by whichever group each names it.
func same(a, self object.Key) bool {
	if applications(a.Group) && applications(self.Group) {
		a.Group = self.Group
	}
	return a == self
}
