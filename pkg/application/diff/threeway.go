// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"encoding/json"
	"fmt"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
	"k8s.io/apimachinery/pkg/util/mergepatch"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes/scheme"
)

// Merge is what client-side apply would do to an object.
type Merge struct {
	// Patch is the patch to send, and Type its type. It is {} if nothing changes.
	Patch []byte
	Type  types.PatchType
	// Object is the live object with the patch applied, as far as that can be known without the server's defaults.
	Object *unstructured.Unstructured
}

// ThreeWay merges a manifest into a live object as kubectl apply does: what the annotation last-applied-configuration of
// the live object has and the target has not is taken out, what others have set stays. Kinds of Kubernetes have their
// lists merged by key (strategic merge), those of others are replaced. It does not write the annotation. Nothing that
// it is given is changed. Errors may quote the object.
func ThreeWay(target, live *unstructured.Unstructured) (Merge, error) {
	modified, err := json.Marshal(target.Object)
	if err != nil {
		return Merge{}, fmt.Errorf("manifest: %w", err)
	}
	current, err := json.Marshal(live.Object)
	if err != nil {
		return Merge{}, fmt.Errorf("live object: %w", err)
	}
	original := lastApplied(live)
	fixed := []mergepatch.PreconditionFunc{
		mergepatch.RequireKeyUnchanged("apiVersion"), mergepatch.RequireKeyUnchanged("kind"), mergepatch.RequireMetadataKeyUnchanged("name"),
	}
	out := Merge{Type: types.MergePatchType}
	var merged []byte
	if typed, unknown := scheme.Scheme.New(target.GroupVersionKind()); unknown != nil {
		if out.Patch, err = jsonmergepatch.CreateThreeWayJSONMergePatch(original, modified, current, fixed...); err == nil {
			merged, err = jsonpatch.MergePatch(current, out.Patch)
		}
	} else {
		out.Type = types.StrategicMergePatchType
		var lists strategicpatch.PatchMetaFromStruct
		if lists, err = strategicpatch.NewPatchMetaFromStruct(typed); err == nil {
			out.Patch, err = strategicpatch.CreateThreeWayMergePatch(original, modified, current, lists, true, fixed...)
		}
		if err == nil {
			merged, err = strategicpatch.StrategicMergePatchUsingLookupPatchMeta(current, out.Patch, lists)
		}
	}
	if err != nil {
		return Merge{}, fmt.Errorf("merging the manifest into the live object: %w", err)
	}
	out.Object = &unstructured.Unstructured{}
	if err := utiljson.Unmarshal(merged, &out.Object.Object); err != nil {
		return Merge{}, fmt.Errorf("merging the manifest into the live object: %w", err)
	}
	return out, nil
}

// lastApplied is what was applied last, as far as it is an object. Anybody can write anything there.
func lastApplied(live *unstructured.Unstructured) []byte {
	raw := []byte(live.GetAnnotations()[corev1.LastAppliedConfigAnnotation])
	var object map[string]any
	if len(raw) == 0 || json.Unmarshal(raw, &object) != nil {
		return nil
	}
	original := &unstructured.Unstructured{Object: object}
	if original.GetAPIVersion() != live.GetAPIVersion() { // fields may have other names in another version
		return nil
	}
	return raw
}
