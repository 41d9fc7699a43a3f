// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/yaml"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/generated/clientset/versioned"
	"argosy.dev/argosy/pkg/apiserver"
	"argosy.dev/argosy/pkg/apiserver/apiservertest"
)

// served is a rollout in our own API server, with the flag that accepts invalid ones, and the loop on a small cluster.
type served struct {
	t      *testing.T
	a      *api
	argosy versioned.Interface
}

func serve(t *testing.T, spec string) *served {
	t.Helper()
	s := apiservertest.Start(t, apiservertest.Config{Families: apiserver.FamilyOptions{AcceptInvalidRollouts: true}})
	argosy, err := versioned.NewForConfig(s.Admin)
	if err != nil {
		t.Fatal(err)
	}
	a := courses[0].world(t)
	a.mu.Lock()
	a.remove(rolloutPath)
	a.mu.Unlock()
	ro := &rov1.Rollout{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "ns"}}
	if err := yaml.Unmarshal([]byte("selector: {matchLabels: {app: web}}\ntemplate: {metadata: {labels: {app: web}}, spec: {containers: [{name: main, image: one}]}}\n"+spec), &ro.Spec); err != nil {
		t.Fatal(err)
	}
	if _, err := argosy.RolloutV1alpha1().Rollouts("ns").Create(t.Context(), ro, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	config := a.config()
	config.Argosy = argosy
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return &served{t, a, argosy}
}

func (s *served) patch(patch string, subresources ...string) {
	s.t.Helper()
	if _, err := s.argosy.RolloutV1alpha1().Rollouts("ns").Patch(s.t.Context(), "web", types.MergePatchType, []byte(patch), metav1.PatchOptions{}, subresources...); err != nil {
		s.t.Fatal(err)
	}
}

// until waits for the rollout to be so, as of its latest spec.
func (s *served) until(what string, is func(*rov1.Rollout) bool) *rov1.Rollout {
	s.t.Helper()
	var ro *rov1.Rollout
	err := wait.PollUntilContextTimeout(s.t.Context(), 5*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		var err error
		ro, err = s.argosy.RolloutV1alpha1().Rollouts("ns").Get(ctx, "web", metav1.GetOptions{})
		return err == nil && ro.Status.ObservedGeneration == fmt.Sprint(ro.Generation) && is(ro), err
	})
	if err != nil {
		s.t.Fatalf("%s never comes: %+v", what, ro.Status)
	}
	return ro
}

func phased(phase rov1.RolloutPhase) func(*rov1.Rollout) bool {
	return func(ro *rov1.Rollout) bool { return ro.Status.Phase == phase }
}

// An invalid rollout is stored where the flag says so, is Degraded with the peer's words, touches nothing, and heals when it is
// mended; and so it is in the middle of its life.
func TestFixInvalidSpec(t *testing.T) {
	s := serve(t, "replicas: 2\nstrategy: {canary: {maxSurge: 0, maxUnavailable: 0}}")
	ro := s.until("Degraded", phased(rov1.RolloutPhaseDegraded))
	const want = `InvalidSpec: The Rollout "web" is invalid: spec.strategy.canary.maxSurge: Invalid value: `
	if !strings.HasPrefix(ro.Status.Message, want) || !strings.HasSuffix(ro.Status.Message, ": MaxSurge and MaxUnavailable both can not be zero") {
		t.Errorf("message %q", ro.Status.Message)
	}
	if sets := s.a.below(setsPath); len(sets) > 0 {
		t.Errorf("ReplicaSets %v", sets)
	}
	s.patch(`{"spec":{"strategy":{"canary":{"maxSurge":1}}}}`)
	ro = s.until("Healthy", phased(rov1.RolloutPhaseHealthy))
	for _, c := range ro.Status.Conditions {
		if c.Type == rov1.RolloutConditionInvalidSpec {
			t.Errorf("the condition stays: %+v", c)
		}
	}
	s.patch(`{"spec":{"replicas":3,"strategy":{"canary":{"steps":[{"setWeight":200}]}}}}`)
	s.until("Degraded again", phased(rov1.RolloutPhaseDegraded))
	s.patch(`{"spec":{"strategy":{"canary":{"steps":[{"setWeight":20}]}}}}`)
	if ro = s.until("Healthy again", phased(rov1.RolloutPhaseHealthy)); ro.Status.AvailableReplicas != 3 || len(s.a.below(setsPath)) != 1 {
		t.Errorf("%d pods of %v", ro.Status.AvailableReplicas, s.a.below(setsPath))
	}
}

// The peer's way to skip a step, its index alone, does not let the next pause begin when the skipped one did.
func TestIndexPatchEndsThePause(t *testing.T) {
	s := serve(t, "replicas: 1\nstrategy: {canary: {steps: [{pause: {}}, {pause: {duration: 1h}}]}}")
	s.until("Healthy", phased(rov1.RolloutPhaseHealthy))
	s.patch(`{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"two"}]}}}}`)
	s.until("Paused", phased(rov1.RolloutPhasePaused))
	past := metav1.NewTime(time.Now().Add(-2 * time.Hour).UTC().Truncate(time.Second))
	s.patch(fmt.Sprintf(`{"status":{"pauseConditions":[{"reason":"CanaryPauseStep","startTime":%q}]}}`, past.Format(time.RFC3339)), "status")
	s.patch(`{"status":{"currentStepIndex":1}}`, "status")
	ro := s.until("the second pause", func(ro *rov1.Rollout) bool {
		return *ro.Status.CurrentStepIndex > 0 && len(ro.Status.PauseConditions) > 0
	})
	if *ro.Status.CurrentStepIndex != 1 || time.Since(ro.Status.PauseConditions[0].StartTime.Time) > time.Hour {
		t.Errorf("step %d, paused since %s", *ro.Status.CurrentStepIndex, ro.Status.PauseConditions[0].StartTime)
	}
}

// The time of a blue-green version: how long it takes from its beginning to its end, what of it was waiting for somebody, and how
// it ended.
func TestBlueGreenDuration(t *testing.T) {
	s := serve(t, "replicas: 1\nstrategy: {blueGreen: {activeService: web, previewService: web-canary, autoPromotionEnabled: false, scaleDownDelaySeconds: 0}}")
	ended := func(how rov1.CompletionStatus) func(*rov1.Rollout) bool {
		return func(ro *rov1.Rollout) bool {
			d := ro.Status.Duration
			return d != nil && d.CompletionStatus == how && d.FinishedAt != nil && d.RolloutStartedAt != nil && d.ManualPauseStartedAt == nil
		}
	}
	image := func(image string) {
		t.Helper()
		s.patch(fmt.Sprintf(`{"spec":{"template":{"spec":{"containers":[{"name":"main","image":%q}]}}}}`, image))
	}
	waits := func(ro *rov1.Rollout) bool {
		d := ro.Status.Duration
		return ro.Status.Phase == rov1.RolloutPhasePaused && d != nil && d.ManualPauseStartedAt != nil && d.FinishedAt == nil && d.CompletionStatus == ""
	}
	first := s.until("the first version", ended(rov1.CompletionPromoted))
	image("two")
	second := s.until("a pause", waits)
	if second.Status.Duration.RolloutStartedAt.Before(first.Status.Duration.RolloutStartedAt) {
		t.Errorf("%+v after %+v", second.Status.Duration, first.Status.Duration)
	}
	s.patch(`{"status":{"pauseConditions":null}}`, "status")
	s.until("the second version", ended(rov1.CompletionPromoted))

	image("three")
	s.until("a pause", waits)
	s.patch(`{"status":{"abort":true}}`, "status")
	s.until("the abort", ended(rov1.CompletionAborted))
	s.patch(`{"status":{"abort":false}}`, "status")
	s.until("the retry", waits)
	s.patch(`{"status":{"promoteFull":true}}`, "status")
	s.until("the full promotion", ended(rov1.CompletionFastPromoted))

	image("four")
	s.until("a pause", waits)
	image("three")
	s.until("the way back", ended(rov1.CompletionFastRolledBack))
}
