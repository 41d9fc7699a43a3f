// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Program bench measures on a real cluster what the product promises: what a
// workflow costs over bare pods, how fast the loop reacts to the end of a pod,
// and how many workflows a second it takes. All times are from this client's
// clock, at the arrival of watch events. It must not judge by other means than
// users have, and prints one table.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"argosy.dev/argosy/hack/bench/surface"
	"argosy.dev/argosy/hack/e2e/framework"
)

// row is one line of the table.
type row struct{ what, value, target string }

type options struct {
	rounds, creates, hellos int
	// rollouts are the sizes of the fleets, comma separated; rest is how long each is left alone.
	rollouts string
	// applications is how many are synced.
	applications int
	rest         time.Duration
	only         string
	surface      surface.Options
	strict       bool
}

// wants tells whether a part is to be measured.
func (o options) wants(part string) bool {
	return o.only == "" || slices.Contains(strings.Split(o.only, ","), part)
}

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 12, "chains of ten pods to run, each as a workflow and by hand")
	flag.IntVar(&o.creates, "creates", 1000, "workflows to create for the create rate")
	flag.IntVar(&o.hellos, "hellos", 1000, "workflows to run on fake nodes")
	flag.StringVar(&o.rollouts, "rollouts", "1000", "how many rollouts to make on fake nodes; several numbers, comma separated, one after the other")
	flag.DurationVar(&o.rest, "rest", 30*time.Second, "how long to leave them alone for the CPU at rest")
	flag.IntVar(&o.applications, "applications", 500, "applications to sync from one repository")
	flag.StringVar(&o.only, "only", "", "parts to measure, comma separated: applications, chains, creates, fake, rollouts, surface; all if empty")
	flag.IntVar(&o.surface.Objects, "objects", 5000, "workflows in each list of the surface")
	flag.IntVar(&o.surface.Watchers, "watchers", 200, "watchers of the surface")
	flag.IntVar(&o.surface.FanOut, "fan-out", 300, "workflows created while they watch")
	flag.IntVar(&o.surface.Gets, "gets", 1000, "single reads by one client")
	flag.IntVar(&o.surface.Writes, "writes", 200, "writes of a large status by one client")
	flag.StringVar(&o.surface.Schema, "schema", "../shared/schemas/workflow/workflow.json", "file with the schema of workflows as a custom resource")
	flag.StringVar(&o.surface.Binary, "binary", "bin/argosy-apiserver", "server to time the start of; none if empty")
	flag.BoolVar(&o.strict, "strict", false, "exit with 1 when a target is missed")
	flag.Parse()
	met, err := bench(context.Background(), o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	if o.strict && !met {
		os.Exit(1)
	}
}

func bench(ctx context.Context, o options) (met bool, err error) {
	c, err := framework.Connect(os.Getenv("KUBECONFIG"))
	if err != nil {
		return false, err
	}
	ns, err := c.Kube.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "bench-"}}, metav1.CreateOptions{})
	if err != nil {
		return false, fmt.Errorf("create namespace: %w", err)
	}
	defer func() {
		if derr := c.Kube.CoreV1().Namespaces().Delete(ctx, ns.Name, metav1.DeleteOptions{}); err == nil && derr != nil {
			err = fmt.Errorf("delete namespace: %w", derr)
		}
	}()
	accounts := corev1.SchemeGroupVersion.WithResource("serviceaccounts")
	if _, err := framework.WaitFor(ctx, c.Dynamic, accounts, ns.Name, "default", func(*unstructured.Unstructured) (bool, error) { return true, nil }); err != nil {
		return false, err
	}
	b := &runner{Client: c, ns: ns.Name}
	version, err := c.Kube.Discovery().ServerVersion()
	if err != nil {
		return false, fmt.Errorf("ask for the cluster's version: %w", err)
	}
	fmt.Printf("Kubernetes %s, %d CPUs here, %s\n", version.GitVersion, runtime.NumCPU(), time.Now().UTC().Format(time.DateOnly))

	met = true
	var rows []row
	add := func(more []row, ok bool, err error) error {
		met = met && ok
		rows = append(rows, more...)
		return err
	}
	for _, part := range []struct {
		name    string
		measure func() ([]row, bool, error)
	}{
		{"chains", func() ([]row, bool, error) { return b.chains(ctx, o.rounds) }},
		{"creates", func() ([]row, bool, error) { return b.creates(ctx, o.creates) }},
		{"fake", func() ([]row, bool, error) { return b.onFake(ctx, o.hellos) }},
		{"rollouts", func() ([]row, bool, error) { return b.fleets(ctx, o.rollouts, o.rest) }},
		{"applications", func() ([]row, bool, error) {
			return b.inNamespace(ctx, func(b *runner) ([]row, bool, error) { return b.applications(ctx, o.applications) })
		}},
	} {
		if !o.wants(part.name) {
			continue
		}
		if err := add(part.measure()); err != nil {
			return false, fmt.Errorf("%s: %w", part.name, err)
		}
	}
	if len(rows) > 0 {
		fmt.Println()
		fmt.Println("| what | measured | target |")
		fmt.Println("|---|---|---|")
	}
	for _, r := range rows {
		fmt.Printf("| %s | %s | %s |\n", r.what, r.value, r.target)
	}
	if !o.wants("surface") {
		return met, nil
	}
	o.surface.Log = os.Stderr
	table, err := surface.Run(ctx, c, o.surface)
	if err != nil {
		return false, fmt.Errorf("surface: %w", err)
	}
	fmt.Printf("\n%s", table)
	return met && table.Met(), nil
}
