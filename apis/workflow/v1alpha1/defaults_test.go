// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"encoding/json"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"

	"argosy.dev/argosy/apis/scheme"
)

func TestOlderSpellings(t *testing.T) {
	for _, tc := range []struct{ name, kind, in, want string }{
		{"mutex", "Workflow", `{"synchronization":{"mutex":{"name":"a"}}}`, `{"synchronization":{"mutexes":[{"name":"a"}]}}`},
		{"beside the new one", "Workflow", `{"synchronization":{"mutex":{"name":"a"},"mutexes":[{"name":"b"}]}}`, `{"synchronization":{"mutexes":[{"name":"b"},{"name":"a"}]}}`},
		{"applied again", "Workflow", `{"synchronization":{"mutex":{"name":"a"},"mutexes":[{"name":"a"}]}}`, `{"synchronization":{"mutexes":[{"name":"a"}]}}`},
		{
			"semaphore", "WorkflowTemplate",
			`{"templates":[{"synchronization":{"semaphore":{"configMapKeyRef":{"name":"c","key":"k"}}}}]}`,
			`{"templates":[{"synchronization":{"semaphores":[{"configMapKeyRef":{"name":"c","key":"k"}}]}}]}`,
		},
		{
			"semaphore applied again", "ClusterWorkflowTemplate",
			`{"templateDefaults":{"synchronization":{"semaphore":{"namespace":"n"},"semaphores":[{"namespace":"n"}]}}}`,
			`{"templateDefaults":{"synchronization":{"semaphores":[{"namespace":"n"}]}}}`,
		},
		{
			"inline", "Workflow",
			`{"templates":[{"steps":[[{"inline":{"synchronization":{"mutex":{"name":"a"}}}}]]},{"dag":{"tasks":[{"name":"t","inline":{"synchronization":{"mutex":{"name":"b"}}}}]}}]}`,
			`{"templates":[{"steps":[[{"inline":{"synchronization":{"mutexes":[{"name":"a"}]}}}]]},{"dag":{"tasks":[{"name":"t","inline":{"synchronization":{"mutexes":[{"name":"b"}]}}}]}}]}`,
		},
		{
			"schedule", "CronWorkflow",
			`{"schedule":"* * * * *","workflowSpec":{"synchronization":{"mutex":{"name":"a"}}}}`,
			`{"workflowSpec":{"synchronization":{"mutexes":[{"name":"a"}]}},"schedules":["* * * * *"]}`,
		},
		{"schedule applied again", "CronWorkflow", `{"schedule":"@daily","schedules":["@hourly","@daily"],"workflowSpec":{}}`, `{"workflowSpec":{},"schedules":["@hourly","@daily"]}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			head := `{"apiVersion":"argoproj.io/v1alpha1","kind":"` + tc.kind + `","metadata":{},"spec":`
			obj, err := runtime.Decode(scheme.Codecs.UniversalDecoder(), []byte(head+tc.in+`}`))
			if err != nil {
				t.Fatal(err)
			}
			var out struct{ Spec json.RawMessage }
			if err := json.Unmarshal(marshal(t, obj), &out); err != nil {
				t.Fatal(err)
			}
			if string(out.Spec) != tc.want {
				t.Errorf("got %s, want %s", out.Spec, tc.want)
			}
		})
	}
}
