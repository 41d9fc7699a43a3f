// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"
	"pgregory.net/rapid"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	_ "argosy.dev/argosy/hack/seed"
	"argosy.dev/argosy/pkg/application/object"
)

var simKinds = []string{"ConfigMap", "Pod", "Job", "Deployment", "Service", "ServiceAccount"}

// drawManifests makes an application of some objects and hooks.
func drawManifests(t *rapid.T, revision int) string {
	var docs []string
	for i := range rapid.IntRange(0, 6).Draw(t, "objects") {
		kind := rapid.SampledFrom(simKinds).Draw(t, "kind")
		docs = append(docs, fmt.Sprintf("{kind: %s, metadata: {name: o%d, annotations: {argocd.argoproj.io/sync-wave: '%d'%s}}, spec: {v: %d}}",
			kind, i, rapid.IntRange(-1, 2).Draw(t, "wave"),
			rapid.SampledFrom([]string{"", "", "", ", argocd.argoproj.io/sync-options: PruneLast=true", ", argocd.argoproj.io/sync-options: Prune=false",
				", argocd.argoproj.io/sync-options: Replace=true", ", argocd.argoproj.io/hook: Skip"}).Draw(t, "options"),
			revision*rapid.IntRange(0, 1).Draw(t, "changes")))
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "hooks") {
		kind := rapid.SampledFrom(simKinds[:3]).Draw(t, "kind")
		name := rapid.SampledFrom([]string{"name", "generateName"}).Draw(t, "named")
		phases := rapid.SampledFrom([]string{"PreSync", "Sync", "PostSync", "SyncFail", "'PreSync,PostSync'", "'Sync,SyncFail'", "Never"}).Draw(t, "phase")
		policy := rapid.SampledFrom([]string{"''", "HookSucceeded", "HookFailed", "BeforeHookCreation", "'HookSucceeded,HookFailed'"}).Draw(t, "policy")
		docs = append(docs, fmt.Sprintf("{kind: %s, metadata: {%s: h%d, annotations: {argocd.argoproj.io/hook: %s, argocd.argoproj.io/hook-delete-policy: %s, argocd.argoproj.io/sync-wave: '%d'}}, spec: {v: %d}}",
			kind, name, i, phases, policy, rapid.IntRange(-1, 1).Draw(t, "wave"), revision))
	}
	return strings.Join(docs, "\n---\n")
}

func drawFates(t *rapid.T, s *sim) {
	for i := range 6 {
		for _, prefix := range []string{"o", "h"} {
			s.fates[fmt.Sprintf("%s%d", prefix, i)] = fate{
				health: rapid.SampledFrom([]appv1.HealthStatusCode{
					appv1.HealthHealthy, appv1.HealthHealthy, appv1.HealthHealthy, appv1.HealthHealthy, appv1.HealthDegraded, "",
				}).Draw(t, "health"),
				after: time.Duration(rapid.IntRange(0, 5).Draw(t, "after")) * time.Second,
			}
		}
	}
}

// foreign are objects of others: none of them may be touched.
const foreign = `
{kind: ConfigMap, metadata: {name: other, annotations: {argocd.argoproj.io/tracking-id: "other:/ConfigMap:ns/other"}}}
---
{kind: ConfigMap, metadata: {name: copied, annotations: {argocd.argoproj.io/tracking-id: "app:/ConfigMap:ns/original"}}}
---
{kind: ConfigMap, metadata: {name: untracked}}
---
{kind: ConfigMap, metadata: {name: otherhook, finalizers: [argocd.argoproj.io/hook-finalizer], annotations: {argocd.argoproj.io/hook: PreSync, argocd.argoproj.io/tracking-id: "other:/ConfigMap:ns/otherhook"}}}
`

// addForeign puts objects of others into the cluster, and returns a check that they are as they were.
func addForeign(s *sim) func() {
	objects := parse(s.t, foreign)
	for _, u := range objects {
		s.version(u)
		s.live[object.KeyOf(u)] = u
	}
	return func() {
		for _, u := range objects {
			if s.live[object.KeyOf(u)] != u {
				s.t.Fatalf("%s of somebody else was touched", u.GetName())
			}
		}
	}
}

// TestProperties syncs applications made at random, twice, with failures and edits; the first without crashes, the second
// with. The simulator checks with each effect the order of waves, that hooks run once, and whose objects are deleted.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSim(t, drawManifests(t, 1))
		check := addForeign(s)
		for round := range 3 {
			if round > 0 {
				s.set(drawManifests(t, round+1))
				s.crash = func() bool { return rapid.IntRange(0, 9).Draw(t, "crash") == 0 }
			}
			drawFates(t, s)
			if rapid.IntRange(0, 4).Draw(t, "rejects") == 0 {
				s.rejects = map[string]string{fmt.Sprintf("o%d", rapid.IntRange(0, 5).Draw(t, "rejected")): "denied"}
			} else {
				s.rejects = map[string]string{}
			}
			s.in.Timeout = time.Minute
			s.in.Options = rapid.SampledFrom([]object.Options{nil, {"PruneLast=true"}, {"ApplyOutOfSyncOnly=true"}, {"CreateNamespace=true"}}).Draw(t, "options")
			var retry *appv1.RetryStrategy
			if rapid.Bool().Draw(t, "retries") {
				retry = &appv1.RetryStrategy{Limit: ptr.To(int64(2)), Backoff: &appv1.Backoff{Duration: "1s"}}
			}
			edits := rapid.Bool().Draw(t, "edits")
			s.between = func() {
				if edits && rapid.IntRange(0, 9).Draw(t, "edit") == 0 {
					name := fmt.Sprintf("o%d", rapid.IntRange(0, 5).Draw(t, "edited"))
					if u := s.get(name); u != nil && u.GetDeletionTimestamp() == nil {
						next := u.DeepCopy()
						next.Object["data"] = map[string]any{"edited": "yes"}
						s.version(next)
						s.live[object.KeyOf(u)] = next
					}
				}
				if rapid.IntRange(0, 199).Draw(t, "terminate") == 0 && s.stored.Phase == appv1.OperationRunning {
					s.stored.Phase, s.in.State.Phase = appv1.OperationTerminating, appv1.OperationTerminating
				}
			}
			s.begin(appv1.SyncOperation{Prune: ptr.To(rapid.Bool().Draw(t, "prune"))}, retry)
			state := s.finish()
			check()
			if s.crash == nil && retry == nil && s.writes > 2 && !s.in.Options.Is("ApplyOutOfSyncOnly", "true") && !s.twice() {
				t.Fatalf("%d writes of the state", s.writes)
			}
			for key, u := range s.live {
				if key.Name != "otherhook" && hasHookFinalizer(u) {
					t.Fatalf("%s keeps its finalizer", key)
				}
			}
			if state.Phase == appv1.OperationSucceeded && !edits {
				s.checkSynced(ptr.Deref(state.Operation.Sync.Prune, false))
			}
			s.now = s.now.Add(10 * time.Second)
		}
	})
}

// twice tells whether there is a hook with a name that runs in two phases: the end of the first must be stored.
func (s *sim) twice() bool {
	return slices.ContainsFunc(s.manifests, func(u *unstructured.Unstructured) bool { return u.GetName() != "" && len(factsOf(u).phases) > 1 })
}

// checkSynced holds that what was synced with success is there, and what was pruned is not.
func (s *sim) checkSynced(prune bool) {
	s.t.Helper()
	for _, o := range s.objects() {
		switch {
		case o.Target != nil:
			if f := factsOf(o.Target); !f.hook && !f.skipped && (o.Live == nil || o.Modified) {
				s.t.Fatalf("%s is not synced, though the operation has succeeded\n%s", o.Key, strings.Join(s.log, "\n"))
			}
		case prune && ours(&o, simApp) && o.Live.GetDeletionTimestamp() == nil:
			if f := factsOf(o.Live); !f.hook && !f.options.Is(object.OptionPrune, "false") {
				s.t.Fatalf("%s was not pruned, though the operation has succeeded\n%s", o.Key, strings.Join(s.log, "\n"))
			}
		}
	}
}

// TestDeletionProperties deletes applications made at random, some in the middle of a sync, with crashes, and with others who
// delete and change what is there. The simulator checks that hooks run once and whose objects are deleted.
func TestDeletionProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		manifests := drawManifests(t, 1)
		for i := range rapid.IntRange(0, 3).Draw(t, "hooks of deletion") {
			manifests += fmt.Sprintf("\n---\n{kind: %s, metadata: {%s: d%d, annotations: {argocd.argoproj.io/hook: %s, argocd.argoproj.io/hook-delete-policy: %s, argocd.argoproj.io/sync-wave: '%d'}}}",
				rapid.SampledFrom(simKinds[:3]).Draw(t, "kind"), rapid.SampledFrom([]string{"name", "generateName"}).Draw(t, "named"), i,
				rapid.SampledFrom([]string{"PreDelete", "PostDelete", "'PreDelete,PostDelete'", "'PreSync,PostDelete'"}).Draw(t, "phase"),
				rapid.SampledFrom([]string{"''", "HookSucceeded", "BeforeHookCreation"}).Draw(t, "policy"), rapid.IntRange(-1, 1).Draw(t, "wave"))
		}
		s := newSim(t, manifests)
		check := addForeign(s)
		drawFates(t, s)
		s.in.Timeout = time.Minute
		s.begin(full, nil)
		left := rapid.IntRange(0, 20).Draw(t, "steps")
		s.until(func() bool { left--; return left < 0 })
		for name, f := range s.fates {
			s.fates[name] = fate{health: appv1.HealthHealthy, after: f.after}
		}
		s.crash = func() bool { return rapid.IntRange(0, 9).Draw(t, "crash") == 0 }
		all := s.manifests
		cascade := rapid.Bool().Draw(t, "cascade")
		// Of the manifests only the hooks of deletion are known then.
		s.manifests = slices.DeleteFunc(slices.Clone(all), func(u *unstructured.Unstructured) bool { return !deletes(factsOf(u).phases) })
		d := s.remove(DeleteInput{PreDelete: true, Cascade: cascade, PostDelete: true, Cleanup: true})
		check()
		if !d.Cleanup || d.Error != "" {
			t.Fatalf("it does not end: %+v\n%s", d, strings.Join(s.log, "\n"))
		}
		for key, u := range s.live {
			app, self := object.Tracked(u)
			if app != simApp || !self {
				continue
			}
			f := factsOf(u)
			if hasHookFinalizer(u) {
				t.Fatalf("%s cannot be deleted\n%s", key, strings.Join(s.log, "\n"))
			}
			if cascade && !deletes(f.phases) {
				t.Fatalf("%s is left\n%s", key, strings.Join(s.log, "\n"))
			}
		}
	})
}
