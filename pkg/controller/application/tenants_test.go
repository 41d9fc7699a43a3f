// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// An account that may not read Secrets has none, and is not waited for; what it may read is read, as that account.
func TestTenantWithoutSecrets(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if as := r.Header.Get("Impersonate-User"); as != "system:serviceaccount:team:syncer" {
			t.Errorf("%s as %q", r.URL, as)
		}
		answer := func(status int, object any) {
			w.WriteHeader(status)
			if err := json.NewEncoder(w).Encode(object); err != nil {
				t.Error(err)
			}
		}
		switch {
		case strings.HasSuffix(r.URL.Path, "/namespaces/team/secrets"):
			answer(http.StatusForbidden, apierrors.NewForbidden(corev1.Resource("secrets"), "", nil).Status())
		case r.URL.Query().Get("sendInitialEvents") != "":
			answer(http.StatusBadRequest, apierrors.NewBadRequest("lists only").Status())
		case r.URL.Query().Get("watch") != "":
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		default:
			answer(http.StatusOK, corev1.ConfigMapList{
				TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMapList"}, ListMeta: metav1.ListMeta{ResourceVersion: "1"},
				Items: []corev1.ConfigMap{{
					ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "argocd-cm", ResourceVersion: "1"},
					Data:       map[string]string{"installationID": "here"},
				}},
			})
		}
	}))
	t.Cleanup(server.Close)
	all := newTenants(&rest.Config{Host: server.URL}, "syncer", func(string) {})
	t.Cleanup(all.Shutdown)
	one, err := all.get(t.Context(), "team")
	if err != nil {
		t.Fatal(err)
	}
	if err := one.mayNot(); !apierrors.IsForbidden(err) {
		t.Errorf("it may read all: %v", err)
	}
	if secrets, err := all.Secrets("team"); err != nil || len(secrets) != 0 {
		t.Errorf("its Secrets are %v, %v", secrets, err)
	}
	if !cache.WaitForCacheSync(t.Context().Done(), one.settings.HasSynced) {
		t.Fatal("the settings did not come")
	}
	if says, wrong := one.parsed(); wrong != nil || says.InstallationID != "here" {
		t.Errorf("its settings are %+v, %v", says, wrong)
	}
	if data, err := all.ConfigMap("team", "argocd-cm"); err != nil || data["installationID"] != "here" {
		t.Errorf("the ConfigMap is %v, %v", data, err)
	}
}
