// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func discovered(preferred string, failed map[schema.GroupVersion]error) *Kinds {
	version := func(v string) metav1.GroupVersionForDiscovery {
		return metav1.GroupVersionForDiscovery{GroupVersion: "g/" + v, Version: v}
	}
	resources := func(v string) *metav1.APIResourceList {
		return &metav1.APIResourceList{GroupVersion: "g/" + v, APIResources: []metav1.APIResource{
			{Name: "things", Kind: "Thing", Namespaced: true, Verbs: metav1.Verbs{"list", "watch"}},
			{Name: "things/scale", Kind: "Scale", Namespaced: true},
		}}
	}
	return newKinds("v1.37.2", []*metav1.APIGroup{{Name: "g", Versions: []metav1.GroupVersionForDiscovery{version("v1"), version("v2")}, PreferredVersion: version(preferred)}},
		[]*metav1.APIResourceList{resources("v1"), resources("v2")}, failed)
}

func TestKinds(t *testing.T) {
	k := discovered("v2", map[schema.GroupVersion]error{{Group: "broken", Version: "v1"}: errors.New("no answer")})
	thing := schema.GroupKind{Group: "g", Kind: "Thing"}
	for version, want := range map[string]string{"": "v2", "v1": "v1", "v2": "v2"} {
		if got, err := k.Find(thing, version); err != nil || got.Version != want || !got.Namespaced || got.Resource != "things" || !got.watchable() {
			t.Errorf("%q: %+v, %v", version, got, err)
		}
	}
	var unserved *NotServed
	for _, kind := range []schema.GroupKind{{Group: "g", Kind: "Scale"}, {Group: "none", Kind: "Thing"}} {
		if _, err := k.Find(kind, ""); !errors.As(err, &unserved) {
			t.Errorf("%s: %v", kind, err)
		}
	}
	if _, err := k.Find(thing, "v3"); !errors.As(err, &unserved) {
		t.Errorf("a version: %v", err)
	}
	// Whether a kind is served is not known while its group does not answer: nothing may be pruned for that.
	if _, err := k.Find(schema.GroupKind{Group: "broken", Kind: "Thing"}, ""); err == nil || errors.As(err, &unserved) {
		t.Errorf("a group that does not answer: %v", err)
	}
	if want := []string{"g/v1", "g/v1/Thing", "g/v2", "g/v2/Thing"}; !slices.Equal(k.APIVersions(), want) {
		t.Errorf("API versions %v", k.APIVersions())
	}
	if all := k.All(); len(all) != 1 || all[0].Version != "v2" {
		t.Errorf("all: %v", all)
	}
}

func TestChangedKinds(t *testing.T) {
	thing := schema.GroupKind{Group: "g", Kind: "Thing"}
	empty := newKinds("v1.37.2", nil, nil, nil)
	unknown := newKinds("v1.37.2", nil, nil, map[schema.GroupVersion]error{{Group: "g", Version: "v1"}: errors.New("no answer")})
	for name, test := range map[string]struct {
		before, now *Kinds
		want        bool
	}{
		"the same":             {discovered("v2", nil), discovered("v2", nil), false},
		"come":                 {empty, discovered("v2", nil), true},
		"gone":                 {discovered("v2", nil), empty, true},
		"not known to be gone": {discovered("v2", nil), unknown, false},
		"preferred otherwise":  {discovered("v2", nil), discovered("v1", nil), true},
	} {
		if _, got := changedKinds(test.before, test.now)[thing]; got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// TestKindsKeepVersions: manifests do not become others while an API does not answer.
func TestKindsKeepVersions(t *testing.T) {
	before := discovered("v2", nil)
	away := newKinds("v1.37.2", nil, []*metav1.APIResourceList{{GroupVersion: "v1", APIResources: []metav1.APIResource{{Name: "pods", Kind: "Pod"}}}},
		map[schema.GroupVersion]error{{Group: "g", Version: "v1"}: errors.New("no answer")})
	away.keep(before)
	if want := []string{"g/v1", "g/v1/Thing", "g/v2", "g/v2/Thing", "v1", "v1/Pod"}; !slices.Equal(away.APIVersions(), want) {
		t.Errorf("while it is away: %v", away.APIVersions())
	}
	gone := newKinds("v1.37.2", nil, nil, nil)
	if gone.keep(away); len(gone.APIVersions()) != 0 {
		t.Errorf("when it is gone: %v", gone.APIVersions())
	}
}

// TestKindsChanged: who is told of a kind that comes.
func TestKindsChanged(t *testing.T) {
	var told []string
	c := &Cache{caches: &Caches{config: Config{Changed: func(change Change) { told = append(told, change.Users...) }}}, users: map[string]*user{
		"asks":  {needs: Needs{Kinds: true}},
		"has":   {where: map[schema.GroupKind][]string{{Group: "g", Kind: "Thing"}: nil}},
		"other": {where: map[schema.GroupKind][]string{{Kind: "Pod"}: nil}},
	}}
	c.kindsChanged(map[schema.GroupKind]struct{}{{Group: "g", Kind: "Thing"}: {}}, discovered("v1", nil))
	if slices.Sort(told); !slices.Equal(told, []string{"asks", "has"}) {
		t.Errorf("told: %v", told)
	}
}
