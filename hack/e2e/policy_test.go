// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"argosy.dev/argosy/hack/e2e/framework"
)

// policy makes an admission policy for one namespace; it is in force when
// refusedBy sees its message.
func policy(t *testing.T, ns, resource, expression, message string) {
	t.Helper()
	policyOn(t, ns, framework.NativeGroup, "CREATE", resource, expression, message)
}

// policyOn is policy for an operation on resources of any group.
func policyOn(t *testing.T, ns, group, operation, resource, expression, message string) {
	t.Helper()
	name := ns + "-" + strings.ReplaceAll(resource, "/", "-")
	createAndForget(t, `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: `+name+`}
spec:
  failurePolicy: Fail
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: `+ns+`}}
    resourceRules:
    - {apiGroups: [`+group+`], apiVersions: [v1alpha1], operations: [`+operation+`], resources: ["`+resource+`"]}
  validations:
  - expression: `+expression+`
    message: `+message+`
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: `+name+`}
spec: {policyName: `+name+`, validationActions: [Deny]}
`)
}

// policyReach is how long a policy may take to reach our server. Usually that is a second; after an outage of
// kube-apiserver, which an earlier test makes, the server's informers back off for up to a minute.
const policyReach = 2 * time.Minute

func refusedBy(err error, message string) error {
	switch {
	case err == nil:
		return errors.New("the request was accepted")
	case !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), message):
		return err
	}
	return nil
}

// A policy may look into the body of a verb.
func TestPolicyOnStop(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	native, compat := framework.Native("workflows"), framework.Compat("workflows")
	wf := startGated(t, ns)
	policy(t, ns, "workflows/stop", `"has(object.message) && object.message.startsWith('ticket-')"`, "a ticket is required")
	dry := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
	eventually(t, policyReach, "policy on stop", func(ctx context.Context) error {
		_, err := verb(ctx, admin, native, ns, wf.GetName(), "stop", map[string]any{"message": "because"}, dry)
		return refusedBy(err, "a ticket is required")
	})
	ctx := within(t, time.Minute)
	_, err := verb(ctx, admin, native, ns, wf.GetName(), "stop", map[string]any{"message": "because"}, metav1.CreateOptions{})
	if err := refusedBy(err, "a ticket is required"); err != nil {
		t.Errorf("native group: %v", err)
	}
	_, err = verb(ctx, admin, compat, ns, wf.GetName(), "stop", map[string]any{"message": "because"}, metav1.CreateOptions{})
	if err := refusedBy(err, "a ticket is required"); err != nil {
		t.Errorf("the same verb through %s: %v", framework.CompatGroup, err)
	}
	if got := phaseOf(t, ns, wf.GetName()); got != "Running" {
		t.Fatalf("after refused stops the workflow is %s", got)
	}
	if _, err := verb(ctx, admin, native, ns, wf.GetName(), "stop", map[string]any{"message": "ticket-7"}, metav1.CreateOptions{}); err != nil {
		t.Errorf("stop with a ticket: %v", err)
	}
	waitCompleted(t, ns, wf.GetName())
}

// A policy on the native kind cannot be passed by through argoproj.io.
func TestPolicyOnWorkflow(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	policy(t, ns, "workflows", `"object.spec.entrypoint != 'forbidden'"`, "this entrypoint is not allowed here")
	manifest := strings.ReplaceAll(gated, "main", "forbidden")
	eventually(t, policyReach, "policy on workflows", func(ctx context.Context) error {
		_, err := admin.Create(ctx, ns, decode(t, manifest)[0], metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return refusedBy(err, "this entrypoint is not allowed here")
	})
	for _, group := range []string{framework.NativeGroup, framework.CompatGroup} {
		m := strings.Replace(manifest, framework.NativeGroup, group, 1)
		_, err := admin.Create(within(t, time.Minute), ns, decode(t, m)[0], metav1.CreateOptions{})
		if err := refusedBy(err, "this entrypoint is not allowed here"); err != nil {
			t.Errorf("%s: %v", group, err)
		}
	}
	list, err := admin.Dynamic.Resource(framework.Native("workflows")).Namespace(ns).List(within(t, time.Minute), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Items) != 0 {
		t.Errorf("%d refused workflows are stored", len(list.Items))
	}
	// What the policy does not speak of goes on.
	if _, err := admin.Create(within(t, time.Minute), ns, decode(t, gated)[0], metav1.CreateOptions{}); err != nil {
		t.Errorf("an allowed workflow: %v", err)
	}
}
