// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package surface

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"encoding/base64"

	"argosy.dev/argosy/hack/e2e/framework"
)

// userName is the service account that asks: an ordinary user, whose every request is authorized.
const userName = "surface"

// prepare makes a namespace for each side, and the user. cleanup removes them, and is nil if there is nothing to remove.
func (b *bench) prepare(ctx context.Context) (cleanup func(context.Context) error, err error) {
	base := rest.AnonymousClientConfig(b.client.Config)
	base.QPS = -1
	direct, err := b.direct(ctx)
	if err != nil {
		return nil, err
	}
	b.sides = []*side{
		{name: "(a) custom resource", config: base, group: customGroup},
		{name: "(b) Argosy through the aggregation layer", config: base, group: nativeGroup, status: "/status"},
		{name: "(c) Argosy directly", config: direct, group: nativeGroup, status: "/status"},
	}
	var made []string
	cleanup = func(ctx context.Context) error {
		var errs []error
		for _, ns := range made {
			errs = append(errs, b.client.Kube.CoreV1().Namespaces().Delete(ctx, ns, metav1.DeleteOptions{}))
		}
		for _, ns := range made {
			if errs = append(errs, framework.WaitGone(ctx, b.client.Dynamic, corev1.SchemeGroupVersion.WithResource("namespaces"), "", ns)); ctx.Err() != nil {
				break
			}
		}
		return errors.Join(errs...)
	}
	for i, s := range b.sides {
		ns, err := b.client.Kube.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "bench-surface-"}}, metav1.CreateOptions{})
		if err != nil {
			return cleanup, fmt.Errorf("create a namespace: %w", err)
		}
		made = append(made, ns.Name)
		s.namespace = ns.Name
		if err := b.allow(ctx, ns.Name, made[0]); err != nil {
			return cleanup, err
		}
		if i > 0 {
			continue
		}
		token, err := b.token(ctx, ns.Name)
		if err != nil {
			return cleanup, err
		}
		base.BearerToken, direct.BearerToken = token, token
	}
	return cleanup, nil
}

// allow lets the user of namespace home do all with workflows in a namespace.
func (b *bench) allow(ctx context.Context, namespace, home string) error {
	rbac := b.client.Kube.RbacV1()
	meta := metav1.ObjectMeta{Name: userName}
	_, err := rbac.Roles(namespace).Create(ctx, &rbacv1.Role{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{{
		APIGroups: []string{customGroup, nativeGroup}, Resources: []string{"workflows", "workflows/status"}, Verbs: []string{"*"},
	}}}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("create a role: %w", err)
	}
	_, err = rbac.RoleBindings(namespace).Create(ctx, &rbacv1.RoleBinding{ObjectMeta: meta,
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: userName},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: userName, Namespace: home}}}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("bind a role: %w", err)
	}
	return nil
}

func (b *bench) token(ctx context.Context, namespace string) (string, error) {
	accounts := b.client.Kube.CoreV1().ServiceAccounts(namespace)
	if _, err := accounts.Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: userName}}, metav1.CreateOptions{}); err != nil {
		return "", fmt.Errorf("create a user: %w", err)
	}
	t, err := accounts.CreateToken(ctx, userName, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("ask for a token: %w", err)
	}
	return t.Status.Token, nil
}

// direct reaches Argosy by its Service, past the aggregation layer, trusting what the aggregation layer trusts.
func (b *bench) direct(ctx context.Context) (*rest.Config, error) {
	services := schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}
	o, err := b.client.Dynamic.Resource(services).Get(ctx, version+"."+nativeGroup, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("find Argosy: %w", err)
	}
	text := func(path ...string) string {
		s, _, ferr := unstructured.NestedString(o.Object, path...)
		err = errors.Join(err, ferr)
		return s
	}
	bundle, namespace, name := text("spec", "caBundle"), text("spec", "service", "namespace"), text("spec", "service", "name")
	if err != nil {
		return nil, fmt.Errorf("find Argosy: %w", err)
	}
	ca, err := base64.StdEncoding.DecodeString(bundle)
	if err != nil {
		return nil, fmt.Errorf("read the APIService's caBundle: %w", err)
	}
	service, err := b.client.Kube.CoreV1().Services(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("find Argosy: %w", err)
	}
	return &rest.Config{Host: "https://" + service.Spec.ClusterIP, QPS: -1,
		TLSClientConfig: rest.TLSClientConfig{CAData: ca, ServerName: name + "." + namespace + ".svc"}}, nil
}

// heaps are the live heaps of the servers, in bytes.
type heaps struct{ custom, argosy float64 }

// heaps asks both servers to collect their garbage and then for what is left.
func (b *bench) heaps(ctx context.Context) (h heaps, err error) {
	cluster, err := rest.HTTPClientFor(b.client.Config)
	if err != nil {
		return h, fmt.Errorf("make a client: %w", err)
	}
	ours := rest.CopyConfig(b.sides[2].config)
	ours.BearerToken = b.client.Config.BearerToken
	argosy, err := rest.HTTPClientFor(ours)
	if err != nil {
		return h, fmt.Errorf("make a client: %w", err)
	}
	if h.custom, err = liveHeap(ctx, cluster, b.client.Config.Host); err != nil {
		return h, err
	}
	h.argosy, err = liveHeap(ctx, argosy, ours.Host)
	return h, err
}

func liveHeap(ctx context.Context, client *http.Client, host string) (float64, error) {
	if _, err := weigh(ctx, client, host+"/debug/pprof/heap?gc=1", "gzip"); err != nil {
		return 0, err
	}
	text, err := ask(ctx, client, http.MethodGet, host+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	for lines := bufio.NewScanner(strings.NewReader(string(text))); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), "go_memstats_heap_alloc_bytes "); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, errors.New("the metrics have no go_memstats_heap_alloc_bytes")
}
