// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"
	"weak"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

// place is a key within a kind.
type place struct{ namespace, name string }

// owner is what an item knows of one of its owners.
type owner struct {
	uid        types.UID
	controller bool
}

// item is what a cache holds of one object. It does not change once it is stored.
//
// The object itself is held as JSON, without what changes at every write (resourceVersion, the times of managed fields): a
// tenth of the memory of decoded maps, and two versions that look the same are the same bytes. Whoever asks gets it
// decoded, and as long as that is in use anywhere everybody gets the same.
type item struct {
	table *table
	place
	uid     types.UID
	version string
	// instance is the application by annotation, if that was written for this very object; label is the value of the label.
	instance, label string
	owners          []owner
	created         time.Time
	deleting        bool
	// annotated tells that an application's annotation is there, even if it was copied from another object.
	annotated bool
	// full tells that content is the whole object. Otherwise it is what of it is of use, or nil if nothing is.
	full    bool
	content []byte

	mu      sync.Mutex
	decoded weak.Pointer[unstructured.Unstructured]
	// converted is the object in another version, if somebody has asked for it.
	converted *conversion
}

// conversion is an object in a version in which it is not watched.
type conversion struct {
	version string
	object  *unstructured.Unstructured
}

// key is the key of the object.
func (it *item) key() object.Key {
	return object.Key{Group: it.table.kind.Group, Kind: it.table.kind.Kind, Namespace: it.namespace, Name: it.name}
}

// newItem makes an item of an object as it came from the server, which is changed. An object is kept in full if an
// application has made it, or if it is wanted.
func newItem(t *table, u *unstructured.Unstructured, label string, wanted func(*item) bool) (*item, error) {
	it := &item{
		table: t, place: place{namespace: u.GetNamespace(), name: u.GetName()}, uid: u.GetUID(), version: u.GetResourceVersion(),
		created: u.GetCreationTimestamp().Time, deleting: u.GetDeletionTimestamp() != nil,
	}
	if value, there := u.GetAnnotations()[appv1.AnnotationTrackingID]; there && value != "" {
		it.annotated = true
		if instance, self := object.Tracked(u); self {
			it.instance = instance
		}
	}
	it.label = u.GetLabels()[label]
	for _, o := range u.GetOwnerReferences() {
		it.owners = append(it.owners, owner{uid: o.UID, controller: o.Controller != nil && *o.Controller})
	}
	it.full = it.instance != "" || wanted(it)
	content := u.Object
	if it.full {
		withoutTimes(content)
	} else if content = summary(u); content == nil {
		return it, nil
	}
	raw, err := json.Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("keeping %s: %w", object.KeyOf(u).Label(), err)
	}
	it.content = raw
	return it, nil
}

// withoutTimes drops what differs between two versions of an object that are the same to everybody.
func withoutTimes(content map[string]any) {
	metadata, _ := content["metadata"].(map[string]any)
	delete(metadata, "resourceVersion")
	entries, _ := metadata["managedFields"].([]any)
	for _, entry := range entries {
		if fields, ok := entry.(map[string]any); ok {
			delete(fields, "time")
		}
	}
}

// same tells whether two versions look the same to whoever reads the cache.
func (it *item) same(other *item) bool {
	return it.uid == other.uid && it.full == other.full && it.deleting == other.deleting && it.instance == other.instance &&
		it.label == other.label && it.annotated == other.annotated && slices.Equal(it.owners, other.owners) && bytes.Equal(it.content, other.content)
}

// controlled tells whether a controller owns the object.
func (it *item) controlled() bool {
	return slices.ContainsFunc(it.owners, func(o owner) bool { return o.controller })
}

// object returns the object, as far as it is held.
func (it *item) object(kind Kind) *unstructured.Unstructured {
	it.mu.Lock()
	defer it.mu.Unlock()
	if u := it.decoded.Value(); u != nil {
		return u
	}
	u := &unstructured.Unstructured{}
	if it.content != nil {
		if err := utiljson.Unmarshal(it.content, &u.Object); err != nil {
			// What we have encoded ourselves is decoded, or memory is broken.
			panic(fmt.Sprintf("decoding a cached %s: %v", kind.Kind, err))
		}
	} else {
		u.Object = map[string]any{}
		u.SetNamespace(it.namespace)
		u.SetName(it.name)
		u.SetUID(it.uid)
		u.SetCreationTimestamp(metav1.NewTime(it.created))
	}
	u.SetGroupVersionKind(kind.GroupVersionKind)
	u.SetResourceVersion(it.version)
	it.decoded = weak.Make(u)
	return u
}

// convertedTo returns the object in another version, nil if that is not known.
func (it *item) convertedTo(version string) *unstructured.Unstructured {
	it.mu.Lock()
	defer it.mu.Unlock()
	if it.converted == nil || it.converted.version != version {
		return nil
	}
	return it.converted.object
}

func (it *item) keepConverted(u *unstructured.Unstructured, version string) {
	it.mu.Lock()
	defer it.mu.Unlock()
	it.converted = &conversion{version: version, object: u}
}
