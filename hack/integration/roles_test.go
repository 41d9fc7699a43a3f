// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"

	"argosy.dev/argosy/hack/e2e/framework"
	"argosy.dev/argosy/hack/schemas"
	"argosy.dev/argosy/pkg/apiserver/apiservertest"
)

// shipped reads the roles that we ship, by kind and name.
func shipped(t *testing.T) map[string][]rbacv1.PolicyRule {
	t.Helper()
	root, err := framework.Root()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]rbacv1.PolicyRule{}
	for _, folder := range []string{"base", "components/split"} {
		files, err := filepath.Glob(filepath.Join(root, "artifacts/deploy", folder, "*.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			objects, err := framework.Decode(text)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			for _, o := range objects {
				if o.GetKind() != "ClusterRole" && o.GetKind() != "Role" {
					continue
				}
				var role rbacv1.ClusterRole
				if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &role); err != nil {
					t.Fatalf("%s: %v", file, err)
				}
				out[o.GetKind()+" "+role.Name] = role.Rules
			}
		}
	}
	if len(out) < 15 {
		t.Fatalf("only %d roles were found", len(out))
	}
	return out
}

// No role that we ship grants what is not named in it.
func TestRolesNameWhatTheyGrant(t *testing.T) {
	for name, rules := range shipped(t) {
		for _, rule := range rules {
			for _, list := range [][]string{rule.APIGroups, rule.Resources, rule.Verbs, rule.NonResourceURLs} {
				for _, entry := range list {
					if strings.Contains(entry, "*") {
						t.Errorf("%s has %q: %v", name, entry, rule)
					}
				}
			}
			if slices.Contains(rule.Resources, "secrets") && (slices.Contains(rule.Verbs, "list") || slices.Contains(rule.Verbs, "watch")) {
				t.Errorf("%s lists Secrets", name)
			}
		}
	}
}

// Everything that is served is in the roles for users, in both groups and for all that can be done with it, but for what is
// left to the server and to who is given more on purpose. Nothing is in them that is not served.
func TestRolesAreComplete(t *testing.T) {
	roles, s := shipped(t), apiservertest.Start(t, apiservertest.Config{})
	for _, family := range schemas.Families {
		granted, known := sets.New[string](), sets.New[string]()
		for _, level := range []string{"view", "edit", "admin"} {
			rules, ok := roles["ClusterRole argosy-"+family+"-"+level]
			if !ok {
				t.Fatalf("%s has no role %s", family, level)
			}
			for _, rule := range rules {
				for _, group := range rule.APIGroups {
					for _, resource := range rule.Resources {
						for _, verb := range rule.Verbs {
							granted.Insert(group + " " + resource + " " + verb)
						}
					}
				}
			}
		}
		for _, gv := range groupsOf(family) {
			native := served(t, s, groupsOf(family)[0])
			for name, resource := range served(t, s, gv) {
				if _, ours := native[name]; !ours && gv.Group == compat.Group {
					if main, _, _ := strings.Cut(name, "/"); native[main].Name == "" {
						continue // another family's
					}
				}
				for _, verb := range resource.Verbs {
					right := gv.Group + " " + name + " " + verb
					known.Insert(right)
					// The status of applications holds what verbs have asked for: see roles-application.yaml.
					kept := strings.HasPrefix(name, "applications/status") || strings.HasPrefix(name, "applicationsets/status")
					if !granted.Has(right) && !(kept && (verb == "update" || verb == "patch")) {
						t.Errorf("no role of %s has %s", family, right)
					}
				}
			}
		}
		for right := range granted {
			// Rights that guard parts of requests are names alone; and reading what has get only does no harm in a list of three.
			_, resource, _ := strings.Cut(right, " ")
			if known.Has(right) || strings.HasPrefix(resource, "applications/override ") || strings.HasSuffix(right, " list") || strings.HasSuffix(right, " watch") {
				continue
			}
			t.Errorf("%s is in a role and not served", right)
		}
	}
}
