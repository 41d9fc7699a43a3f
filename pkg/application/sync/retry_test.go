// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"strings"
	"testing"
	"time"

	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

func retries(limit int64, backoff string) *appv1.RetryStrategy {
	return &appv1.RetryStrategy{Limit: ptr.To(limit), Backoff: &appv1.Backoff{Duration: backoff}}
}

// broken breaks the try off, as a shell does that cannot look any more, and stores that.
func (s *sim) broken(message string) {
	s.stored = Break(&s.in.State, s.in.Done, message, s.now)
	s.in.State = s.stored
}

// What keeps from looking uses up retries as a failure does; then the operation is in error, and tells what came of its
// objects.
func TestTroubleIsTriedAgain(t *testing.T) {
	s := newSim(t, docs(pod, hookIn("PostSync")))
	s.fates["pod"] = fate{}
	s.begin(full, retries(1, "10s"))
	s.until(func() bool { return strings.HasPrefix(s.in.State.Message, "waiting for") })
	s.broken("the repository is away")
	if state := s.in.State; state.Phase != appv1.OperationRunning || state.RetryCount != 1 || state.FinishedAt == nil ||
		!strings.HasPrefix(state.Message, "the repository is away. Retrying attempt #1 at ") || len(state.SyncResult.Resources) != 1 {
		t.Fatalf("%+v", state)
	}
	waiting := s.in.State
	s.broken("it is still away")
	if s.in.State.RetryCount != 1 || s.in.State.Message != waiting.Message {
		t.Errorf("a try that is waited for was broken off: %+v", s.in.State)
	}
	s.until(func() bool { return s.in.State.FinishedAt == nil })
	if waited := s.now.Sub(simStart); waited < 10*time.Second {
		t.Errorf("waited %s", waited)
	}
	s.broken("the cluster is away")
	s.expect(appv1.OperationError, "the cluster is away (retried 1 times).", 1)
	if r := s.result("pod"); r.Status != appv1.ResultSynced {
		t.Errorf("result: %+v", r)
	}
	for limit, want := range map[int64]appv1.OperationPhase{0: appv1.OperationError, -1: appv1.OperationRunning} {
		s.begin(full, retries(limit, "1s"))
		if s.broken("away"); s.in.State.Phase != want || s.in.State.Message == "" {
			t.Errorf("limit %d: %s %q", limit, s.in.State.Phase, s.in.State.Message)
		}
	}
}

// What was applied is known by the outcomes alone where the look failed that would have shown it.
func TestTroubleAfterEffects(t *testing.T) {
	s := newSim(t, docs(hookIn("Sync"), "{kind: ConfigMap, metadata: {name: bad}}", "{kind: Service, metadata: {name: svc}}"))
	s.between = func() {}
	s.begin(full, nil)
	s.in.Done = map[ID]Outcome{
		{Key: object.Key{Kind: "Pod", Namespace: simNS, Name: "hook"}, Phase: object.Sync, Verb: VerbApply}:              {Version: "v1", Hook: true},
		{Key: object.Key{Kind: "ConfigMap", Namespace: simNS, Name: "bad"}, Phase: object.Sync, Verb: VerbApply}:         {Version: "v1", Err: "denied"},
		{Key: object.Key{Kind: "Service", Namespace: simNS, Name: "svc"}, Phase: object.Sync, Verb: VerbApply}:           {Version: "v1", Message: "service/svc serverside-applied"},
		{Key: object.Key{Kind: "Service", Namespace: simNS, Name: "old"}, Phase: object.Sync, Verb: VerbApply, Retry: 7}: {},
		{Key: object.Key{Kind: "Service", Namespace: simNS, Name: "dry"}, Phase: object.Sync, Verb: VerbCheck}:           {},
	}
	s.broken("away")
	s.expect(appv1.OperationError, "away", 3)
	hook, bad, svc := s.result("hook"), s.result("bad"), s.result("svc")
	if hook.HookPhase != appv1.OperationRunning || hook.HookType != "Sync" || hook.Version != "v1" || bad.Status != appv1.ResultSyncFailed || bad.Message != "denied" ||
		svc.Status != appv1.ResultSynced || svc.Message != "service/svc serverside-applied" {
		t.Errorf("results: %+v", s.in.State.SyncResult.Resources)
	}
}

// A hook that runs, or has run, is not run again since the repository was away for a moment; one of a try that has failed is.
func TestTroubleDoesNotRunHooksAgain(t *testing.T) {
	s := newSim(t, docs(hookIn("PreSync"), strings.Replace(hookIn("PreSync"), "name: hook", "name: done", 1), pod))
	s.fates["hook"] = fate{health: appv1.HealthHealthy, after: time.Minute}
	s.begin(full, retries(3, "5s"))
	for range 2 {
		s.until(func() bool {
			return s.in.State.FinishedAt == nil && s.result("done").HookPhase == appv1.OperationSucceeded && s.result("hook").HookPhase == appv1.OperationRunning
		})
		s.broken("away")
		if !Resumes(&s.stored) {
			t.Fatal("the next try begins anew")
		}
		if s.crash = nil; len(s.in.Done) > 0 {
			s.in.Done = nil // as a shell that was started anew
		}
	}
	s.finish()
	s.expect(appv1.OperationSucceeded, "", 3)
	s.expectOrder("apply done, apply hook, apply pod")

	s = newSim(t, docs(hookIn("PreSync"), strings.Replace(hookIn("Sync"), "name: hook", "name: bad", 1), pod))
	s.rejects["bad"] = "denied"
	s.begin(full, retries(1, "5s"))
	s.finish()
	s.expectOrder("apply hook, apply pod, delete hook, apply hook")
}

// A hook that runs while a try is waited for is broken off, too, if the operation is terminated then, whether it has a
// manifest or not.
func TestTerminateBetweenTries(t *testing.T) {
	for _, left := range []string{docs(hookIn("PreSync"), pod), pod, ""} {
		for _, tries := range []int{0, 1} {
			s := newSim(t, docs(hookIn("PreSync"), pod))
			s.fates["hook"] = fate{}
			s.begin(full, retries(3, "1h"))
			s.until(func() bool { return strings.HasPrefix(s.in.State.Message, "waiting for completion of hook") })
			for range tries {
				s.broken("away")
			}
			s.set(left)
			s.stored.Phase, s.in.State.Phase, s.in.Done = appv1.OperationTerminating, appv1.OperationTerminating, nil
			s.finish()
			s.expect(appv1.OperationFailed, "Operation terminated", 1)
			if r := s.result("hook"); r.Message != "Terminated" || r.HookPhase != appv1.OperationFailed || s.has("hook") {
				t.Errorf("%q, %d: %+v; the hook is there: %v", left, tries, r, s.has("hook"))
			}
		}
	}
}

// A wait of less than a second is a wait, though times are stored in whole seconds.
func TestShortBackoff(t *testing.T) {
	s := newSim(t, docs(pod, hookIn("PreSync")))
	s.fates["hook"] = fate{health: appv1.HealthDegraded}
	s.begin(full, &appv1.RetryStrategy{Limit: ptr.To(int64(-1)), Backoff: &appv1.Backoff{Duration: "100ms", MaxDuration: "200ms"}})
	s.now = s.now.Add(900 * time.Millisecond)
	for retry := range int64(5) {
		s.until(func() bool { return s.stored.RetryCount == retry+1 })
		failed := s.now
		s.until(func() bool { return s.stored.FinishedAt == nil })
		if waited := s.now.Sub(failed); waited < 100*time.Millisecond || waited > 1300*time.Millisecond {
			t.Fatalf("waited %s", waited)
		}
	}
}

// A try that syncs what the sources are by then begins anew; an automated one that does not is superseded.
func TestNewerWhileWaiting(t *testing.T) {
	for _, c := range []struct {
		refresh, automated bool
		phase              appv1.OperationPhase
		waits, anew        bool
	}{
		{phase: appv1.OperationRunning, waits: true},
		{refresh: true, phase: appv1.OperationRunning, anew: true},
		{automated: true, phase: appv1.OperationFailed},
		{refresh: true, automated: true, phase: appv1.OperationRunning, anew: true},
	} {
		s := newSim(t, pod)
		s.begin(full, retries(3, "1h"))
		s.in.State.Operation.Retry.Refresh = &c.refresh
		s.in.State.Operation.InitiatedBy = &appv1.OperationInitiator{Automated: &c.automated}
		s.broken("away")
		s.in.Now, s.in.Newer = s.now, "abcdef"
		d := Step(s.in)
		if d.State.Phase != c.phase || (d.State.FinishedAt != nil && d.State.Phase == appv1.OperationRunning) != c.waits || d.Refresh != c.anew || d.Write == c.waits {
			t.Errorf("%+v: %+v", c, d)
		}
	}
}

// An operation whose revisions could not be found out ends, when all tries are used up, as one that was tried.
func TestUnresolved(t *testing.T) {
	source := &appv1.ApplicationSource{RepoURL: "https://example.com/r"}
	state := Begin(appv1.Operation{Sync: &appv1.SyncOperation{Revision: "new"}, Retry: retries(1, "5s")}, appv1.SyncOperationResult{Source: source}, simStart)
	for _, phase := range []appv1.OperationPhase{appv1.OperationRunning, appv1.OperationError} {
		if !Unresolved(&state) {
			t.Fatal("it is resolved")
		}
		state = Break(&state, nil, "away", simStart.Add(time.Hour*time.Duration(state.RetryCount)))
		if state.Phase != phase {
			t.Fatalf("%+v", state)
		}
	}
	app := autoApp()
	app.Status.OperationState = &state
	out := []appv1.ResourceStatus{{Kind: "Service", Name: "svc", Status: appv1.SyncStatusOutOfSync}}
	if d := AutoSync(app, Compared{Status: appv1.SyncStatusOutOfSync, Revision: "new", Resources: out}, simStart); d.Operation != nil ||
		d.Error != "Failed last sync attempt to new: away (retried 1 times)." {
		t.Errorf("%+v", d)
	}
}

// What the cluster would not take is known before anything is applied; where only one thing is to be done it is not asked for.
func TestRehearsal(t *testing.T) {
	s := newSim(t, docs(hookIn("PreSync"), pod, "{kind: ConfigMap, metadata: {name: bad}}"))
	s.rejects["bad"] = "bad is invalid"
	s.sync(full)
	s.expect(appv1.OperationFailed, "one or more objects failed to apply (dry run), reason: bad is invalid", 1)
	s.expectOrder("")
	if r := s.result("bad"); r.Status != appv1.ResultSyncFailed || r.Message != "bad is invalid" {
		t.Errorf("result: %+v", r)
	}
	checks := func(manifests string, change func(*sim)) (names []string) {
		s := newSim(t, manifests)
		if change != nil {
			change(s)
		}
		s.begin(full, nil)
		s.in.Now, s.in.Objects = s.now, s.objects()
		for _, e := range Step(s.in).Effects {
			if e.ID().Verb == VerbCheck {
				names = append(names, e.ID().Key.Name)
			}
		}
		return names
	}
	for name, c := range map[string]struct {
		manifests string
		change    func(*sim)
		want      string
	}{
		"one object":         {pod, nil, ""},
		"hooks are not":      {docs(pod, hookIn("Sync")), nil, "pod"},
		"what is there":      {docs(pod, two), func(s *sim) { s.sync(full); s.set(docs(pod, two, "{kind: ConfigMap, metadata: {name: cm}}")) }, "cm"},
		"in a new namespace": {docs("{kind: Namespace, metadata: {name: ns}}", pod), nil, "ns"},
		"of a new kind": {docs("{kind: Widget, apiVersion: w.io/v1, metadata: {name: w}}",
			"{kind: CustomResourceDefinition, apiVersion: apiextensions.k8s.io/v1, metadata: {name: widgets.w.io}, spec: {group: w.io, names: {kind: Widget}}}"), nil, "widgets.w.io"},
	} {
		if got := strings.Join(checks(c.manifests, c.change), ","); got != c.want {
			t.Errorf("%s: asked for %q, not %q", name, got, c.want)
		}
	}
}

// A hook that a silent cluster keeps is asked for again; what the cluster refuses is not.
func TestTerminateWhileClusterIsSilent(t *testing.T) {
	for _, silent := range []bool{true, false} {
		s := newSim(t, docs(pod, hookIn("PreSync")))
		s.fates["hook"] = fate{}
		s.begin(full, nil)
		s.until(func() bool { return strings.HasPrefix(s.in.State.Message, "waiting for completion of hook") })
		s.in.State.Phase, s.in.Now, s.in.Objects = appv1.OperationTerminating, s.now, s.objects()
		s.in.Done = map[ID]Outcome{}
		for _, e := range Step(s.in).Effects {
			s.in.Done[e.ID()] = Outcome{Err: "refused", Silent: silent}
		}
		d := Step(s.in)
		if d.Ended() == silent || silent && (d.State.Message != "operation is terminating: refused" || d.After != silentAgain) {
			t.Errorf("%v: %+v", silent, d)
		}
	}
}
