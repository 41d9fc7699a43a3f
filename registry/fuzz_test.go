// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package registry has no code of its own: here, what holds for the kinds of
// all families is fuzzed.
package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"

	"argosy.dev/argosy/apis/argoproj"
	"argosy.dev/argosy/apis/raw"
	"argosy.dev/argosy/apis/scheme"
	"argosy.dev/argosy/hack/schemas"
	"argosy.dev/argosy/pkg/apiserver"
	"argosy.dev/argosy/registry/resource"
)

// FuzzObject takes bytes the way of a request: see journey.
func FuzzObject(f *testing.F) {
	for _, seed := range []string{
		`{"apiVersion":"workflow.argosy.dev/v1alpha1","kind":"Workflow","metadata":{"name":"a","namespace":"n"},"spec":{"entrypoint":"m","templates":[{"name":"m","container":{"image":"i"}}]},"status":{"phase":"Running","startedAt":"2026-01-01T00:00:00Z","message":"a\nb"}}`,
		`{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","metadata":{"generateName":"a-"},"spec":{"workflowTemplateRef":{"name":"t","clusterScope":true},"arguments":{"parameters":[{"name":"p","value":1.50}]}}}`,
		`{"apiVersion":"argoproj.io/v1alpha1","kind":"Workflow","spec":{"templates":[{"name":"m","steps":[[{"name":"s","template":"m","withItems":[1,"a",{"k":[null]}]}]]}]}}`,
		`{"apiVersion":"v1","kind":"List","items":[]}`,
	} {
		f.Add([]byte(seed))
	}
	for _, folder := range []string{"workflows", "applications", "rollouts", "sensors"} {
		if _, err := schemas.Shared("conformance", folder); err != nil {
			f.Logf("no examples of %s: %v", folder, err)
			continue
		}
		examples, err := schemas.Examples(folder)
		if err != nil {
			f.Fatal(err)
		}
		for _, e := range examples {
			f.Add(e.Data)
		}
	}
	w := newWorld(f)
	f.Fuzz(func(t *testing.T, data []byte) { w.journey(t, data) })
}

// TestSchemas takes objects that the peers' schemas allow the same way.
func TestSchemas(t *testing.T) {
	types := scheme.Scheme.KnownTypes(argoproj.SchemeGroupVersion)
	w := newWorld(t)
	for _, family := range schemas.Families {
		for _, k := range schemas.KindsForTest(t, family) {
			t.Run(k.Name, func(t *testing.T) {
				if w[k.Name] == nil {
					t.Fatalf("%s is not served", k.Name)
				}
				for seed := range schemas.Seeds(t, 30) {
					g := schemas.NewGenerator(seed)
					obj, _ := g.Object(k, types[k.Name])
					obj["apiVersion"], obj["kind"] = argoproj.SchemeGroupVersion.String(), k.Name
					obj["metadata"] = map[string]any{"name": "a"}
					data, err := json.Marshal(obj)
					if err != nil {
						t.Fatal(err)
					}
					if w.journey(t, data); t.Failed() {
						t.Fatalf("seed %d", seed)
					}
				}
			})
		}
	}
}

// world is the storage of all kinds, by the name of the kind, without an etcd.
type world map[string]*resource.REST

func newWorld(f testing.TB) world {
	f.Helper()
	w := world{}
	allow := authorizer.AuthorizerFunc(func(context.Context, authorizer.Attributes) (authorizer.Decision, string, error) {
		return authorizer.DecisionAllow, "", nil
	})
	for _, family := range apiserver.NewFamilies(nil, &record.FakeRecorder{}, apiserver.Views{}, apiserver.FamilyOptions{}) {
		all, err := family.NewStorage(resource.Config{Getter: noStorage{}, Typer: scheme.Scheme, Authorizer: allow})
		if err != nil {
			f.Fatal(err)
		}
		for _, s := range all {
			main, ok := s.(*resource.REST)
			if !ok {
				continue
			}
			kinds, _, err := scheme.Scheme.ObjectKinds(main.New())
			if err != nil {
				f.Fatal(err)
			}
			w[kinds[0].Kind] = main
		}
	}
	if len(w) == 0 {
		f.Fatal("no kinds")
	}
	return w
}

// journey takes an object the way of requests: decoded, defaulted, prepared,
// checked, printed, stored, read, and written back as it was read. Nothing may
// panic; what is stored is what is read, in either group; what is written back
// unchanged changes nothing.
func (w world) journey(t *testing.T, data []byte) {
	obj, gvk, err := scheme.Codecs.UniversalDecoder().Decode(data, nil, nil)
	if err != nil {
		return
	}
	main, ok := w[gvk.Kind]
	if !ok || gvk.Version == runtime.APIVersionInternal {
		return
	}
	if strict, ok := obj.(raw.Strict); ok {
		strict.UnknownFields()
	}
	defaulted := obj.DeepCopyObject()
	scheme.Scheme.Default(defaulted)
	if !apiequality.Semantic.DeepEqual(obj, defaulted) {
		t.Errorf("a second defaulting changes %#v into %#v\n%s", obj, defaulted, data)
	}
	kinds, _, err := scheme.Scheme.ObjectKinds(obj)
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range []string{kinds[0].Group, argoproj.GroupName} {
		ctx := contextIn(group)
		created := obj.DeepCopyObject()
		main.CreateStrategy.PrepareForCreate(ctx, created)
		main.CreateStrategy.Validate(ctx, created)
		main.CreateStrategy.WarningsOnCreate(ctx, created)
		changed := obj.DeepCopyObject()
		main.UpdateStrategy.PrepareForUpdate(ctx, changed, created)
		main.UpdateStrategy.ValidateUpdate(ctx, changed, created)
		main.UpdateStrategy.WarningsOnUpdate(ctx, changed, created)
		table(t, main, changed)
		w.rest(t, ctx, main, changed)
	}
}

// rest is what becomes of an object once it is accepted.
func (w world) rest(t *testing.T, ctx context.Context, main *resource.REST, obj runtime.Object) {
	kinds, _, err := scheme.Scheme.ObjectKinds(obj)
	if err != nil {
		t.Fatal(err)
	}
	native := scheme.Codecs.LegacyCodec(kinds[0].GroupVersion())
	stored, err := runtime.Encode(native, obj)
	if err != nil {
		t.Fatalf("cannot be stored: %v", err)
	}
	read, err := runtime.Decode(native, stored)
	if err != nil {
		t.Fatalf("cannot be read again: %v\n%s", err, stored)
	}
	obj.GetObjectKind().SetGroupVersionKind(read.GetObjectKind().GroupVersionKind())
	if !apiequality.Semantic.DeepEqual(obj, read) {
		t.Errorf("read %#v, stored %#v\n%s", read, obj, stored)
	}
	again, err := runtime.Encode(native, read)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stored, again) {
		t.Errorf("not stable:\n%s\n%s", stored, again)
	}
	// A client of the other group reads it, and writes what it read.
	sent, err := runtime.Encode(scheme.Codecs.LegacyCodec(argoproj.SchemeGroupVersion), read)
	if err != nil {
		t.Fatal(err)
	}
	back, err := runtime.Decode(scheme.Codecs.UniversalDecoder(), sent)
	if err != nil {
		t.Fatalf("cannot be written back: %v\n%s", err, sent)
	}
	main.UpdateStrategy.PrepareForUpdate(ctx, back, read)
	after, err := runtime.Encode(native, back)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stored, after) {
		t.Errorf("written back unchanged, it changed:\n%s\n%s", stored, after)
	}
}

func table(t *testing.T, main *resource.REST, obj runtime.Object) {
	got, err := main.ConvertToTable(context.Background(), obj, nil)
	if err != nil {
		t.Errorf("no table: %v", err)
		return
	}
	if _, err := json.Marshal(got.Rows[0].Cells); err != nil {
		t.Errorf("no table: %v", err)
	}
	if cells, columns := len(got.Rows[0].Cells), len(got.ColumnDefinitions); cells != columns {
		t.Errorf("%d cells in %d columns", cells, columns)
	}
}

// contextIn is that of a request to a main resource in a group, by somebody who
// may do everything.
func contextIn(group string) context.Context {
	ctx := request.WithNamespace(context.Background(), "n")
	ctx = request.WithUser(ctx, &user.DefaultInfo{Name: "somebody"})
	return request.WithRequestInfo(ctx, &request.RequestInfo{IsResourceRequest: true, APIGroup: group, APIVersion: argoproj.Version})
}

// noStorage makes stores in which nothing is.
type noStorage struct{}

func (noStorage) GetRESTOptions(gr schema.GroupResource, _ runtime.Object) (generic.RESTOptions, error) {
	return generic.RESTOptions{
		StorageConfig:  (&storagebackend.Config{}).ForResource(gr),
		Decorator:      nothing,
		ResourcePrefix: gr.Resource,
	}, nil
}

func nothing(*storagebackend.ConfigForResource, string, func(runtime.Object) (string, error), func() runtime.Object, func() runtime.Object,
	storage.AttrFunc, storage.IndexerFuncs, *cache.Indexers,
) (storage.Interface, factory.DestroyFunc, error) {
	return empty{}, func() {}, nil
}

// empty is a storage in which nothing is found. What else is asked of it panics.
type empty struct{ storage.Interface }

func (empty) Get(_ context.Context, key string, _ storage.GetOptions, _ runtime.Object) error {
	return storage.NewKeyNotFoundError(key, 0)
}
