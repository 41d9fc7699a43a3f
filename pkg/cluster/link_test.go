// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/discovery"
)

// server is a cluster that serves the kind Thing since some time, and counts how often it is asked.
type server struct {
	discovery.DiscoveryInterfaceWithContext
	serves atomic.Bool
	asked  atomic.Int64
}

func (s *server) ServerVersionWithContext(context.Context) (*version.Info, error) {
	return &version.Info{GitVersion: "v1.37.2"}, nil
}

func (s *server) ServerGroupsAndResourcesWithContext(context.Context) ([]*metav1.APIGroup, []*metav1.APIResourceList, error) {
	s.asked.Add(1)
	if !s.serves.Load() {
		return nil, nil, nil
	}
	return nil, []*metav1.APIResourceList{{GroupVersion: "g/v1", APIResources: []metav1.APIResource{{Name: "things", Kind: "Thing"}}}}, nil
}

// TestFindNewKind: a kind whose definition has just come is found at once, one that never comes is asked for now and then.
func TestFindNewKind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		caches := New(Config{})
		l := &link{caches: caches, discover: s, poke: make(chan struct{}, 1), asking: make(chan struct{}, 1)}
		l.known.Store(newKinds("v1.37.2", nil, nil, nil))
		c := &Cache{caches: caches, link: l}
		find := func() bool {
			_, err := c.Find(t.Context(), schema.GroupKind{Group: "g", Kind: "Thing"}, "")
			return err == nil
		}
		for range 100 {
			if find() {
				t.Fatal("it is found")
			}
			time.Sleep(100 * time.Millisecond)
		}
		if n := s.asked.Load(); n > 3 {
			t.Errorf("the cluster was asked %d times in 10 s", n)
		}
		find()
		s.serves.Store(true)
		b := &bell{ring: l.poke, rang: &l.changed}
		if err := b.Add(nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * settle)
		if !c.Changing() || !find() {
			t.Error("it is not found though its definition has come")
		}
		if time.Sleep(newly); c.Changing() {
			t.Error("nothing has changed for a while")
		}
	})
}
