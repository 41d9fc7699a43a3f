// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"
)

// The new pods come up beside the old ones, the preview Service shows them, and the active one is switched by a promote.
func TestRolloutBlueGreen(t *testing.T) {
	t.Parallel()
	a := prepareApp(t)
	a.services("active", "preview")
	a.create(false, "replicas: 2\nstrategy: {blueGreen: {activeService: active, previewService: preview, previewReplicaCount: 1, autoPromotionEnabled: false, scaleDownDelaySeconds: 600}}")
	a.waitPods(map[string]int32{"1": 2})
	a.waitSelects("active", "1")
	a.waitSelects("preview", "1")
	a.update("2")
	a.wait("Paused")
	a.waitPods(map[string]int32{"1": 2, "2": 1})
	a.waitCounts(counts{2, 3, 1, 2, 2})
	a.waitSelects("active", "1")
	a.waitSelects("preview", "2")
	a.promote()
	a.stable()
	a.waitSelects("active", "2")
	// The old pods wait for their delay, so that one can go back at once.
	a.waitPods(map[string]int32{"1": 2, "2": 2})
	a.waitCounts(counts{2, 4, 2, 2, 2})
	a.update("1")
	a.stable()
	a.waitSelects("active", "3")
	a.waitPods(map[string]int32{"2": 2, "3": 2})
}

// By default the switch comes by itself as soon as the new pods are ready, and not before.
func TestRolloutBlueGreenAutomatic(t *testing.T) {
	t.Parallel()
	a := prepareApp(t)
	a.services("active")
	a.create(true, "replicas: 1\nstrategy: {blueGreen: {activeService: active, scaleDownDelaySeconds: 1}}")
	a.waitSelects("active", "1")
	a.update("2")
	a.waitScale(map[string]int32{"1": 1, "2": 1})
	a.wait("Progressing")
	if a.selects("active") != a.hash("1") {
		t.Error("the Service was switched to pods that are not ready")
	}
	a.letReady("2")
	a.stable()
	a.waitSelects("active", "2")
	a.waitPods(map[string]int32{"2": 1})
}

// An abort before the switch leaves the traffic where it is and takes the preview away.
func TestRolloutBlueGreenAbort(t *testing.T) {
	t.Parallel()
	a := prepareApp(t)
	a.services("active", "preview")
	a.create(false, "replicas: 1\nstrategy: {blueGreen: {activeService: active, previewService: preview, autoPromotionEnabled: false, abortScaleDownDelaySeconds: 1}}")
	a.update("2")
	a.wait("Paused")
	a.waitPods(map[string]int32{"1": 1, "2": 1})
	a.abort()
	a.aborted()
	a.waitSelects("active", "1")
	a.waitPods(map[string]int32{"1": 1})
	a.retry()
	a.wait("Paused")
	a.promote()
	a.stable()
	a.waitSelects("active", "2")
}

// An analysis before the switch that says neither yes nor no holds it up; a full promotion overrules it.
func TestRolloutBlueGreenInconclusive(t *testing.T) {
	t.Parallel()
	a := prepareApp(t)
	create(t, admin, a.ns, unclear)
	a.services("active", "preview")
	a.create(false, "replicas: 1\nstrategy: {blueGreen: {activeService: active, previewService: preview, scaleDownDelaySeconds: 1, prePromotionAnalysis: {templates: [{templateName: unclear}]}}}")
	a.update("2")
	a.wait("Paused")
	a.waitSelects("active", "1")
	a.promoteFull()
	a.stable()
	a.waitSelects("active", "2")
	a.waitPods(map[string]int32{"2": 1})
}

// A pause by hand holds up the switch and not the preview, which follows from version to version.
func TestRolloutBlueGreenPausedPreview(t *testing.T) {
	t.Parallel()
	a := prepareApp(t)
	a.services("active", "preview")
	a.create(false, "replicas: 1\nstrategy: {blueGreen: {activeService: active, previewService: preview, scaleDownDelaySeconds: 1}}")
	a.patch(`{"spec":{"paused":true}}`)
	for _, version := range []string{"2", "3"} {
		a.update(version)
		a.waitSelects("preview", version)
		a.waitPods(map[string]int32{"1": 1, version: 1})
		a.waitSelects("active", "1")
	}
	a.patch(`{"spec":{"paused":false}}`)
	a.stable()
	a.waitSelects("active", "3")
}

// A rollout that becomes a canary lets go of the Service that it directed.
func TestRolloutBlueGreenToCanary(t *testing.T) {
	t.Parallel()
	a := prepareApp(t)
	a.services("active")
	a.create(false, "replicas: 2\nstrategy: {blueGreen: {activeService: active, scaleDownDelaySeconds: 1}}")
	a.waitSelects("active", "1")
	a.patch(`{"spec":{"strategy":{"blueGreen":null,"canary":{"maxSurge":1,"maxUnavailable":0,"steps":[{"setWeight":50},{"pause":{}}]}},"template":{"metadata":{"annotations":{"version":"2"}}}}}`)
	a.pausedAt(1)
	a.waitPods(map[string]int32{"1": 1, "2": 1})
	a.waitCounts(counts{2, 2, 1, 2, 2})
	a.waitSelects("active", "")
}
