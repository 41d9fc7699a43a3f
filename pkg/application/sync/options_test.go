// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

const two = `
{kind: ServiceAccount, metadata: {name: sa}}
---
{kind: Service, metadata: {name: svc}, spec: {a: 1}}
`

// 29, 30, 45: the namespace comes before everything, also before what fails; it is never pruned.
func TestCreateNamespace(t *testing.T) {
	s := newSim(t, two)
	s.in.Options = object.Options{"CreateNamespace=true"}
	s.in.NamespaceMetadata = &appv1.ManagedNamespaceMetadata{Labels: map[string]string{"a": "b"}}
	s.sync(full)
	s.expect(appv1.OperationSucceeded, "", 3)
	s.expectOrder("apply ns, apply sa, apply svc")
	ns := s.get("ns")
	if r := s.result("ns"); r.Status != appv1.ResultSynced || r.SyncPhase != "PreSync" || r.Message != "namespace/ns created" || ns.GetLabels()["a"] != "b" {
		t.Errorf("result %+v, namespace %v", r, ns)
	}
	s.sync(full)
	s.expect(appv1.OperationSucceeded, "", 2)

	s = newSim(t, two)
	s.in.Options = object.Options{"CreateNamespace=true"}
	s.lost["ServiceAccount"] = true
	s.sync(full)
	s.expect(appv1.OperationFailed, "not valid", 2)
	if s.result("ns").Status != appv1.ResultSynced || s.result("sa").Status != appv1.ResultSyncFailed || s.has("svc") {
		t.Errorf("results: %+v", s.in.State.SyncResult.Resources)
	}

	s = newSim(t, docs("{kind: Namespace, metadata: {name: ns}}", two))
	s.sync(full)
	s.in.Options = object.Options{"CreateNamespace=true"}
	s.set(two)
	s.sync(full)
	s.expect(appv1.OperationSucceeded, "", 2)
	if !s.has("ns") {
		t.Errorf("the namespace was pruned")
	}
}

// 34: what is in sync is left out.
func TestOutOfSyncOnly(t *testing.T) {
	s := newSim(t, two)
	s.sync(full)
	s.in.Options = object.Options{"ApplyOutOfSyncOnly=true"}
	s.set(strings.Replace(two, "a: 1", "a: 2", 1))
	s.sync(full)
	s.expect(appv1.OperationSucceeded, "", 1)
	s.expectOrder("apply svc")
}

// 35, 36, 31: how objects are applied.
func TestModes(t *testing.T) {
	for _, c := range []struct {
		application, object string
		strategy            *appv1.SyncStrategy
		want                Apply
	}{
		{want: Apply{Mode: ServerSide, Migrate: true}},
		{application: "ServerSideApply=true", object: "ServerSideApply=false", want: Apply{Mode: ClientSide}},
		{application: "ServerSideApply=false", want: Apply{Mode: ClientSide}},
		{application: "ServerSideApply=false", object: "ServerSideApply=true", want: Apply{Mode: ServerSide, Migrate: true}},
		{application: "ServerSideApply=true", object: "Replace=true", want: Apply{Mode: Replace}},
		{application: "Replace=true", object: "Replace=false", want: Apply{Mode: ServerSide, Migrate: true}},
		{object: "Force=true,Replace=true", want: Apply{Mode: Replace, Force: true}},
		{object: "Validate=false", want: Apply{Mode: ServerSide, Migrate: true, NoValidation: true}},
		{application: "ClientSideApplyMigration=false", want: Apply{Mode: ServerSide}},
		{strategy: &appv1.SyncStrategy{Apply: &appv1.SyncStrategyApply{Force: ptr.To(true)}}, want: Apply{Mode: ServerSide, Migrate: true, Force: true}},
	} {
		s := newSim(t, "{kind: Service, metadata: {name: svc, annotations: {argocd.argoproj.io/sync-options: '"+c.object+"'}}}")
		if c.application != "" {
			s.in.Options = object.Options{c.application}
		}
		s.begin(appv1.SyncOperation{SyncStrategy: c.strategy}, nil)
		s.in.Now, s.in.Objects = s.now, s.objects()
		d := Step(s.in)
		if len(d.Effects) != 1 {
			t.Fatalf("%+v: effects are %v", c, d.Effects)
		}
		got := d.Effects[0].(Apply)
		c.want.For, c.want.Object, c.want.Create = got.For, got.Object, true
		if got != c.want {
			t.Errorf("%q %q: %+v, not %+v", c.application, c.object, got, c.want)
		}
	}
	s := newSim(t, "{kind: ConfigMap, metadata: {name: cm, annotations: {argocd.argoproj.io/sync-options: Replace=true}}}")
	s.sync(full)
	first := s.result("cm").Message
	s.sync(full)
	if second := s.result("cm").Message; first != "configmap/cm created" || second != "configmap/cm replaced" {
		t.Errorf("messages are %q and %q", first, second)
	}
}

// 37, 40: pruning is forbidden, or must be approved.
func TestPruneOptions(t *testing.T) {
	for _, option := range []string{"Prune=false", "Prune=confirm", "PrunePropagationPolicy=background"} {
		s := newSim(t, docs(two, pod))
		s.sync(full)
		s.set(docs(pod, "{kind: ConfigMap, metadata: {name: cm}}"))
		s.in.Options = object.Options{option}
		s.begin(full, nil)
		switch option {
		case "Prune=false":
			s.finish()
			s.expect(appv1.OperationSucceeded, "", 4)
			s.expectOrder("apply cm")
		case "Prune=confirm":
			s.until(func() bool {
				return s.in.State.Message == "waiting for pruning confirmation of /ServiceAccount/sa and 1 more resource"
			})
			s.expectOrder("")
			s.in.Approved = s.stored.StartedAt.Add(-time.Second).UTC().Format(time.RFC3339)
			s.until(func() bool { return true })
			s.expectOrder("")
			s.in.Approved = s.stored.StartedAt.UTC().Format(time.RFC3339)
			s.finish()
			s.expectOrder("delete sa, delete svc, apply cm")
		default:
			s.set(pod)
			s.in.Now, s.in.Objects = s.now, s.objects()
			if d := Step(s.in).Effects[0].(Delete); d.Propagation != "Background" {
				t.Errorf("propagation is %s", d.Propagation)
			}
		}
	}
}

// 46, 47, 48: only what was selected is synced, without hooks; a namespace must agree if it is given.
func TestSelective(t *testing.T) {
	for namespace, results := range map[string]int{"": 2, simNS: 1, "none": 0} {
		s := newSim(t, docs(pod, hookIn("PreSync"), "{kind: Service, metadata: {name: svc}}", "{kind: Service, metadata: {name: svc, namespace: another}}"))
		s.sync(appv1.SyncOperation{Resources: []appv1.SyncOperationResource{{Kind: "Service", Name: "svc", Namespace: namespace}}})
		s.expect(appv1.OperationSucceeded, "successfully synced", results)
	}
}

// A dry run asks for all at once, and changes nothing.
func TestDryRun(t *testing.T) {
	s := newSim(t, docs(two, pod))
	s.sync(full)
	s.set(docs(pod, hookIn("PreSync"), "{kind: ConfigMap, metadata: {name: cm}}", "{kind: ConfigMap, metadata: {name: bad}}"))
	s.rejects["bad"] = "bad is invalid"
	s.sync(appv1.SyncOperation{DryRun: ptr.To(true), Prune: ptr.To(true)})
	s.expect(appv1.OperationFailed, "one or more objects failed to apply (dry run), reason: bad is invalid", 6)
	s.expectOrder("")
	if len(Complete(nil, &s.stored, 10)) != 0 {
		t.Errorf("a dry run is in the history")
	}
}

// A definition comes before what it defines, in the place of the first such object, and is waited for until it is served.
func TestDefinitions(t *testing.T) {
	s := newSim(t, docs(
		"{kind: Widget, apiVersion: w.io/v1, metadata: {name: w, annotations: {argocd.argoproj.io/hook: PreSync}}}",
		"{kind: CustomResourceDefinition, apiVersion: apiextensions.k8s.io/v1, metadata: {name: widgets.w.io}, spec: {group: w.io, names: {kind: Widget}}}",
		"{kind: Namespace, metadata: {name: ns, annotations: {argocd.argoproj.io/sync-wave: '3'}}}", pod))
	s.lost["Widget"] = true
	s.sync(full)
	s.expect(appv1.OperationSucceeded, "", 4)
	s.expectOrder("apply ns, apply widgets.w.io, apply w, apply pod")
	if r := s.result("widgets.w.io"); r.SyncPhase != "PreSync" {
		t.Errorf("result: %+v", r)
	}
	s = newSim(t, docs("{kind: Widget, apiVersion: w.io/v1, metadata: {name: w}}", pod))
	s.lost["Widget"] = true
	s.sync(full)
	s.expect(appv1.OperationFailed, `The Kubernetes API could not find w.io/Widget for requested resource ns/w. Make sure the "Widget" CRD is installed`, 1)
	s.expectOrder("")
	s.in.Options = object.Options{"SkipDryRunOnMissingResource=true"}
	s.sync(full)
	s.expect(appv1.OperationFailed, "failed to apply", 2)
	s.expectOrder("apply pod")
}

// A kind that an operator of an earlier wave brings is waited for, also in a try that begins long after the first; and one
// whose definition is a hook.
func TestDefinitionsThatCome(t *testing.T) {
	operator := "{kind: Deployment, metadata: {name: operator, annotations: {argocd.argoproj.io/sync-wave: '-1'}}, spec: {a: 1}}"
	widget := "{kind: Widget, apiVersion: w.io/v1, metadata: {name: w, annotations: {argocd.argoproj.io/sync-options: SkipDryRunOnMissingResource=true}}}"
	s := newSim(t, docs(operator, widget))
	s.lost["Widget"] = true
	s.begin(full, nil)
	s.until(func() bool {
		if s.in.State.Message == "waiting for the definition of w.io/Widget/w" && s.now.Sub(simStart) > 90*time.Second {
			delete(s.lost, "Widget")
		}
		return false
	})
	s.expect(appv1.OperationSucceeded, "", 2)
	s.expectOrder("apply operator, apply w")

	s = newSim(t, docs(operator, widget))
	s.lost["Widget"] = true
	s.begin(full, &appv1.RetryStrategy{Limit: ptr.To(int64(1)), Backoff: &appv1.Backoff{Duration: "10m", MaxDuration: "10m"}})
	s.until(func() bool {
		if s.in.State.RetryCount == 1 && s.in.State.FinishedAt == nil && s.now.Sub(s.in.Since) > time.Minute {
			delete(s.lost, "Widget")
		}
		return false
	})
	s.expect(appv1.OperationSucceeded, "", 2)

	// A kind whose definition has just come is waited for with nothing applied, as long as it may be about to be served.
	for _, comes := range []bool{true, false} {
		s = newSim(t, docs(pod, "{kind: Widget, apiVersion: w.io/v1, metadata: {name: w}}"))
		s.lost["Widget"], s.coming = true, true
		s.begin(full, nil)
		s.until(func() bool {
			if len(s.live) > 0 && s.coming {
				t.Fatal("something was applied")
			}
			if s.now.Sub(simStart) > 3*time.Second {
				if s.coming = false; comes {
					delete(s.lost, "Widget")
				}
			}
			return false
		})
		if comes {
			s.expect(appv1.OperationSucceeded, "", 2)
		} else {
			s.expect(appv1.OperationFailed, "The Kubernetes API could not find w.io/Widget", 1)
			s.expectOrder("")
		}
	}

	definition := "{kind: CustomResourceDefinition, apiVersion: apiextensions.k8s.io/v1, metadata: {name: widgets.w.io, annotations: {argocd.argoproj.io/hook: PHASE}}, spec: {group: w.io, names: {kind: Widget}}}"
	for phase, order := range map[string]string{"PreSync": "apply widgets.w.io, apply w", "PostSync": ""} {
		s = newSim(t, docs(strings.Replace(definition, "PHASE", phase, 1), "{kind: Widget, apiVersion: w.io/v1, metadata: {name: w}}"))
		s.lost["Widget"] = true
		s.sync(full)
		s.expectOrder(order)
	}
}

// An object counts as healthy only as our apply has made it.
func TestStaleHealth(t *testing.T) {
	live := &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"resourceVersion": "9"}}}
	for version, want := range map[string]bool{"9": false, "10": true, "8": false} {
		if older(live, Outcome{ResourceVersion: version}) != want {
			t.Errorf("9 is older than %s: %v", version, !want)
		}
	}
}

// A newer revision goes before a sync that waits for objects, but not before one whose hooks run.
func TestSupersede(t *testing.T) {
	s := newSim(t, docs(strings.Replace(pod, "name: pod", "name: pod, annotations: {argocd.argoproj.io/sync-wave: '-1'}", 1), two))
	s.fates["pod"] = fate{}
	s.begin(full, nil)
	s.stored.Operation.InitiatedBy = &appv1.OperationInitiator{Automated: ptr.To(true)}
	s.in.State = s.stored
	s.until(func() bool { return strings.HasPrefix(s.in.State.Message, "waiting for") })
	s.in.Newer = "abcdef"
	s.finish()
	s.expect(appv1.OperationFailed, "superseded by revision abcdef while waiting for healthy state of /Pod/pod", 1)

	s = newSim(t, docs(pod, hookIn("PreSync")))
	s.fates["hook"] = fate{health: appv1.HealthHealthy, after: time.Minute}
	s.begin(full, nil)
	s.stored.Operation.InitiatedBy = &appv1.OperationInitiator{Automated: ptr.To(true)}
	s.in.State, s.in.Newer = s.stored, "abcdef"
	s.finish()
	s.expect(appv1.OperationSucceeded, "", 2)
}

// An operation ends when its time is up.
func TestTimeout(t *testing.T) {
	s := newSim(t, docs(pod, hookIn("PreSync")))
	s.fates["hook"] = fate{}
	s.in.Timeout = time.Minute
	s.sync(full)
	s.expect(appv1.OperationFailed, "Operation terminated: it took longer than 1m0s", 1)
	if s.has("hook") {
		t.Errorf("the hook still runs")
	}
}

// FailOnSharedResource fails before anything is done.
func TestShared(t *testing.T) {
	s := newSim(t, two)
	s.in.Shared = []string{"Service/svc is part of applications a and b"}
	s.in.Options = object.Options{"FailOnSharedResource=true"}
	s.sync(full)
	s.expect(appv1.OperationFailed, "Shared resource found: Service/svc is part of applications a and b", 0)
	s.expectOrder("")
}

// An object of the whole cluster that the peer has tracked, with the namespace of the destination, is pruned and deleted.
func TestWholeClusterTrackedByThePeer(t *testing.T) {
	role := parse(t, "{kind: ClusterRole, apiVersion: rbac.authorization.k8s.io/v1, metadata: {name: reader, annotations: {argocd.argoproj.io/tracking-id: 'app:rbac.authorization.k8s.io/ClusterRole:ns/reader'}}}")[0]
	s := newSim(t, pod)
	s.version(role)
	s.live[object.KeyOf(role)] = role
	s.sync(full)
	s.expect(appv1.OperationSucceeded, "", 2)
	if s.has("reader") {
		t.Error("it is not pruned")
	}
	s.live[object.KeyOf(role)] = role
	if d := s.remove(DeleteInput{Cascade: true}); !d.Cascade || s.has("reader") {
		t.Errorf("it is not deleted: %+v", d)
	}
}
