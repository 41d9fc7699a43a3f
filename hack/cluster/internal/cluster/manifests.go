// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"
)

//go:embed manifests/*.yaml
var manifests embed.FS

// applyManifests applies the embedded objects, all of them cluster-scoped.
func applyManifests(ctx context.Context, client dynamic.Interface) error {
	files, err := manifests.ReadDir("manifests")
	if err != nil {
		return fmt.Errorf("reading manifests: %w", err)
	}
	for _, file := range files {
		data, err := manifests.ReadFile("manifests/" + file.Name())
		if err != nil {
			return fmt.Errorf("reading manifests: %w", err)
		}
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(data, &object.Object); err != nil {
			return fmt.Errorf("manifest %s: %w", file.Name(), err)
		}
		body, err := json.Marshal(object)
		if err != nil {
			return fmt.Errorf("manifest %s: %w", file.Name(), err)
		}
		force := true
		_, err = client.Resource(resourceOf(object.GroupVersionKind())).
			Patch(ctx, object.GetName(), types.ApplyPatchType, body, metav1.PatchOptions{FieldManager: "argosy-cluster", Force: &force})
		if err != nil {
			return fmt.Errorf("applying %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return nil
}

// resourceOf names the resource of a kind; the few kinds used here follow the usual plural.
func resourceOf(kind schema.GroupVersionKind) schema.GroupVersionResource {
	plural, _ := meta.UnsafeGuessKindToResource(kind)
	return plural
}
