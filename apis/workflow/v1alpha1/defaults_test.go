// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"bytes"
	"reflect"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"pgregory.net/rapid"

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
			`{"schedules":["* * * * *"],"workflowSpec":{"synchronization":{"mutexes":[{"name":"a"}]}}}`,
		},
		{"schedule applied again", "CronWorkflow", `{"schedule":"@daily","schedules":["@hourly","@daily"],"workflowSpec":{}}`, `{"schedules":["@hourly","@daily"],"workflowSpec":{}}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			head := `{"apiVersion":"argoproj.io/v1alpha1","kind":"` + tc.kind + `","metadata":{},"spec":`
			obj, err := runtime.Decode(scheme.Codecs.UniversalDecoder(), []byte(head+tc.in+`}`))
			if err != nil {
				t.Fatal(err)
			}
			out := parse(t, marshal(t, obj)).(map[string]any)["spec"]
			if paths := lost("spec", parse(t, []byte(tc.want)), out); len(paths) > 0 {
				t.Errorf("differs at %v: %s", paths, marshal(t, out))
			}
		})
	}
}

// Nothing but older spellings is touched, and doing it twice is doing it once.
func TestDefaultingAddsNothing(t *testing.T) {
	for _, kind := range sortedKeys(kinds) {
		t.Run(kind, func(t *testing.T) {
			shared(t)
			rapid.Check(t, func(rt *rapid.T) {
				g := newGenerator(t, rapid.Uint64().Draw(rt, "seed"))
				in, _ := g.object(t, kind)
				obj := reflect.New(kinds[kind]).Interface().(runtime.Object)
				if err := runtime.DecodeInto(strict, marshal(rt, in), obj); err != nil {
					rt.Fatal(err)
				}
				before := marshal(rt, obj)
				for range 2 {
					scheme.Scheme.Default(obj)
					if after := marshal(rt, obj); !bytes.Equal(before, after) {
						rt.Fatalf("changed:\n%s\n%s", before, after)
					}
				}
			})
		})
	}
}
