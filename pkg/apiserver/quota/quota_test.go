// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package quota

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"

	"argosy.dev/argosy/apis/argoproj"
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

var (
	native = wfv1.SchemeGroupVersion.WithResource("workflows")
	compat = argoproj.SchemeGroupVersion.WithResource("workflows")
)

func twins(gvr schema.GroupVersionResource) (schema.GroupVersionResource, bool) {
	if gvr == native {
		return compat, true
	}
	return native, gvr == compat
}

func TestQuotaHoldsForBothGroups(t *testing.T) {
	for _, quotaOf := range []schema.GroupVersionResource{native, compat} {
		for _, through := range []schema.GroupVersionResource{native, compat} {
			for _, tc := range []struct {
				hard, used, subresource string
				dryRun, refused         bool
			}{
				{hard: "2", used: "1"},
				{hard: "2", used: "2", refused: true},
				{hard: "2", used: "2", refused: true, dryRun: true},
				{hard: "2", used: "2", subresource: "stop"},
			} {
				t.Run(fmt.Sprintf("%s/%s/%+v", quotaOf.Group, through.Group, tc), func(t *testing.T) {
					name := corev1.ResourceName("count/workflows." + quotaOf.Group)
					hard, used := corev1.ResourceList{name: resource.MustParse(tc.hard)}, corev1.ResourceList{name: resource.MustParse(tc.used)}
					client := fake.NewClientset(&corev1.ResourceQuota{
						ObjectMeta: metav1.ObjectMeta{Name: "q", Namespace: "ns", ResourceVersion: "1"},
						Spec:       corev1.ResourceQuotaSpec{Hard: hard}, Status: corev1.ResourceQuotaStatus{Hard: hard, Used: used},
					})
					err := admit(t, client, through, tc.subresource, tc.dryRun)
					if tc.refused != apierrors.IsForbidden(err) || !tc.refused && err != nil {
						t.Errorf("refused %v, error %v", tc.refused, err)
					}
					q, err := client.CoreV1().ResourceQuotas("ns").Get(context.Background(), "q", metav1.GetOptions{})
					if err != nil {
						t.Fatal(err)
					}
					want := tc.used
					if !tc.refused && tc.subresource == "" && !tc.dryRun {
						want = "2"
					}
					if got := q.Status.Used[name]; got.String() != want {
						t.Errorf("used %s, want %s", got.String(), want)
					}
				})
			}
		}
	}
}

func admit(t *testing.T, client *fake.Clientset, through schema.GroupVersionResource, subresource string, dryRun bool) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	plugins := admission.NewPlugins()
	Register(plugins, twins)
	if _, err := plugins.InitPlugin(PluginName, nil, Initializer()); err == nil {
		t.Fatal("initialized without a client")
	}
	var made admission.Interface
	factory := informers.NewSharedInformerFactory(client, 0)
	p, err := plugins.InitPlugin(PluginName, nil, initialize(func(i admission.Interface) {
		made = i
		i.(*plugin).SetDrainedNotification(ctx.Done())
		i.(*plugin).SetExternalKubeClientSet(client)
		i.(*plugin).SetExternalKubeInformerFactory(factory)
		Initializer().Initialize(i)
	}))
	if err != nil || p != made {
		t.Fatal(err)
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	wf := &wfv1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: "w", Namespace: "ns"}}
	return p.(admission.ValidationInterface).Validate(ctx, admission.NewAttributesRecord(wf, nil, through.GroupVersion().WithKind("Workflow"), "ns", "w",
		through, subresource, admission.Create, &metav1.CreateOptions{}, dryRun, &user.DefaultInfo{}), nil)
}

type initialize func(admission.Interface)

// Initialize implements admission.PluginInitializer.
func (f initialize) Initialize(p admission.Interface) { f(p) }
