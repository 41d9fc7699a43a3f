// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// unclear is a template that says neither yes nor no.
const unclear = `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: unclear}
spec:
  metrics:
  - name: version
    successCondition: result == "0"
    failureCondition: result == "none"
    provider: {web: {url: "https://kubernetes.default.svc/version", insecure: true, jsonPath: "{$.major}"}}
`

// waitRun waits until the one analysis run whose name ends so is in a phase.
func (a *app) waitRun(suffix, phase string) {
	a.t.Helper()
	eventually(a.t, patience, "the analysis run …"+suffix+" is "+phase, func(ctx context.Context) error {
		list, err := admin.Dynamic.Resource(compatRuns).Namespace(a.ns).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		var seen []string
		for _, run := range list.Items {
			if strings.HasSuffix(run.GetName(), suffix) && field(&run, "status", "phase") == phase {
				return nil
			}
			seen = append(seen, run.GetName()+"="+field(&run, "status", "phase"))
		}
		return fmt.Errorf("%v", seen)
	})
}

// A canary is judged at a step: what succeeds goes on, what fails is aborted, and the retry is judged anew.
func TestRolloutInlineAnalysis(t *testing.T) {
	t.Parallel()
	a := prepareApp(t)
	a.judge("fine", "exit 0")
	a.judge("bad", "exit 1")
	a.create(false, "replicas: 2\nstrategy: {canary: {maxSurge: 1, maxUnavailable: 0, steps: [{setWeight: 50}, {analysis: {templates: [{templateName: fine}]}}, {analysis: {templates: [{templateName: fine}]}}]}}")
	a.wantRuns(0)
	a.update("2")
	a.stable()
	a.waitPods(map[string]int32{"2": 2})
	a.wantRuns(2)
	a.waitRun("-2-1", "Successful")
	a.waitRun("-2-2", "Successful")
	// Of two templates at one step, one that fails is enough.
	a.patch(`{"spec":{"strategy":{"canary":{"steps":[{"setWeight":50},{"analysis":{"templates":[{"templateName":"fine"},{"templateName":"bad"}]}}]}}}}`)
	a.stable()
	a.update("3")
	o := a.aborted()
	if message := field(o, "status", "message"); !strings.Contains(message, "abort") {
		t.Errorf("message %q", message)
	}
	a.waitRun("-3-1", "Failed")
	a.waitPods(map[string]int32{"2": 2})
	a.retry()
	a.waitRun("-3-1.1", "Failed")
	a.aborted()
	a.waitPods(map[string]int32{"2": 2})
	a.wantRuns(4)
}

// An analysis in the background goes on beside the steps, ends with the rollout, and aborts it when it fails.
func TestRolloutBackgroundAnalysis(t *testing.T) {
	t.Parallel()
	a := prepareApp(t)
	create(t, admin, a.ns, `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: watch}
spec:
  args: [{name: least}]
  metrics:
  - name: version
    interval: 1s
    successCondition: asInt(result) >= {{args.least}}
    provider: {web: {url: "https://kubernetes.default.svc/version", insecure: true, jsonPath: "{$.major}"}}
`)
	spec := func(least string) string {
		return "replicas: 2\nstrategy: {canary: {maxSurge: 1, maxUnavailable: 0, analysis: {templates: [{templateName: watch}], args: [{name: least, value: \"" + least + "\"}]}, steps: [{setWeight: 50}, {pause: {}}]}}"
	}
	a.create(false, spec("1"))
	a.wantRuns(0)
	a.update("2")
	a.pausedAt(1)
	a.waitRun("-2", "Running")
	a.promote()
	a.stable()
	a.waitRun("-2", "Successful") // ended by the rollout
	a.patch(`{"spec":{"strategy":{"canary":{"analysis":{"args":[{"name":"least","value":"9"}]}}}}}`)
	a.update("3")
	a.aborted()
	a.waitRun("-3", "Failed")
	a.waitPods(map[string]int32{"2": 2})
}

// An analysis that says neither yes nor no waits for somebody, who may go on, by a step or to the end, or give up.
func TestRolloutInconclusive(t *testing.T) {
	t.Parallel()
	a := prepareApp(t)
	create(t, admin, a.ns, unclear)
	a.create(false, "replicas: 1\nstrategy: {canary: {steps: [{setWeight: 50}, {analysis: {templates: [{templateName: unclear}]}}, {pause: {}}]}}")
	for _, verb := range []string{"promote", "full", "abort"} {
		a.update(verb)
		o := a.wait("Paused")
		if message := field(o, "status", "message"); !strings.Contains(message, "InconclusiveAnalysisRun") {
			t.Errorf("message %q", message)
		}
		switch verb {
		case "abort":
			a.abort()
			a.aborted()
			continue
		case "full":
			a.promoteFull()
			a.stable()
			continue
		}
		if err := a.ask(within(t, time.Minute), admin, nativeRollouts, "promote", nil, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		a.pausedAt(2)
		a.promote()
		a.stable()
	}
	a.wantRuns(3)
}

// A promote passes an analysis that would run for a day, and ends it. Aborted after that and promoted to the end, nothing
// is judged any more.
func TestRolloutPromoteInAnalysis(t *testing.T) {
	t.Parallel()
	a := prepareApp(t)
	a.judge("day", "sleep 86400")
	a.create(false, "replicas: 1\nstrategy: {canary: {steps: [{setWeight: 50}, {analysis: {templates: [{templateName: day}]}}, {pause: {}}]}}")
	a.update("2")
	a.waitRun("-2-1", "Running")
	a.waitPods(map[string]int32{"1": 1, "2": 1})
	if err := a.ask(within(t, time.Minute), admin, nativeRollouts, "promote", nil, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	a.pausedAt(2)
	a.waitRun("-2-1", "Successful")
	a.abort()
	a.aborted()
	a.waitPods(map[string]int32{"1": 1})
	a.promoteFull()
	a.stable()
	a.waitPods(map[string]int32{"2": 1})
	a.wantRuns(1)
	waitNoJobPods(t, a.ns)
}

// A promote to the end waits for no analysis before the switch, nor begins the one after it, but for all the pods.
func TestRolloutBlueGreenPromoteFull(t *testing.T) {
	t.Parallel()
	a := prepareApp(t)
	a.services("active", "preview")
	a.judge("day", "sleep 86400")
	a.create(false, "replicas: 2\nstrategy: {blueGreen: {activeService: active, previewService: preview, previewReplicaCount: 1, scaleDownDelaySeconds: 600, prePromotionAnalysis: {templates: [{templateName: day}]}, postPromotionAnalysis: {templates: [{templateName: day}]}}}")
	a.update("2")
	a.waitRun("-2-pre", "Running")
	a.waitCounts(counts{2, 3, 1, 2, 2})
	a.waitSelects("active", "1")
	a.promoteFull()
	a.stable()
	a.waitSelects("active", "2")
	a.waitCounts(counts{2, 4, 2, 2, 2})
	a.waitRun("-2-pre", "Successful")
	a.wantRuns(1)
	waitNoJobPods(t, a.ns)
}

// waitNoJobPods waits until nothing of a Job runs any more.
func waitNoJobPods(t *testing.T, ns string) {
	t.Helper()
	eventually(t, time.Minute, "no pod of a Job runs", func(ctx context.Context) error {
		pods, err := admin.Kube.CoreV1().Pods(ns).List(ctx, metav1.ListOptions{LabelSelector: "batch.kubernetes.io/job-name", FieldSelector: "status.phase=Running"})
		if err == nil && len(pods.Items) > 0 {
			err = fmt.Errorf("%d run", len(pods.Items))
		}
		return err
	})
}

// Blue-green is judged before the switch and after it; a fast way back is not judged again.
func TestRolloutBlueGreenAnalysis(t *testing.T) {
	t.Parallel()
	a := prepareApp(t)
	a.services("active", "preview")
	a.judge("fine", "exit 0")
	a.create(false, "replicas: 1\nstrategy: {blueGreen: {activeService: active, previewService: preview, scaleDownDelaySeconds: 600, prePromotionAnalysis: {templates: [{templateName: fine}]}, postPromotionAnalysis: {templates: [{templateName: fine}]}}}")
	a.wantRuns(0)
	a.update("2")
	a.stable()
	a.waitSelects("active", "2")
	a.waitRun("-2-pre", "Successful")
	a.waitRun("-2-post", "Successful")
	a.wantRuns(2)
	a.waitPods(map[string]int32{"1": 1, "2": 1})
	a.update("1")
	a.stable()
	a.waitSelects("active", "3")
	a.wantRuns(2)
	a.waitPods(map[string]int32{"2": 1, "3": 1})
}

// What fails before the switch is never live; what fails after it is taken back.
func TestRolloutBlueGreenAnalysisFails(t *testing.T) {
	t.Parallel()
	for _, when := range []string{"pre", "post"} {
		t.Run(when, func(t *testing.T) {
			t.Parallel()
			a := prepareApp(t)
			a.services("active", "preview")
			a.judge("bad", "exit 1")
			a.create(false, "replicas: 1\nstrategy: {blueGreen: {activeService: active, previewService: preview, abortScaleDownDelaySeconds: 1, "+when+"PromotionAnalysis: {templates: [{templateName: bad}]}}}")
			a.update("2")
			a.aborted()
			a.waitRun("-2-"+when, "Failed")
			a.waitSelects("active", "1")
			a.waitPods(map[string]int32{"1": 1})
			a.retry()
			a.waitRun("-2-"+when+".1", "Failed")
			a.aborted()
			a.waitSelects("active", "1")
		})
	}
}

// Arguments come from fields of the rollout, from hashes and from Secrets, of which nothing is told.
func TestRolloutAnalysisArguments(t *testing.T) {
	t.Parallel()
	a := prepareApp(t)
	const secret = "nobody-may-read-this"
	create(t, admin, a.ns, "apiVersion: v1\nkind: Secret\nmetadata: {name: token}\nstringData: {token: "+secret+"}")
	create(t, admin, a.ns, `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: arguments}
spec:
  args:
  - {name: name}
  - {name: stable}
  - {name: latest}
  - {name: token, valueFrom: {secretKeyRef: {name: token, key: token}}}
`+indent(jobMetric("busybox", `test {{args.name}} = web && test -n '{{args.stable}}' && test {{args.stable}} != {{args.latest}} && test {{args.token}} = `+"nobody-may-$(echo read)-this")))
	a.create(false, `
replicas: 1
strategy:
  canary:
    steps:
    - analysis:
        templates: [{templateName: arguments}]
        args:
        - {name: name, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        - {name: stable, valueFrom: {podTemplateHashValue: Stable}}
        - {name: latest, valueFrom: {podTemplateHashValue: Latest}}
`)
	a.update("2")
	a.stable()
	a.waitRun("-2-0", "Successful")
	out, _, err := admin.Kubectl(within(t, time.Minute), "", "get", "rollouts.argoproj.io,analysisruns.argoproj.io,analysistemplates.argoproj.io,events", "-n", a.ns, "-o", "yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out, "arguments") || strings.Contains(out, secret) {
		t.Errorf("what is told of the analysis holds the secret: %t", strings.Contains(out, secret))
	}
}

// A version that comes while the one before is being judged takes its place, and ends the judging, as an abort does.
func TestRolloutAnalysisSuperseded(t *testing.T) {
	t.Parallel()
	a := prepareApp(t)
	a.judge("day", "sleep 86400")
	a.create(false, "replicas: 1\nstrategy: {canary: {steps: [{setWeight: 50}, {analysis: {templates: [{templateName: day}]}}]}}")
	a.update("2")
	a.waitRun("-2-1", "Running")
	a.update("3")
	a.waitRun("-3-1", "Running")
	a.waitRun("-2-1", "Successful")
	a.waitPods(map[string]int32{"1": 1, "3": 1})
	a.abort()
	a.aborted()
	a.waitRun("-3-1", "Successful")
	a.waitPods(map[string]int32{"1": 1})
	a.wantRuns(2)
	// After the abort, the next version is judged by a run of its own.
	a.update("4")
	a.waitRun("-4-1", "Running")
	a.promoteFull()
	a.stable()
	a.waitPods(map[string]int32{"4": 1})
	a.wantRuns(3)
	waitNoJobPods(t, a.ns)
}
