// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package health tells how an object does by its own status: by rules in Go for the built-in kinds, by the peer's Lua
// checks for others, and by checks that users write. It must not know clients or applications. Everything it reads
// is hostile: Lua runs with bounded steps and memory and without any library that reaches out of it.
package health

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

// order is from best to worst, as the peer has it.
var order = []appv1.HealthStatusCode{
	appv1.HealthHealthy, appv1.HealthSuspended, appv1.HealthProgressing, appv1.HealthMissing, appv1.HealthDegraded, appv1.HealthUnknown,
}

// rank is the place of a code in order; what is not known is worse than all.
func rank(code appv1.HealthStatusCode) int {
	for i, known := range order {
		if code == known {
			return i
		}
	}
	return len(order)
}

// Worse tells whether a is worse than b: Healthy, Suspended, Progressing, Missing, Degraded, Unknown, in this order.
func Worse(a, b appv1.HealthStatusCode) bool { return rank(a) > rank(b) }

// Of tells how a live object does. It is nil where no check knows the kind. What is being deleted is Progressing. The
// user's own check goes before all others, then the peer's Lua check, then the rule in Go. An error means that a
// check failed; the status is Unknown then, and says so.
func Of(u *unstructured.Unstructured, overrides *Overrides) (*appv1.HealthStatus, error) {
	if u == nil {
		return status(appv1.HealthMissing, ""), nil
	}
	if u.GetDeletionTimestamp() != nil && !hasHookFinalizer(u) {
		return status(appv1.HealthProgressing, "Pending deletion"), nil
	}
	gk := u.GroupVersionKind().GroupKind()
	check, err := overrides.find(gk)
	if check == nil && err == nil {
		if rule := builtIn(gk); rule != nil {
			return run(gk, func() (*appv1.HealthStatus, error) { return rule(u) })
		}
		check, err = bundled(gk)
	}
	if check == nil && err == nil {
		return nil, nil
	}
	return run(gk, func() (*appv1.HealthStatus, error) {
		if err != nil {
			return nil, err
		}
		return check.run(u.Object)
	})
}

// Checked tells whether a check knows a kind: that Of is never nil for its objects, but for what a check itself leaves out.
func Checked(gk schema.GroupKind, overrides *Overrides) bool {
	check, err := overrides.find(gk)
	if check == nil && err == nil && builtIn(gk) == nil {
		check, err = bundled(gk)
		return check != nil || err != nil
	}
	return true
}

// run makes an error a status.
func run(gk schema.GroupKind, rule func() (*appv1.HealthStatus, error)) (*appv1.HealthStatus, error) {
	health, err := rule()
	if err != nil {
		err = fmt.Errorf("health of %s: %w", gk, err)
		return status(appv1.HealthUnknown, "%s", err), err
	}
	return health, nil
}

// hasHookFinalizer tells that the object is a hook whose end has not been seen yet: it is healthy or not by what it did,
// even if somebody else has begun to delete it.
func hasHookFinalizer(u *unstructured.Unstructured) bool {
	for _, f := range u.GetFinalizers() {
		if f == object.FinalizerHook {
			return true
		}
	}
	return false
}

func status(code appv1.HealthStatusCode, format string, args ...any) *appv1.HealthStatus {
	message := format
	if len(args) > 0 {
		message = fmt.Sprintf(format, args...)
	}
	return &appv1.HealthStatus{Status: code, Message: short(message)}
}

// maxMessage bounds what a status repeats of an object, in bytes.
const maxMessage = 4 << 10

func short(s string) string {
	if len(s) > maxMessage {
		return strings.ToValidUTF8(s[:maxMessage], "") + "..."
	}
	return s
}
