// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// What kubectl get shows: phase, strategy, step, weight, and the numbers of pods.
func TestTable(t *testing.T) {
	const steps = `steps: [{setWeight: 20}, {pause: {}}, {setWeight: 60}, {analysis: {}}]`
	for _, tc := range []struct{ name, text, want string }{
		{"new", `{spec: {strategy: {canary: {` + steps + `}}}}`, "|Canary|0/4|0|1|0|0|0"},
		{"paused", `{spec: {replicas: 5, strategy: {canary: {` + steps + `}}}, status: {phase: Paused, currentPodHash: a, stableRS: b, currentStepIndex: 1, replicas: 5, updatedReplicas: 1, availableReplicas: 4}}`, "Paused|Canary|1/4|20|5|5|1|4"},
		{"weights of the router", `{spec: {strategy: {canary: {` + steps + `}}}, status: {phase: Progressing, currentPodHash: a, stableRS: b, currentStepIndex: 2, canary: {weights: {canary: {weight: 45}, stable: {weight: 55}}}}}`, "Progressing|Canary|2/4|45|1|0|0|0"},
		{"behind the last weight", `{spec: {strategy: {canary: {` + steps + `}}}, status: {currentPodHash: a, stableRS: b, currentStepIndex: 3}}`, "|Canary|3/4|60|1|0|0|0"},
		{"all steps", `{spec: {strategy: {canary: {` + steps + `}}}, status: {currentPodHash: a, stableRS: b, currentStepIndex: 4}}`, "|Canary|4/4|100|1|0|0|0"},
		{"healthy", `{spec: {strategy: {canary: {` + steps + `, trafficRouting: {maxTrafficWeight: 1000}}}}, status: {phase: Healthy, currentPodHash: a, stableRS: a, currentStepIndex: 4}}`, "Healthy|Canary|4/4|1000|1|0|0|0"},
		{"aborted", `{spec: {strategy: {canary: {` + steps + `}}}, status: {phase: Degraded, abort: true, currentPodHash: a, stableRS: b, currentStepIndex: 0}}`, "Degraded|Canary|0/4|0|1|0|0|0"},
		{"an index that anybody may have written", `{spec: {strategy: {canary: {` + steps + `}}}, status: {currentPodHash: a, stableRS: b, currentStepIndex: -7}}`, "|Canary|0/4|20|1|0|0|0"},
		{"an index beyond the steps", `{spec: {strategy: {canary: {` + steps + `}}}, status: {currentPodHash: a, stableRS: b, currentStepIndex: 9}}`, "|Canary|4/4|100|1|0|0|0"},
		{"no steps", `{spec: {strategy: {canary: {}}}, status: {currentPodHash: a, stableRS: b}}`, "|Canary||100|1|0|0|0"},
		{"blue-green", `{spec: {strategy: {blueGreen: {activeService: a}}}}`, "|BlueGreen|||1|0|0|0"},
		{"nothing", `{}`, "||||1|0|0|0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var ro rov1.Rollout
			if err := yaml.UnmarshalStrict([]byte(tc.text), &ro); err != nil {
				t.Fatal(err)
			}
			got, err := table().ConvertToTable(context.Background(), &ro, nil)
			if err != nil {
				t.Fatal(err)
			}
			var cells []string
			for _, c := range got.Rows[0].Cells[1:9] {
				cells = append(cells, fmt.Sprint(c))
			}
			if got := strings.Join(cells, "|"); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
}
