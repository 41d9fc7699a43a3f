// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
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

	"argosy.dev/argosy/hack/e2e/framework"
)

var analysisRuns = schema.GroupVersionResource{Group: "rollout.argosy.dev", Version: "v1alpha1", Resource: "analysisruns"}

var analysed = phaseIs("Successful", "Failed", "Error", "Inconclusive")

// analysis is the manifest of a run with these metrics, each indented by two.
func analysis(apiVersion, name, metrics string) string {
	return "apiVersion: " + apiVersion + "\nkind: AnalysisRun\nmetadata: {name: " + name + "}\nspec:\n" + indent(metrics)
}

// jobMetric is a metric that a Job measures.
func jobMetric(image, command string) string {
	return `
metrics:
- name: job
  provider:
    job:
      spec:
        backoffLimit: 0
        template:
          spec:
            restartPolicy: Never
            terminationGracePeriodSeconds: 0
            containers:
            - {name: main, image: ` + image + `, command: [sh, -c, "` + command + `"]}
`
}

// waitAnalysed waits for the end of a run, which must be in this phase.
func waitAnalysed(t *testing.T, ns, name, phase string) *unstructured.Unstructured {
	t.Helper()
	run := waitFor(t, patience, analysisRuns, ns, name, analysed)
	if got := field(run, "status", "phase"); got != phase {
		status, err := json.Marshal(run.Object["status"])
		t.Errorf("%s is %s, want %s: %s %v", name, got, phase, status, err)
	}
	return run
}

// waitNoJobs waits until no Job of a namespace runs.
func waitNoJobs(t *testing.T, ns string) {
	t.Helper()
	eventually(t, time.Minute, "the end of the Jobs", func(ctx context.Context) error {
		jobs, err := admin.Kube.BatchV1().Jobs(ns).List(ctx, metav1.ListOptions{})
		if err == nil && len(jobs.Items) > 0 {
			err = fmt.Errorf("%d are left", len(jobs.Items))
		}
		return err
	})
}

func TestAnalysisJobs(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	for name, phase := range map[string]string{"good": "Successful", "bad": "Failed"} {
		for _, group := range []string{"rollout.argosy.dev", "argoproj.io"} {
			short, _, _ := strings.Cut(group, ".")
			command := map[string]string{"good": "exit 0", "bad": "exit 3"}[name]
			create(t, admin, ns, analysis(group+"/v1alpha1", name+"-"+short, jobMetric("busybox", command)))
		}
		for _, short := range []string{"rollout", "argoproj"} {
			waitAnalysed(t, ns, name+"-"+short, phase)
		}
	}
	// A Job may have a deadline of its own.
	create(t, admin, ns, analysis("argoproj.io/v1alpha1", "late", strings.Replace(jobMetric("busybox", "sleep 3600"), "backoffLimit: 0", "backoffLimit: 0\n        activeDeadlineSeconds: 2", 1)))
	create(t, admin, ns, analysis("rollout.argosy.dev/v1alpha1", "image", jobMetric("nobody.invalid/nothing:1", "exit 0")))
	run := waitAnalysed(t, ns, "image", "Inconclusive")
	if message := field(run, "status", "message"); !strings.Contains(message, "Image") {
		t.Errorf("the message does not tell of the image: %s", message)
	}
	waitAnalysed(t, ns, "late", "Failed")
	// The Job of a measurement goes with its run.
	for _, name := range []string{"late", "good-rollout", "good-argoproj", "bad-rollout", "bad-argoproj", "image"} {
		if err := admin.Dynamic.Resource(analysisRuns).Namespace(ns).Delete(within(t, time.Minute), name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	}
	waitNoJobs(t, ns)
}

// Many measurements, one after the other, of a server that is there in every cluster.
func TestAnalysisWeb(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	create(t, admin, ns, analysis("argoproj.io/v1alpha1", "version", `
args: [{name: least, value: "30"}]
metrics:
- name: version
  interval: 1s
  count: 3
  successCondition: asInt(result) >= {{args.least}}
  provider:
    web: {url: "https://kubernetes.default.svc/version", insecure: true, jsonPath: "{$.minor}"}
- name: wrong
  failureLimit: 0
  successCondition: result == "never"
  provider:
    web: {url: "https://kubernetes.default.svc/version", insecure: true, jsonPath: "{$.major}"}
dryRun: [{metricName: wrong}]
`))
	run := waitAnalysed(t, ns, "version", "Successful")
	for path, want := range map[string]int64{"runSummary.successful": 1, "dryRunSummary.failed": 1} {
		if n, _, err := unstructured.NestedInt64(run.Object, append([]string{"status"}, strings.Split(path, ".")...)...); n != want || err != nil {
			t.Errorf("%s is %d (%v), want %d", path, n, err, want)
		}
	}
	// The server's own machine is out of reach.
	create(t, admin, ns, analysis("rollout.argosy.dev/v1alpha1", "inside", `
metrics:
- name: inside
  consecutiveErrorLimit: 0
  provider:
    web: {url: "https://127.0.0.1:8443/healthz", insecure: true}
`))
	if message := field(waitAnalysed(t, ns, "inside", "Error"), "status", "message"); !strings.Contains(message, "must not reach") {
		t.Errorf("the server's own address: %s", message)
	}
	// What this version does not measure by is named, at submission and at the end.
	create(t, admin, ns, analysis("rollout.argosy.dev/v1alpha1", "unbuilt", `
metrics:
- name: m
  provider:
    graphite: {address: "http://example.com", query: q}
`))
	if message := field(waitAnalysed(t, ns, "unbuilt", "Error"), "status", "message"); !strings.Contains(message, "spec.metrics[0].provider.graphite") {
		t.Errorf("the message does not name the field: %s", message)
	}
}

// Objects are read with the rights of the service account, neither the server's nor the user's.
func TestAnalysisKubernetes(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	create(t, admin, ns, `
apiVersion: v1
kind: ConfigMap
metadata: {name: figures}
data: {errors: "2"}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: judge}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: judge}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: judge}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: judge}
subjects: [{kind: ServiceAccount, name: judge}]
`)
	metric := func(account string) string {
		return `
metrics:
- name: m
  consecutiveErrorLimit: 1
  successCondition: asInt(result.errors) < 3
  provider:
    kubernetes: {apiVersion: v1, kind: ConfigMap, name: figures, jsonPath: "{.data}"` + account + `}
`
	}
	create(t, admin, ns, analysis("rollout.argosy.dev/v1alpha1", "nobody", metric("")))
	if message := field(waitAnalysed(t, ns, "nobody", "Error"), "status", "message"); !strings.Contains(message, "system:serviceaccount:"+ns+":default") {
		t.Errorf("the message does not say who may not read it: %s", message)
	}
	create(t, admin, ns, analysis("rollout.argosy.dev/v1alpha1", "judged", metric(", serviceAccountName: judge")))
	waitAnalysed(t, ns, "judged", "Successful")
}

// The text of a Secret reaches the pod that needs it, and is shown nowhere.
func TestAnalysisSecret(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	const secret = "rosebud-7c1e"
	create(t, admin, ns, "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {k: "+secret+"}\n")
	args := `
args:
- name: word
  valueFrom: {secretKeyRef: {name: s, key: k}}
`
	create(t, admin, ns, analysis("rollout.argosy.dev/v1alpha1", "used", args+jobMetric("busybox", "test '{{args.word}}' = "+secret)))
	create(t, admin, ns, analysis("argoproj.io/v1alpha1", "shown", args+`
metrics:
- name: path
  consecutiveErrorLimit: 0
  provider:
    web: {url: "https://kubernetes.default.svc/{{args.word}}?q={{args.word}}", insecure: true}
- name: host
  consecutiveErrorLimit: 0
  provider:
    web: {url: "https://{{args.word}}.invalid/"}
- name: condition
  consecutiveErrorLimit: 0
  successCondition: result == '{{args.word}}' &&
  provider:
    web: {url: "https://kubernetes.default.svc/version", insecure: true}
`))
	used := waitAnalysed(t, ns, "used", "Successful")
	shown := waitAnalysed(t, ns, "shown", "Error")
	for _, run := range []*unstructured.Unstructured{used, shown} {
		text, err := json.Marshal(run.Object["status"])
		if err != nil || strings.Contains(string(text), secret) {
			t.Errorf("%s shows the secret (%v): %s", run.GetName(), err, text)
		}
	}
	waitEvent(t, ns, "shown", func(reason, _ string) bool { return reason == "AnalysisRunError" }, "the end of the run")
	events, err := admin.Kube.CoreV1().Events(ns).List(within(t, time.Minute), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events.Items {
		if strings.Contains(e.Message, secret) && e.InvolvedObject.Kind == "AnalysisRun" {
			t.Errorf("an Event shows the secret: %s", e.Message)
		}
	}
	logs, err := admin.Kube.CoreV1().Pods(systemNamespace).GetLogs(serverName+"-0", &corev1.PodLogOptions{}).DoRaw(within(t, time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if len(logs) == 0 || strings.Contains(string(logs), secret) {
		t.Errorf("%d bytes of the server's log show the secret, or are none", len(logs))
	}
}

// The verb ends a run, its Job too; it is a right of its own, and is refused where it means nothing.
func TestAnalysisTerminate(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	terminate := func(c *framework.Client, gvr schema.GroupVersionResource, name string) error {
		body := &unstructured.Unstructured{Object: map[string]any{"message": "seen enough"}}
		body.SetAPIVersion(gvr.GroupVersion().String())
		body.SetKind("AnalysisRunTerminate")
		body.SetName(name)
		_, err := c.Dynamic.Resource(gvr).Namespace(ns).Create(within(t, time.Minute), body, metav1.CreateOptions{}, "terminate")
		return err
	}
	for _, gvr := range []schema.GroupVersionResource{analysisRuns, framework.Compat("analysisruns")} {
		name := "long-" + strings.ReplaceAll(gvr.Group, ".", "-")
		create(t, admin, ns, analysis(gvr.GroupVersion().String(), name, jobMetric("busybox", "sleep 3600")))
		waitFor(t, time.Minute, analysisRuns, ns, name, func(o *unstructured.Unstructured) (bool, error) {
			results, _, err := unstructured.NestedSlice(o.Object, "status", "metricResults")
			return len(results) == 1, err
		})
		if err := terminate(alice, gvr, name); !apierrors.IsForbidden(err) {
			t.Errorf("alice, who may nothing, ended a run: %v", err)
		}
		allow(t, ns, "alice", alice, gvr.Group, "create", "analysisruns/terminate")
		if err := terminate(alice, gvr, name); err != nil {
			t.Fatal(err)
		}
		run := waitAnalysed(t, ns, name, "Successful")
		if field(run, "status", "message") == "" {
			t.Error("the run does not say why it ended")
		}
		waitNoJobs(t, ns)
		if err := terminate(alice, gvr, name); !apierrors.IsConflict(err) {
			t.Errorf("terminate of what has ended: %v", err)
		}
		if err := terminate(alice, gvr, "none"); !apierrors.IsNotFound(err) {
			t.Errorf("terminate of nothing: %v", err)
		}
		waitEvent(t, ns, name, func(reason, message string) bool {
			return reason == "TerminateRequested" && strings.Contains(message, "alice") && strings.Contains(message, "seen enough")
		}, "an Event that names alice")
	}
}

// What the examples show works.
func TestAnalysisExamples(t *testing.T) {
	t.Parallel()
	root, err := framework.Root()
	if err != nil {
		t.Fatal(err)
	}
	for file, phases := range map[string]map[string]string{
		"analysis-job.yaml": {"smoke-test": "Successful"},
		"analysis-web.yaml": {"api-answers": "Successful"},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			ns := newNamespace(t)
			text, err := os.ReadFile(filepath.Join(root, "artifacts", "examples", "rollout", file))
			if err != nil {
				t.Fatal(err)
			}
			create(t, admin, ns, string(text))
			for name, phase := range phases {
				waitAnalysed(t, ns, name, phase)
			}
		})
	}
}
