// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"argosy.dev/argosy/hack/e2e/framework"
)

type options struct {
	cases, only, expected, xfail, report string
	parallel                             int
	timeout                              time.Duration
	keep                                 bool
}

func main() {
	var o options
	flag.StringVar(&o.cases, "cases", "../shared/conformance", "folder that holds FAMILY/cases and FAMILY/golden.json")
	flag.StringVar(&o.only, "only", "", "run only the cases whose name has this prefix")
	flag.StringVar(&o.expected, "expected", "hack/conformance/expected.txt", "cases that must pass")
	flag.StringVar(&o.xfail, "xfail", "hack/conformance/xfail.txt", "cases known to differ, with reasons")
	flag.IntVar(&o.parallel, "parallel", 6, "workflows at a time")
	flag.DurationVar(&o.timeout, "timeout", 4*time.Minute, "longest time for one workflow")
	flag.StringVar(&o.report, "report", "", "write the verdicts to this file, as JSON")
	flag.BoolVar(&o.keep, "keep", false, "leave the namespace behind")
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
	e, err := readExpectation(o.expected, o.xfail)
	if err != nil {
		return true, err
	}
	c, err := framework.Connect(os.Getenv("KUBECONFIG"))
	if err != nil {
		return true, err
	}
	var all []verdict
	for _, family := range []string{"workflows", "applications", "rollouts", "sensors"} {
		if _, err := os.Stat(filepath.Join(o.cases, family, "cases")); err != nil {
			fmt.Printf("SKIP %s: no such folder of cases\n", family)
			continue
		}
		if !families[family] {
			fmt.Printf("SKIP %s: its kinds are not served by this version\n", family)
			continue
		}
		vs, err := conformFamily(ctx, c, o, e, family)
		if err != nil {
			return true, fmt.Errorf("%s: %w", family, err)
		}
		all = append(all, vs...)
	}
	if o.report != "" {
		data, err := json.MarshalIndent(all, "", " ")
		if err != nil {
			return true, fmt.Errorf("encode report: %w", err)
		}
		if err := os.WriteFile(o.report, append(data, '\n'), 0o644); err != nil {
			return true, fmt.Errorf("write report: %w", err)
		}
	}
	return summary(all, e, o.only), nil
}

func conformFamily(ctx context.Context, c *framework.Client, o options, e expectation, family string) (all []verdict, err error) {
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
	report := func(v verdict) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, v)
		fmt.Println(v)
	}
	for _, d := range set.others {
		if !strings.HasPrefix(d.name, o.only) {
			continue
		}
		if v, ours := judgeOther(ctx, p, e, d); ours {
			report(v)
		}
	}
	each(set.workflows, o.parallel, func(d doc) {
		if strings.HasPrefix(d.name, o.only) {
			report(judgeWorkflow(ctx, p, set, e, d, o.timeout))
		}
	})
	return all, nil
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
	var absent []string
	for name := range e.pass {
		if !seen[name] && strings.HasPrefix(name, only) {
			absent = append(absent, name)
		}
	}
	sort.Strings(absent)
	for _, name := range absent {
		fmt.Printf("ABSENT %s: expected to pass, not in this folder of cases\n", name)
	}
	fmt.Printf("%d refused as not supported yet, %d accepted with nothing recorded to compare, %d known to differ, %d skipped, %d absent\n",
		count["refused"], count["accepted"], count["xfail"], count["skipped"], len(absent))
	fmt.Printf("%d passed, %d failed\n", count["pass"], count["fail"])
	return count["fail"] > 0 || count["pass"] == 0
}
