// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bytes"
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
	"k8s.io/apimachinery/pkg/util/mergepatch"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes/scheme"

	"argosy.dev/argosy/pkg/application/object"
)

// merge is client-side apply: one POST if the object is not there, nothing if it is what it should be, else one PATCH.
func (a *applying) merge(ctx context.Context) (*unstructured.Unstructured, string, error) {
	if err := setLastApplied(a.target); err != nil {
		return nil, "", err
	}
	for try := 1; ; try++ {
		if err := a.look(ctx, try > 1); err != nil {
			return nil, "", err
		}
		if a.live == nil {
			answer, err := a.create(ctx)
			if apierrors.IsAlreadyExists(err) && try < attempts {
				continue
			}
			return answer, "created", err
		}
		patch, kind, err := threeWay(a.target, a.live)
		if err != nil {
			return nil, "", err
		}
		if bytes.Equal(patch, []byte("{}")) {
			return a.live, "unchanged", nil
		}
		r := a.how.on(a.cache.request(a.cache.client.Patch(kind), a.kind, a.key.Namespace, a.key.Name))
		answer, err := a.cache.send(ctx, r, patch)
		if (apierrors.IsConflict(err) || notFound(err)) && try < attempts {
			continue
		}
		return answer, "configured", err
	}
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

// threeWay is the patch that makes a live object what the target says: what was applied last and is not in the target is
// taken out, what others have set stays. Kinds of Kubernetes itself have their lists merged by key, others have them
// replaced.
func threeWay(target, live *unstructured.Unstructured) (patch []byte, kind types.PatchType, err error) {
	modified, err := encode(target)
	if err != nil {
		return nil, "", err
	}
	current, err := encode(live)
	if err != nil {
		return nil, "", err
	}
	original := []byte(live.GetAnnotations()[corev1.LastAppliedConfigAnnotation])
	fixed := []mergepatch.PreconditionFunc{
		mergepatch.RequireKeyUnchanged("apiVersion"), mergepatch.RequireKeyUnchanged("kind"), mergepatch.RequireMetadataKeyUnchanged("name"),
	}
	typed, err := scheme.Scheme.New(target.GroupVersionKind())
	if err != nil { // not a kind of Kubernetes itself
		patch, err = jsonmergepatch.CreateThreeWayJSONMergePatch(original, modified, current, fixed...)
		if err != nil {
			return nil, "", fmt.Errorf("merging the manifest into the live object: %w", err)
		}
		return patch, types.MergePatchType, nil
	}
	lists, err := strategicpatch.NewPatchMetaFromStruct(typed)
	if err != nil {
		return nil, "", fmt.Errorf("merging the manifest into the live object: %w", err)
	}
	patch, err = strategicpatch.CreateThreeWayMergePatch(original, modified, current, lists, true, fixed...)
	if err != nil {
		return nil, "", fmt.Errorf("merging the manifest into the live object: %w", err)
	}
	return patch, types.StrategicMergePatchType, nil
}
