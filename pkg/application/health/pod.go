// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package health

import (
	"fmt"
	"strings"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// pod judges a pod by what its containers do. A container that cannot start, or starts again and again, is a failure
// long before the pod says so. One whose pod ends by itself is on its way until it has ended: that makes it a hook.
func pod(f fields) *appv1.HealthStatus {
	always := f.text("spec", "restartPolicy") == "Always" || f.text("spec", "restartPolicy") == ""
	containers := append(f.list("status", "initContainerStatuses"), f.list("status", "containerStatuses")...)
	if always {
		var failures []string
		for _, c := range containers {
			if reason := c.text("state", "waiting", "reason"); strings.HasPrefix(reason, "Err") || strings.HasSuffix(reason, "Error") || strings.HasSuffix(reason, "BackOff") {
				failures = append(failures, c.text("state", "waiting", "message"))
			}
		}
		if len(failures) > 0 {
			return status(appv1.HealthDegraded, "%s", strings.Join(failures, ", "))
		}
	}
	message := f.text("status", "message")
	switch f.text("status", "phase") {
	case "Pending":
		return progressing("%s", message)
	case "Succeeded":
		return healthy(message)
	case "Failed":
		if message == "" {
			message = exits(containers)
		}
		return status(appv1.HealthDegraded, "%s", message)
	case "Running":
		if !always {
			return progressing("%s", message)
		}
		if f.is("Ready") {
			return healthy(message)
		}
		for _, c := range containers {
			if c.has("lastState", "terminated") {
				return status(appv1.HealthDegraded, "%s", message)
			}
		}
		return progressing("%s", message)
	}
	return status(appv1.HealthUnknown, "%s", message)
}

// exits says how the containers of a failed pod ended: the first that says more than its exit code.
func exits(containers []fields) string {
	for _, c := range containers {
		if !c.has("state", "terminated") {
			continue
		}
		if message := c.text("state", "terminated", "message"); message != "" {
			return message
		}
		if reason := c.text("state", "terminated", "reason"); reason == "OOMKilled" {
			return reason
		}
		if code := c.number("state", "terminated", "exitCode"); code != 0 {
			return fmt.Sprintf("container %q failed with exit code %d", c.text("name"), code)
		}
	}
	return ""
}
