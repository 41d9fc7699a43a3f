// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package project

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

func with(spec appv1.AppProjectSpec) *appv1.AppProject {
	return &appv1.AppProject{ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "argocd"}, Spec: spec}
}

func TestPermitsSource(t *testing.T) {
	for _, tc := range []struct {
		repos []string
		url   string
		want  bool
	}{
		{nil, "https://a/b", false},
		{[]string{"*"}, "https://a/b/c.git", true},
		{[]string{"https://a/b"}, "https://A/b.git/", true},
		{[]string{"https://a/b"}, "http://a/b", false},
		{[]string{"https://a/*"}, "https://a/b", true},
		{[]string{"https://a/*"}, "https://a/b/c", false},
		{[]string{"https://a/**"}, "https://a/b/c", true},
		{[]string{"!https://a/secret", "*"}, "https://a/secret", false},
		{[]string{"*", "!https://a/secret/**"}, "https://a/secret/x", false},
		{[]string{"*", "!https://a/secret/**"}, "https://a/open", true},
		{[]string{"!https://a/secret"}, "https://a/open", false},
		{[]string{"git@github.com:org/*"}, "ssh://git@github.com/org/repo", true},
		{[]string{"!git@github.com:org/repo", "*"}, "ssh://git@GITHUB.com/org/repo.git", false},
		{[]string{"https://a/[b"}, "https://a/b", false},
	} {
		if err := PermitsSource(with(appv1.AppProjectSpec{SourceRepos: tc.repos}), tc.url); (err == nil) != tc.want {
			t.Errorf("%q of %q: %v", tc.url, tc.repos, err)
		}
	}
	err := PermitsSource(with(appv1.AppProjectSpec{}), "https://user:pa55word@a/b?token=pa55word")
	if err == nil || strings.Contains(err.Error(), "pa55word") || !strings.Contains(err.Error(), "is not permitted in project 'p'") {
		t.Errorf("the refusal is %v", err)
	}
}

func TestPermitsDestination(t *testing.T) {
	cluster := Cluster{Server: "https://one", Name: "one"}
	for name, tc := range map[string]struct {
		rules     []appv1.ProjectDestination
		namespace string
		want      bool
	}{
		"none":                  {namespace: "a"},
		"any":                   {rules: []appv1.ProjectDestination{{Server: "*", Namespace: "*"}}, namespace: "a", want: true},
		"by name":               {rules: []appv1.ProjectDestination{{Name: "one", Namespace: "a"}}, namespace: "a", want: true},
		"neither name nor URL":  {rules: []appv1.ProjectDestination{{Namespace: "*"}}, namespace: "a"},
		"another namespace":     {rules: []appv1.ProjectDestination{{Server: "https://one", Namespace: "b-*"}}, namespace: "a"},
		"glob of namespaces":    {rules: []appv1.ProjectDestination{{Server: "https://one", Namespace: "a-*"}}, namespace: "a-b", want: true},
		"whole cluster":         {rules: []appv1.ProjectDestination{{Server: "*", Namespace: "*"}}, want: true},
		"denied namespace":      {rules: []appv1.ProjectDestination{{Server: "*", Namespace: "*"}, {Server: "*", Namespace: "!kube-*"}}, namespace: "kube-system"},
		"not denied namespace":  {rules: []appv1.ProjectDestination{{Server: "*", Namespace: "*"}, {Server: "*", Namespace: "!kube-*"}}, namespace: "a", want: true},
		"denied elsewhere":      {rules: []appv1.ProjectDestination{{Server: "*", Namespace: "*"}, {Server: "https://two", Namespace: "!a"}}, namespace: "a", want: true},
		"a deny permits nobody": {rules: []appv1.ProjectDestination{{Server: "*", Namespace: "!kube-*"}}, namespace: "a"},
		"denied server":         {rules: []appv1.ProjectDestination{{Server: "*", Namespace: "*"}, {Server: "!https://one", Namespace: "*"}}, namespace: "a"},
		"denied server, whatever the namespace": {
			rules: []appv1.ProjectDestination{{Server: "*", Namespace: "*"}, {Server: "!https://one", Namespace: "b"}}, namespace: "a",
		},
		"denied name, whatever the namespace": {
			rules: []appv1.ProjectDestination{{Server: "*", Namespace: "*"}, {Name: "!one", Namespace: "b"}}, namespace: "a",
		},
		"another denied server": {rules: []appv1.ProjectDestination{{Server: "*", Namespace: "*"}, {Server: "!https://two", Namespace: "*"}}, namespace: "a", want: true},
	} {
		err := PermitsDestination(with(appv1.AppProjectSpec{Destinations: tc.rules}), cluster, tc.namespace)
		if (err == nil) != tc.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	scoped := with(appv1.AppProjectSpec{PermitOnlyProjectScopedClusters: ptr.To(true), Destinations: []appv1.ProjectDestination{{Server: "*", Namespace: "*"}}})
	if PermitsDestination(scoped, cluster, "a") == nil {
		t.Error("a cluster that is not the project's is permitted")
	}
	cluster.Project = "p"
	if err := PermitsDestination(scoped, cluster, "a"); err != nil {
		t.Error(err)
	}
}

func TestPermitsKind(t *testing.T) {
	pod, role := schema.GroupKind{Kind: "Pod"}, schema.GroupKind{Group: "rbac.authorization.k8s.io", Kind: "ClusterRole"}
	for name, tc := range map[string]struct {
		spec       appv1.AppProjectSpec
		gk         schema.GroupKind
		namespaced bool
		want       bool
	}{
		"namespaced kinds by default":   {gk: pod, namespaced: true, want: true},
		"cluster kinds by default":      {gk: role},
		"an empty list permits none":    {spec: appv1.AppProjectSpec{NamespaceResourceWhitelist: []appv1.ResourceRestriction{}}, gk: pod, namespaced: true},
		"blacklisted":                   {spec: appv1.AppProjectSpec{NamespaceResourceBlacklist: []appv1.ResourceRestriction{{Group: "", Kind: "Po*"}}}, gk: pod, namespaced: true},
		"whitelisted, cluster":          {spec: appv1.AppProjectSpec{ClusterResourceWhitelist: []appv1.ClusterResourceRestriction{{Group: "*", Kind: "*"}}}, gk: role, want: true},
		"whitelisted by name":           {spec: appv1.AppProjectSpec{ClusterResourceWhitelist: []appv1.ClusterResourceRestriction{{Group: "*", Kind: "*", Name: "x*"}}}, gk: role, want: true},
		"whitelisted by another name":   {spec: appv1.AppProjectSpec{ClusterResourceWhitelist: []appv1.ClusterResourceRestriction{{Group: "*", Kind: "*", Name: "z*"}}}, gk: role},
		"blacklist before whitelist":    {spec: appv1.AppProjectSpec{ClusterResourceWhitelist: []appv1.ClusterResourceRestriction{{Group: "*", Kind: "*"}}, ClusterResourceBlacklist: []appv1.ClusterResourceRestriction{{Group: "rbac.*", Kind: "*"}}}, gk: role},
		"the blacklist of another name": {spec: appv1.AppProjectSpec{ClusterResourceWhitelist: []appv1.ClusterResourceRestriction{{Group: "*", Kind: "*"}}, ClusterResourceBlacklist: []appv1.ClusterResourceRestriction{{Group: "*", Kind: "*", Name: "z"}}}, gk: role, want: true},
	} {
		if err := PermitsKind(with(tc.spec), tc.gk, "xy", tc.namespaced); (err == nil) != tc.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := PermitsKind(with(appv1.AppProjectSpec{}), role, "x", false); err == nil || err.Error() != "resource rbac.authorization.k8s.io:ClusterRole is not permitted in project p" {
		t.Errorf("the refusal is %v", err)
	}
}

func TestServiceAccount(t *testing.T) {
	p := with(appv1.AppProjectSpec{DestinationServiceAccounts: []appv1.DestinationServiceAccount{
		{Server: "https://one", Namespace: "a-*", DefaultServiceAccount: "deployer"},
		{Server: "https://one", Namespace: "*", DefaultServiceAccount: "ops:admin"},
		{Server: "https://two", Namespace: "*", DefaultServiceAccount: "a:b:c"},
	}})
	for _, tc := range []struct{ server, namespace, want string }{
		{"https://one", "a-b", "system:serviceaccount:a-b:deployer"}, {"https://one", "b", "system:serviceaccount:ops:admin"},
		{"https://one", "", "system:serviceaccount:ops:admin"}, {"https://two", "a", ""}, {"https://three", "a", ""},
	} {
		got, err := ServiceAccount(p, tc.server, tc.namespace, "argocd")
		if got != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("%s %s: %q, %v", tc.server, tc.namespace, got, err)
		}
	}
	if got, err := ServiceAccount(with(appv1.AppProjectSpec{}), "https://one", "a", "argocd"); got != "" || err != nil {
		t.Errorf("without a list: %q, %v", got, err)
	}
}

func TestOrphans(t *testing.T) {
	p := with(appv1.AppProjectSpec{OrphanedResources: &appv1.OrphanedResources{Warn: ptr.To(false), Ignore: []appv1.OrphanedResourceKey{{Kind: "ConfigMap", Name: "kept-*"}, {Group: "apps"}}}})
	if looks, warns := LooksForOrphans(p); !looks || warns {
		t.Errorf("looks %v, warns %v", looks, warns)
	}
	if looks, _ := LooksForOrphans(with(appv1.AppProjectSpec{})); looks {
		t.Error("looks though nobody asks")
	}
	for key, want := range map[object.Key]bool{
		{Kind: "ConfigMap", Namespace: "n", Name: "c"}:                 true,
		{Kind: "ConfigMap", Namespace: "n", Name: "kept-c"}:            false,
		{Group: "apps", Kind: "Deployment", Namespace: "n", Name: "d"}: false,
		{Kind: "ServiceAccount", Namespace: "n", Name: "default"}:      false,
		{Kind: "ServiceAccount", Namespace: "n", Name: "other"}:        true,
		{Kind: "Event", Namespace: "n", Name: "e"}:                     false,
	} {
		if got := IsOrphan(p, key); got != want {
			t.Errorf("%s: %v", key, got)
		}
	}
}

func TestCheckAndMerge(t *testing.T) {
	app := &appv1.Application{ObjectMeta: metav1.ObjectMeta{Name: "a", Namespace: "team"}}
	app.Spec.Source = &appv1.ApplicationSource{RepoURL: "https://a/b"}
	app.Spec.Destination = appv1.ApplicationDestination{Server: "https://one", Namespace: "n"}
	cluster := Cluster{Server: "https://one", Name: "one"}
	if errs := Check(with(appv1.AppProjectSpec{}), app, cluster); len(errs) != 3 {
		t.Errorf("errors: %v", errs)
	}
	if errs := Check(Default("team"), app, cluster); len(errs) != 0 {
		t.Errorf("errors: %v", errs)
	}
	p := with(appv1.AppProjectSpec{SourceNamespaces: []string{"te*"}})
	merged := Merge(p, Default("argocd"))
	if errs := Check(merged, app, cluster); len(errs) != 0 {
		t.Errorf("errors: %v", errs)
	}
	if len(p.Spec.SourceRepos) != 0 {
		t.Error("the project was changed")
	}
}

func TestUnsupported(t *testing.T) {
	app := &appv1.Application{ObjectMeta: metav1.ObjectMeta{Name: "a", Annotations: map[string]string{"notifications.argoproj.io/subscribe.on-deployed.slack": "x"}}}
	app.Spec.Source = &appv1.ApplicationSource{RepoURL: "OCI://a/b", Plugin: &appv1.ApplicationSourcePlugin{}}
	app.Spec.SourceHydrator = &appv1.SourceHydrator{}
	app.Spec.Destination.Namespace = "n"
	p := with(appv1.AppProjectSpec{
		SyncWindows:   []appv1.SyncWindow{{Namespaces: []string{"n*"}}, {Namespaces: []string{"m"}}, {Namespaces: []string{"n"}, Applications: []string{"b"}, AndOperator: ptr.To(true)}},
		SignatureKeys: []appv1.SignatureKey{{KeyID: "1234567890abcdef"}},
	})
	var got []string
	blocking := 0
	for _, f := range Unsupported(app, p) {
		got = append(got, f.Object+" "+f.Path.String())
		if f.Blocks {
			blocking++
		}
	}
	want := "Application spec.sourceHydrator, Application spec.source.repoURL, Application spec.source.plugin, " +
		"Application metadata.annotations[notifications.argoproj.io/subscribe.on-deployed.slack], AppProject spec.syncWindows[0], AppProject spec.signatureKeys"
	if strings.Join(got, ", ") != want || blocking != 5 {
		t.Errorf("got %s, of which %d block", strings.Join(got, ", "), blocking)
	}
	if got := Unsupported(&appv1.Application{}, nil); len(got) != 0 {
		t.Errorf("an empty application: %v", got)
	}
}
