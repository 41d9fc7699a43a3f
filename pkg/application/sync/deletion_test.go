// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"strings"
	"testing"
	"time"

	"argosy.dev/argosy/pkg/application/object"
)

// remove deletes the application, to the end or until it is stuck.
func (s *sim) remove(in DeleteInput) (d DeleteDecision) {
	s.t.Helper()
	in.Since, in.UID, in.Instance, in.Health = simStart.Add(time.Hour), simUID, simApp, s.health
	s.stored.StartedAt.Time = in.Since
	in.Done = map[ID]Outcome{}
	s.log = nil
	for range 50 {
		in.Now, in.Objects = s.now, s.objects()
		d = DeleteStep(in)
		if d.PreDelete && d.Cascade && d.PostDelete {
			return d
		}
		in.PreDelete, in.Cascade, in.PostDelete = in.PreDelete && !d.PreDelete, in.Cascade && !d.Cascade, in.PostDelete && !d.PostDelete
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
		if order := strings.ReplaceAll(strings.TrimSuffix(s.order(), ", crash"), "crash, ", ""); order != "apply before, delete b, delete a, apply after" {
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
