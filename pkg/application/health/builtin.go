// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package health

import (
	"encoding/json"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

type rule func(*unstructured.Unstructured) (*appv1.HealthStatus, error)

// plain makes a rule of a function that cannot fail.
func plain(f func(fields) *appv1.HealthStatus) rule {
	return func(u *unstructured.Unstructured) (*appv1.HealthStatus, error) { return f(u.Object), nil }
}

var rules = map[schema.GroupKind]rule{
	{Group: "apps", Kind: "Deployment"}:                     plain(deployment),
	{Group: "apps", Kind: "StatefulSet"}:                    plain(statefulSet),
	{Group: "apps", Kind: "ReplicaSet"}:                     plain(replicaSet),
	{Group: "apps", Kind: "DaemonSet"}:                      plain(daemonSet),
	{Group: "networking.k8s.io", Kind: "Ingress"}:           plain(ingress),
	{Group: "extensions", Kind: "Ingress"}:                  plain(ingress),
	{Group: "", Kind: "Service"}:                            plain(service),
	{Group: "", Kind: "PersistentVolumeClaim"}:              plain(claim),
	{Group: "", Kind: "Pod"}:                                plain(pod),
	{Group: "batch", Kind: "Job"}:                           plain(job),
	{Group: "autoscaling", Kind: "HorizontalPodAutoscaler"}: autoscaler,
	{Group: "apiregistration.k8s.io", Kind: "APIService"}:   plain(apiService),
	{Group: "argoproj.io", Kind: "Workflow"}:                plain(workflow),
}

// ownSuffix is the end of the groups of our own kinds, which are the kinds of the peer's group under another name.
const ownSuffix = ".argosy.dev"

// peerGroup returns the group under which the checks know a group.
func peerGroup(gk schema.GroupKind) schema.GroupKind {
	if strings.HasSuffix(gk.Group, ownSuffix) {
		gk.Group = "argoproj.io"
	}
	return gk
}

func builtIn(gk schema.GroupKind) rule { return rules[peerGroup(gk)] }

func progressing(format string, args ...any) *appv1.HealthStatus {
	return status(appv1.HealthProgressing, format, args...)
}

func healthy(message string) *appv1.HealthStatus { return status(appv1.HealthHealthy, "%s", message) }

func deployment(f fields) *appv1.HealthStatus {
	if f.boolean("spec", "paused") {
		return status(appv1.HealthSuspended, "Deployment is paused")
	}
	if !f.observed() {
		return progressing("Waiting for rollout to finish: observed deployment generation less than desired generation")
	}
	want := f.numberOr(1, "spec", "replicas")
	all, updated, available := f.number("status", "replicas"), f.number("status", "updatedReplicas"), f.number("status", "availableReplicas")
	switch {
	case f.condition("Progressing").text("reason") == "ProgressDeadlineExceeded":
		return status(appv1.HealthDegraded, "Deployment %q exceeded its progress deadline", f.text("metadata", "name"))
	case updated < want:
		return progressing("Waiting for rollout to finish: %d out of %d new replicas have been updated...", updated, want)
	case all > updated:
		return progressing("Waiting for rollout to finish: %d old replicas are pending termination...", all-updated)
	case available < updated:
		return progressing("Waiting for rollout to finish: %d of %d updated replicas are available...", available, updated)
	}
	return healthy("")
}

func statefulSet(f fields) *appv1.HealthStatus {
	if f.number("status", "observedGeneration") == 0 || !f.observed() {
		return progressing("Waiting for statefulset spec update to be observed...")
	}
	want := f.numberOr(1, "spec", "replicas")
	ready, updated, current := f.number("status", "readyReplicas"), f.number("status", "updatedReplicas"), f.number("status", "currentReplicas")
	if ready < want {
		return progressing("Waiting for %d pods to be ready...", want-ready)
	}
	if f.text("spec", "updateStrategy", "type") == "OnDelete" {
		return healthy(fmt.Sprintf("statefulset has %d ready pods", ready))
	}
	if partition := f.number("spec", "updateStrategy", "rollingUpdate", "partition"); partition > 0 {
		if updated < want-partition {
			return progressing("Waiting for partitioned roll out to finish: %d out of %d new pods have been updated...", updated, want-partition)
		}
		return healthy(fmt.Sprintf("partitioned roll out complete: %d new pods have been updated...", updated))
	}
	if revision := f.text("status", "updateRevision"); revision != f.text("status", "currentRevision") {
		return progressing("waiting for statefulset rolling update to complete %d pods at revision %s...", updated, revision)
	}
	return healthy(fmt.Sprintf("statefulset rolling update complete %d pods at revision %s...", current, f.text("status", "currentRevision")))
}

func replicaSet(f fields) *appv1.HealthStatus {
	if !f.observed() {
		return progressing("Waiting for rollout to finish: observed replica set generation less than desired generation")
	}
	if f.is("ReplicaFailure") {
		return status(appv1.HealthDegraded, "%s", f.condition("ReplicaFailure").text("message"))
	}
	if want, available := f.numberOr(1, "spec", "replicas"), f.number("status", "availableReplicas"); available < want {
		return progressing("Waiting for rollout to finish: %d out of %d new replicas are available...", available, want)
	}
	return healthy("")
}

func daemonSet(f fields) *appv1.HealthStatus {
	if !f.observed() {
		return progressing("Waiting for rollout to finish: observed daemon set generation less than desired generation")
	}
	want := f.number("status", "desiredNumberScheduled")
	updated, available := f.number("status", "updatedNumberScheduled"), f.number("status", "numberAvailable")
	switch {
	case f.text("spec", "updateStrategy", "type") == "OnDelete":
		return healthy(fmt.Sprintf("daemon set %d out of %d new pods have been updated", updated, want))
	case updated < want:
		return progressing("Waiting for daemon set %q rollout to finish: %d out of %d new pods have been updated...", f.text("metadata", "name"), updated, want)
	case available < want:
		return progressing("Waiting for daemon set %q rollout to finish: %d of %d updated pods are available...", f.text("metadata", "name"), available, want)
	}
	return healthy("")
}

func ingress(f fields) *appv1.HealthStatus {
	if len(f.list("status", "loadBalancer", "ingress")) > 0 {
		return healthy("")
	}
	return progressing("")
}

func service(f fields) *appv1.HealthStatus {
	if f.text("spec", "type") == "LoadBalancer" {
		return ingress(f)
	}
	return healthy("")
}

func claim(f fields) *appv1.HealthStatus {
	switch f.text("status", "phase") {
	case "Lost":
		return status(appv1.HealthDegraded, "")
	case "Pending":
		return progressing("")
	case "Bound":
		return healthy("")
	}
	return status(appv1.HealthUnknown, "")
}

func job(f fields) *appv1.HealthStatus {
	switch {
	case f.is("Failed"):
		return status(appv1.HealthDegraded, "%s", f.condition("Failed").text("message"))
	case f.is("Suspended"):
		return status(appv1.HealthSuspended, "%s", f.condition("Suspended").text("message"))
	case f.is("Complete"):
		return healthy(f.condition("Complete").text("message"))
	}
	return progressing("")
}

func apiService(f fields) *appv1.HealthStatus {
	c := f.condition("Available")
	if c == nil {
		return progressing("Waiting to be processed")
	}
	message := fmt.Sprintf("%s: %s", c.text("reason"), c.text("message"))
	if c.text("status") == "True" {
		return healthy(message)
	}
	return progressing("%s", message)
}

func workflow(f fields) *appv1.HealthStatus {
	message := f.text("status", "message")
	switch f.text("status", "phase") {
	case "", "Pending", "Running":
		return progressing("%s", message)
	case "Succeeded":
		return healthy(message)
	case "Failed", "Error":
		return status(appv1.HealthDegraded, "%s", message)
	}
	return status(appv1.HealthUnknown, "%s", message)
}

// autoscaler reads conditions from the status, or, in autoscaling/v1, from the annotation in which the API server
// keeps them.
func autoscaler(u *unstructured.Unstructured) (*appv1.HealthStatus, error) {
	f := fields(u.Object)
	conditions := f.list("status", "conditions")
	if kept := u.GetAnnotations()["autoscaling.alpha.kubernetes.io/conditions"]; kept != "" {
		if err := json.Unmarshal([]byte(kept), &conditions); err != nil {
			return nil, fmt.Errorf("annotation autoscaling.alpha.kubernetes.io/conditions is no list of conditions: %w", err)
		}
	}
	for _, c := range conditions {
		reason := c.text("reason")
		if c.text("status") != "True" && (strings.HasPrefix(reason, "Failed") || strings.HasPrefix(reason, "Invalid")) {
			return status(appv1.HealthDegraded, "%s", c.text("message")), nil
		}
	}
	for _, c := range conditions {
		if kind := c.text("type"); c.text("status") == "True" && (kind == "AbleToScale" || kind == "ScalingLimited") {
			return healthy(c.text("message")), nil
		}
	}
	return progressing("Waiting to Autoscale"), nil
}
