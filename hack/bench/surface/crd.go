// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package surface

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"argosy.dev/argosy/hack/e2e/framework"
)

var definitions = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

const definitionName = "workflows." + customGroup

// define creates the custom resource from a file with its schema, and returns how long it took until it was
// served, and how to remove it.
func define(ctx context.Context, dyn dynamic.Interface, file string) (took time.Duration, remove func(context.Context) error, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, nil, fmt.Errorf("read the schema: %w", err)
	}
	var from struct {
		Schema map[string]any `json:"schema"`
	}
	if err := json.Unmarshal(text, &from); err != nil {
		return 0, nil, fmt.Errorf("read the schema in %s: %w", file, err)
	}
	crd := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": definitionName},
		"spec": map[string]any{
			"group": customGroup, "scope": "Namespaced",
			"names":    map[string]any{"kind": "Workflow", "listKind": "WorkflowList", "plural": "workflows", "singular": "workflow"},
			"versions": []any{map[string]any{"name": version, "served": true, "storage": true, "schema": map[string]any{"openAPIV3Schema": from.Schema}}},
		},
	}}
	began := time.Now()
	if _, err := dyn.Resource(definitions).Create(ctx, crd, metav1.CreateOptions{}); err != nil {
		return 0, nil, fmt.Errorf("create the custom resource definition: %w", err)
	}
	remove = func(ctx context.Context) error {
		if err := dyn.Resource(definitions).Delete(ctx, definitionName, metav1.DeleteOptions{}); err != nil {
			return fmt.Errorf("delete the custom resource definition: %w", err)
		}
		return framework.WaitGone(ctx, dyn, definitions, "", definitionName)
	}
	if _, err := framework.WaitFor(ctx, dyn, definitions, "", definitionName, established); err != nil {
		return 0, remove, err
	}
	gvr := schema.GroupVersionResource{Group: customGroup, Version: version, Resource: "workflows"}
	for {
		if _, err = dyn.Resource(gvr).List(ctx, metav1.ListOptions{Limit: 1}); err == nil {
			return time.Since(began), remove, nil
		}
		if time.Since(began) > time.Minute {
			return 0, remove, errors.Join(errors.New("the custom resource is not served"), err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func established(o *unstructured.Unstructured) (bool, error) {
	list, _, err := unstructured.NestedFieldNoCopy(o.Object, "status", "conditions")
	if err != nil {
		return false, err
	}
	conditions, _ := list.([]any) // null at first
	for _, c := range conditions {
		m, _ := c.(map[string]any)
		switch {
		case m["type"] == "Established" && m["status"] == "True":
			return true, nil
		case m["type"] == "NonStructuralSchema" && m["status"] == "True":
			return false, fmt.Errorf("the schema is not structural: %v", m["message"])
		}
	}
	return false, nil
}
