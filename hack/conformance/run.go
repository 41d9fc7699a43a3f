// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"argosy.dev/argosy/hack/e2e/framework"
)

// notSupported is how the server says that a feature comes later.
const notSupported = "is not supported by this version"

// verdict is what became of one case.
type verdict struct {
	Name string `json:"name"`
	// Result is pass, fail, xfail, refused, accepted (nothing recorded to
	// compare with) or skipped.
	Result string `json:"result"`
	Why    string `json:"why,omitempty"`
	// Note marks a case that passes without being in expected.txt yet.
	Note string   `json:"note,omitempty"`
	Got  *outcome `json:"got,omitempty"`
}

// check decodes a manifest strictly on the server, storing nothing. accepted
// is false if the server refused; err is then its answer.
func check(ctx context.Context, p *prepared, d doc) error {
	_, err := p.client.Create(ctx, p.namespace, d.object.DeepCopy(), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}, FieldValidation: metav1.FieldValidationStrict})
	// The object itself may be there already, as part of the set-up: the
	// manifest has been decoded and admitted before the name is looked up.
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// judgeManifest holds one manifest to refused.txt. Where the list is not for
// this folder, a refusal that names what this version does not support is none
// of the list's business.
func judgeManifest(ctx context.Context, p *prepared, e expectation, d doc, listed bool) (verdict, bool) {
	v := verdict{Name: d.name, Result: "accepted"}
	reason, known := e.refused[d.name]
	err := d.unreadable
	if err == nil {
		if d.object.GroupVersionKind().Group != framework.CompatGroup {
			return verdict{}, false
		}
		err = check(ctx, p, d)
	}
	switch {
	case err == nil && known:
		v.Result, v.Why = "fail", "accepted, but refused.txt says it is refused: take it out there"
	case err == nil:
	case known && strings.Contains(err.Error(), reason):
		v.Result, v.Why = "refused", reason
	case refusal(err) == 0:
		v.Result, v.Why = "fail", err.Error()
	case known:
		v.Result, v.Why = "fail", fmt.Sprintf("refused for another reason than %q: %v", reason, err)
	case !listed && strings.Contains(err.Error(), notSupported):
		v.Result, v.Why = "refused", err.Error()
	default:
		v.Result, v.Why = "fail", "refused: "+err.Error()
	}
	return v, true
}

// judgeWorkflow runs one workflow and compares, where there is something to
// compare with.
func judgeWorkflow(ctx context.Context, p *prepared, set *caseSet, e expectation, d doc, timeout time.Duration) verdict {
	note, expected := e.pass[d.name]
	reason, known := e.xfail[d.name]
	want, recorded := set.golden[d.name]
	v := verdict{Name: d.name}
	err := check(ctx, p, d)
	switch {
	case err != nil && refusal(err) == 0:
		v.Result, v.Why = "fail", err.Error()
	case err != nil && !expected && strings.Contains(err.Error(), notSupported):
		v.Result, v.Why = "refused", err.Error()
	case err != nil && recorded:
		v.judge(compare(want, outcome{Rejected: refusal(err), Error: err.Error()}, false))
	case err != nil:
		v.Result, v.Why = "refused", err.Error()
	case !recorded:
		v.Result = "accepted"
	case want.Timeout:
		v.Result, v.Why = "skipped", "the recorded run did not end either"
	default:
		got, err := run(ctx, p, d, timeout)
		v.Got = &got
		if err != nil {
			v.Result, v.Why = "fail", err.Error()
		} else {
			v.judge(compare(want, got, note == "chance"))
		}
	}
	switch {
	case known && v.Result == "fail":
		v.Result, v.Why = "xfail", reason
	case known && v.Result == "pass":
		v.Result, v.Why = "fail", "passes, but xfail.txt says it does not: move it to expected.txt"
	case expected && v.Result != "pass" && v.Result != "fail":
		v.Result, v.Why = "fail", "expected to pass, but "+v.Result+": "+v.Why
	case !expected && v.Result == "pass":
		v.Note = "not in expected.txt yet"
	}
	return v
}

func (v *verdict) judge(diffs []string) {
	v.Result = "pass"
	if len(diffs) > 0 {
		v.Result = "fail"
		const most = 6
		if len(diffs) > most {
			diffs = append(diffs[:most:most], fmt.Sprintf("and %d more", len(diffs)-most))
		}
		v.Why = strings.Join(diffs, "; ")
	}
}

// refusal is the HTTP code of a refusal by the server, or 0 when err is not
// one: a server that cannot be reached refused nothing.
func refusal(err error) int {
	var s apierrors.APIStatus
	if errors.As(err, &s) && s.Status().Code >= 400 && s.Status().Code < 500 {
		return int(s.Status().Code)
	}
	return 0
}

// run submits a workflow, watches it to its end, and says how it ended.
func run(ctx context.Context, p *prepared, d doc, timeout time.Duration) (outcome, error) {
	workflows := framework.Compat("workflows")
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	began := time.Now()
	wf, err := p.client.Create(ctx, p.namespace, d.object.DeepCopy(), metav1.CreateOptions{})
	if code := 0; err != nil {
		if code = refusal(err); code == 0 {
			return outcome{}, fmt.Errorf("submit: %w", err)
		}
		return outcome{Rejected: code, Error: err.Error()}, nil
	}
	last, err := framework.WaitFor(ctx, p.client.Dynamic, workflows, p.namespace, wf.GetName(), ended)
	if err != nil && ctx.Err() == nil {
		return outcome{}, err
	}
	if last == nil {
		return outcome{}, fmt.Errorf("submitted, but never seen by watch: %w", err)
	}
	got, nerr := normalise(last)
	if nerr != nil {
		return outcome{}, nerr
	}
	got.Seconds = time.Since(began).Round(100 * time.Millisecond).Seconds()
	got.Timeout = err != nil
	// Room for the next cases. The parent's deadline may be over.
	if err := p.client.Dynamic.Resource(workflows).Namespace(p.namespace).Delete(context.WithoutCancel(ctx), wf.GetName(), metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return got, fmt.Errorf("delete workflow: %w", err)
	}
	return got, nil
}

func ended(o *unstructured.Unstructured) (bool, error) {
	phase, _, err := unstructured.NestedString(o.Object, "status", "phase")
	return phase == "Succeeded" || phase == "Failed" || phase == "Error", err
}

// each runs f on every item, n at a time.
func each[T any](items []T, n int, f func(T)) {
	var wg sync.WaitGroup
	queue := make(chan T)
	for range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for x := range queue {
				f(x)
			}
		}()
	}
	for _, x := range items {
		queue <- x
	}
	close(queue)
	wg.Wait()
}
