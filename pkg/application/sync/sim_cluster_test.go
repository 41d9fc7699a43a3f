// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

// apply does what an effect says.
func (s *sim) apply(e Effect) Outcome {
	key := e.ID().Key
	live := s.live[key]
	switch e := e.(type) {
	case Apply:
		if why := s.rejects[key.Name]; why != "" {
			return Outcome{Err: why}
		}
		if e.DryRun {
			return Outcome{Message: key.Label() + " dry"}
		}
		if s.lost[key.Kind] {
			s.t.Fatalf("%s is applied though its kind is not served", key)
		}
		s.log = append(s.log, "apply "+key.Name)
		s.checkApply(e, live)
		next, message := e.Object.DeepCopy(), "created"
		next.SetUID(types.UID(fmt.Sprintf("uid-%d", s.rv+1)))
		next.SetCreationTimestamp(metav1.NewTime(s.now))
		if live != nil && !e.Force {
			message = map[Mode]string{ServerSide: "serverside-applied", ClientSide: "configured", Replace: "replaced"}[e.Mode]
			next.SetUID(live.GetUID())
			next.SetCreationTimestamp(live.GetCreationTimestamp())
			next.SetDeletionTimestamp(live.GetDeletionTimestamp())
			if !s.differs(e.Object, live) {
				next.Object["status"] = live.Object["status"]
			}
		}
		if next.Object["status"] == nil {
			delete(next.Object, "status")
			s.since[key], s.healthy[key] = s.now, !checked(key.Kind)
		}
		s.version(next)
		s.live[key] = next
		if isDefinition(key) {
			kind, _, _ := unstructured.NestedString(next.Object, "spec", "names", "kind")
			delete(s.lost, kind)
		}
		return Outcome{
			Message: key.Label() + " " + message, ResourceVersion: next.GetResourceVersion(), At: s.now,
			Version: next.GroupVersionKind().Version, Hook: object.IsHook(e.Object),
		}
	case Delete:
		if live == nil || live.GetUID() != e.For.UID {
			return Outcome{}
		}
		if e.DryRun {
			return Outcome{Message: "pruned (dry run)"}
		}
		s.log = append(s.log, "delete "+key.Name)
		if app, self := object.Tracked(live); app != simApp || !self {
			s.t.Fatalf("%s is deleted, which is not ours", key)
		}
		next := live.DeepCopy()
		if next.GetDeletionTimestamp() == nil {
			now := metav1.NewTime(s.now)
			next.SetDeletionTimestamp(&now)
		}
		s.version(next)
		s.live[key] = next
		s.collect(key)
	case RemoveFinalizer:
		if live == nil || live.GetUID() != e.For.UID {
			return Outcome{}
		}
		next := live.DeepCopy()
		next.SetFinalizers(slices.DeleteFunc(next.GetFinalizers(), func(f string) bool { return f == e.Finalizer }))
		s.version(next)
		s.live[key] = next
		s.collect(key)
	}
	return Outcome{Message: "pruned", At: s.now}
}

// collect removes an object that is being deleted and that nothing holds any longer.
func (s *sim) collect(key object.Key) {
	if u := s.live[key]; u != nil && u.GetDeletionTimestamp() != nil && len(u.GetFinalizers()) == 0 {
		delete(s.live, key)
	}
}

// checkApply holds what must be true whenever something is applied.
func (s *sim) checkApply(e Apply, live *unstructured.Unstructured) {
	f := factsOf(e.Object)
	if f.hook {
		run := annotation(e.Object, AnnotationOperation) + " " + e.For.Key.String()
		if live == nil || annotation(live, AnnotationOperation) != annotation(e.Object, AnnotationOperation) {
			if s.runs[run]++; s.runs[run] > 1 {
				s.t.Fatalf("hook %s runs twice\n%s", run, strings.Join(s.log, "\n"))
			}
		}
	}
	if e.For.Phase != object.PreSync && e.For.Phase != object.Sync && e.For.Phase != object.PostSync {
		return
	}
	at := place{phase: e.For.Phase, wave: f.wave}
	for _, m := range s.manifests {
		f := factsOf(m)
		if f.skipped || f.hook || m.GetName() == "" {
			continue
		}
		key := object.KeyOf(m)
		if (place{phase: object.Sync, wave: f.wave}).compare(at) >= 0 || !selected(s.in.State.Operation.Sync.Resources, key) {
			continue
		}
		if s.in.Options.Is(object.OptionOutOfSyncOnly, "true") && s.live[key] != nil && s.since[key].Before(s.stored.StartedAt.Time) {
			continue // it was in sync when the operation began, and is no part of it
		}
		if s.live[key] == nil || !s.healthy[key] {
			s.t.Fatalf("%s is applied before %s is there and healthy\n%s", e.For.Key, key, strings.Join(s.log, "\n"))
		}
	}
}

// tick lets time change the health of objects.
func (s *sim) tick() {
	for key, u := range s.live {
		if !checked(key.Kind) {
			continue
		}
		f, there := s.fates[key.Name]
		if !there {
			f = fate{health: appv1.HealthHealthy}
		}
		has, _, _ := unstructured.NestedString(u.Object, "status", "health")
		if f.health == "" || has == string(f.health) || s.now.Before(s.since[key].Add(f.after)) {
			continue
		}
		next := u.DeepCopy()
		_ = unstructured.SetNestedField(next.Object, string(f.health), "status", "health")
		s.version(next)
		s.live[key] = next
		if f.health == appv1.HealthHealthy {
			s.healthy[key] = true
		}
	}
}
