// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package health

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

func read(t testing.TB, text string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &u.Object); err != nil {
		t.Fatal(err)
	}
	return u
}

func TestBuiltInKinds(t *testing.T) {
	for _, tc := range []struct{ kind, object, want string }{
		{"apps/v1 Deployment", "{metadata: {generation: 2}, spec: {replicas: 2}, status: {observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2}}", "Healthy"},
		{"apps/v1 Deployment", "{metadata: {generation: 3}, status: {observedGeneration: 2, replicas: 1, updatedReplicas: 1, availableReplicas: 1}}", "Progressing: Waiting for rollout to finish: observed deployment generation less than desired generation"},
		{"apps/v1 Deployment", "{spec: {replicas: 2}, status: {replicas: 2, updatedReplicas: 1}}", "Progressing: Waiting for rollout to finish: 1 out of 2 new replicas have been updated..."},
		{"apps/v1 Deployment", "{spec: {replicas: 2}, status: {replicas: 3, updatedReplicas: 2}}", "Progressing: Waiting for rollout to finish: 1 old replicas are pending termination..."},
		{"apps/v1 Deployment", "{spec: {replicas: 2}, status: {replicas: 2, updatedReplicas: 2, availableReplicas: 1}}", "Progressing: Waiting for rollout to finish: 1 of 2 updated replicas are available..."},
		{"apps/v1 Deployment", "{metadata: {name: d}, status: {conditions: [{type: Progressing, reason: ProgressDeadlineExceeded}]}}", `Degraded: Deployment "d" exceeded its progress deadline`},
		{"apps/v1 Deployment", "{spec: {paused: true}}", "Suspended: Deployment is paused"},
		{"apps/v1 StatefulSet", "{}", "Progressing: Waiting for statefulset spec update to be observed..."},
		{"apps/v1 StatefulSet", "{spec: {replicas: 3}, status: {observedGeneration: 1, readyReplicas: 1}}", "Progressing: Waiting for 2 pods to be ready..."},
		{"apps/v1 StatefulSet", "{status: {observedGeneration: 1, readyReplicas: 1, updateRevision: b, currentRevision: a, updatedReplicas: 0}}", "Progressing: waiting for statefulset rolling update to complete 0 pods at revision b..."},
		{"apps/v1 StatefulSet", "{spec: {updateStrategy: {type: OnDelete}}, status: {observedGeneration: 1, readyReplicas: 1, updateRevision: b}}", "Healthy: statefulset has 1 ready pods"},
		{"apps/v1 StatefulSet", "{spec: {replicas: 3, updateStrategy: {rollingUpdate: {partition: 1}}}, status: {observedGeneration: 1, readyReplicas: 3, updatedReplicas: 1}}", "Progressing: Waiting for partitioned roll out to finish: 1 out of 2 new pods have been updated..."},
		{"apps/v1 ReplicaSet", "{spec: {replicas: 2}, status: {availableReplicas: 1}}", "Progressing: Waiting for rollout to finish: 1 out of 2 new replicas are available..."},
		{"apps/v1 ReplicaSet", "{status: {conditions: [{type: ReplicaFailure, status: 'True', message: quota}]}}", "Degraded: quota"},
		{"apps/v1 ReplicaSet", "{status: {availableReplicas: 1}}", "Healthy"},
		{"apps/v1 DaemonSet", "{metadata: {name: d}, status: {desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1}}", `Progressing: Waiting for daemon set "d" rollout to finish: 1 of 2 updated pods are available...`},
		{"apps/v1 DaemonSet", "{status: {desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2}}", "Healthy"},
		{"networking.k8s.io/v1 Ingress", "{}", "Progressing"},
		{"networking.k8s.io/v1 Ingress", "{status: {loadBalancer: {ingress: [{ip: 1.2.3.4}]}}}", "Healthy"},
		{"v1 Service", "{spec: {type: LoadBalancer}}", "Progressing"},
		{"v1 Service", "{spec: {type: ClusterIP}}", "Healthy"},
		{"v1 PersistentVolumeClaim", "{status: {phase: Bound}}", "Healthy"},
		{"v1 PersistentVolumeClaim", "{status: {phase: Pending}}", "Progressing"},
		{"v1 PersistentVolumeClaim", "{status: {phase: Lost}}", "Degraded"},
		{"v1 Pod", "{status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}}", "Healthy"},
		{"v1 Pod", "{status: {phase: Running}}", "Progressing"},
		{"v1 Pod", "{spec: {restartPolicy: Never}, status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}}", "Progressing"},
		{"v1 Pod", "{status: {phase: Running, containerStatuses: [{lastState: {terminated: {exitCode: 1}}}]}}", "Degraded"},
		{"v1 Pod", "{status: {phase: Pending, containerStatuses: [{state: {waiting: {reason: ImagePullBackOff, message: no such image}}}]}}", "Degraded: no such image"},
		{"v1 Pod", "{spec: {restartPolicy: Never}, status: {phase: Failed, containerStatuses: [{name: a, state: {terminated: {exitCode: 3}}}]}}", `Degraded: container "a" failed with exit code 3`},
		{"v1 Pod", "{status: {phase: Succeeded}}", "Healthy"},
		{"batch/v1 Job", "{}", "Progressing"},
		{"batch/v1 Job", "{status: {conditions: [{type: Complete, status: 'True'}]}}", "Healthy"},
		{"batch/v1 Job", "{status: {conditions: [{type: Failed, status: 'True', message: too often}]}}", "Degraded: too often"},
		{"batch/v1 Job", "{status: {conditions: [{type: Suspended, status: 'True', message: halted}]}}", "Suspended: halted"},
		{"autoscaling/v2 HorizontalPodAutoscaler", "{}", "Progressing: Waiting to Autoscale"},
		{"autoscaling/v2 HorizontalPodAutoscaler", "{status: {conditions: [{type: AbleToScale, status: 'True', message: ready}]}}", "Healthy: ready"},
		{"autoscaling/v2 HorizontalPodAutoscaler", "{status: {conditions: [{type: AbleToScale, status: 'True'}, {type: ScalingActive, status: 'False', reason: FailedGetResourceMetric, message: no metrics}]}}", "Degraded: no metrics"},
		{"autoscaling/v1 HorizontalPodAutoscaler", `{metadata: {annotations: {autoscaling.alpha.kubernetes.io/conditions: '[{"type":"AbleToScale","status":"True","message":"ready"}]'}}}`, "Healthy: ready"},
		{"autoscaling/v1 HorizontalPodAutoscaler", `{metadata: {annotations: {autoscaling.alpha.kubernetes.io/conditions: 'no'}}}`, "Unknown"},
		{"apiregistration.k8s.io/v1 APIService", "{status: {conditions: [{type: Available, status: 'False', reason: R, message: m}]}}", "Progressing: R: m"},
		{"apiregistration.k8s.io/v1 APIService", "{status: {conditions: [{type: Available, status: 'True', reason: R, message: m}]}}", "Healthy: R: m"},
		{"argoproj.io/v1alpha1 Workflow", "{status: {phase: Running}}", "Progressing"},
		{"workflow.argosy.dev/v1alpha1 Workflow", "{status: {phase: Failed, message: m}}", "Degraded: m"},
		{"rollout.argosy.dev/v1alpha1 Rollout", "{metadata: {generation: 1}, spec: {}, status: {observedGeneration: '1', phase: Paused, message: m}}", "Suspended: m"},
		{"v1 Pod", "{metadata: {deletionTimestamp: '2020-01-01T00:00:00Z'}, status: {phase: Succeeded}}", "Progressing: Pending deletion"},
		{"v1 Pod", "{metadata: {deletionTimestamp: '2020-01-01T00:00:00Z', finalizers: [argocd.argoproj.io/hook-finalizer]}, status: {phase: Succeeded}}", "Healthy"},
		{"v1 ConfigMap", "{}", ""},
		{"argoproj.io/v1alpha1 Application", "{}", ""},
		{"a.cnrm.cloud.google.com/v1 Thing", "{metadata: {generation: 1}, status: {observedGeneration: 1, conditions: [{type: Ready, status: 'True', reason: UpToDate}]}}", "Healthy"},
	} {
		u := read(t, tc.object)
		version, kind, _ := strings.Cut(tc.kind, " ")
		u.SetAPIVersion(version)
		u.SetKind(kind)
		got, err := Of(u, nil)
		said := ""
		if got != nil {
			said = string(got.Status)
			if got.Message != "" && tc.want != said {
				said += ": " + got.Message
			}
		}
		if said != tc.want || (err != nil) != (tc.want == "Unknown") {
			t.Errorf("%s %s: got %q, want %q: %v", tc.kind, tc.object, said, tc.want, err)
		}
	}
}

func TestOverrides(t *testing.T) {
	o, err := NewOverrides(map[string]string{
		"ConfigMap":           `return {status = obj.data.health}`,
		"apps/Deployment":     `return {status = "Degraded", message = "mine"}`,
		"*.example.com/*":     `return {status = "Suspended"}`,
		"a.*.com/Th*":         `return {status = "Progressing"}`,
		"example.org/Broken":  `return obj.a.b.c`,
		"example.org/Strange": `return {status = "Fine"}`,
	})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"{apiVersion: v1, kind: ConfigMap, data: {health: Degraded}}": "Degraded",
		"{apiVersion: apps/v1, kind: Deployment}":                     "Degraded",
		"{apiVersion: b.example.com/v1, kind: Thing}":                 "Suspended",
		"{apiVersion: a.example.org/v1, kind: Thing}":                 "",
		"{apiVersion: example.org/v1, kind: Broken}":                  "Unknown",
		"{apiVersion: example.org/v1, kind: Strange}":                 "Unknown",
		"{apiVersion: v1, kind: Service}":                             "Healthy",
	} {
		got, err := Of(read(t, text), o)
		if got == nil && want == "" {
			continue
		}
		if got == nil || string(got.Status) != want || (err != nil) != strings.Contains(text, "Broken") {
			t.Errorf("%s: %+v, want %s: %v", text, got, want, err)
		}
	}
	if _, err := NewOverrides(map[string]string{"a/B": "return {"}); err == nil || !strings.Contains(err.Error(), "a/B") {
		t.Errorf("a check that is no Lua: %v", err)
	}
}

func TestChecked(t *testing.T) {
	overrides, err := NewOverrides(map[string]string{"ConfigMap": "return {}", "*.example.org/*": "return {}"})
	if err != nil {
		t.Fatal(err)
	}
	for gk, want := range map[schema.GroupKind]bool{
		{Kind: "Pod"}: true, {Group: "batch", Kind: "Job"}: true, {Group: "cert-manager.io", Kind: "Certificate"}: true, {Group: "rollout.argosy.dev", Kind: "Rollout"}: true,
		{Kind: "ServiceAccount"}: false, {Group: "rbac.authorization.k8s.io", Kind: "Role"}: false, {Group: "none.example", Kind: "Thing"}: false,
		{Kind: "ConfigMap"}: true, {Group: "a.example.org", Kind: "Thing"}: true,
	} {
		if got := Checked(gk, overrides); got != want {
			t.Errorf("%s: %t", gk, got)
		}
	}
	if Checked(schema.GroupKind{Kind: "ConfigMap"}, nil) {
		t.Error("without a check of the user's, a ConfigMap has none")
	}
}

func TestAggregate(t *testing.T) {
	item := func(kind, name string, code appv1.HealthStatusCode, annotations ...string) Item {
		u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": kind}}
		if kind == "Application" {
			u.SetAPIVersion("argoproj.io/v1alpha1")
		}
		u.SetName(name)
		for _, a := range annotations {
			object.Annotate(u, a, map[string]string{appv1.AnnotationHook: "PreSync", appv1.AnnotationIgnoreHealthcheck: "true"}[a])
		}
		if code == "absent" {
			return Item{Target: u}
		}
		if code == "" {
			return Item{Target: u, Live: u}
		}
		return Item{Target: u, Live: u, Health: &appv1.HealthStatus{Status: code}}
	}
	for name, tc := range map[string]struct {
		items []Item
		want  appv1.HealthStatusCode
	}{
		"nothing":              {want: appv1.HealthHealthy},
		"no check":             {items: []Item{item("ConfigMap", "a", "")}, want: appv1.HealthHealthy},
		"the worst":            {items: []Item{item("Pod", "a", "Healthy"), item("Pod", "b", "Degraded"), item("Pod", "c", "Progressing")}, want: appv1.HealthDegraded},
		"unknown is worst":     {items: []Item{item("Pod", "a", "Unknown"), item("Pod", "b", "Degraded")}, want: appv1.HealthUnknown},
		"some are missing":     {items: []Item{item("Pod", "a", "absent"), item("Pod", "b", "Healthy")}, want: appv1.HealthHealthy},
		"all are missing":      {items: []Item{item("Pod", "a", "absent"), item("Pod", "b", "absent")}, want: appv1.HealthMissing},
		"missing and no check": {items: []Item{item("Pod", "a", "absent"), item("ConfigMap", "b", "")}, want: appv1.HealthHealthy},
		"hooks do not count":   {items: []Item{item("Pod", "a", "Degraded", appv1.AnnotationHook)}, want: appv1.HealthHealthy},
		"nor what is ignored":  {items: []Item{item("Pod", "a", "Degraded", appv1.AnnotationIgnoreHealthcheck)}, want: appv1.HealthHealthy},
		"nor itself":           {items: []Item{item("Application", "self", "Degraded")}, want: appv1.HealthHealthy},
		"children count":       {items: []Item{item("Application", "a", "Degraded")}, want: appv1.HealthDegraded},
		"unless they are lost": {items: []Item{item("Application", "a", "Unknown"), item("Application", "b", "Missing")}, want: appv1.HealthHealthy},
	} {
		if got := Aggregate(tc.items, object.Key{Group: "argoproj.io", Kind: "Application", Name: "self"}); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

func BenchmarkBundledCheck(b *testing.B) {
	u := read(b, "{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {generation: 1}, spec: {}, status: {observedGeneration: '1', phase: Healthy}}")
	for b.Loop() {
		if _, err := Of(u, nil); err != nil {
			b.Fatal(err)
		}
	}
}
