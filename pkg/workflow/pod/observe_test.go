// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package pod

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	_ "argosy.dev/argosy/hack/seed"
	"argosy.dev/argosy/pkg/workflow/report"
)

var (
	podStart = metav1.NewTime(time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC))
	began    = metav1.NewTime(podStart.Add(2 * time.Second))
	finished = metav1.NewTime(podStart.Add(7 * time.Second))
)

type change func(*corev1.Pod)

// observed returns a pod in the given phase, with changes.
func observed(phase corev1.PodPhase, changes ...change) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main"}}},
		Status:     corev1.PodStatus{Phase: phase, StartTime: &podStart},
	}
	for _, c := range changes {
		c(p)
	}
	return p
}

func terminated(code int32, reason, message string) change {
	return func(p *corev1.Pod) {
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{Name: "main", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
			ExitCode: code, Reason: reason, Message: message, StartedAt: began, FinishedAt: finished,
		}}})
	}
}

func waiting(reason, message string) change {
	return func(p *corev1.Pod) {
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{Name: "main", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}})
	}
}

func initState(name string, s corev1.ContainerState) change {
	return func(p *corev1.Pod) {
		p.Status.InitContainerStatuses = append(p.Status.InitContainerStatuses, corev1.ContainerStatus{Name: name, State: s})
	}
}

func says(reason, message string) change {
	return func(p *corev1.Pod) { p.Status.Reason, p.Status.Message = reason, message }
}

func condition(t corev1.PodConditionType, s corev1.ConditionStatus, reason, message string) change {
	return func(p *corev1.Pod) {
		p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: t, Status: s, Reason: reason, Message: message})
	}
}

func limit(seconds int64) change {
	return func(p *corev1.Pod) { p.Spec.ActiveDeadlineSeconds = &seconds }
}

func isWrapped(p *corev1.Pod) { p.Annotations[AnnotationWrapped] = "true" }

func reported(t *testing.T, r report.Report) string {
	t.Helper()
	b, err := report.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func ptr[T any](v T) *T { return &v }

func TestObserve(t *testing.T) {
	const overdue = "Pod was active on the node longer than the specified deadline"
	always := corev1.ContainerRestartPolicyAlways
	failedInit := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error", Message: "no space left", FinishedAt: finished}}
	ended := func(o Outcome) Outcome { o.StartedAt, o.FinishedAt = began, finished; return o }
	for _, tc := range []struct {
		name string
		pod  *corev1.Pod
		want Outcome
	}{
		{"just created", observed(""), Outcome{Phase: wfv1.NodePending}},
		{"scheduled", observed(corev1.PodPending, func(p *corev1.Pod) { p.Spec.NodeName = "n1" }), Outcome{Phase: wfv1.NodePending, HostNodeName: "n1"}},
		{"starting", observed(corev1.PodPending, waiting("ContainerCreating", "")), Outcome{Phase: wfv1.NodePending}},
		{"initializing", observed(corev1.PodPending, waiting("PodInitializing", "")), Outcome{Phase: wfv1.NodePending}},
		{"no node fits", observed(corev1.PodPending, condition(corev1.PodScheduled, corev1.ConditionFalse, "Unschedulable", "0/1 nodes are available")), Outcome{Phase: wfv1.NodePending, Message: "Unschedulable: 0/1 nodes are available"}},
		{"image", observed(corev1.PodPending, waiting("ImagePullBackOff", `Back-off pulling image "x"`)), Outcome{Phase: wfv1.NodePending, Message: `ImagePullBackOff: Back-off pulling image "x"`}},
		{"image of the init container", observed(corev1.PodPending, initState("init", corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull"}}), waiting("PodInitializing", "")), Outcome{Phase: wfv1.NodePending, Message: "ErrImagePull"}},
		{"bad configuration", observed(corev1.PodPending, waiting("CreateContainerConfigError", `secret "s" not found`)), Outcome{Phase: wfv1.NodePending, Message: `CreateContainerConfigError: secret "s" not found`}},
		{"running", observed(corev1.PodRunning, condition(corev1.PodReady, corev1.ConditionTrue, "", ""), func(p *corev1.Pod) {
			p.Status.PodIP = "10.0.0.1"
			p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: began}}}}
		}), Outcome{Phase: wfv1.NodeRunning, PodIP: "10.0.0.1", Ready: true, StartedAt: began}},
		{"unknown", observed(corev1.PodUnknown), Outcome{Phase: wfv1.NodeError, Message: `unexpected pod phase "Unknown"`}},

		{"succeeded", observed(corev1.PodSucceeded, terminated(0, "Completed", "")), ended(Outcome{Phase: wfv1.NodeSucceeded, ExitCode: ptr("0")})},
		{"succeeded, phase lags", observed(corev1.PodRunning, terminated(0, "Completed", "")), ended(Outcome{Phase: wfv1.NodeSucceeded, ExitCode: ptr("0")})},
		{"succeeded with a message", observed(corev1.PodSucceeded, terminated(0, "Completed", "all fine")), ended(Outcome{Phase: wfv1.NodeSucceeded, ExitCode: ptr("0")})},
		{"succeeded, statuses missing", observed(corev1.PodSucceeded), Outcome{Phase: wfv1.NodeSucceeded}},
		{"failed", observed(corev1.PodFailed, terminated(1, "Error", "")), ended(Outcome{Phase: wfv1.NodeFailed, Message: "main: Error (exit code 1)", ExitCode: ptr("1")})},
		{"failed, phase lags", observed(corev1.PodRunning, terminated(1, "Error", "")), ended(Outcome{Phase: wfv1.NodeFailed, Message: "main: Error (exit code 1)", ExitCode: ptr("1")})},
		{"failed with a message", observed(corev1.PodFailed, terminated(2, "Error", "disk full\n")), ended(Outcome{Phase: wfv1.NodeFailed, Message: "main: Error (exit code 2): disk full", ExitCode: ptr("2")})},
		{"failed without a reason", observed(corev1.PodFailed, terminated(2, "", "")), ended(Outcome{Phase: wfv1.NodeFailed, Message: "main: Error (exit code 2)", ExitCode: ptr("2")})},
		{"out of memory", observed(corev1.PodFailed, terminated(137, "OOMKilled", "")), ended(Outcome{Phase: wfv1.NodeFailed, Message: "main: OOMKilled (exit code 137)", ExitCode: ptr("137")})},
		{"killed, the pod has not said why yet", observed(corev1.PodRunning, terminated(137, "Error", "")), Outcome{Phase: wfv1.NodeRunning}},
		{"terminated, the pod has not said why yet", observed(corev1.PodRunning, terminated(143, "Error", "")), Outcome{Phase: wfv1.NodeRunning}},
		{"executor's failure", observed(corev1.PodFailed, terminated(64, "Error", "")), ended(Outcome{Phase: wfv1.NodeError, Message: "main: Error (exit code 64)", ExitCode: ptr("64")})},
		{"failure before main", observed(corev1.PodFailed, terminated(65, "Error", "")), ended(Outcome{Phase: wfv1.NodeError, Message: "main: Error (exit code 65)", ExitCode: ptr("65")})},
		{"cannot be started", observed(corev1.PodFailed, terminated(128, "StartError", `exec: "x": not found`)), ended(Outcome{Phase: wfv1.NodeError, Message: `main: StartError (exit code 128): exec: "x": not found`})},
		{"a shell's not found", observed(corev1.PodFailed, terminated(127, "Error", "")), ended(Outcome{Phase: wfv1.NodeFailed, Message: "main: Error (exit code 127)", ExitCode: ptr("127")})},

		{"deadline, main killed", observed(corev1.PodFailed, limit(5), says("DeadlineExceeded", overdue), terminated(137, "Error", "")), ended(Outcome{Phase: wfv1.NodeFailed, Message: overdue, ExitCode: ptr("137")})},
		{"deadline, main ended in good order", observed(corev1.PodFailed, limit(7), says("DeadlineExceeded", overdue), terminated(0, "Completed", "")), ended(Outcome{Phase: wfv1.NodeFailed, Message: overdue, ExitCode: ptr("0")})},
		{"deadline, phase lags", observed(corev1.PodRunning, limit(7), terminated(0, "Completed", "")), Outcome{Phase: wfv1.NodeRunning}},
		{"long before the deadline", observed(corev1.PodRunning, limit(60), terminated(0, "Completed", "")), ended(Outcome{Phase: wfv1.NodeSucceeded, ExitCode: ptr("0")})},
		{"deadline before main", observed(corev1.PodFailed, limit(5), says("DeadlineExceeded", overdue)), Outcome{Phase: wfv1.NodeFailed, Message: overdue}},
		{"evicted", observed(corev1.PodFailed, says("Evicted", "The node was low on resource: memory."), condition(corev1.DisruptionTarget, corev1.ConditionTrue, "TerminationByKubelet", "")), Outcome{Phase: wfv1.NodeFailed, Message: "The node was low on resource: memory."}},
		{"evicted, main ended in good order", observed(corev1.PodFailed, says("Evicted", "The node was low on resource: memory."), condition(corev1.DisruptionTarget, corev1.ConditionTrue, "TerminationByKubelet", ""), terminated(0, "Completed", "")), ended(Outcome{Phase: wfv1.NodeFailed, Message: "The node was low on resource: memory.", ExitCode: ptr("0")})},
		{"preempted, phase lags", observed(corev1.PodRunning, condition(corev1.DisruptionTarget, corev1.ConditionTrue, "PreemptionByScheduler", ""), terminated(0, "Completed", "")), Outcome{Phase: wfv1.NodeRunning}},
		{"node lost", observed(corev1.PodFailed, says("NodeLost", "Node n1 which was running pod p is unresponsive")), Outcome{Phase: wfv1.NodeError, Message: "Node n1 which was running pod p is unresponsive"}},
		{"node gone", observed(corev1.PodFailed, condition(corev1.DisruptionTarget, corev1.ConditionTrue, "DeletionByPodGC", "PodGC: node no longer exists")), Outcome{Phase: wfv1.NodeError, Message: "DeletionByPodGC: PodGC: node no longer exists"}},
		{"failed without a word", observed(corev1.PodFailed), Outcome{Phase: wfv1.NodeError, Message: "the pod failed, and no container says why"}},
		{"failed with a reason only", observed(corev1.PodFailed, says("OutOfcpu", "")), Outcome{Phase: wfv1.NodeError, Message: "the pod failed, and no container says why: OutOfcpu"}},
		{"our init container failed", observed(corev1.PodFailed, initState("init", failedInit), waiting("PodInitializing", "")), Outcome{Phase: wfv1.NodeError, Message: "init: Error (exit code 1): no space left", FinishedAt: finished}},
		{"the user's init container failed", observed(corev1.PodFailed, initState("fetch", failedInit), waiting("PodInitializing", "")), Outcome{Phase: wfv1.NodeFailed, Message: "fetch: Error (exit code 1): no space left", FinishedAt: finished}},
		{"main may run again", observed(corev1.PodRunning, terminated(1, "Error", ""), func(p *corev1.Pod) { p.Spec.Containers[0].RestartPolicy = &always }), Outcome{Phase: wfv1.NodeRunning}},
		{"main may run again, by rule", observed(corev1.PodRunning, terminated(1, "Error", ""), func(p *corev1.Pod) {
			p.Spec.Containers[0].RestartPolicyRules = []corev1.ContainerRestartRule{{Action: corev1.ContainerRestartRuleActionRestart}}
		}), Outcome{Phase: wfv1.NodeRunning}},

		{"outputs", observed(corev1.PodRunning, isWrapped, terminated(0, "Completed", reported(t, report.Report{Result: ptr("r"), Parameters: map[string]string{"p": "v"}}))), ended(Outcome{Phase: wfv1.NodeSucceeded, ExitCode: ptr("0"), Result: ptr("r"), Parameters: map[string]string{"p": "v"}})},
		{"outputs, compressed", observed(corev1.PodSucceeded, isWrapped, terminated(0, "Completed", reported(t, report.Report{Result: ptr(strings.Repeat("a", 9999))}))), ended(Outcome{Phase: wfv1.NodeSucceeded, ExitCode: ptr("0"), Result: ptr(strings.Repeat("a", 9999))})},
		{"outputs of a failure", observed(corev1.PodFailed, isWrapped, terminated(3, "Error", reported(t, report.Report{Result: ptr("r"), Message: "disk full"}))), ended(Outcome{Phase: wfv1.NodeFailed, Message: "main: Error (exit code 3): disk full", ExitCode: ptr("3"), Result: ptr("r")})},
		{"output missing", observed(corev1.PodFailed, isWrapped, terminated(64, "Error", reported(t, report.Report{Message: `output parameter "p": no such file`, ExitCode: ptr(int32(0))}))), ended(Outcome{Phase: wfv1.NodeError, Message: `main: Error (exit code 64): output parameter "p": no such file`, ExitCode: ptr("0")})},
		{"wrapped command not found", observed(corev1.PodFailed, isWrapped, terminated(127, "Error", reported(t, report.Report{Message: "not found", NotStarted: true}))), ended(Outcome{Phase: wfv1.NodeError, Message: "main: Error (exit code 127): not found"})},
		{"wrapped, out of memory", observed(corev1.PodFailed, isWrapped, terminated(137, "OOMKilled", "")), ended(Outcome{Phase: wfv1.NodeFailed, Message: "main: OOMKilled (exit code 137)", ExitCode: ptr("137")})},
		{"wrapped, the runtime could not start it", observed(corev1.PodFailed, isWrapped, terminated(128, "StartError", "permission denied")), ended(Outcome{Phase: wfv1.NodeError, Message: "main: StartError (exit code 128): permission denied"})},
		{"no report", observed(corev1.PodSucceeded, isWrapped, terminated(0, "Completed", "hello")), ended(Outcome{Phase: wfv1.NodeError, Message: "main: the outputs are lost: the termination message is not an executor's report", ExitCode: ptr("0")})},
		{"broken report", observed(corev1.PodSucceeded, isWrapped, terminated(0, "Completed", `{"argosy":"v2"}`)), ended(Outcome{Phase: wfv1.NodeError, Message: `main: the outputs are lost: report version "v2" is not known`, ExitCode: ptr("0")})},
		{"broken report of a failure", observed(corev1.PodFailed, isWrapped, terminated(1, "Error", `{"argosy":"v2"}`)), ended(Outcome{Phase: wfv1.NodeFailed, Message: `main: Error (exit code 1): report version "v2" is not known`, ExitCode: ptr("1")})},
		{"wrapped, statuses missing", observed(corev1.PodSucceeded, isWrapped), Outcome{Phase: wfv1.NodeError, Message: "the pod succeeded, but its outputs are lost: the status of container main is missing"}},
		{"a report in a plain pod is the user's text", observed(corev1.PodFailed, terminated(1, "Error", `{"argosy":"v1","result":"x"}`)), ended(Outcome{Phase: wfv1.NodeFailed, Message: `main: Error (exit code 1): {"argosy":"v1","result":"x"}`, ExitCode: ptr("1")})},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := tc.pod.DeepCopy()
			if d := cmp.Diff(tc.want, Observe(tc.pod)); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(before, tc.pod); d != "" {
				t.Errorf("the pod was changed: %s", d)
			}
		})
	}
}

// An end that is reported while the pod's phase lags is never contradicted by the phase that follows: what the loop did on it stays right.
func TestObserveEndStands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := rapid.SampledFrom([]int32{0, 1, 2, 64, 126, 127, 137, 143, 255}).Draw(t, "exit code")
		early := observed(corev1.PodRunning, terminated(code, "Error", ""))
		if rapid.Bool().Draw(t, "limited") {
			limit(rapid.Int64Range(1, 20).Draw(t, "limit"))(early)
		}
		if rapid.Bool().Draw(t, "disrupted") {
			condition(corev1.DisruptionTarget, corev1.ConditionTrue, "TerminationByKubelet", "")(early)
		}
		first := Observe(early)
		if !first.Phase.Fulfilled() {
			return
		}
		late := early.DeepCopy()
		late.Status.Phase = corev1.PodFailed
		if code == 0 {
			late.Status.Phase = corev1.PodSucceeded
		}
		if d := cmp.Diff(first, Observe(late)); d != "" {
			t.Fatal(d)
		}
	})
}
