// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// vendor plays GitHub, Google and Microsoft: it checks who asks, and gives out tokens that are numbered.
type vendor struct {
	*httptest.Server
	t   *testing.T
	key *rsa.PrivateKey

	mu    sync.Mutex
	asked map[string]int
	// status is answered instead of a token, with all that was sent.
	status int
}

func newVendor(t *testing.T) *vendor {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	v := &vendor{t: t, key: key, asked: map[string]int{}}
	v.Server = httptest.NewServer(v)
	t.Cleanup(v.Close)
	return v
}

// pem is the private key of the app or account.
func (v *vendor) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(v.key)}))
}

// says checks a statement that was signed with the key.
func (v *vendor) says(signed string) (*jwt.RegisteredClaims, error) {
	claims := &jwt.RegisteredClaims{}
	_, err := jwt.ParseWithClaims(signed, claims, func(*jwt.Token) (any, error) { return v.key.Public(), nil }, jwt.WithValidMethods([]string{"RS256"}), jwt.WithoutClaimsValidation())
	return claims, err
}

func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	v.asked[r.URL.Path]++
	n, status := v.asked[r.URL.Path], v.status
	v.mu.Unlock()
	answer := func(status int, object any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		if err := json.NewEncoder(w).Encode(object); err != nil {
			v.t.Error(err)
		}
	}
	if err := r.ParseForm(); err != nil {
		v.t.Error(err)
	}
	switch {
	case status >= 300 && status < 400:
		w.Header().Set("Location", v.URL+"/stolen")
		w.WriteHeader(status)
	case status != 0:
		answer(status, map[string]string{"error": "invalid_client", "error_description": "you sent " + r.Form.Encode() + r.Header.Get("Authorization")})
	case strings.HasPrefix(r.URL.Path, "/api/v3/"):
		claims, err := v.says(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		if err != nil || claims.Issuer != "7" || claims.ExpiresAt.Sub(claims.IssuedAt.Time) > 10*time.Minute {
			v.t.Errorf("the app says %+v, %v", claims, err)
		}
		switch r.URL.Path {
		case "/api/v3/repos/org/app/installation":
			answer(http.StatusOK, map[string]any{"id": 12})
		case "/api/v3/app/installations/12/access_tokens":
			answer(http.StatusCreated, map[string]any{"token": fmt.Sprintf("gh-t0ken-%d", n), "expires_at": claims.IssuedAt.Add(time.Hour + time.Minute).Format(time.RFC3339)})
		default:
			answer(http.StatusNotFound, map[string]string{"message": "Not Found"})
		}
	case r.URL.Path == "/google":
		claims, err := v.says(r.Form.Get("assertion"))
		if err != nil || claims.Issuer != "robot@project.iam" || r.Form.Get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
			v.t.Errorf("the account says %+v, %v", claims, err)
		}
		answer(http.StatusOK, map[string]any{"access_token": fmt.Sprintf("google-t0ken-%d", n), "token_type": "Bearer", "expires_in": 3600})
	case r.URL.Path == "/tenant/oauth2/v2.0/token":
		if r.Form.Get("client_id") != "client" || r.Form.Get("client_secret") != "azure-s3cret" || r.Form.Get("scope") != azureScope || r.Form.Get("grant_type") != "client_credentials" {
			v.t.Errorf("the principal says %v", r.Form)
		}
		answer(http.StatusOK, map[string]any{"access_token": fmt.Sprintf("azure-t0ken-%d", n), "token_type": "Bearer", "expires_in": 3600})
	default:
		v.t.Errorf("%s is asked for", r.URL)
		answer(http.StatusNotFound, nil)
	}
}

func (v *vendor) count(path string) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.asked[path]
}

func (v *vendor) refuse(status int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.status = status
}

func (v *vendor) google() *Exchange {
	key, err := json.Marshal(map[string]string{"type": "service_account", "client_email": "robot@project.iam", "private_key_id": "k", "private_key": v.pem(), "token_uri": v.URL + "/google"})
	if err != nil {
		v.t.Fatal(err)
	}
	return &Exchange{Google: &GoogleAccount{Key: string(key)}}
}

func (v *vendor) gitHub(installation int64, repository string) *Exchange {
	return &Exchange{GitHub: &GitHubApp{ID: 7, Installation: installation, Repository: repository, PrivateKey: v.pem(), API: v.URL + "/api/v3/"}}
}

func (v *vendor) azure() *Exchange {
	return &Exchange{Azure: &AzurePrincipal{Client: "client", Secret: "azure-s3cret", Tenant: "tenant", Directory: v.URL}}
}

// TestTokens: what is exchanged is used until shortly before its end.
func TestTokens(t *testing.T) {
	v := newVendor(t)
	for _, c := range []struct {
		name, path             string
		exchange               *Exchange
		user, password, bearer string
	}{
		{"GitHub", "/api/v3/app/installations/12/access_tokens", v.gitHub(12, ""), "x-access-token", "gh-t0ken-%d", ""},
		{"GitHub, the installation looked up", "/api/v3/repos/org/app/installation", v.gitHub(0, "org/app"), "x-access-token", "gh-t0ken-%d", ""},
		{"Google", "/google", v.google(), "robot@project.iam", "google-t0ken-%d", ""},
		{"Azure", "/tenant/oauth2/v2.0/token", v.azure(), "", "", "azure-t0ken-%d"},
	} {
		t.Run(c.name, func(t *testing.T) {
			first := v.count("/api/v3/app/installations/12/access_tokens")
			if c.exchange.GitHub == nil {
				first = 0
			}
			now := time.Now()
			tokens := NewTokens(true, func() time.Time { return now })
			want := func(when string, n int) {
				t.Helper()
				got, err := tokens.Fill(t.Context(), Access{Exchange: c.exchange})
				number := func(text string) string {
					if strings.Contains(text, "%d") {
						return fmt.Sprintf(text, first+n)
					}
					return text
				}
				if err != nil || got.Username != c.user || got.Password != number(c.password) || got.BearerToken != number(c.bearer) {
					t.Errorf("%s: %q %q %q, %v, want number %d", when, got.Username, got.Password, got.BearerToken, err, n)
				}
			}
			before := v.count(c.path)
			want("at first", 1)
			want("again", 1)
			now = now.Add(54 * time.Minute)
			want("after 54 minutes", 1)
			now = now.Add(2 * time.Minute)
			want("after 56 minutes", 2)
			tokens.Forget(Access{Exchange: c.exchange})
			want("after the repository has refused it", 3)
			if n := v.count(c.path) - before; n != 3 {
				t.Errorf("it was asked %d times", n)
			}
		})
	}
	t.Run("many at once", func(t *testing.T) {
		tokens, before := NewTokens(true, nil), v.count("/google")
		var all sync.WaitGroup
		for range 30 {
			all.Go(func() {
				if _, err := tokens.Fill(t.Context(), Access{Exchange: v.google()}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := v.count("/google") - before; n != 1 {
			t.Errorf("it was asked %d times", n)
		}
	})
}

// TestNoTokens: what cannot be had is told without secrets, and not asked for again at once.
func TestNoTokens(t *testing.T) {
	v := newVendor(t)
	broken := func(key string) *Exchange { return &Exchange{Google: &GoogleAccount{Key: key}} }
	for _, c := range []struct {
		name     string
		exchange *Exchange
		status   int
		want     string
	}{
		{"GitHub refuses", v.gitHub(12, ""), 401, "GitHub App 7: a token of installation 12: the server answers 401"},
		{"no such installation", v.gitHub(99, ""), 0, "GitHub App 7: a token of installation 99: the server answers 404"},
		{"not installed", v.gitHub(0, "org/other"), 0, "the installation for org/other: the server answers 404"},
		{"GitHub moves", v.gitHub(12, ""), 307, "the server answers 307"},
		{"Google refuses", v.google(), 400, "account robot@project.iam of Google: the server answers 400"},
		{"Google moves", v.google(), 307, "the server answers 307"},
		{"Azure refuses", v.azure(), 401, "service principal client of Azure: the server answers 401 invalid_client"},
		{"no key of GitHub", &Exchange{GitHub: &GitHubApp{ID: 7, PrivateKey: "gh-s3cret", API: v.URL}}, 0, "no RSA key as PEM"},
		{"no URL of GitHub", &Exchange{GitHub: &GitHubApp{ID: 7, PrivateKey: v.pem(), API: "ftp://x"}}, 0, "the URL of the GitHub API is no URL"},
		{"no JSON", broken("g00gle-s3cret"), 0, "is no JSON"},
		{"no service account", broken(`{"type": "authorized_user", "refresh_token": "g00gle-s3cret"}`), 0, "is not that of a service account"},
		{"no private key of Google", broken(`{"type": "service_account", "client_email": "a", "private_key": "g00gle-s3cret", "token_uri": "` + v.URL + `/google"}`), 0, "account a of Google: "},
		{"nobody answers", &Exchange{Azure: &AzurePrincipal{Client: "client", Secret: "azure-s3cret", Tenant: "t", Directory: "http://127.0.0.1:1"}}, 0, "connection refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v.refuse(c.status)
			now := time.Now()
			tokens := NewTokens(true, func() time.Time { return now })
			_, err := tokens.Fill(t.Context(), Access{Exchange: c.exchange})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			for _, secret := range []string{"s3cret", "PRIVATE", "eyJ", v.pem()[40:60]} {
				if strings.Contains(fmt.Sprintf("%v %+v", err, err), secret) {
					t.Errorf("a secret is in the error: %v", err)
				}
			}
			asked := fmt.Sprint(v.asked)
			if _, again := tokens.Fill(t.Context(), Access{Exchange: c.exchange}); again == nil || fmt.Sprint(v.asked) != asked {
				t.Errorf("it is asked again at once: %v", again)
			}
		})
	}
	v.refuse(0)
	if _, err := NewTokens(false, nil).Fill(t.Context(), Access{Exchange: v.azure()}); err == nil || !strings.Contains(err.Error(), "the server's own") {
		t.Errorf("an address of the server itself: %v", err)
	}
	if _, err := (*Tokens)(nil).Fill(t.Context(), Access{Exchange: v.azure()}); err == nil {
		t.Error("without Tokens credentials are passed over")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	tokens := NewTokens(true, nil)
	if _, err := tokens.Fill(ctx, Access{Exchange: v.azure()}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := tokens.Fill(t.Context(), Access{Exchange: v.azure()}); err != nil {
		t.Errorf("after who was cancelled: %v", err)
	}
	if a, err := tokens.Fill(t.Context(), Access{Password: "p"}); err != nil || a.Password != "p" {
		t.Errorf("what is not exchanged: %+v, %v", a, err)
	}
}
