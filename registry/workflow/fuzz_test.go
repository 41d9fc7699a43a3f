// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"context"
	"testing"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"

	"argosy.dev/argosy/apis/scheme"
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/registry/resource"
)

// FuzzObject takes bytes the way of a request: decoded by the server's codec,
// prepared, validated, printed, stored and read again. Nothing may panic, and
// what is stored must be what is read.
func FuzzObject(f *testing.F) {
	for _, seed := range []string{
		`{"apiVersion":"workflow.argosy.dev/v1alpha1","kind":"Workflow","metadata":{"name":"a","namespace":"n"},"spec":{"entrypoint":"m","templates":[{"name":"m","container":{"image":"i"}}]},"status":{"phase":"Running","startedAt":"2026-01-01T00:00:00Z","message":"a\nb"}}`,
		`{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","metadata":{"generateName":"a-"},"spec":{"workflowTemplateRef":{"name":"t","clusterScope":true},"arguments":{"parameters":[{"name":"p","value":1.50}]}}}`,
		`{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","spec":{"templates":[{"name":"m","steps":[[{"name":"s","template":"m","withItems":[1,"a",{"k":[null]}]}]]}]}}`,
		`{"apiVersion":"workflow.argosy.dev/v1alpha1","kind":"WorkflowTemplate","metadata":{"name":"a"},"spec":{"entrypoint":"m"}}`,
		`{"apiVersion":"workflow.argosy.dev/v1alpha1","kind":"ClusterWorkflowTemplate","metadata":{"name":"a"},"spec":{}}`,
		`{"apiVersion":"argoproj.io/v1alpha1","kind":"CronWorkflow","metadata":{"name":"a"},"spec":{"schedule":"* * * * *","workflowSpec":{}},"status":{"lastScheduledTime":null}}`,
		`{"apiVersion":"argoproj.io/v1alpha1","kind":"WorkflowEventBinding","metadata":{"name":"a"},"spec":{"event":{"selector":"true"},"submit":{"workflowTemplateRef":{"name":"t"}}}}`,
		`{"apiVersion":"v1","kind":"List","items":[]}`,
	} {
		f.Add([]byte(seed))
	}
	stores := map[string]*resource.REST{}
	all, err := Family{Deps: resource.Deps{Events: &record.FakeRecorder{}}}.NewStorage(resource.Config{Getter: noStorage{}, Typer: scheme.Scheme, Authorizer: authorizer.AuthorizerFunc(
		func(context.Context, authorizer.Attributes) (authorizer.Decision, string, error) {
			return authorizer.DecisionAllow, "", nil
		})})
	if err != nil {
		f.Fatal(err)
	}
	for path, s := range all {
		if main, ok := s.(*resource.REST); ok {
			stores[path] = main
		}
	}
	byKind := map[string]*resource.REST{
		"Workflow": stores["workflows"], "WorkflowTemplate": stores["workflowtemplates"], "ClusterWorkflowTemplate": stores["clusterworkflowtemplates"],
		"CronWorkflow": stores["cronworkflows"], "WorkflowEventBinding": stores["workfloweventbindings"],
	}
	decoder := scheme.Codecs.UniversalDecoder()
	codec := scheme.Codecs.LegacyCodec(wfv1.SchemeGroupVersion)
	f.Fuzz(func(t *testing.T, data []byte) {
		obj, gvk, err := decoder.Decode(data, nil, nil)
		if err != nil {
			return
		}
		store, ok := byKind[gvk.Kind]
		if !ok {
			return
		}
		ctx := genericapirequest.WithNamespace(context.Background(), "n")
		strategy := store.CreateStrategy
		old := obj.DeepCopyObject()
		if gvk.Kind != "Workflow" { // which reads templates from etcd
			strategy.PrepareForCreate(ctx, obj)
			strategy.Validate(ctx, obj)
			strategy.WarningsOnCreate(ctx, obj)
		}
		store.UpdateStrategy.PrepareForUpdate(ctx, obj, old)
		store.UpdateStrategy.ValidateUpdate(ctx, obj, old)
		if _, err := store.ConvertToTable(ctx, obj, nil); err != nil {
			t.Errorf("no table: %v", err)
		}
		stored, err := runtime.Encode(codec, obj)
		if err != nil {
			t.Fatalf("cannot be stored: %v", err)
		}
		read, err := runtime.Decode(codec, stored)
		if err != nil {
			t.Fatalf("cannot be read again: %v\n%s", err, stored)
		}
		obj.GetObjectKind().SetGroupVersionKind(read.GetObjectKind().GroupVersionKind())
		if !apiequality.Semantic.DeepEqual(obj, read) {
			t.Errorf("read %#v, stored %#v\n%s", read, obj, stored)
		}
	})
}

// noStorage makes stores that are never read or written.
type noStorage struct{}

func (noStorage) GetRESTOptions(gr schema.GroupResource, _ runtime.Object) (generic.RESTOptions, error) {
	return generic.RESTOptions{
		StorageConfig:  (&storagebackend.Config{}).ForResource(gr),
		Decorator:      undecorated,
		ResourcePrefix: gr.Resource,
	}, nil
}

func undecorated(*storagebackend.ConfigForResource, string, func(runtime.Object) (string, error), func() runtime.Object, func() runtime.Object,
	storage.AttrFunc, storage.IndexerFuncs, *cache.Indexers) (storage.Interface, factory.DestroyFunc, error) {
	return nil, func() {}, nil
}
