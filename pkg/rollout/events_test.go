// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// told returns the Events as "reason: message", with h1, h2 ... for the hashes of revisions.
func (s *sim) told() []string {
	var names []string
	for _, set := range s.sets {
		names = append(names, hashOf(set.rs), fmt.Sprintf("h%d", revisionOf(set.rs)))
	}
	var out []string
	for _, e := range s.events {
		out = append(out, strings.NewReplacer(names...).Replace(e.Reason+": "+e.Message))
	}
	return out
}

// TestEventsOfCanary: all that is told of a canary with a router, from its first pods to its second version.
func TestEventsOfCanary(t *testing.T) {
	s := analysed(t, `spec: {replicas: 2, strategy: {canary: {steps: [{setWeight: 50}, {pause: {}}, {analysis: {templates: [{templateName: check}]}}]}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.promote()
	s.until("run", func() bool { return len(s.runs) == 1 })
	s.look()
	s.endRun("-2", rov1.AnalysisPhaseSuccessful)
	s.phase(rov1.RolloutPhaseHealthy)
	if diff := cmp.Diff([]string{
		"RolloutAddedToInformer: Rollout resource added to informer: ns/ro",
		"RolloutUpdated: Rollout updated to revision 1",
		"NewReplicaSetCreated: Created ReplicaSet ro-h1 (revision 1)",
		"RolloutNotCompleted: Rollout not completed, started update to revision 1 (h1)",
		"ScalingReplicaSet: Scaled up ReplicaSet ro-h1 (revision 1) from 0 to 2",
		"RolloutCompleted: Rollout completed update to revision 1 (h1): Initial deploy",
		"RolloutUpdated: Rollout updated to revision 2",
		"NewReplicaSetCreated: Created ReplicaSet ro-h2 (revision 2)",
		"RolloutNotCompleted: Rollout not completed, started update to revision 2 (h2)",
		"ScalingReplicaSet: Scaled up ReplicaSet ro-h2 (revision 2) from 0 to 1",
		"ScalingReplicaSet: Scaled down ReplicaSet ro-h1 (revision 1) from 2 to 1",
		"RolloutStepCompleted: Rollout step 1/3 completed (setWeight: 50)",
		"RolloutPaused: Rollout is paused (CanaryPauseStep)",
		"RolloutStepCompleted: Rollout step 2/3 completed (pause)",
		"RolloutResumed: Rollout is resumed",
		"AnalysisRunPending: Step Analysis Run 'ro-h2-2-2' Status New: 'Pending' Previous: ''",
		"AnalysisRunRunning: Step Analysis Run 'ro-h2-2-2' Status New: 'Running' Previous: 'Pending'",
		"AnalysisRunSuccessful: Step Analysis Run 'ro-h2-2-2' Status New: 'Successful' Previous: 'Running'",
		"RolloutStepCompleted: Rollout step 3/3 completed (analysis)",
		"ScalingReplicaSet: Scaled up ReplicaSet ro-h2 (revision 2) from 1 to 2",
		"ScalingReplicaSet: Scaled down ReplicaSet ro-h1 (revision 1) from 1 to 0",
		"RolloutCompleted: Rollout completed update to revision 2 (h2): Completed all 3 canary steps",
	}, s.told()); diff != "" {
		t.Error(diff)
	}
}

// TestEventsOfBlueGreen: all that is told of blue-green, and of an abort.
func TestEventsOfBlueGreen(t *testing.T) {
	s := newSim(t, `spec: {replicas: 1, strategy: {blueGreen: {activeService: active, previewService: preview, autoPromotionEnabled: false, abortScaleDownDelaySeconds: 1}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.do(Abort(s.ro, &rov1.RolloutAbort{}, s.now))
	s.phase(rov1.RolloutPhaseDegraded)
	if got := s.ro.Status.Message; !strings.HasPrefix(got, "RolloutAborted: Rollout aborted update to revision 2, since 2026-11-24T03:") {
		t.Error(got)
	}
	s.until("end of the new pods", func() bool { return s.pods() == "1:1 2:0" })
	if diff := cmp.Diff([]string{
		"RolloutAddedToInformer: Rollout resource added to informer: ns/ro",
		"RolloutUpdated: Rollout updated to revision 1",
		"NewReplicaSetCreated: Created ReplicaSet ro-h1 (revision 1)",
		"RolloutNotCompleted: Rollout not completed, started update to revision 1 (h1)",
		"SwitchService: Switched selector for service 'preview' from '' to 'h1'",
		"ScalingReplicaSet: Scaled up ReplicaSet ro-h1 (revision 1) from 0 to 1",
		"RolloutCompleted: Rollout completed update to revision 1 (h1): Initial deploy",
		"SwitchService: Switched selector for service 'active' from '' to 'h1'",
		"RolloutUpdated: Rollout updated to revision 2",
		"NewReplicaSetCreated: Created ReplicaSet ro-h2 (revision 2)",
		"RolloutNotCompleted: Rollout not completed, started update to revision 2 (h2)",
		"SwitchService: Switched selector for service 'preview' from 'h1' to 'h2'",
		"ScalingReplicaSet: Scaled up ReplicaSet ro-h2 (revision 2) from 0 to 1",
		"RolloutPaused: Rollout is paused (BlueGreenPause)",
		"RolloutAborted: Rollout aborted update to revision 2",
		"ScalingReplicaSet: Scaled down ReplicaSet ro-h2 (revision 2) from 1 to 0",
	}, s.told()); diff != "" {
		t.Error(diff)
	}
}
