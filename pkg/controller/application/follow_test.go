// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/generated/clientset/versioned/fake"
)

// newApp is one that a test stores.
func newApp(uid types.UID, name string) *appv1.Application {
	return &appv1.Application{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: name, UID: uid}}
}

// world is an engine with its caches, and what they are of.
func world(t *testing.T, apps ...*appv1.Application) (*Engine, *fake.Clientset) {
	t.Helper()
	client := fake.NewSimpleClientset()
	for _, app := range apps {
		if _, err := client.ApplicationV1alpha1().Applications(app.Namespace).Create(t.Context(), app, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	e := NewEngine(EngineConfig{})
	factory, synced, err := e.informers(client)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	factory.Start(ctx.Done())
	t.Cleanup(func() {
		cancel()
		factory.Shutdown()
	})
	if !cache.WaitForCacheSync(t.Context().Done(), synced...) {
		t.Fatal("the caches did not fill")
	}
	return e, client
}

// next waits for what a channel brings.
func next(t *testing.T, from <-chan struct{}) (more bool) {
	t.Helper()
	select {
	case _, more = <-from:
		return more
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came")
		return false
	}
}

func TestFollow(t *testing.T) {
	e, client := world(t, newApp("1", "web"), newApp("2", "other"))
	store := client.ApplicationV1alpha1().Applications("team")
	following, err := e.follow(t.Context(), newApp("1", "web"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	short, err := e.follow(ctx, newApp("1", "web"))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if next(t, short) {
		t.Error("who has gone is told of changes")
	}
	e.listening.tellChanged("team/web")
	if !next(t, following) {
		t.Error("a change in the cluster ended it")
	}
	changed := newApp("1", "web")
	changed.Labels = map[string]string{"a": "b"}
	if _, err := store.Update(t.Context(), changed, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if !next(t, following) {
		t.Error("a change of the application ended it")
	}
	// The end of another is none of its business: the next that comes is the end of this one.
	if err := store.Delete(t.Context(), "other", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := store.Delete(t.Context(), "web", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if next(t, following) {
		t.Error("it goes on though the application is gone")
	}
}

// An application that was deleted while a request for it was under way, or was made anew, is not waited for.
func TestFollowWhatIsGone(t *testing.T) {
	e, _ := world(t, newApp("2", "anew"))
	for _, app := range []*appv1.Application{newApp("1", "anew"), newApp("1", "gone")} {
		following, err := e.follow(t.Context(), app)
		if err != nil {
			t.Fatal(err)
		}
		if next(t, following) {
			t.Errorf("%s is waited for", app.Name)
		}
	}
}

func TestNewest(t *testing.T) {
	stored := newApp("1", "web")
	stored.ResourceVersion = "7"
	e, _ := world(t, stored)
	for version, want := range map[string]string{"6": "7", "8": "8"} {
		asked := newApp("1", "web")
		asked.ResourceVersion = version
		if got := e.newest(asked); got.ResourceVersion != want {
			t.Errorf("version %s: %s is the newest, want %s", version, got.ResourceVersion, want)
		}
	}
	if asked := newApp("0", "web"); e.newest(asked) != asked {
		t.Error("another application of the name is taken for it")
	}
}

// What is not used any longer is looked for now and then, also after a failure, until the end. The clock is the bubble's.
func TestAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*sweepEvery+time.Minute)
		defer cancel()
		times := 0
		again(ctx, sweepEvery, func() error {
			times++
			return errors.New("the disk is away")
		})
		if times != 3 {
			t.Errorf("%d times", times)
		}
	})
}
