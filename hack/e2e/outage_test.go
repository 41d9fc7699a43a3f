// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"argosy.dev/argosy/hack/e2e/framework"
)

// While kube-apiserver is away no loop can do anything; when it is back they
// go on by themselves.
func TestClusterAPIOutage(t *testing.T) {
	if testing.Short() {
		t.Skip("takes more than a minute")
	}
	ns := newNamespace(t)
	want := map[string]load{}
	book := keepBook(t, ns)
	l := load{phase: "Succeeded", pods: 3, spec: `
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: a, template: t}
    - - {name: b, template: t}
    - - {name: c, template: t}
  - name: t
    container: {image: busybox, command: [sleep, "8"]}
`}
	for i := range 4 {
		name := fmt.Sprintf("outage-%d", i)
		want[name] = l
		create(t, admin, ns, "apiVersion: workflow.argosy.dev/v1alpha1\nkind: Workflow\nmetadata: {name: "+name+"}\nspec:"+l.spec)
	}
	for name := range want {
		waitFor(t, time.Minute, framework.Native("workflows"), ns, name, phaseIs("Running"))
	}
	before := serverPod(t)
	i := serverContainer(t, before)
	if err := clusterTool(t, "stop", "kube-apiserver"); err != nil {
		t.Fatal(err)
	}
	// The pods' containers run on and end while nobody can see it.
	<-time.After(30 * time.Second)
	if err := clusterTool(t, "up"); err != nil {
		t.Fatal(err)
	}
	for name := range want {
		waitCompleted(t, ns, name)
	}
	assertLoads(t, ns, want)
	// The pods stay, so the book misses none; but its watch too has to find the API server again, and backs off.
	eventually(t, 2*time.Minute, "the watch on pods to catch up", func(context.Context) error {
		if _, total := book.twice(); total < 12 {
			return fmt.Errorf("%d pods seen, want 12", total)
		}
		return nil
	})
	if twice, total := book.twice(); len(twice) > 0 || total != 12 {
		t.Errorf("%d pods, want 12; more than one for a node: %v", total, twice)
	}
	after := serverPod(t)
	if after.UID != before.UID || after.Status.ContainerStatuses[i].RestartCount != before.Status.ContainerStatuses[i].RestartCount {
		t.Errorf("the server did not outlive the outage: %v", after.Status.ContainerStatuses[i].LastTerminationState)
	}
}
