// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"fmt"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"argosy.dev/argosy/pkg/application/object"
)

// maxLines is how many lines an object may have whose lines are compared one by one, which takes the square of them.
const maxLines = 20_000

// Unified returns how two objects differ, as a unified diff of their YAML with three lines around each change: from live
// to predicted, either of which may be nil. It is empty where they do not differ. Secrets are masked, and so are the
// annotations that sensitive names.
func Unified(live, predicted *unstructured.Unstructured, sensitive ...string) (string, error) {
	masked := Mask(sensitive, shown(live), shown(predicted))
	named := live
	if named == nil {
		named = predicted
	}
	if named == nil {
		return "", nil
	}
	from, err := document(masked[0])
	if err != nil {
		return "", failure(named, "writing", err)
	}
	to, err := document(masked[1])
	if err != nil {
		return "", failure(named, "writing", err)
	}
	key := object.KeyOf(named).String()
	a, b := difflib.SplitLines(from), difflib.SplitLines(to)
	if len(a)+len(b) > maxLines {
		if from == to {
			return "", nil
		}
		return fmt.Sprintf("--- live/%s\n+++ target/%s\n@@ the objects differ, but are too large to be compared line by line @@\n", key, key), nil
	}
	if from == "" {
		a = nil
	}
	if to == "" {
		b = nil
	}
	text, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{A: a, B: b, FromFile: "live/" + key, ToFile: "target/" + key, Context: 3})
	if err != nil {
		return "", failure(named, "comparing", err)
	}
	return text, nil
}

// shown returns a copy without what nobody wants to see in a diff.
func shown(u *unstructured.Unstructured) *unstructured.Unstructured {
	if u == nil {
		return nil
	}
	u = u.DeepCopy()
	u.SetManagedFields(nil)
	if annotations := u.GetAnnotations(); annotations[corev1.LastAppliedConfigAnnotation] != "" {
		delete(annotations, corev1.LastAppliedConfigAnnotation)
		u.SetAnnotations(annotations)
	}
	return u
}

// document is an object as YAML, without an empty line at the end that SplitLines would count.
func document(u *unstructured.Unstructured) (string, error) {
	if u == nil {
		return "", nil
	}
	raw, err := yaml.Marshal(u.Object)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(string(raw), "\n"), nil
}
