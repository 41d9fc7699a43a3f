// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"argosy.dev/argosy/pkg/application/object"
)

const prunedMessage = "pruned"

// Delete deletes an object. One that is not there is gone, and so is one whose UID is another's by now.
func (c *Cache) Delete(ctx context.Context, request DeleteRequest) (Deleted, error) {
	kind, err := c.Find(ctx, request.Key.GroupKind(), "")
	if unserved := (*NotServed)(nil); errors.As(err, &unserved) {
		return Deleted{Gone: true, Message: prunedMessage}, nil // with its kind
	}
	if err != nil {
		return Deleted{}, err
	}
	key, err := c.permit(kind, request.Key)
	if err != nil {
		return Deleted{}, err
	}
	options := metav1.DeleteOptions{PropagationPolicy: &request.Propagation}
	options.SetGroupVersionKind(metav1.SchemeGroupVersion.WithKind("DeleteOptions"))
	if request.Propagation == "" {
		foreground := metav1.DeletePropagationForeground
		options.PropagationPolicy = &foreground
	}
	if request.UID != "" {
		options.Preconditions = &metav1.Preconditions{UID: &request.UID}
	}
	message := prunedMessage
	if request.DryRun {
		options.DryRun = []string{metav1.DryRunAll}
		message += " (dry run)"
	}
	body, err := json.Marshal(options)
	if err != nil {
		return Deleted{}, fmt.Errorf("encoding the options of a deletion: %w", err)
	}
	bounded, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	raw, err := answer(c.request(c.client.Delete(), kind, key.Namespace, key.Name).Body(body).Do(bounded))
	var gone bool
	switch {
	case notFound(err):
		gone = true
	case apierrors.IsConflict(err): // another object by now, or a namespace that is going already
		live, readErr := c.read(ctx, key, kind.Version)
		if readErr != nil {
			return Deleted{}, readErr
		}
		if gone = live == nil || request.UID != "" && live.GetUID() != request.UID; !gone && live.GetDeletionTimestamp() == nil {
			return Deleted{}, failure(key, err)
		}
	case err != nil:
		return Deleted{}, failure(key, err)
	default:
		answer, err := decode(key, raw)
		if err != nil {
			return Deleted{}, err
		}
		if gone = wasDeleted(answer); !gone && !request.DryRun {
			c.learn(kind, answer)
		}
	}
	if gone && !request.DryRun {
		c.learnGone(key, request.UID)
	}
	return Deleted{Gone: gone, Message: message}, nil
}

// wasDeleted tells from the answer to a deletion whether the object is gone. Most kinds answer with a Status then; some with
// the object as it was.
func wasDeleted(answer *unstructured.Unstructured) bool {
	if answer.GetKind() == "Status" && answer.GetAPIVersion() == "v1" {
		return true
	}
	grace := answer.GetDeletionGracePeriodSeconds()
	phase, _, _ := unstructured.NestedString(answer.Object, "status", "phase")
	terminating := answer.GetKind() == "Namespace" && phase == "Terminating" // its finalizers are in its spec
	return len(answer.GetFinalizers()) == 0 && (grace == nil || *grace == 0) && !terminating
}

// RemoveFinalizer takes a finalizer off the object with that UID. One that is not there, or has it no longer, is no error.
func (c *Cache) RemoveFinalizer(ctx context.Context, key object.Key, uid types.UID, finalizer string) error {
	kind, err := c.Find(ctx, key.GroupKind(), "")
	if unserved := (*NotServed)(nil); errors.As(err, &unserved) {
		return nil
	}
	if err != nil {
		return err
	}
	if key, err = c.permit(kind, key); err != nil {
		return err
	}
	for try := 1; ; try++ {
		var live *unstructured.Unstructured
		if it := c.lookup(key); try == 1 && it != nil && it.full {
			live = it.object(it.table.kind)
		} else if live, err = c.read(ctx, key, kind.Version); err != nil {
			return err
		}
		if live == nil || live.GetUID() != uid {
			return nil
		}
		at := slices.Index(live.GetFinalizers(), finalizer)
		if at < 0 {
			return nil
		}
		where := "/metadata/finalizers/" + strconv.Itoa(at)
		patch, err := json.Marshal([]map[string]any{
			{"op": "test", "path": "/metadata/uid", "value": uid},
			{"op": "test", "path": where, "value": finalizer},
			{"op": "remove", "path": where},
		})
		if err != nil {
			return fmt.Errorf("encoding the removal of a finalizer: %w", err)
		}
		how := writing{manager: FieldManager, strict: false}
		answer, err := c.send(ctx, how.on(c.request(c.client.Patch(types.JSONPatchType), kind, key.Namespace, key.Name)), patch)
		switch {
		case err == nil && answer.GetDeletionTimestamp() != nil && wasDeleted(answer):
			c.learnGone(key, uid)
			return nil
		case err == nil:
			c.learn(kind, answer)
			return nil
		case notFound(err):
			return nil
		case try < attempts && (apierrors.IsInvalid(err) || apierrors.IsConflict(err)):
			// somebody has changed it meanwhile
		default:
			return failure(key, err, live)
		}
	}
}
