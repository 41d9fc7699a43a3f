// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"argosy.dev/argosy/hack/e2e/framework"
)

// kubectl runs kubectl as admin and gives what it printed on stdout.
func kubectl(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	out, _, err := admin.Kubectl(within(t, 2*time.Minute), stdin, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// kubectlFails runs kubectl, which must fail, and gives all that it printed.
func kubectlFails(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	out, errs, err := admin.Kubectl(within(t, 2*time.Minute), stdin, args...)
	if err == nil {
		t.Fatalf("kubectl %v succeeded: %s", args, out)
	}
	return out + errs
}

const template = `
apiVersion: workflow.argosy.dev/v1alpha1
kind: WorkflowTemplate
metadata: {name: greet, labels: {team: a}}
spec:
  entrypoint: main
  arguments: {parameters: [{name: who, value: world}]}
  templates:
  - name: main
    container: {image: busybox, command: [echo, "hello {{workflow.parameters.who}}"]}
`

func want(t *testing.T, what, got string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(got, p) {
			t.Errorf("%s: no %q in:\n%s", what, p, got)
		}
	}
}

func TestKubectlApply(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	for _, group := range []string{framework.NativeGroup, framework.CompatGroup} {
		m := strings.Replace(template, framework.NativeGroup, group, 1)
		m = strings.Replace(m, "greet", "greet-"+strings.ReplaceAll(group, ".", "-"), 1)
		name := "workflowtemplates." + group + "/greet-" + strings.ReplaceAll(group, ".", "-")
		get := func(path string) string { return kubectl(t, "", "-n", ns, "get", name, "-o", "jsonpath="+path) }

		want(t, "apply", kubectl(t, m, "-n", ns, "apply", "-f", "-"), "created")
		want(t, "the same again", kubectl(t, m, "-n", ns, "apply", "-f", "-"), "unchanged")
		kubectl(t, m, "-n", ns, "diff", "-f", "-")
		changed := strings.Replace(m, "value: world", "value: moon", 1)
		diff := kubectlFails(t, changed, "-n", ns, "diff", "-f", "-")
		want(t, "diff", diff, "value: world", "value: moon")
		want(t, "dry run", kubectl(t, changed, "-n", ns, "apply", "--dry-run=server", "-f", "-"), "configured (server dry run)")
		if v := get("{.spec.arguments.parameters[0].value}"); v != "world" {
			t.Errorf("a dry run stored %s", v)
		}
		want(t, "change", kubectl(t, changed, "-n", ns, "apply", "-f", "-"), "configured")
		if v, g := get("{.spec.arguments.parameters[0].value}"), get("{.metadata.generation}"); v != "moon" || g != "2" {
			t.Errorf("after a change: value %s, generation %s", v, g)
		}
		kubectl(t, "", "-n", ns, "patch", name, "--type=merge", "-p", `{"metadata":{"labels":{"team":"b"}}}`)
		kubectl(t, "", "-n", ns, "patch", name, "--type=json", "-p", `[{"op":"replace","path":"/spec/arguments/parameters/0/value","value":"mars"}]`)
		if v := get("{.spec.arguments.parameters[0].value} {.metadata.labels.team} {.metadata.generation}"); v != "mars b 3" {
			t.Errorf("after patches: %s", v)
		}
		want(t, "label", kubectl(t, "", "-n", ns, "label", name, "extra=yes"), "labeled")
		if g := get("{.metadata.generation}"); g != "3" {
			t.Errorf("a label raised the generation to %s", g)
		}
		want(t, "replace of a stale object", kubectlFails(t, strings.Replace(m, "metadata: {", "metadata: {resourceVersion: '1', ", 1), "-n", ns, "replace", "-f", "-"), "Conflict")
	}
}

func TestKubectlServerSideApply(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	ssa := []string{"-n", ns, "apply", "--server-side", "-f", "-"}
	kubectl(t, template, append(ssa, "--field-manager=one")...)
	unlabelled := strings.Replace(template, ", labels: {team: a}", "", 1)
	changed := strings.Replace(unlabelled, "entrypoint: main", "entrypoint: other", 1) + "  - name: other\n    suspend: {}\n"
	out := kubectlFails(t, changed, append(ssa, "--field-manager=two")...)
	want(t, "conflict", out, `with "one"`, ".spec.entrypoint")
	if v := kubectl(t, "", "-n", ns, "get", "wftmpl", "greet", "-o", "jsonpath={.spec.entrypoint}"); v != "main" {
		t.Errorf("a conflict stored entrypoint %s", v)
	}
	kubectl(t, changed, append(ssa, "--field-manager=two", "--force-conflicts")...)
	if v := kubectl(t, "", "-n", ns, "get", "wftmpl", "greet", "-o", "jsonpath={.spec.entrypoint}"); v != "other" {
		t.Errorf("forced apply stored entrypoint %s", v)
	}
	managers := kubectl(t, "", "-n", ns, "get", "wftmpl", "greet", "--show-managed-fields", "-o", "jsonpath={.metadata.managedFields[*].manager}")
	want(t, "managed fields", managers, "one", "two")
	// What nobody owns any more goes.
	kubectl(t, unlabelled, append(ssa, "--field-manager=one", "--force-conflicts")...)
	if v := kubectl(t, "", "-n", ns, "get", "wftmpl", "greet", "-o", "jsonpath={.metadata.labels.team}"); v != "" {
		t.Errorf("a label that nobody owns is still %s", v)
	}
}

func TestKubectlWaitAndDelete(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	for _, group := range []string{framework.NativeGroup, framework.CompatGroup} {
		m := strings.Replace(hello, framework.NativeGroup, group, 1)
		name := strings.TrimSpace(kubectl(t, m, "-n", ns, "create", "-f", "-", "-o", "name"))
		want(t, "wait", kubectl(t, "", "-n", ns, "wait", name, "--for=jsonpath={.status.phase}=Succeeded", "--timeout=120s"), "condition met")
		want(t, "wait", kubectl(t, "", "-n", ns, "wait", name, "--for=condition=Completed", "--timeout=10s"), "condition met")
		kubectlFails(t, "", "-n", ns, "wait", name, "--for=jsonpath={.status.phase}=Failed", "--timeout=1s")
		want(t, "delete", kubectl(t, "", "-n", ns, "delete", name, "--wait"), "deleted")
		if _, err := admin.Dynamic.Resource(framework.Native("workflows")).Namespace(ns).Get(t.Context(), name[strings.Index(name, "/")+1:], metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			t.Errorf("after delete --wait: %v", err)
		}
	}
}

func TestKubectlExplain(t *testing.T) {
	t.Parallel()
	for _, group := range []string{framework.NativeGroup, framework.CompatGroup} {
		api := "--api-version=" + group + "/v1alpha1"
		for resource, paths := range map[string][]string{
			"workflows":                {"spec.templates.container.image", "spec.templates.dag.tasks.depends", "spec.arguments.parameters.value", "status.nodes", "status.conditions"},
			"workflowtemplates":        {"spec.templates.script.source"},
			"clusterworkflowtemplates": {"spec.templates.steps", "spec.onExit"},
			"cronworkflows":            {"spec.schedules", "spec.workflowSpec.entrypoint"},
			"workfloweventbindings":    {"spec.event.selector", "spec.submit.workflowTemplateRef"},
		} {
			out := kubectl(t, "", "explain", resource, api)
			want(t, resource, out, "KIND:", "FIELDS:", "spec\t<")
			if strings.Contains(out, "<empty>") {
				t.Errorf("%s %s: a field has no description:\n%s", group, resource, out)
			}
			for _, p := range paths {
				out := kubectl(t, "", "explain", resource+"."+p, api)
				if strings.Contains(out, "<empty>") || !strings.Contains(out, "DESCRIPTION:") {
					t.Errorf("%s %s.%s has no description:\n%s", group, resource, p, out)
				}
			}
		}
	}
	kubectlFails(t, "", "explain", "workflows.spec.noSuchField", "--api-version="+framework.NativeGroup+"/v1alpha1")
}

func TestKubectlGet(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	ctx, cancel := context.WithCancel(within(t, 3*time.Minute))
	defer cancel()
	cmd, err := admin.KubectlCommand(ctx, "", "-n", ns, "get", "workflows."+framework.NativeGroup, "-w")
	if err != nil {
		t.Fatal(err)
	}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	name := create(t, admin, ns, strings.Replace(twoVoices, "generateName: voices-", "name: voices", 1)).GetName()
	var lines []string
	s := bufio.NewScanner(pipe)
	for s.Scan() {
		lines = append(lines, s.Text())
		if strings.Contains(s.Text(), "Succeeded") {
			break
		}
	}
	cancel()
	// It was interrupted: its exit code says nothing.
	_ = cmd.Wait()
	all := strings.Join(lines, "\n")
	for _, column := range []string{"NAME", "STATUS", "PROGRESS", "DURATION", "MESSAGE"} {
		want(t, "columns", strings.ToUpper(lines[0]), column)
	}
	want(t, "get --watch", all, name, "Running", "Succeeded", "3/3")

	for _, alias := range []string{"wf", "workflow", "workflows." + framework.CompatGroup} {
		want(t, alias, kubectl(t, "", "-n", ns, "get", alias, name), name, "Succeeded")
	}
	if _, errs, err := admin.Kubectl(within(t, time.Minute), "", "-n", ns, "get", "wf"); err != nil || errs != "" {
		t.Errorf("a short name is not plain: %s %v", errs, err)
	}
	want(t, "wide", kubectl(t, "", "-n", ns, "get", "wf", "-o", "wide"), name)
	compat := kubectl(t, "", "-n", ns, "get", "workflows."+framework.CompatGroup)
	want(t, "the peer's columns", compat, "NAME", "STATUS", "AGE", "MESSAGE")
	want(t, "field selector", kubectl(t, "", "-n", ns, "get", "wf", "--field-selector=status.phase=Succeeded", "-o", "name"), name)
	if out := kubectl(t, "", "-n", ns, "get", "wf", "--field-selector=status.phase=Failed", "-o", "name"); out != "" {
		t.Errorf("field selector of another phase: %s", out)
	}
	want(t, "label selector", kubectl(t, "", "-n", ns, "get", "wf", "-l", "workflows.argoproj.io/phase=Succeeded,workflows.argoproj.io/completed=true", "-o", "name"), name)
	want(t, "describe", kubectl(t, "", "-n", ns, "describe", "wf", name), "Succeeded", "Events:")
	resources := kubectl(t, "", "api-resources", "--api-group="+framework.NativeGroup)
	for _, short := range []string{"wf", "wftmpl", "clusterwftmpl", "cwf", "wfeb"} {
		want(t, "short names", resources, short)
	}
}

// Lists come in pages as long as the client wants.
func TestListInPages(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	for i := range 5 {
		create(t, admin, ns, strings.Replace(template, "greet", fmt.Sprintf("greet-%d", i), 1))
	}
	seen := map[string]bool{}
	opts := metav1.ListOptions{Limit: 2}
	pages := 0
	for {
		list, err := admin.Dynamic.Resource(framework.Native("workflowtemplates")).Namespace(ns).List(within(t, time.Minute), opts)
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, o := range list.Items {
			seen[o.GetName()] = true
		}
		if opts.Continue = list.GetContinue(); opts.Continue == "" {
			break
		}
	}
	if len(seen) != 5 || pages != 3 {
		t.Errorf("%d objects in %d pages, want 5 in 3", len(seen), pages)
	}
}
