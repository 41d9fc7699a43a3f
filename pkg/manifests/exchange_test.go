// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/hack/e2e/gitserver"
)

// TestExchange: credentials of GitHub, Google and Azure are exchanged for the token that the repository wants, by a server
// whose certificate the namespace trusts.
func TestExchange(t *testing.T) {
	asked := map[string]int{}
	vendor := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked[r.Method+" "+r.URL.Path]++
		answer := map[string]any{"access_token": "t0ken", "token_type": "Bearer", "expires_in": 3600}
		switch r.URL.Path {
		case "/api/v3/repos/git/org/installation":
			answer = map[string]any{"id": 3}
		case "/api/v3/app/installations/3/access_tokens":
			answer = map[string]any{"token": "t0ken", "expires_at": "2200-01-01T00:00:00Z"}
			w.WriteHeader(http.StatusCreated)
		case "/google", "/ten/oauth2/v2.0/token":
			w.Header().Set("Content-Type", "application/json")
		default:
			w.WriteHeader(http.StatusNotFound)
		}
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(vendor.Close)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	private := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	google, err := json.Marshal(map[string]string{"type": "service_account", "client_email": "robot@p", "private_key": private, "token_uri": vendor.URL + "/google"})
	if err != nil {
		t.Fatal(err)
	}
	gitHub := map[string]string{"githubAppID": "1", "githubAppInstallationID": "3", "githubAppPrivateKey": private, "githubAppEnterpriseBaseUrl": vendor.URL + "/api/v3"}
	azure := map[string]string{"azureServicePrincipalClientId": "c", "azureServicePrincipalClientSecret": "s3cret", "azureServicePrincipalTenantId": "ten", "azureActiveDirectoryEndpoint": vendor.URL}
	with := func(data map[string]string, key, value string) map[string]string {
		all := map[string]string{key: value}
		for k, v := range data {
			if k != key {
				all[k] = v
			}
		}
		return all
	}
	app3 := gitserver.Start(t, gitserver.Options{Username: "x-access-token", Password: "t0ken", SSH: true})
	robot := gitserver.Start(t, gitserver.Options{Username: "robot@p", Password: "t0ken"})
	bearer := gitserver.Start(t, gitserver.Options{Token: "t0ken", MultiACK: true})
	basic := gitserver.Start(t, gitserver.Options{Username: "ada", Password: "s3cret"})
	for _, c := range []struct {
		name   string
		server *gitserver.Server
		data   map[string]string
		want   string // of the error, "" for none
	}{
		{"GitHub App", app3, gitHub, ""},
		{"GitHub App, the installation looked up", app3, with(gitHub, "githubAppInstallationID", ""), ""},
		{"GitHub App without a key", app3, with(gitHub, "githubAppPrivateKey", ""), "secret s0: githubAppPrivateKey is missing"},
		{"GitHub App without an ID", app3, with(gitHub, "githubAppID", ""), "secret s0: githubAppID is missing"},
		{"GitHub App with another ID", app3, with(gitHub, "githubAppID", "one"), "secret s0: githubAppID is not a number"},
		{"GitHub App with a bad key", app3, with(gitHub, "githubAppPrivateKey", "s3cret"), "secret s0: the private key of the GitHub App is no RSA key"},
		{"GitHub App that is not known", app3, with(gitHub, "githubAppInstallationID", "4"), "a token of installation 4: the server answers 404"},
		{"Google account", robot, map[string]string{"gcpServiceAccountKey": string(google)}, ""},
		{"Google account, bad", robot, map[string]string{"gcpServiceAccountKey": "s3cret"}, "secret s0: the key of the Google account is no JSON"},
		{"Azure principal", bearer, azure, ""},
		{"Azure principal without tenant", bearer, with(azure, "azureServicePrincipalTenantId", ""), "secret s0: azureServicePrincipalTenantId is missing"},
		{"Azure workload identity", bearer, map[string]string{"useAzureWorkloadIdentity": "true"}, "secret s0: useAzureWorkloadIdentity is not supported"},
		{"a password goes first", basic, with(with(gitHub, "username", "ada"), "password", "s3cret"), ""},
		{"LFS", app3, with(gitHub, "enableLfs", "true"), "secret s0: enableLfs is not supported"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, w := generator(t)
			served := c.server.Repository(strings.ReplaceAll(strings.ReplaceAll(c.name, " ", "-"), ",", "") + ".git")
			if strings.HasSuffix(c.name, "looked up") {
				served = c.server.Repository("org")
			}
			served.Commit(map[string]string{"a.yaml": config("one", "1")})
			host, _, _ := strings.Cut(c.server.Address(), ":")
			w.set("apps", "argocd-tls-certs-cm", host, string(c.server.CA)+string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: vendor.Certificate().Raw})))
			w.add("apps", "repo-creds", with(c.data, "url", c.server.URL()))
			req := app("x", source(c.server.HTTPS(served.Name), "."))
			clear(asked)
			_, err := g.Generate(t.Context(), req)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if err != nil && (strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "PRIVATE")) {
				t.Errorf("a secret is in the error: %v", err)
			}
			if c.want != "" {
				return
			}
			served.Commit(map[string]string{"a.yaml": config("two", "2")})
			if got := names(generate(t, g, req)); got != "two=2" {
				t.Errorf("after another commit: %s", got)
			}
			for what, n := range asked {
				if n != 1 {
					t.Errorf("%s was asked for %d times", what, n)
				}
			}
			if c.name == "a password goes first" && len(asked) > 0 {
				t.Errorf("it was asked for %v", asked)
			}
		})
	}
	t.Run("over SSH", func(t *testing.T) {
		g, w := generator(t)
		w.trust("apps", app3)
		app3.Repository("ssh.git").Commit(map[string]string{"a.yaml": config("one", "1")})
		w.add("apps", "repository", with(gitHub, "url", app3.SSH("ssh.git")))
		if _, err := g.Generate(t.Context(), app("x", source(app3.SSH("ssh.git"), "."))); err == nil || !strings.Contains(err.Error(), "secret s0: its credentials are for URLs of the scheme https") {
			t.Errorf("%v", err)
		}
	})
	t.Run("charts", func(t *testing.T) {
		g, w := generator(t)
		charts := robot.Charts("main")
		charts.Add("web", "1.0.0", map[string]string{"templates/c.yaml": config("web", "1")})
		host, _, _ := strings.Cut(robot.Address(), ":")
		w.set("apps", "argocd-tls-certs-cm", host, string(robot.CA)+string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: vendor.Certificate().Raw})))
		w.add("apps", "repository", map[string]string{"type": "helm", "url": charts.URL, "gcpServiceAccountKey": string(google)})
		if got := names(generate(t, g, app("x", appv1.ApplicationSource{RepoURL: charts.URL, Chart: "web", TargetRevision: "1.0.0"}))); got != "web=1" {
			t.Errorf("%s", got)
		}
		if n := fmt.Sprint(asked["POST /google"]); n == "0" {
			t.Error("no token was asked for")
		}
	})
}
