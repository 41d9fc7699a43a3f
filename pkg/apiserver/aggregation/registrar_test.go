// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package aggregation

import (
	"context"
	"encoding/json"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	metadatafake "k8s.io/client-go/metadata/fake"
	clienttesting "k8s.io/client-go/testing"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset/fake"
	"k8s.io/utils/ptr"
)

const compat = "v1alpha1.argoproj.io"

func service(labels map[string]string, namespace, name string, bundle string) *apiregistrationv1.APIService {
	s := &apiregistrationv1.APIService{
		ObjectMeta: metav1.ObjectMeta{Name: compat, Labels: labels},
		Spec:       apiregistrationv1.APIServiceSpec{Group: "argoproj.io", Version: "v1alpha1", GroupPriorityMinimum: 900, VersionPriority: 15},
	}
	if name != "" {
		s.Spec.Service = &apiregistrationv1.ServiceReference{Namespace: namespace, Name: name, Port: ptr.To[int32](443)}
		s.Spec.CABundle = []byte(bundle)
	}
	return s
}

func crd(name string) *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
	}
}

func TestCompatibilityGroupIsNotTakenFromOthers(t *testing.T) {
	ours := service(nil, "argosy-system", "argosy-apiserver", "ca")
	stale := service(nil, "argosy-system", "argosy-apiserver", "old")
	local := service(map[string]string{automanaged: "true"}, "", "", "")
	foreign := service(nil, "elsewhere", "other", "x")
	for name, tc := range map[string]struct {
		have     *apiregistrationv1.APIService
		crds     []runtime.Object
		takeOver bool
		want     types.PatchType // empty: nothing is written
	}{
		"nothing there":                          {want: types.ApplyPatchType},
		"custom resources of other groups":       {crds: []runtime.Object{crd("workflows.example.com"), crd("argoproj.io")}, want: types.ApplyPatchType},
		"custom resources":                       {crds: []runtime.Object{crd("workflows.argoproj.io")}},
		"custom resources, registered by them":   {have: local, crds: []runtime.Object{crd("workflows.argoproj.io")}},
		"custom resources, take over":            {have: local, crds: []runtime.Object{crd("workflows.argoproj.io")}, takeOver: true, want: types.MergePatchType},
		"ours, and custom resources came later":  {have: ours, crds: []runtime.Object{crd("workflows.argoproj.io")}},
		"ours with an old bundle, crds came too": {have: stale, crds: []runtime.Object{crd("workflows.argoproj.io")}, want: types.ApplyPatchType},
		"another server's":                       {have: foreign},
		"another server's, take over":            {have: foreign, takeOver: true, want: types.ApplyPatchType},
		"as it should be":                        {have: ours},
	} {
		t.Run(name, func(t *testing.T) {
			var have []runtime.Object
			if tc.have != nil {
				have = append(have, tc.have.DeepCopy())
			}
			client := fake.NewSimpleClientset(have...)
			var patch clienttesting.PatchAction
			client.PrependReactor("patch", "apiservices", func(a clienttesting.Action) (bool, runtime.Object, error) {
				patch = a.(clienttesting.PatchAction)
				return true, &apiregistrationv1.APIService{}, nil
			})
			scheme := metadatafake.NewTestScheme()
			if err := metav1.AddMetaToScheme(scheme); err != nil {
				t.Fatal(err)
			}
			r := &Registrar{
				APIServices: client.ApiregistrationV1().APIServices(),
				Metadata:    metadatafake.NewSimpleMetadataClient(scheme, tc.crds...),
				Services:    []Service{{GroupVersion: schema.GroupVersion{Group: "argoproj.io", Version: "v1alpha1"}, Priority: 900, Yields: true}},
				TakeOver:    tc.takeOver,
				Namespace:   "argosy-system", Name: "argosy-apiserver", Port: 443,
				CABundle: func() []byte { return []byte("ca") },
			}
			if err := r.Reconcile(context.Background()); err != nil {
				t.Fatal(err)
			}
			if tc.want == "" {
				if patch != nil {
					t.Errorf("wrote %s", patch.GetPatch())
				}
				return
			}
			if patch == nil || patch.GetPatchType() != tc.want {
				t.Fatalf("wrote %v, want a patch of type %s", patch, tc.want)
			}
			var got struct {
				Metadata struct{ Labels map[string]*string }
				Spec     apiregistrationv1.APIServiceSpec
			}
			if err := json.Unmarshal(patch.GetPatch(), &got); err != nil {
				t.Fatal(err)
			}
			if got.Spec.Service == nil || got.Spec.Service.Name != "argosy-apiserver" || string(got.Spec.CABundle) != "ca" || got.Spec.InsecureSkipTLSVerify {
				t.Errorf("spec %+v", got.Spec)
			}
			label, present := got.Metadata.Labels[automanaged]
			if label != nil || present != (tc.want == types.MergePatchType) {
				t.Errorf("label of kube-aggregator: present %v, value %v", present, label)
			}
		})
	}
}
