// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package serving

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/authorization/path"
	"k8s.io/apiserver/pkg/authorization/union"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/healthz"
)

// Probes are for everybody, metrics for whom the cluster lets get them, and nothing else is there.
func TestHandler(t *testing.T) {
	ready := errors.New("not yet")
	authentication := genericapiserver.AuthenticationInfo{Authenticator: authenticator.RequestFunc(func(req *http.Request) (*authenticator.Response, bool, error) {
		name := req.Header.Get("Who")
		if name == "" {
			name = user.Anonymous
		}
		return &authenticator.Response{User: &user.DefaultInfo{Name: name}}, name != "liar", nil
	})}
	paths, err := path.NewAuthorizer([]string{"/healthz", "/livez", "/readyz"})
	if err != nil {
		t.Fatal(err)
	}
	scraper := authorizer.AuthorizerFunc(func(_ context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
		if a.GetUser().GetName() == "prometheus" && !a.IsResourceRequest() && a.GetVerb() == "get" {
			return authorizer.DecisionAllow, "", nil
		}
		return authorizer.DecisionNoOpinion, "", nil
	})
	both, err := union.New(union.NamedAuthorizer{AuthorizerName: "test/paths", Authorizer: paths}, union.NamedAuthorizer{AuthorizerName: "test/scraper", Authorizer: scraper})
	if err != nil {
		t.Fatal(err)
	}
	served := chain(handler([]healthz.HealthChecker{healthz.NamedCheck("argosy", func(*http.Request) error { return ready })}),
		authentication, genericapiserver.AuthorizationInfo{Authorizer: both})
	get := func(path, who string) int {
		req, answer := httptest.NewRequest(http.MethodGet, path, nil), httptest.NewRecorder()
		req.Header.Set("Who", who)
		served.ServeHTTP(answer, req)
		return answer.Code
	}
	for _, test := range []struct {
		path, who string
		want      int
	}{
		{"/livez", "", http.StatusOK},
		{"/healthz", "", http.StatusOK},
		{"/readyz", "", http.StatusInternalServerError},
		{"/metrics", "", http.StatusForbidden},
		{"/metrics", "liar", http.StatusUnauthorized},
		{"/metrics", "alice", http.StatusForbidden},
		{"/metrics", "prometheus", http.StatusOK},
		{"/debug/pprof/", "prometheus", http.StatusNotFound},
	} {
		if code := get(test.path, test.who); code != test.want {
			t.Errorf("GET %s as %q: %d, want %d", test.path, test.who, code, test.want)
		}
	}
	if ready = nil; get("/readyz", "") != http.StatusOK {
		t.Error("not ready when the loops are")
	}
}
