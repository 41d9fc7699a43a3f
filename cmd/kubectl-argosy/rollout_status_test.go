// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/generated/clientset/versioned/fake"
)

// rollout status says where a rollout stands as it changes, by a watch, also while the server is away for a while, and ends
// when the rollout has settled or time is over.
func TestStatus(t *testing.T) {
	for name, test := range map[string]struct {
		timeout time.Duration
		phase   rov1.RolloutPhase
		want    string
		deleted bool
	}{
		"healthy":      {phase: rov1.RolloutPhaseHealthy},
		"paused":       {phase: rov1.RolloutPhasePaused},
		"degraded":     {phase: rov1.RolloutPhaseDegraded, want: "degraded"},
		"time is over": {timeout: time.Minute, want: errTime.Error()},
		"deleted":      {deleted: true, want: "was deleted"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ro := &rov1.Rollout{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "ns", UID: "u", ResourceVersion: "1"}}
				ro.Status.ObservedGeneration, ro.Status.Phase, ro.Status.Message = "0", rov1.RolloutPhaseProgressing, "goes on"
				client := fake.NewClientset(ro)
				var away atomic.Bool
				var reads atomic.Int32
				away.Store(true)
				client.PrependReactor("*", "rollouts", func(action clienttesting.Action) (bool, runtime.Object, error) {
					if action.GetVerb() == "get" || action.GetVerb() == "list" {
						reads.Add(1)
						if away.Load() {
							return true, nil, apierrors.NewServiceUnavailable("starting")
						}
					}
					return false, nil, nil
				})
				ctx, stop := context.WithCancel(t.Context())
				if test.timeout > 0 {
					ctx, stop = context.WithTimeout(t.Context(), test.timeout)
				}
				defer stop()
				told, out, ended := &buffer{}, &buffer{}, make(chan error, 1)
				go func() { ended <- untilSettled(ctx, client, &line{out: told}, out, "ns", "web", true) }()
				time.Sleep(30 * time.Second) // of virtual time
				away.Store(false)
				time.Sleep(10 * time.Second)
				if got := out.String(); got != "Progressing - goes on\n" {
					t.Errorf("shows %q", got)
				}
				if n := strings.Count(told.String(), "the server is away"); n != 1 {
					t.Errorf("told %d times: %s", n, told)
				}
				before := reads.Load()
				time.Sleep(5 * time.Second)
				if n := reads.Load() - before; n != 0 {
					t.Errorf("%d reads without a change", n)
				}
				switch next := ro.DeepCopy(); {
				case test.deleted:
					if err := client.RolloutV1alpha1().Rollouts("ns").Delete(ctx, "web", metav1.DeleteOptions{}); err != nil {
						t.Fatal(err)
					}
				case test.phase != "":
					next.ResourceVersion, next.Status.Phase, next.Status.Message = "2", test.phase, ""
					if _, err := client.RolloutV1alpha1().Rollouts("ns").UpdateStatus(ctx, next, metav1.UpdateOptions{}); err != nil {
						t.Fatal(err)
					}
				}
				err := <-ended
				if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
					t.Errorf("error %v, want %q", err, test.want)
				}
				stop()
				synctest.Wait()
			})
		})
	}
}
