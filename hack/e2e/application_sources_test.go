// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/hack/e2e/gitserver"
)

// secret makes, or changes, a Secret of the peer's kind with what is needed to reach repositories or clusters.
func (w *world) secret(name, kind string, data map[string]string) {
	w.Helper()
	ctx := within(w.T, time.Minute)
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"argocd.argoproj.io/secret-type": kind}}, StringData: data}
	_, err := admin.Kube.CoreV1().Secrets(w.ns).Create(ctx, s, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		_, err = admin.Kube.CoreV1().Secrets(w.ns).Update(ctx, s, metav1.UpdateOptions{})
	}
	if err != nil {
		w.Fatal(err)
	}
}

// refresh has an application compared anew.
func (w *world) refresh(name string) {
	w.Helper()
	if err := w.verb(admin, name, "refresh", `{"type":"hard"}`); err != nil {
		w.Fatalf("refresh: %v", err)
	}
}

// value waits until a ConfigMap has a value in a key.
func (w *world) value(name, key, want string) {
	w.Helper()
	eventually(w.T, time.Minute, fmt.Sprintf("ConfigMap %s has %s=%q", name, key, want), func(ctx context.Context) error {
		cm, err := admin.Kube.CoreV1().ConfigMaps(w.ns).Get(ctx, name, metav1.GetOptions{})
		if err == nil && cm.Data[key] != want {
			err = fmt.Errorf("it has %v", cm.Data)
		}
		return err
	})
}

const automated = "syncPolicy: {automated: {prune: true, selfHeal: true}}"

// TestApplicationPrivateRepository: who a repository lets in is said by the peer's Secrets, over HTTPS and SSH; without
// them, and with wrong ones, the application alone says so, and no secret is in what it says (§1.14).
func TestApplicationPrivateRepository(t *testing.T) {
	t.Parallel()
	ca := gitserver.NewCA(t)
	cert, key := ca.Client(t, "argosy")
	const password = "correct-horse-battery"
	login := gitserver.Options{Username: "ada", Password: password}
	for _, c := range []struct {
		name, kind string
		options    gitserver.Options
		wrong      map[string]string
		right      func(*world) map[string]string
	}{
		{"password", "repository", login, map[string]string{"username": "ada", "password": "wrong-" + password}, func(w *world) map[string]string {
			return map[string]string{"username": "ada", "password": password, "type": "git"}
		}},
		{"credentials of many", "repo-creds", login, map[string]string{"username": "ada", "password": "wrong-" + password}, func(w *world) map[string]string {
			return map[string]string{"url": w.git.URL() + "/git", "username": "ada", "password": password}
		}},
		{"bearer", "repository", gitserver.Options{Token: password}, nil, func(*world) map[string]string { return map[string]string{"bearerToken": password} }},
		{"certificate", "repository", gitserver.Options{ClientCA: ca.PEM}, nil, func(*world) map[string]string {
			return map[string]string{"tlsClientCertData": cert, "tlsClientCertKey": key}
		}},
		{"ssh", "repository", gitserver.Options{SSH: true}, nil, func(w *world) map[string]string {
			return map[string]string{"sshPrivateKey": w.git.PrivateKey}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorldOf(t, c.options, map[string]string{"app/a.yaml": configMapFile("a", "one", "")})
			url := w.url()
			if c.options.SSH {
				url = w.git.SSH("app.git")
			}
			if c.wrong != nil {
				c.wrong["url"] = url
				w.secret("repo", c.kind, c.wrong)
			}
			w.app("private", "", fmt.Sprintf("source: {repoURL: %q, path: app}", url), automated)
			app := w.condition("private", appv1.ConditionComparisonError, "")
			if app.Status.Sync.Status != appv1.SyncStatusUnknown {
				t.Errorf("sync status %s", app.Status.Sync.Status)
			}
			if said := fmt.Sprint(app.Status); strings.Contains(said, password) || strings.Contains(said, "PRIVATE KEY") {
				t.Errorf("status tells the secret: %s", said)
			}
			if c.options.SSH {
				// A key alone does not do: the host must be known.
				w.secret("repo", c.kind, map[string]string{"url": url, "sshPrivateKey": w.git.PrivateKey})
				w.refresh("private")
				w.condition("private", appv1.ConditionComparisonError, "no SSH host key")
				w.settings("argocd-ssh-known-hosts-cm", map[string]string{"ssh_known_hosts": w.git.KnownHosts})
			}
			right := c.right(w)
			if right["url"] == "" {
				right["url"] = url
			}
			w.secret("repo", c.kind, right)
			w.refresh("private")
			app = w.is("private", appv1.SyncStatusSynced, appv1.HealthHealthy)
			w.value("a", "value", "one")
			for _, condition := range app.Status.Conditions {
				if condition.Type == appv1.ConditionComparisonError {
					t.Errorf("condition %+v remains", condition)
				}
			}
		})
	}
}

// TestApplicationUnreachableSource: what cannot be found is told by a condition, with what is wrong (59).
func TestApplicationUnreachableSource(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/a.yaml": configMapFile("a", "one", ""), "broken/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: [\n"})
	for name, c := range map[string]struct{ source, says string }{
		"folder":     {fmt.Sprintf("{repoURL: %q, path: nowhere}", w.url()), "nowhere"},
		"revision":   {fmt.Sprintf("{repoURL: %q, path: app, targetRevision: nobody}", w.url()), "nobody"},
		"repository": {fmt.Sprintf("{repoURL: %q, path: app}", w.git.HTTPS("none.git")), "none.git"},
		"manifest":   {fmt.Sprintf("{repoURL: %q, path: broken}", w.url()), "a.yaml"},
	} {
		w.app(name, "", "source: "+c.source)
		app := w.until(name, "an error is told", func(a *appv1.Application) bool {
			for _, condition := range a.Status.Conditions {
				if strings.HasSuffix(string(condition.Type), "Error") && strings.Contains(condition.Message, c.says) {
					return true
				}
			}
			return false
		})
		if app.Status.Sync.Status != appv1.SyncStatusUnknown {
			t.Errorf("%s: sync status %s", name, app.Status.Sync.Status)
		}
	}
}

// TestApplicationRevisions: branches, tags, commits, semver constraints, also with a prefix; of an annotated tag the commit
// is told (83).
func TestApplicationRevisions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	at := map[string]string{}
	for _, version := range []string{"1.0.0", "1.1.0", "2.0.0"} {
		at[version] = w.repo.Commit(map[string]string{"app/a.yaml": configMapFile("of-one", version, "")})
		w.repo.Tag("v"+version, map[bool]string{true: "release"}[version == "1.1.0"])
		w.repo.Tag("shop-"+version, "")
	}
	w.repo.Branch("next")
	at["next"] = w.repo.Commit(map[string]string{"app/a.yaml": configMapFile("of-one", "next", "")})
	for name, c := range map[string]struct{ revision, want string }{
		"newest":     {`targetRevision: "1.*"`, "1.1.0"},
		"tilde":      {`targetRevision: "~1.0"`, "1.0.0"},
		"range":      {`targetRevision: ">=1.0.0 <2.0.0"`, "1.1.0"},
		"prefix":     {`targetRevision: "2.x", tagPrefix: shop-`, "2.0.0"},
		"tag":        {`targetRevision: v1.0.0`, "1.0.0"},
		"annotated":  {`targetRevision: v1.1.0`, "1.1.0"},
		"branch":     {`targetRevision: next`, "next"},
		"head":       {`targetRevision: HEAD`, "2.0.0"},
		"commit":     {fmt.Sprintf("targetRevision: %q", at["1.0.0"]), "1.0.0"},
		"default-to": {"", "2.0.0"},
	} {
		w.app(name, "", strings.Replace(fmt.Sprintf("source: {repoURL: %q, path: app, %s}", w.url(), c.revision), ", }", "}", 1))
		app := w.until(name, "compared", func(a *appv1.Application) bool { return a.Status.Sync.Revision != "" })
		if app.Status.Sync.Revision != at[c.want] {
			t.Errorf("%s: %s, want %s of %v", name, app.Status.Sync.Revision, c.want, at)
		}
	}
}

// TestApplicationSubmodule: files of a submodule, whose address is relative, are read (83).
func TestApplicationSubmodule(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	lib := w.git.Repository("lib.git")
	sha := lib.Commit(map[string]string{"app/a.yaml": configMapFile("a", "of the submodule", "")})
	w.repo.Commit(map[string]string{".gitmodules": "[submodule \"lib\"]\n\tpath = vendor/lib\n\turl = ../lib.git\n"})
	w.repo.Git("update-index", "--add", "--cacheinfo", "160000,"+sha+",vendor/lib")
	w.repo.Git("commit", "--quiet", "--message", "submodule")
	w.repo.Push("HEAD")
	w.app("with-submodule", "vendor/lib/app", automated)
	w.is("with-submodule", appv1.SyncStatusSynced, appv1.HealthHealthy)
	w.value("a", "value", "of the submodule")
}
