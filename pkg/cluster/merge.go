// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"argosy.dev/argosy/pkg/application/diff"
	"argosy.dev/argosy/pkg/application/object"
)

// merge is client-side apply: one POST if the object is not there, nothing if it is what it should be, else one PATCH.
func (a *applying) merge(ctx context.Context) (*unstructured.Unstructured, string, error) {
	if err := setLastApplied(a.target); err != nil {
		return nil, "", err
	}
	return a.write(ctx, func() (*unstructured.Unstructured, string, error) {
		merge, err := diff.ThreeWay(a.target, a.live)
		if err != nil {
			return nil, "", err
		}
		if bytes.Equal(merge.Patch, []byte("{}")) {
			return a.live, "unchanged", nil
		}
		r := a.how.on(a.cache.request(a.cache.client.Patch(merge.Type), a.kind, a.key.Namespace, a.key.Name))
		answer, err := a.cache.send(ctx, r, merge.Patch)
		return answer, "configured", err
	})
}

// setLastApplied writes on an object what it was applied with, as kubectl does. The object's annotations are replaced, not
// changed.
func setLastApplied(u *unstructured.Unstructured) error {
	annotations := u.GetAnnotations()
	delete(annotations, corev1.LastAppliedConfigAnnotation)
	bare := u.DeepCopy()
	bare.SetAnnotations(annotations)
	raw, err := encode(bare)
	if err != nil {
		return err
	}
	object.Annotate(u, corev1.LastAppliedConfigAnnotation, string(raw)+"\n")
	return nil
}
