// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	"argosy.dev/argosy/pkg/application/object"
)

// maxOwners is how many owners above each other are followed. More are a loop that somebody has made.
const maxOwners = 10

type items map[*item]struct{}

// index finds items of all kinds by what they say, and users by what they need.
type index struct {
	uid      map[types.UID]*item
	instance map[string]items
	label    map[string]items
	owned    map[types.UID]items
	// of are the users of an instance, labelled those of them that track by label too, and wanted those that need an object.
	of, labelled map[string][]string
	wanted       map[object.Key][]string
}

func newIndex() index {
	return index{
		uid: map[types.UID]*item{}, instance: map[string]items{}, label: map[string]items{}, owned: map[types.UID]items{},
		of: map[string][]string{}, labelled: map[string][]string{}, wanted: map[object.Key][]string{},
	}
}

func (x *index) add(it *item) {
	x.uid[it.uid] = it
	if it.instance != "" {
		addTo(x.instance, it.instance, it)
	}
	if it.label != "" && !it.controlled() {
		addTo(x.label, it.label, it)
	}
	for _, o := range it.owners {
		addTo(x.owned, o.uid, it)
	}
}

func (x *index) remove(it *item) {
	if x.uid[it.uid] == it {
		delete(x.uid, it.uid)
	}
	removeFrom(x.instance, it.instance, it)
	removeFrom(x.label, it.label, it)
	for _, o := range it.owners {
		removeFrom(x.owned, o.uid, it)
	}
}

// concerned adds the users whom a change of an item concerns.
func (x *index) concerned(it *item, users map[string]struct{}) { x.climb(it, users, maxOwners) }

func (x *index) climb(it *item, users map[string]struct{}, up int) {
	for _, lists := range [][]string{x.wanted[it.key()], x.of[it.instance]} {
		for _, user := range lists {
			users[user] = struct{}{}
		}
	}
	if !it.annotated && !it.controlled() {
		for _, user := range x.labelled[it.label] {
			users[user] = struct{}{}
		}
	}
	if up == 0 {
		return
	}
	for _, o := range it.owners {
		if above := x.uid[o.uid]; above != nil && above != it {
			x.climb(above, users, up-1)
		}
	}
}

func addTo[K comparable](in map[K]items, key K, it *item) {
	set := in[key]
	if set == nil {
		set = items{}
		in[key] = set
	}
	set[it] = struct{}{}
}

func removeFrom[K comparable](in map[K]items, key K, it *item) {
	if set := in[key]; set != nil {
		delete(set, it)
		if len(set) == 0 {
			delete(in, key)
		}
	}
}

// newer tells whether resource version a is later than b. Versions that cannot be compared count as later, so that what
// the server said last is kept.
func newer(a, b string) bool {
	order, err := resourceversion.CompareResourceVersion(a, b)
	return err != nil || order > 0
}
