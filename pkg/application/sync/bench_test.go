// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

// large is an application of n objects in two waves, all in sync but a few.
func large(n, modified int) Input {
	in := Input{
		UID: simUID, Instance: simApp, Destination: simNS, Now: simStart.Add(time.Second), Health: func(*unstructured.Unstructured) *appv1.HealthStatus { return nil },
		State: Begin(appv1.Operation{Sync: &appv1.SyncOperation{}}, appv1.SyncOperationResult{Revision: "1234567890"}, simStart),
	}
	for i := range n {
		u := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": simKinds[i%len(simKinds)],
			"metadata": map[string]any{"name": fmt.Sprintf("object-%d", i), "namespace": simNS},
		}}
		object.Track(u, simApp)
		if i%2 == 0 {
			object.Annotate(u, appv1.AnnotationSyncWave, "1")
		}
		in.Objects = append(in.Objects, Object{Key: object.KeyOf(u), Version: "v1", Target: u, Live: u, Modified: i < modified, Served: true, Namespaced: true})
	}
	return in
}

func BenchmarkStep(b *testing.B) {
	for _, modified := range []int{1, 10000} {
		b.Run(fmt.Sprintf("10000objects/%dmodified", modified), func(b *testing.B) {
			in := large(10000, modified)
			b.ReportAllocs()
			for b.Loop() {
				if d := Step(in); len(d.Effects) == 0 {
					b.Fatal("no effects")
				}
			}
		})
	}
	b.Run("10000objects/waiting", func(b *testing.B) {
		in := large(10000, 0)
		in.Health = func(*unstructured.Unstructured) *appv1.HealthStatus {
			return &appv1.HealthStatus{Status: appv1.HealthProgressing}
		}
		in.State = Step(in).State
		b.ReportAllocs()
		for b.Loop() {
			if d := Step(in); len(d.Effects) != 0 || d.Ended() {
				b.Fatal("it does not wait")
			}
		}
	})
}
