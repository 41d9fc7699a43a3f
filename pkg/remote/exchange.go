// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	oauthjwt "golang.org/x/oauth2/jwt"
)

const (
	gitHubAPI      = "https://api.github.com"
	googleTokens   = "https://oauth2.googleapis.com/token"
	googleScope    = "https://www.googleapis.com/auth/cloud-platform"
	azureDirectory = "https://login.microsoftonline.com"
	// azureScope is Azure DevOps, under the identifier that it has in every tenant.
	azureScope = "499b84ac-1321-427f-aa17-267ca6975798/.default"
)

// Exchange are credentials for which somebody gives out tokens that end after a while, and that are used in place of a
// password. One of its fields is set.
type Exchange struct {
	GitHub *GitHubApp      `json:"gitHub,omitempty"`
	Google *GoogleAccount  `json:"google,omitempty"`
	Azure  *AzurePrincipal `json:"azure,omitempty"`
	// CA are PEM certificates that are trusted of who gives out tokens, instead of the system's.
	CA string `json:"ca,omitempty"`
}

// GitHubApp is a GitHub App that is installed for the owner of repositories.
type GitHubApp struct {
	// ID of the app, and of its installation: where that is 0, the one that has Repository is looked up.
	ID, Installation int64
	// Repository is OWNER/NAME. It is left empty where the installation is known, which is the same for many.
	Repository string
	// PrivateKey of the app, as PEM.
	PrivateKey string
	// API is the URL of the API of a GitHub Enterprise server. Empty: GitHub's own.
	API string
}

// GoogleAccount is a service account of Google Cloud.
type GoogleAccount struct {
	// Key is its key, as the JSON that Google makes.
	Key string
}

// AzurePrincipal is a service principal of Microsoft Entra, which used to be Azure Active Directory.
type AzurePrincipal struct {
	Client, Secret, Tenant string
	// Directory is the URL of the directory. Empty: that of the public cloud.
	Directory string
}

// token is what an exchange gives: a password with its user, or a bearer token.
type token struct {
	username, password, bearer string
	expires                    time.Time
}

// Host is the URL to which an exchange sends its credentials.
func (e *Exchange) Host() (*url.URL, error) {
	at, what := "", ""
	switch {
	case e.GitHub != nil:
		at, what = e.GitHub.api(), "the URL of the GitHub API"
	case e.Azure != nil:
		at, what = e.Azure.directory(), "the URL of the Azure directory"
	case e.Google != nil:
		key, err := e.Google.parse()
		if err != nil {
			return nil, err
		}
		at, what = key.TokenURI, "token_uri of the key of the Google account"
	}
	u, err := url.Parse(at)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return nil, fmt.Errorf("%s is no URL of the web", what)
	}
	return u, nil
}

// Check returns what is wrong with the credentials themselves. It does not tell their values.
func (e *Exchange) Check() error {
	if _, err := e.Host(); err != nil {
		return err
	}
	if app := e.GitHub; app != nil {
		if _, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(app.PrivateKey)); err != nil {
			return errors.New("the private key of the GitHub App is no RSA key as PEM")
		}
	}
	return nil
}

// secrets are the values that no message may contain.
func (e *Exchange) secrets() []string {
	switch {
	case e == nil:
	case e.GitHub != nil:
		return []string{e.GitHub.PrivateKey}
	case e.Google != nil:
		return []string{e.Google.Key}
	case e.Azure != nil:
		return []string{e.Azure.Secret}
	}
	return nil
}

// token asks for a token.
func (e *Exchange) token(ctx context.Context, client *http.Client, now time.Time) (token, error) {
	if err := e.Check(); err != nil {
		return token{}, err
	}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, client)
	switch {
	case e.GitHub != nil:
		return e.GitHub.token(ctx, client, now)
	case e.Google != nil:
		return e.Google.token(ctx)
	}
	return e.Azure.token(ctx)
}

func (g *GitHubApp) api() string {
	if g.API == "" {
		return gitHubAPI
	}
	return strings.TrimRight(g.API, "/")
}

// token signs a statement that we are the app, and asks for a token of its installation (GitHub: authenticating as a GitHub
// App installation).
func (g *GitHubApp) token(ctx context.Context, client *http.Client, now time.Time) (token, error) {
	key, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(g.PrivateKey))
	if err != nil {
		return token{}, errors.New("the private key of the GitHub App is no RSA key as PEM")
	}
	// GitHub wants no more than ten minutes, and its clock may be behind ours.
	signed, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		Issuer: strconv.FormatInt(g.ID, 10), IssuedAt: jwt.NewNumericDate(now.Add(-time.Minute)), ExpiresAt: jwt.NewNumericDate(now.Add(8 * time.Minute)),
	}).SignedString(key)
	if err != nil {
		return token{}, errors.New("the private key of the GitHub App cannot sign")
	}
	installation := g.Installation
	if installation == 0 {
		var found struct {
			ID int64 `json:"id"`
		}
		owner, name, _ := strings.Cut(g.Repository, "/")
		if err := g.ask(ctx, client, http.MethodGet, "/repos/"+url.PathEscape(owner)+"/"+url.PathEscape(name)+"/installation", signed, http.StatusOK, &found); err != nil {
			return token{}, fmt.Errorf("GitHub App %d: the installation for %s: %w", g.ID, g.Repository, err)
		}
		installation = found.ID
	}
	var got struct {
		Token   string    `json:"token"`
		Expires time.Time `json:"expires_at"`
	}
	if err := g.ask(ctx, client, http.MethodPost, fmt.Sprintf("/app/installations/%d/access_tokens", installation), signed, http.StatusCreated, &got); err != nil {
		return token{}, fmt.Errorf("GitHub App %d: a token of installation %d: %w", g.ID, installation, err)
	}
	if got.Token == "" {
		return token{}, fmt.Errorf("GitHub App %d: the answer has no token", g.ID)
	}
	return token{username: "x-access-token", password: got.Token, expires: got.Expires}, nil
}

// ask asks the API as the app.
func (g *GitHubApp) ask(ctx context.Context, client *http.Client, method, path, signed string, want int, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, g.api()+path, bytes.NewReader(nil))
	if err != nil {
		return errors.New("the URL cannot be used")
	}
	req.Header.Set("Authorization", "Bearer "+signed)
	req.Header.Set("Accept", "application/vnd.github+json")
	req.Header.Set("X-Github-Api-Version", "2022-11-28")
	resp, err := client.Do(req)
	if err != nil {
		return unreached(err)
	}
	defer resp.Body.Close() //nolint:errcheck // It was only read.
	if resp.StatusCode != want {
		return fmt.Errorf("the server answers %d", resp.StatusCode)
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return errors.New("the answer cannot be read")
	}
	return nil
}

// googleKey is what we need of the key of a service account.
type googleKey struct {
	Type       string `json:"type"`
	Email      string `json:"client_email"`
	ID         string `json:"private_key_id"`
	PrivateKey string `json:"private_key"`
	TokenURI   string `json:"token_uri"`
}

func (g *GoogleAccount) parse() (googleKey, error) {
	key := googleKey{TokenURI: googleTokens}
	if err := json.Unmarshal([]byte(g.Key), &key); err != nil {
		return key, errors.New("the key of the Google account is no JSON")
	}
	if key.Type != "service_account" || key.Email == "" || key.PrivateKey == "" {
		return key, errors.New("the key of the Google account is not that of a service account")
	}
	return key, nil
}

func (g *GoogleAccount) token(ctx context.Context) (token, error) {
	key, err := g.parse()
	if err != nil {
		return token{}, err
	}
	config := oauthjwt.Config{Email: key.Email, PrivateKey: []byte(key.PrivateKey), PrivateKeyID: key.ID, Scopes: []string{googleScope}, TokenURL: key.TokenURI}
	got, err := config.TokenSource(ctx).Token()
	if err != nil {
		return token{}, fmt.Errorf("account %s of Google: %w", key.Email, refused(err))
	}
	return token{username: key.Email, password: got.AccessToken, expires: got.Expiry}, nil
}

func (a *AzurePrincipal) directory() string {
	if a.Directory == "" {
		return azureDirectory
	}
	return strings.TrimRight(a.Directory, "/")
}

func (a *AzurePrincipal) token(ctx context.Context) (token, error) {
	config := clientcredentials.Config{
		ClientID: a.Client, ClientSecret: a.Secret, Scopes: []string{azureScope}, AuthStyle: oauth2.AuthStyleInParams,
		TokenURL: a.directory() + "/" + url.PathEscape(a.Tenant) + "/oauth2/v2.0/token",
	}
	got, err := config.Token(ctx)
	if err != nil {
		return token{}, fmt.Errorf("service principal %s of Azure: %w", a.Client, refused(err))
	}
	return token{bearer: got.AccessToken, expires: got.Expiry}, nil
}

// refused is why there is no token, without what the other side has written, which may quote what we sent.
func refused(err error) error {
	if answer := (*oauth2.RetrieveError)(nil); errors.As(err, &answer) && answer.Response != nil {
		code := ""
		if known := strings.Trim(answer.ErrorCode, "abcdefghijklmnopqrstuvwxyz_"); known == "" && answer.ErrorCode != "" {
			code = " " + answer.ErrorCode[:min(len(answer.ErrorCode), 40)]
		}
		return fmt.Errorf("the server answers %d%s", answer.Response.StatusCode, code)
	}
	return unreached(err)
}

// unreached is why a server cannot be asked.
func unreached(err error) error {
	if failure := (*url.Error)(nil); errors.As(err, &failure) {
		err = failure.Err // without the URL, which tells nothing new
	}
	return errors.New(Clean(err.Error()))
}
