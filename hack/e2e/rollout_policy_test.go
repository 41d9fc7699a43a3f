// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"argosy.dev/argosy/hack/e2e/framework"
)

// ask posts a verb of rollouts as a user.
func (a *app) ask(ctx context.Context, c *framework.Client, gvr schema.GroupVersionResource, verb string, body map[string]any, opts metav1.CreateOptions) error {
	o := &unstructured.Unstructured{Object: map[string]any{}}
	for key, value := range body {
		o.Object[key] = value
	}
	o.SetAPIVersion(gvr.GroupVersion().String())
	o.SetKind("Rollout" + strings.ToUpper(verb[:1]) + verb[1:])
	o.SetName(a.name) // the path bears it, and the request need not
	_, err := c.Dynamic.Resource(gvr).Namespace(a.ns).Create(ctx, o, opts, verb)
	return err
}

// pausedApp is a rollout that waits at its first step with a second version.
func pausedApp(t *testing.T) *app {
	t.Helper()
	a := newApp(t, false, plain)
	a.update("2")
	a.pausedAt(1)
	return a
}

// forbidden wants a 403 that names the person.
func forbidden(t *testing.T, what, person string, err error) {
	t.Helper()
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), person) {
		t.Errorf("%s: want 403 that names %s, got %v", what, person, err)
	}
}

// Who may promote need not be able to edit, and who edits not to promote. The Event and the audit logs name the person.
func TestRolloutPromoteWithoutEdit(t *testing.T) {
	t.Parallel()
	a := pausedApp(t)
	allow(t, a.ns, "alice", alice, nativeRollouts.Group, "create", "rollouts/promote")
	for _, v := range []string{"get", "patch", "update"} {
		allow(t, a.ns, "bob", bob, nativeRollouts.Group, v, "rollouts")
	}
	ctx := within(t, 10*time.Minute)
	alices, bobs := alice.Dynamic.Resource(nativeRollouts).Namespace(a.ns), bob.Dynamic.Resource(nativeRollouts).Namespace(a.ns)
	image := []byte(`{"spec":{"template":{"metadata":{"annotations":{"version":"3"}}}}}`)
	_, err := alices.Patch(ctx, a.name, types.MergePatchType, image, metav1.PatchOptions{})
	forbidden(t, "an edit by who may only promote", "alice", err)
	_, err = alices.Patch(ctx, a.name, types.MergePatchType, []byte(`{"status":{"promoteFull":true}}`), metav1.PatchOptions{}, "status")
	forbidden(t, "a write of status by who may only promote", "alice", err)
	for _, verb := range []string{"abort", "retry", "undo", "restart"} {
		forbidden(t, verb+" by who may only promote", "alice", a.ask(ctx, alice, nativeRollouts, verb, nil, metav1.CreateOptions{}))
	}
	forbidden(t, "promote in the other group", "alice", a.ask(ctx, alice, compatRollouts, "promote", nil, metav1.CreateOptions{}))
	forbidden(t, "promote by who may only edit", "bob", a.ask(ctx, bob, nativeRollouts, "promote", nil, metav1.CreateOptions{}))
	_, err = bobs.Patch(ctx, a.name, types.MergePatchType, []byte(`{"status":{"pauseConditions":null}}`), metav1.PatchOptions{}, "status")
	forbidden(t, "the plugin's promote by who may only edit", "bob", err)
	// Of a write to the rollout itself, what it says of status is left out.
	if _, err := bobs.Patch(ctx, a.name, types.MergePatchType, []byte(`{"metadata":{"labels":{"by":"bob"}},"status":{"promoteFull":true,"pauseConditions":null}}`), metav1.PatchOptions{}); err != nil {
		t.Errorf("an edit by who may edit: %v", err)
	}
	o := a.get()
	full, _, _ := unstructured.NestedBool(o.Object, "status", "promoteFull")
	if o.GetLabels()["by"] != "bob" || full || field(o, "status", "phase") != "Paused" {
		t.Errorf("after an edit with status: labels %v, promoteFull %t, %s", o.GetLabels(), full, field(o, "status", "phase"))
	}
	if err := a.ask(ctx, alice, nativeRollouts, "promote", map[string]any{"message": "looks good"}, metav1.CreateOptions{}); err != nil {
		t.Fatalf("promote by who may: %v", err)
	}
	a.stable()
	a.waitPods(map[string]int32{"2": 1})
	waitEvent(t, a.ns, a.name, func(_, message string) bool {
		return strings.Contains(message, "alice") && strings.Contains(message, "looks good")
	}, "an Event that names alice and her message")
	audited(t, "/namespaces/"+a.ns+"/rollouts/"+a.name+"/promote", "alice")
}

// audited waits until both audit logs tell of a request of a person that was granted.
func audited(t *testing.T, path, person string) {
	t.Helper()
	for which, read := range map[string]func(context.Context) ([]byte, error){
		"kube-apiserver": func(context.Context) ([]byte, error) {
			return os.ReadFile(filepath.Join(filepath.Dir(admin.Kubeconfig), "log", "audit.log"))
		},
		"our server": func(ctx context.Context) ([]byte, error) {
			p := serverPod(t)
			since := int64(120)
			return admin.Kube.CoreV1().Pods(p.Namespace).GetLogs(p.Name, &corev1.PodLogOptions{SinceSeconds: &since, Container: p.Spec.Containers[serverContainer(t, p)].Name}).DoRaw(ctx)
		},
	} {
		eventually(t, time.Minute, "audit event in "+which, func(ctx context.Context) error {
			data, err := read(ctx)
			if err != nil {
				return err
			}
			return auditNames(data, path, person)
		})
	}
}

// auditNames looks for a request of a person that was granted; others have asked before.
func auditNames(data []byte, path, person string) error {
	for line := range strings.Lines(string(data)) {
		if strings.Contains(line, `"username":"`+person+`"`) && strings.Contains(line, path) && strings.Contains(line, `"code":201`) {
			return nil
		}
	}
	return fmt.Errorf("%s's request of %s is not told", person, path)
}

// A policy may refuse a promote for want of an annotation, and by the time of day.
func TestRolloutPromotePolicy(t *testing.T) {
	t.Parallel()
	dry := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
	hour := time.Now().UTC().Hour()
	hours := func(from int) string { return fmt.Sprintf("[%d, %d]", from%24, (from+1)%24) }
	const clock = "timestamp(object.metadata.creationTimestamp).getHours()"
	ticket := map[string]any{"metadata": map[string]any{"annotations": map[string]any{"example.com/ticket": "CHG-7"}}}
	for _, c := range []struct {
		name, expression string
		refused, granted map[string]any
	}{
		{"annotation", `"has(object.metadata.annotations) && 'example.com/ticket' in object.metadata.annotations"`, nil, ticket},
		{"now", `"!(` + clock + ` in ` + hours(hour) + `)"`, nil, nil},
		// What a caller says about the time does not count.
		{"forged", `"!(` + clock + ` in ` + hours(hour) + `)"`, map[string]any{"metadata": map[string]any{"creationTimestamp": time.Now().Add(12 * time.Hour).UTC().Format(time.RFC3339)}}, nil},
		{"later", `"!(` + clock + ` in ` + hours(hour+12) + `) && !(has(object.message) && object.message == 'probe')"`, map[string]any{"message": "probe"}, map[string]any{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := pausedApp(t)
			policyOn(t, a.ns, nativeRollouts.Group, "CREATE", "rollouts/promote", c.expression, "not now")
			eventually(t, policyReach, "the policy", func(ctx context.Context) error {
				return refusedBy(a.ask(ctx, admin, nativeRollouts, "promote", c.refused, dry), "not now")
			})
			for _, gvr := range []schema.GroupVersionResource{nativeRollouts, compatRollouts} {
				if err := refusedBy(a.ask(within(t, time.Minute), admin, gvr, "promote", c.refused, metav1.CreateOptions{}), "not now"); err != nil {
					t.Errorf("%s: %v", gvr.Group, err)
				}
			}
			if got := field(a.get(), "status", "phase"); got != "Paused" {
				t.Fatalf("after refused promotes it is %s", got)
			}
			if c.granted == nil {
				return
			}
			if err := a.ask(within(t, time.Minute), admin, nativeRollouts, "promote", c.granted, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			a.stable()
		})
	}
}

// The plugin's patches of status mean what the verbs mean. They need the right to write status, in the group through
// which they come, and a policy on the native group's status holds for them.
func TestRolloutPluginPatches(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, "replicas: 2\nstrategy: {canary: {maxSurge: 1, maxUnavailable: 0, steps: [{setWeight: 50}, {pause: {}}, {setWeight: 50}, {pause: {}}]}}")
	a.update("2")
	a.pausedAt(1)
	ctx := within(t, 10*time.Minute)
	person := alice.Dynamic.Resource(compatRollouts).Namespace(a.ns)
	patch := func(text string, sub ...string) error {
		_, err := person.Patch(ctx, a.name, types.MergePatchType, []byte(text), metav1.PatchOptions{}, sub...)
		return err
	}
	allow(t, a.ns, "alice", alice, compatRollouts.Group, "patch", "rollouts")
	forbidden(t, "status without the right", "alice", patch(`{"status":{"pauseConditions":null}}`, "status"))
	allow(t, a.ns, "alice", alice, compatRollouts.Group, "patch", "rollouts/status")
	must := func(text string, sub ...string) {
		t.Helper()
		if err := patch(text, sub...); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	must(`{"spec":{"paused":true}}`)
	a.waitFor("the pause by hand", func(o *unstructured.Unstructured) bool {
		return strings.HasPrefix(field(o, "status", "message"), "manually paused")
	})
	// promote, of a rollout that is paused by hand too: the plugin sends both.
	must(`{"status":{"pauseConditions":null}}`, "status")
	must(`{"spec":{"paused":false}}`)
	a.pausedAt(3)
	must(`{"status":{"abort":true}}`, "status")
	a.aborted()
	a.waitPods(map[string]int32{"1": 2})
	must(`{"status":{"abort":false}}`, "status")
	a.pausedAt(1)
	// promote without a pause condition, and promote --skip-current-step: the index is the client's.
	must(`{"status":{"pauseConditions":null,"controllerPause":false,"currentStepIndex":2}}`, "status")
	a.pausedAt(3)
	must(`{"status":{"abort":true}}`, "status")
	a.aborted()
	must(`{"status":{"promoteFull":true}}`, "status")
	a.stable()
	a.waitPods(map[string]int32{"2": 2})
	// A policy on the native status is not passed by through argoproj.io.
	policyOn(t, a.ns, nativeRollouts.Group, "UPDATE", "rollouts/status", `"request.userInfo.username != 'alice'"`, "not by this person")
	eventually(t, policyReach, "the policy on status", func(ctx context.Context) error {
		_, err := person.Patch(ctx, a.name, types.MergePatchType, []byte(`{"status":{"promoteFull":true}}`), metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}}, "status")
		return refusedBy(err, "not by this person")
	})
}
