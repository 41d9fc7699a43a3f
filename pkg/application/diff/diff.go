// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package diff tells whether a live object is what its manifest wants, and how it differs. It compares the live object with
// the answer of a dry run of server-side apply where that is given, else with what a client-side merge would make of it.
// It must not know clients, clocks or caches: who calls it asks for dry runs, and keeps their answers under a Fingerprint.
// Nothing that it returns as text, and no error, holds a value of a Secret.
package diff

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"argosy.dev/argosy/pkg/application/object"
)

// DefaultManager is the field manager of applies, as the peer's.
const DefaultManager = "argocd-controller"

// StatusIgnore says of which objects the status is not compared. The words are the peer's (resource.compareoptions).
type StatusIgnore string

const (
	// StatusIgnoreAll ignores it of all objects. It is what an empty StatusIgnore means.
	StatusIgnoreAll StatusIgnore = "all"
	// StatusIgnoreCRD ignores it of CustomResourceDefinitions.
	StatusIgnoreCRD StatusIgnore = "crd"
	// StatusIgnoreNone compares it. The peer has "off" and "false" for it, too.
	StatusIgnoreNone StatusIgnore = "none"
)

// Options say what does not count as a difference. The zero value is a good one.
type Options struct {
	// Rules are parts of objects that may differ: of the application and of the settings. Nil has none.
	Rules *Rules
	// Status says whether status counts.
	Status StatusIgnore
	// IgnoreAggregatedRoles ignores the rules of ClusterRoles that are put together from others.
	IgnoreAggregatedRoles bool
	// KnownTypes are fields of custom resources that are of types of Kubernetes, whose spellings are made one.
	KnownTypes []KnownType
	// Manager is the field manager that applies. Empty is DefaultManager.
	Manager string
	// Tracking says how objects are known to belong to the application.
	Tracking Tracking
}

func (o Options) manager() string {
	if o.Manager == "" {
		return DefaultManager
	}
	return o.Manager
}

// Result is what came of a comparison.
type Result struct {
	// Modified tells that the live object is not what is wanted. It is true if there is no live object, or no target.
	Modified bool
	// Live is the live object, and Predicted what it would become, both without what does not count if Modified is true.
	// Either is nil if there is none. They must not be changed: they may be what was given to Compare. Of Secrets they
	// hold the values: use Unified or Mask before anybody sees them.
	Live, Predicted *unstructured.Unstructured
}

// Compare tells whether live differs from what target wants. predicted is what live would become, which is the answer of
// a dry run of server-side apply. Where it is nil, and not plain from the managed fields that nothing would change (see
// NeedsPrediction), it is computed here as client-side apply would (see ThreeWay), which knows no defaults of the server.
// target and live may be nil. None of them is changed.
func Compare(target, live, predicted *unstructured.Unstructured, o Options) (Result, error) {
	switch {
	case target == nil && live == nil:
		return Result{}, nil
	case live == nil:
		return Result{Modified: true, Predicted: normalize(target, o)}, nil
	case target == nil:
		return Result{Modified: true, Live: normalize(live, o)}, nil
	}
	if predicted == nil {
		if !NeedsPrediction(target, live, o.manager()) {
			return Result{Live: live, Predicted: live}, nil
		}
		merged, err := ThreeWay(bare(target), live)
		if err != nil {
			return Result{}, failure(live, "comparing", err)
		}
		predicted = merged.Object
	}
	l, p := normalize(live, o), normalize(predicted, o)
	o.Tracking.forgive(target, live, l, p)
	if equal(l.Object, p.Object) {
		return Result{Live: l, Predicted: p}, nil
	}
	if err := o.Rules.forget(live, l, p); err != nil {
		return Result{}, failure(live, "comparing", err)
	}
	if !equal(l.Object, p.Object) {
		retype(l, o.KnownTypes)
		retype(p, o.KnownTypes)
	}
	return Result{Modified: !equal(l.Object, p.Object), Live: l, Predicted: p}, nil
}

// failure says of which object an error is. What libraries say of a Secret may quote it, so that is left out.
func failure(u *unstructured.Unstructured, doing string, err error) error {
	if isSecret(u) {
		return fmt.Errorf("%s %s: it is not valid", doing, object.KeyOf(u).Label())
	}
	return fmt.Errorf("%s %s: %w", doing, object.KeyOf(u).Label(), err)
}
