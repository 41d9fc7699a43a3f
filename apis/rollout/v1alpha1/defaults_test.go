// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"fmt"
	"testing"

	"sigs.k8s.io/yaml"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// What holds where a manifest says nothing, and that it holds no longer where it does.
func TestDefaults(t *testing.T) {
	for _, tc := range []struct{ spec, want string }{
		{`{}`, "1 10 600 5 5 25% 0 0 false"},
		{`{replicas: 0, revisionHistoryLimit: 0, progressDeadlineSeconds: 0, analysis: {successfulRunHistoryLimit: 0}}`, "0 0 0 0 5 25% 0 0 false"},
		{`{strategy: {canary: {}}}`, "1 10 600 5 5 25% 0 0 false"},
		{`{strategy: {canary: {abortScaleDownDelaySeconds: 7, scaleDownDelaySeconds: 7}}}`, "1 10 600 5 5 25% 0 0 false"},
		{`{strategy: {canary: {maxUnavailable: 1, trafficRouting: {}}}}`, "1 10 600 5 5 1 30 30 false"},
		{`{strategy: {canary: {trafficRouting: {}, dynamicStableScale: true, abortScaleDownDelaySeconds: 0}}}`, "1 10 600 5 5 25% 0 0 true"},
		{`{strategy: {canary: {trafficRouting: {}, scaleDownDelaySeconds: 0, abortScaleDownDelaySeconds: 7}}}`, "1 10 600 5 5 25% 0 7 false"},
		{`{strategy: {blueGreen: {activeService: a}}}`, "1 10 600 5 5 25% 30 30 false"},
		{`{strategy: {blueGreen: {activeService: a, maxUnavailable: 10%, scaleDownDelaySeconds: 0, abortScaleDownDelaySeconds: 0}}}`, "1 10 600 5 5 10% 0 0 true"},
	} {
		var s rov1.RolloutSpec
		if err := yaml.UnmarshalStrict([]byte(tc.spec), &s); err != nil {
			t.Fatal(err)
		}
		unavailable := s.GetMaxUnavailable()
		abort, never := s.GetAbortScaleDownDelaySeconds()
		got := fmt.Sprint(s.GetReplicas(), s.GetRevisionHistoryLimit(), s.GetProgressDeadlineSeconds(), s.GetSuccessfulRunHistoryLimit(), s.GetUnsuccessfulRunHistoryLimit(),
			" "+unavailable.String()+" ", s.GetScaleDownDelaySeconds(), abort, never)
		if got != tc.want {
			t.Errorf("%s: %s, want %s", tc.spec, got, tc.want)
		}
	}
}
