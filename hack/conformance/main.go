// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"argosy.dev/argosy/hack/e2e/framework"
)

type options struct {
	cases, only, stages, lists, report string
	parallel                           int
	timeout                            time.Duration
	keep                               bool
}

func main() {
	var o options
	flag.StringVar(&o.cases, "cases", "../shared/conformance", "folder that holds FAMILY/cases and FAMILY/golden.json")
	flag.StringVar(&o.only, "only", "", "only the cases whose name has this prefix")
	flag.StringVar(&o.stages, "stages", "manifests,random,behaviour", "what to do")
	flag.StringVar(&o.lists, "lists", "hack/conformance", "folder that holds expected.txt, xfail.txt, refused.txt and coverage.txt")
	flag.IntVar(&o.parallel, "parallel", 6, "workflows at a time")
	flag.DurationVar(&o.timeout, "timeout", 4*time.Minute, "longest time for one workflow")
	flag.StringVar(&o.report, "report", "", "write the verdicts on cases to this file, as JSON")
	flag.BoolVar(&o.keep, "keep", false, "leave the namespaces behind")
	flag.Parse()
	failed, err := conform(context.Background(), o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
	if failed {
		os.Exit(1)
	}
}

func conform(ctx context.Context, o options) (failed bool, err error) {
	file := func(name string) string { return filepath.Join(o.lists, name) }
	e, err := readExpectation(file("expected.txt"), file("xfail.txt"), file("refused.txt"))
	if err != nil {
		return true, err
	}
	c, err := framework.Connect(os.Getenv("KUBECONFIG"))
	if err != nil {
		return true, err
	}
	stages := strings.Split(o.stages, ",")
	for _, s := range stages {
		if s != "manifests" && s != "random" && s != "behaviour" {
			return true, fmt.Errorf("there is no stage %q", s)
		}
	}
	if slices.Contains(stages, "manifests") {
		all, err := eachFamily(ctx, c, o, e, manifests)
		if err != nil {
			return true, err
		}
		failed = manifestSummary(all, e, o.only)
	}
	if slices.Contains(stages, "random") {
		wrong, err := randomObjects(ctx, c, file("coverage.txt"))
		if err != nil {
			return true, err
		}
		failed = failed || wrong
	}
	if slices.Contains(stages, "behaviour") {
		all, err := eachFamily(ctx, c, o, e, behaviour)
		if err != nil {
			return true, err
		}
		if o.report != "" {
			if err := writeReport(o.report, all); err != nil {
				return true, err
			}
		}
		failed = summary(all, e, o.only) || failed
	}
	return failed, nil
}

func writeReport(file string, all []verdict) error {
	data, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		return fmt.Errorf("encode report: %w", err)
	}
	if err := os.WriteFile(file, append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// stage judges the cases of a family.
type stage func(ctx context.Context, o options, e expectation, p *prepared, set *caseSet, report func(verdict))

// eachFamily takes the cases of each family that is served through a stage, in
// a namespace of its own.
func eachFamily(ctx context.Context, c *framework.Client, o options, e expectation, s stage) ([]verdict, error) {
	var all []verdict
	for _, f := range families {
		if _, err := os.Stat(filepath.Join(o.cases, f.folder, "cases")); err != nil {
			fmt.Printf("SKIP %s: no such folder of cases\n", f.folder)
			continue
		}
		served, err := c.Serves(framework.Compat(f.resource))
		if err != nil {
			return nil, err
		}
		if !served {
			fmt.Printf("SKIP %s: its kinds are not served by this version\n", f.folder)
			continue
		}
		vs, err := conformFamily(ctx, c, o, e, f.folder, s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.folder, err)
		}
		all = append(all, vs...)
	}
	return all, nil
}

func conformFamily(ctx context.Context, c *framework.Client, o options, e expectation, family string, s stage) (all []verdict, err error) {
	set, err := load(o.cases, family)
	if err != nil {
		return nil, err
	}
	p, err := prepare(ctx, c, set)
	if p != nil && !o.keep {
		defer func() {
			if cerr := p.cleanUp(ctx); cerr != nil && err == nil {
				err = fmt.Errorf("clean up: %w", cerr)
			}
		}()
	}
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	s(ctx, o, e, p, set, func(v verdict) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, v)
		fmt.Println(v)
	})
	return all, nil
}

// manifests submits all manifests, storing none.
func manifests(ctx context.Context, o options, e expectation, p *prepared, set *caseSet, report func(verdict)) {
	docs := slices.Concat(set.unreadable, set.others, set.workflows)
	listed := slices.ContainsFunc(docs, func(d doc) bool { return e.refused[d.name] != "" })
	each(docs, o.parallel, func(d doc) {
		if !strings.HasPrefix(d.name, o.only) {
			return
		}
		if v, ours := judgeManifest(ctx, p, e, d, listed); ours {
			report(v)
		}
	})
}

// behaviour runs what was recorded.
func behaviour(ctx context.Context, o options, e expectation, p *prepared, set *caseSet, report func(verdict)) {
	each(set.workflows, o.parallel, func(d doc) {
		if strings.HasPrefix(d.name, o.only) {
			report(judgeWorkflow(ctx, p, set, e, d, o.timeout))
		}
	})
}

// manifestSummary prints the counts, and listed manifests that the folder did
// not hold.
func manifestSummary(all []verdict, e expectation, only string) (failed bool) {
	count := map[string]int{}
	seen := map[string]bool{}
	for _, v := range all {
		count[v.Result]++
		seen[v.Name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(e.refused)) {
		if !seen[name] && strings.HasPrefix(name, only) {
			fmt.Printf("ABSENT %s: listed in refused.txt, not in this folder of cases\n", name)
		}
	}
	fmt.Printf("manifests: %d accepted, %d refused for the listed reason, %d failed\n", count["accepted"], count["refused"], count["fail"])
	// A server that is away serves no kinds, and would pass.
	if len(all) == 0 {
		fmt.Println("FAIL manifests: none was tried")
	}
	return count["fail"] > 0 || len(all) == 0
}

// String is the line a verdict prints.
func (v verdict) String() string {
	s := strings.ToUpper(v.Result) + " " + v.Name
	if v.Got != nil && v.Got.Seconds > 0 {
		s += fmt.Sprintf(" (%.1fs)", v.Got.Seconds)
	}
	if why := v.Why; why != "" {
		if v.Result == "refused" && len(why) > 240 {
			why = why[:240] + "…"
		}
		s += ": " + why
	}
	if v.Note != "" {
		s += " [" + v.Note + "]"
	}
	return s
}

// summary prints the counts, and expected cases that the folder did not hold.
func summary(all []verdict, e expectation, only string) (failed bool) {
	count := map[string]int{}
	seen := map[string]bool{}
	for _, v := range all {
		count[v.Result]++
		seen[v.Name] = true
	}
	absent := 0
	for _, name := range slices.Sorted(maps.Keys(e.pass)) {
		if !seen[name] && strings.HasPrefix(name, only) {
			absent++
			fmt.Printf("ABSENT %s: expected to pass, not in this folder of cases\n", name)
		}
	}
	fmt.Printf("behaviour: %d refused as not supported yet, %d accepted with nothing recorded to compare, %d known to differ, %d skipped, %d absent\n",
		count["refused"], count["accepted"], count["xfail"], count["skipped"], absent)
	fmt.Printf("%d passed, %d failed\n", count["pass"], count["fail"])
	return count["fail"] > 0 || count["pass"] == 0
}
