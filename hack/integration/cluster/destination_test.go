// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
	"argosy.dev/argosy/pkg/cluster"
)

// secret describes the test's cluster as another one, with a token.
func (f *fixture) secret(token, namespaces string) []*corev1.Secret {
	return []*corev1.Secret{{
		ObjectMeta: metav1.ObjectMeta{Name: "remote", Labels: map[string]string{appv1.LabelSecretType: cluster.SecretTypeCluster}},
		Data: map[string][]byte{
			"name": []byte("remote"), "server": []byte(admin.Host), "namespaces": []byte(namespaces),
			"config": []byte(`{"bearerToken":"` + token + `","tlsClientConfig":{"caData":"` + base64.StdEncoding.EncodeToString(admin.CAData) + `"}}`),
		},
	}}
}

func (f *fixture) remote(user, token, namespaces string, identity cluster.Identity) *cluster.Cache {
	f.Helper()
	d, err := cluster.Resolve(appv1.ApplicationDestination{Name: "remote"}, "", f.secret(token, namespaces), nil)
	f.must(err)
	c, err := f.caches.Use(user, d, identity)
	f.must(err)
	return c
}

// A cluster by its Secret is used as whom the Secret says, and as somebody else only if that is wanted.
func TestClusterByItsSecret(t *testing.T) {
	f := start(t, cluster.Config{})
	u := f.configMap("a", "app", "1")
	c := f.remote("app", admin.BearerToken, "", "")
	_, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: u})
	f.must(err)
	c = f.remote("app", admin.BearerToken, "", cluster.ServiceAccount(f.namespace, "nobody"))
	if _, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: u}); err == nil || !strings.Contains(err.Error(), ":nobody") {
		t.Errorf("as somebody without rights: %v", err)
	}
	// Credentials that are changed make another cache.
	c = f.remote("app", "wrong-token-wrong", "", "")
	err = c.Watch(f.ctx, "app", cluster.Needs{Objects: []object.Key{object.KeyOf(u)}})
	if err == nil || strings.Contains(err.Error(), "wrong-token") {
		t.Errorf("wrong credentials: %v", err)
	}
	t.Log(err)
}

// A Secret may limit what is used of its cluster.
func TestLimitsOfACluster(t *testing.T) {
	f := start(t, cluster.Config{})
	other := f.newNamespace()
	c := f.remote("app", admin.BearerToken, f.namespace, "")
	u := f.configMap("a", "app", "1")
	key := object.KeyOf(u)
	f.must(c.Watch(f.ctx, "app", cluster.Needs{Instance: "app", Objects: []object.Key{key}}))
	_, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: u})
	f.must(err)
	elsewhere := key
	elsewhere.Namespace = other
	whole := object.Key{Kind: "Namespace", Name: f.namespace}
	for _, key := range []object.Key{elsewhere, whole, {Kind: "ConfigMap", Name: "a"}} {
		var problem *cluster.WatchError
		if err := c.Watch(f.ctx, "app", cluster.Needs{Instance: "app", Objects: []object.Key{key}}); !errors.As(err, &problem) {
			t.Errorf("%s is watched: %v", key, err)
		}
		if live, err := c.Get(f.ctx, key, ""); err == nil {
			t.Errorf("%s is read: %v", key, live)
		}
		if _, err := c.Delete(f.ctx, cluster.DeleteRequest{Key: key}); err == nil {
			t.Errorf("%s is deleted", key)
		}
	}
	u.SetNamespace(other)
	if _, err := c.Apply(f.ctx, cluster.ApplyRequest{Object: u}); err == nil || !strings.Contains(err.Error(), "without namespace "+other) {
		t.Errorf("elsewhere: %v", err)
	}
	if _, err := c.Orphans(f.ctx, other); err == nil {
		t.Error("another namespace is listed")
	}
}

// Whom an identity is, with which groups, is the same as with the account's own token; and to be it takes the right to
// impersonate service accounts, and no other.
func TestIdentity(t *testing.T) {
	f := start(t, cluster.Config{})
	role, err := f.client.RbacV1().ClusterRoles().Create(f.ctx, &rbacv1.ClusterRole{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "impersonator-"},
		Rules:      []rbacv1.PolicyRule{{Verbs: []string{"impersonate"}, APIGroups: []string{""}, Resources: []string{"serviceaccounts"}}},
	}, metav1.CreateOptions{})
	f.must(err)
	_, err = f.client.RbacV1().ClusterRoleBindings().Create(f.ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "impersonator-"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: f.namespace, Name: "argosy"}},
	}, metav1.CreateOptions{})
	f.must(err)
	_, err = f.client.CoreV1().ServiceAccounts(f.namespace).Create(f.ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "argosy"}}, metav1.CreateOptions{})
	f.must(err)
	token, err := f.client.CoreV1().ServiceAccounts(f.namespace).CreateToken(f.ctx, "argosy", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	f.must(err)
	c := f.remote("app", token.Status.Token, "", cluster.ServiceAccount(f.namespace, "default-account"))
	client, err := kubernetes.NewForConfig(c.RESTConfig())
	f.must(err)
	who, err := client.AuthenticationV1().SelfSubjectReviews().Create(f.ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	f.must(err)
	got := who.Status.UserInfo
	slices.Sort(got.Groups)
	if got.Username != "system:serviceaccount:"+f.namespace+":default-account" ||
		!slices.Equal(got.Groups, []string{"system:authenticated", "system:serviceaccounts", "system:serviceaccounts:" + f.namespace}) {
		t.Errorf("%+v", got)
	}
	_, err = c.Apply(f.ctx, cluster.ApplyRequest{Object: f.configMap("a", "app", "1")})
	f.must(err)
}
