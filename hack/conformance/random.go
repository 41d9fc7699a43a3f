// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"argosy.dev/argosy/hack/conformance/random"
	"argosy.dev/argosy/hack/e2e/framework"
	"argosy.dev/argosy/hack/schemas"
)

// randomObjects sends made-up objects of every kind through the cluster, and
// holds the share of properties that came back to the floors in coverageFile.
func randomObjects(ctx context.Context, c *framework.Client, coverageFile string) (failed bool, err error) {
	floors, err := readFloors(coverageFile)
	if err != nil {
		return true, err
	}
	if _, err := schemas.Shared("schemas"); errors.Is(err, os.ErrNotExist) {
		fmt.Println("SKIP random objects:", err)
		return false, nil
	}
	ns, err := c.Kube.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "conformance-"}}, metav1.CreateOptions{})
	if err != nil {
		return true, fmt.Errorf("create namespace: %w", err)
	}
	defer func() {
		if derr := c.Kube.CoreV1().Namespaces().Delete(ctx, ns.Name, metav1.DeleteOptions{}); derr != nil && err == nil {
			err = fmt.Errorf("clean up: %w", derr)
		}
	}()
	began := time.Now()
	results, err := random.Run(ctx, random.Options{Config: c.Config, Namespace: ns.Name})
	if err != nil {
		return true, fmt.Errorf("random objects: %w", err)
	}
	objects := 0
	for _, r := range results {
		if !r.Served {
			fmt.Printf("SKIP random %s: not served by this version\n", r.Kind)
			continue
		}
		objects += r.Objects
		fmt.Printf("RANDOM %s: %.1f%% of %d properties came through, in %d objects (%d more given up), %d requests, %.1fs\n",
			r.Kind, r.Percent(), r.Total, r.Objects, r.GivenUp, r.Requests, r.Took.Seconds())
		for _, d := range r.Differs {
			failed = true
			fmt.Println("FAIL random", d)
		}
		if floor, ok := floors[r.Kind]; !ok || r.Percent() < floor {
			failed = true
			fmt.Printf("FAIL random %s: fewer properties came through than the %.0f%% in coverage.txt\n", r.Kind, floor)
		} else if r.Percent() >= floor+5 {
			fmt.Printf("RANDOM %s: the %.0f%% in coverage.txt can be raised\n", r.Kind, floor)
		}
	}
	fmt.Printf("random: %d objects in %.0fs\n", objects, time.Since(began).Seconds())
	return failed, nil
}

// readFloors reads KIND PERCENT a line.
func readFloors(file string) (map[string]float64, error) {
	list, err := readList(file)
	if err != nil {
		return nil, err
	}
	floors := map[string]float64{}
	for kind, text := range list {
		if floors[kind], err = strconv.ParseFloat(text, 64); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", file, kind, err)
		}
	}
	return floors, nil
}
