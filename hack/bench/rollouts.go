// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"

	"argosy.dev/argosy/hack/bench/surface"
	"argosy.dev/argosy/hack/e2e/framework"
)

// rolloutSteps are the steps of a canary that changes the weight as many times as are counted, and waits for nobody.
const rolloutSteps = 4

var nativeRollouts = schema.GroupVersionResource{Group: "rollout.argosy.dev", Version: "v1alpha1", Resource: "rollouts"}

// rolloutPods is how many pods each of them has.
const rolloutPods = 5

// rolloutsTogether is how many share a namespace: for each ReplicaSet that Kubernetes' controller looks at, it walks through
// all of its namespace, so that thousands in one would measure that.
const rolloutsTogether = 100

// canaryOnFake is a rollout whose pods are on fake nodes, where they are ready at once.
const canaryOnFake = `
apiVersion: rollout.argosy.dev/v1alpha1
kind: Rollout
metadata: {name: NAME}
spec:
  replicas: 5
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec:
      nodeSelector: {kwok.x-k8s.io/node: fake}
      tolerations: [{operator: Exists}]
      containers:
      - {name: main, image: "web:1"}
  strategy:
    canary:
      maxSurge: 1
      maxUnavailable: 0
      steps: [{setWeight: 20}, {setWeight: 40}, {setWeight: 60}, {setWeight: 80}]
`

// fleet watches the rollouts of a benchmark.
type fleet struct {
	mu sync.Mutex
	// settled holds the namespaces and names of those that have come to rest with the version that is waited for.
	settled map[string]bool
	first   time.Time // when the first did
	image   string
	want    int
	all     chan struct{}
}

// see notes what a watch tells of a rollout.
func (f *fleet) see(_ watch.EventType, o *unstructured.Unstructured) {
	text := func(path ...string) string {
		s, _, _ := unstructured.NestedString(o.Object, path...)
		return s
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	key := o.GetNamespace() + "/" + o.GetName()
	if f.settled[key] || text("status", "phase") != "Healthy" || text("status", "observedGeneration") != fmt.Sprint(o.GetGeneration()) ||
		text("status", "stableRS") == "" || text("status", "stableRS") != text("status", "currentPodHash") {
		return
	}
	containers, _, _ := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
	if len(containers) != 1 || !strings.Contains(fmt.Sprint(containers[0]), f.image) {
		return
	}
	if len(f.settled) == 0 {
		f.first = time.Now()
	}
	f.settled[key] = true
	if len(f.settled) == f.want {
		close(f.all)
	}
}

// expect begins to wait for an image.
func (f *fleet) expect(image string, want int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.settled, f.image, f.want, f.all = map[string]bool{}, image, want, make(chan struct{})
}

// await waits until all have come to rest.
func (f *fleet) await(ctx context.Context) error {
	select {
	case <-f.all:
		return nil
	case <-ctx.Done():
		f.mu.Lock()
		defer f.mu.Unlock()
		return fmt.Errorf("only %d of %d rollouts are done: %w", len(f.settled), f.want, ctx.Err())
	}
}

// each calls f for 0 to n-1, some at a time.
func each(n int, f func(int) error) error {
	var wg sync.WaitGroup
	var next atomic.Int64
	errs := make(chan error, 16)
	for range cap(errs) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := f(i); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	return <-errs
}

// fleets measures each of the numbers of rollouts, each in namespaces of its own.
func (b *runner) fleets(ctx context.Context, sizes string, rest time.Duration) (rows []row, ok bool, err error) {
	for size := range strings.SplitSeq(sizes, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(size))
		if err != nil || n < 1 {
			return nil, false, fmt.Errorf("%q is no number of rollouts", size)
		}
		more, _, err := b.inNamespaces(ctx, (n+rolloutsTogether-1)/rolloutsTogether, func(namespaces []string) ([]row, bool, error) {
			return b.rollouts(ctx, n, rest, namespaces)
		})
		if err != nil {
			return nil, false, fmt.Errorf("%d rollouts: %w", n, err)
		}
		rows = append(rows, more...)
	}
	return rows, true, nil
}

// inNamespace measures in a namespace of its own, and waits until nothing of it is left.
func (b *runner) inNamespace(ctx context.Context, measure func(*runner) ([]row, bool, error)) (rows []row, ok bool, err error) {
	return b.inNamespaces(ctx, 1, func(namespaces []string) ([]row, bool, error) {
		return measure(&runner{Client: b.Client, ns: namespaces[0]})
	})
}

// inNamespaces measures in so many namespaces of its own, and waits until nothing of them is left.
func (b *runner) inNamespaces(ctx context.Context, count int, measure func(names []string) ([]row, bool, error)) (rows []row, ok bool, err error) {
	var names []string
	defer func() { err = errors.Join(err, b.deleteNamespaces(ctx, names)) }()
	for range count {
		ns, err := b.Kube.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "bench-"}}, metav1.CreateOptions{})
		if err != nil {
			return nil, false, fmt.Errorf("create namespace: %w", err)
		}
		names = append(names, ns.Name)
	}
	accounts := corev1.SchemeGroupVersion.WithResource("serviceaccounts")
	for _, name := range names {
		if _, err := framework.WaitFor(ctx, b.Dynamic, accounts, name, "default", func(*unstructured.Unstructured) (bool, error) { return true, nil }); err != nil {
			return nil, false, err
		}
	}
	return measure(names)
}

// deleteNamespaces deletes namespaces and waits until nothing of them is left.
func (b *runner) deleteNamespaces(ctx context.Context, names []string) (err error) {
	for _, name := range names {
		if derr := b.Kube.CoreV1().Namespaces().Delete(ctx, name, metav1.DeleteOptions{}); derr != nil {
			err = errors.Join(err, fmt.Errorf("delete namespace: %w", derr))
		}
	}
	if err != nil {
		return err
	}
	gone, cancel := context.WithTimeout(ctx, 30*time.Minute)
	defer cancel()
	for _, name := range names {
		if err := framework.WaitGone(gone, b.Dynamic, corev1.SchemeGroupVersion.WithResource("namespaces"), "", name); err != nil {
			return fmt.Errorf("end of the namespace: %w", err)
		}
	}
	return nil
}

// rollouts measures what many rollouts cost: at rest, and when all get a new image at once. The pods are fake, so what is
// measured is Argosy, kube-apiserver and the controller of ReplicaSets.
func (b *runner) rollouts(ctx context.Context, n int, rest time.Duration, namespaces []string) (rows []row, ok bool, err error) {
	nodes, err := b.Kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: fakeNodes})
	if err != nil {
		return nil, false, err
	}
	if len(nodes.Items) == 0 {
		return []row{{fmt.Sprintf("%d rollouts", n), "not measured: the cluster has no fake nodes", ""}}, true, nil
	}
	servers, err := surface.FindServers(ctx, b.Client)
	if err != nil {
		return nil, false, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	say := func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
	add := func(what, format string, args ...any) {
		rows = append(rows, row{fmt.Sprintf("%d rollouts of %d pods: ", n, rolloutPods) + what, fmt.Sprintf(format, args...), ""})
		say("%s: %s", what, rows[len(rows)-1].value)
	}
	heapBefore, err := servers.Heap(ctx)
	if err != nil {
		return nil, false, err
	}
	residentBefore := servers.Resident()

	f := &fleet{}
	f.expect("web:1", n)
	done, err := framework.Record(ctx, b.Dynamic, nativeRollouts, metav1.NamespaceAll, "", f.see)
	if err != nil {
		return nil, false, err
	}
	defer func() { cancel(); <-done }()
	client := func(i int) dynamic.ResourceInterface {
		return b.Dynamic.Resource(nativeRollouts).Namespace(namespaces[i/rolloutsTogether])
	}
	name := func(i int) string { return fmt.Sprintf("web-%05d", i) }
	began := time.Now()
	err = each(n, func(i int) error {
		objects, err := framework.Decode([]byte(strings.ReplaceAll(canaryOnFake, "NAME", name(i))))
		if err == nil {
			_, err = client(i).Create(ctx, objects[0], metav1.CreateOptions{})
		}
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("create: %w", err)
	}
	created := time.Since(began)
	if err := f.await(ctx); err != nil {
		return nil, false, err
	}
	add("from the first creation to all healthy", "%.1f s (all created after %.1f s)", time.Since(began).Seconds(), created.Seconds())

	// What the pods that came last still cause is not rest.
	if err := wait(ctx, rest/3); err != nil {
		return nil, false, err
	}
	heap, err := servers.Heap(ctx)
	if err != nil {
		return nil, false, err
	}
	add("live heap of Argosy, before and with them", "%.1f MB, %.1f MB", heapBefore/1e6, heap/1e6)
	add("resident memory of Argosy, before and with them", "%.0f MB, %.0f MB", float64(residentBefore)/1e6, float64(servers.Resident())/1e6)
	idle := servers.CPU()
	if err := wait(ctx, rest); err != nil {
		return nil, false, err
	}
	add(fmt.Sprintf("CPU at rest over %s: Argosy; kube-apiserver", rest), "%.2f %%; %.2f %% of one", share(servers.CPU()[2]-idle[2], rest), share(servers.CPU()[0]-idle[0], rest))

	clusterBefore, oursBefore, err := servers.Written(ctx)
	if err != nil {
		return nil, false, err
	}
	f.expect("web:2", n)
	used := servers.CPU()
	began = time.Now()
	err = each(n, func(i int) error {
		_, err := client(i).Patch(ctx, name(i), types.JSONPatchType, []byte(`[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"web:2"}]`), metav1.PatchOptions{})
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("change the image: %w", err)
	}
	patched := time.Since(began)
	if err := f.await(ctx); err != nil {
		return nil, false, err
	}
	took, after := time.Since(began), servers.CPU()
	cluster, ours, err := servers.Written(ctx)
	if err != nil {
		return nil, false, err
	}
	add("a new image for all, from the first change to the last rollout done", "%.1f s (all changed after %.1f s, the first done after %.1f s)", took.Seconds(), patched.Seconds(), f.first.Sub(began).Seconds())
	add("CPU meanwhile, for each rollout: Argosy; kube-apiserver", "%.1f ms; %.1f ms", perOne(after[2]-used[2], n), perOne(after[0]-used[0], n))
	cluster, ours = cluster.Minus(clusterBefore), ours.Minus(oursBefore)
	// ReplicaSets themselves are written by Argosy alone, their status by their own controller.
	sets := total(cluster, "replicasets")
	status := total(ours, "rollouts/status") // the changes of the image are not among them
	steps := float64(n * (rolloutSteps + 1))
	add(fmt.Sprintf("writes of ReplicaSets; of status, for each of %d steps (the end is one)", rolloutSteps+1), "%.2f; %.2f", sets/steps, status/steps)
	say("writes to kube-apiserver: %s", list(cluster))
	say("writes to Argosy: %s", list(ours))
	return rows, true, nil
}

// wait lets time pass, which is what is measured.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func share(used, of time.Duration) float64 { return 100 * used.Seconds() / of.Seconds() }

func perOne(used time.Duration, n int) float64 {
	return float64(used.Microseconds()) / 1000 / float64(n)
}

// total sums up the writes of a resource, of all verbs.
func total(w surface.Writes, resource string) (sum float64) {
	for key, n := range w {
		if _, r, _ := strings.Cut(key, " "); r == resource {
			sum += n
		}
	}
	return sum
}

func list(w surface.Writes) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(w)) {
		parts = append(parts, fmt.Sprintf("%s %.0f", key, w[key]))
	}
	return strings.Join(parts, ", ")
}
