// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"strings"
	"testing"
	"time"

	"argosy.dev/argosy/pkg/application/object"
)

// remove deletes the application, to the end or until it is stuck. As the shell does, it takes finalizers off only where
// nothing else is to be done.
func (s *sim) remove(in DeleteInput) (d DeleteDecision) {
	s.t.Helper()
	in.Since, in.UID, in.Instance, in.Health, in.Checked = simStart.Add(time.Hour), simUID, simApp, s.health, s.in.Checked
	s.stored.StartedAt.Time = in.Since
	in.Done = map[ID]Outcome{}
	s.log = nil
	for range 500 {
		in.Now, in.Objects = s.now, s.objects()
		d = DeleteStep(in)
		if len(d.Effects) == 0 {
			if d.PreDelete && d.Cascade && d.PostDelete && d.Cleanup {
				return d
			}
			if s.crashes() {
				in.Done = map[ID]Outcome{}
				continue
			}
			in.PreDelete, in.Cascade = in.PreDelete && !d.PreDelete, in.Cascade && !d.Cascade
			in.PostDelete, in.Cleanup = in.PostDelete && !d.PostDelete, in.Cleanup && !d.Cleanup
			if d.Error != "" {
				in.Done = map[ID]Outcome{}
			}
		}
		for _, e := range d.Effects {
			if !s.crashes() {
				in.Done[e.ID()] = s.apply(e)
			} else {
				in.Done = map[ID]Outcome{}
			}
		}
		if len(d.Effects) == 0 {
			s.now = s.now.Add(time.Second)
			s.tick()
		}
	}
	return d
}

const removed = `
{kind: ConfigMap, metadata: {name: a}}
---
{kind: ConfigMap, metadata: {name: b, annotations: {argocd.argoproj.io/sync-wave: '5'}}}
---
{kind: ConfigMap, metadata: {name: kept, annotations: {argocd.argoproj.io/sync-options: Delete=false}}}
---
{kind: ConfigMap, metadata: {name: helm, annotations: {helm.sh/resource-policy: keep}}}
---
{kind: CustomResourceDefinition, apiVersion: apiextensions.k8s.io/v1, metadata: {name: crd}}
`

// 19, 21, and the order of §1.9: hooks before, the highest wave first, hooks after.
func TestDeletion(t *testing.T) {
	for _, crash := range []bool{false, true} {
		s := newSim(t, docs(removed, strings.Replace(hookIn("PreDelete"), "name: hook", "name: before", 1), strings.Replace(hookIn("PostDelete"), "name: hook", "name: after", 1)))
		s.sync(full)
		s.expect("Succeeded", "", 5)
		check := addForeign(s)
		if n := 0; crash {
			s.crash = func() bool { n++; return n%3 == 0 }
		}
		d := s.remove(DeleteInput{PreDelete: true, Cascade: true, PostDelete: true})
		check()
		if !d.PostDelete || d.Error != "" {
			t.Fatalf("it does not end: %+v", d)
		}
		if order := strings.ReplaceAll(strings.ReplaceAll(s.order(), ", crash", ""), "crash, ", ""); order != "apply before, delete b, delete a, apply after" {
			t.Errorf("order is %s", order)
		}
		if !s.has("kept") || !s.has("helm") || !s.has("crd") || s.has("a") || hasHookFinalizer(s.get("after")) || hasHookFinalizer(s.get("before")) {
			t.Errorf("what is left is wrong: %v", s.live)
		}
	}
}

// 20: a hook that fails holds up the deletion, until it is mended.
func TestDeletionHookFailure(t *testing.T) {
	s := newSim(t, docs(removed, hookIn("PreDelete")))
	s.sync(full)
	s.fates["hook"] = fate{health: "Degraded"}
	d := s.remove(DeleteInput{PreDelete: true, Cascade: true})
	if d.PreDelete || !strings.Contains(d.Error, "PreDelete hook pod/hook") || !s.has("a") {
		t.Fatalf("it goes on: %+v", d)
	}
	s.set(docs(removed, strings.Replace(hookIn("PreDelete"), "a: 1", "a: 2", 1)))
	s.fates["hook"] = fate{health: "Healthy"}
	s.runs = map[string]int{} // it may run once more
	d = s.remove(DeleteInput{PreDelete: true, Cascade: true})
	if !d.Cascade || s.has("a") {
		t.Fatalf("it does not go on: %+v", d)
	}
	s.expectOrder("delete hook, apply hook, delete b, delete a")
}

// 21: a hook that is deleted once it has run has not failed.
func TestDeletionHookGoes(t *testing.T) {
	for _, phase := range []string{"PreDelete", "PostDelete"} {
		s := newSim(t, docs(removed, strings.Replace(hookIn(phase), "hook: "+phase, "hook: "+phase+", argocd.argoproj.io/hook-delete-policy: HookSucceeded", 1)))
		s.sync(full)
		d := s.remove(DeleteInput{PreDelete: phase == "PreDelete", Cascade: true, PostDelete: phase == "PostDelete"})
		if !d.Cascade || d.Error != "" || s.has("hook") || s.has("a") {
			t.Errorf("%s: it does not end: %+v, %s", phase, d, s.order())
		}
	}
}

// 40: a deletion that needs approval waits.
func TestDeletionConfirm(t *testing.T) {
	s := newSim(t, strings.Replace(removed, "name: a", "name: a, annotations: {argocd.argoproj.io/sync-options: Delete=confirm}", 1))
	s.sync(full)
	d := s.remove(DeleteInput{Cascade: true})
	if d.Cascade || d.Message != "waiting for deletion confirmation of /ConfigMap/a" || !s.has("b") {
		t.Fatalf("it does not wait: %+v", d)
	}
	d = s.remove(DeleteInput{Cascade: true, Approved: simStart.Add(2 * time.Hour).Format(time.RFC3339)})
	if !d.Cascade || s.has("a") {
		t.Fatalf("it does not go on: %+v", d)
	}
	s = newSim(t, removed)
	s.sync(full)
	s.in.Objects = s.objects()
	effects := DeleteStep(DeleteInput{Cascade: true, Instance: simApp, Propagation: "Background", Objects: s.in.Objects, Options: object.Options{}}).Effects
	if len(effects) != 1 || effects[0].(Delete).Propagation != "Background" {
		t.Errorf("effects are %+v", effects)
	}
}

// Hooks that go once they have run do not run a second time after a crash: that they have run is known by the finalizer
// that is no longer there.
func TestDeletionHooksRunOnce(t *testing.T) {
	for _, phase := range []string{"PreDelete", "PostDelete"} {
		for dies := range 12 {
			s := newSim(t, docs(removed, strings.Replace(hookIn(phase), "hook: "+phase, "hook: "+phase+", argocd.argoproj.io/hook-delete-policy: HookSucceeded", 1)))
			s.sync(full)
			n := 0
			s.crash = func() bool { n++; return n == dies }
			d := s.remove(DeleteInput{PreDelete: phase == "PreDelete", Cascade: true, PostDelete: phase == "PostDelete", Cleanup: true})
			if !d.Cleanup || d.Error != "" || s.has("hook") {
				t.Fatalf("%s: it does not end: %+v, %s", phase, d, s.order())
			}
			if strings.Count(s.order(), "apply hook") != 1 {
				t.Errorf("%s, dying at %d: the hook runs more than once: %s", phase, dies, s.order())
			}
		}
	}
}

// Whoever may delete a hook can, once it has failed. Then it runs again.
func TestDeletionHookFailedCanBeDeleted(t *testing.T) {
	s := newSim(t, docs(removed, hookIn("PreDelete")))
	s.sync(full)
	s.fates["hook"] = fate{health: "Degraded"}
	d := s.remove(DeleteInput{PreDelete: true, Cascade: true, Cleanup: true})
	if d.PreDelete || d.Error == "" || hasHookFinalizer(s.get("hook")) {
		t.Fatalf("it cannot be deleted: %+v, %v", d, s.get("hook"))
	}
	delete(s.live, object.KeyOf(s.get("hook")))
	s.fates["hook"], s.runs = fate{health: "Healthy"}, map[string]int{}
	if d = s.remove(DeleteInput{PreDelete: true, Cascade: true, Cleanup: true}); !d.Cleanup || s.has("a") {
		t.Fatalf("it does not go on: %+v", d)
	}
	s.expectOrder("apply hook, delete b, delete a")
}

// An application that is deleted in the middle of a sync leaves no hook that cannot be deleted, whether it takes its
// objects along or not, and whatever they say of deletion.
func TestDeletionLetsHooksGo(t *testing.T) {
	for name, in := range map[string]DeleteInput{
		"cascade": {Cascade: true}, "nothing but the hooks": {Cleanup: true}, "with hooks of deletion": {PostDelete: true, Cleanup: true},
	} {
		s := newSim(t, docs(pod, hookIn("PreSync"), strings.Replace(strings.Replace(hookIn("PreSync"), "PreSync", "PreSync, argocd.argoproj.io/sync-options: Delete=false", 1), "name: hook", "name: kept", 1)))
		s.fates["hook"], s.fates["kept"] = fate{}, fate{}
		s.begin(full, nil)
		s.until(func() bool { return s.has("hook") && s.has("kept") })
		if !hasHookFinalizer(s.get("hook")) || !hasHookFinalizer(s.get("kept")) {
			t.Fatal("hooks have no finalizer")
		}
		s.manifests = nil
		d := s.remove(in)
		if !d.Cleanup || !s.has("kept") || hasHookFinalizer(s.get("kept")) || s.has("hook") == in.Cascade {
			t.Errorf("%s: %+v, %s", name, d, s.order())
		}
		if u := s.get("hook"); u != nil && hasHookFinalizer(u) {
			t.Errorf("%s: the hook cannot be deleted", name)
		}
	}
}

// An application that is among its own objects goes: it does not wait for itself.
func TestDeletionOfItself(t *testing.T) {
	s := newSim(t, docs(removed, "{kind: Application, apiVersion: argoproj.io/v1alpha1, metadata: {name: app}}"))
	s.sync(full)
	s.get("app").SetUID(simUID)
	d := s.remove(DeleteInput{Cascade: true})
	if !d.Cascade || s.has("a") || !s.has("app") {
		t.Fatalf("it waits for itself: %+v, %s", d, s.order())
	}
}
