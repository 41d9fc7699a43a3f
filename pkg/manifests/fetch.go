// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"argosy.dev/argosy/pkg/remote"
)

const (
	maxHops   = 5
	fetchTime = 2 * time.Minute
)

// download gets what is at a URL. Each hop is reached as its own host is to be: credentials go to the host that they are
// for, and to others only if they are passed on.
func (g *Generator) download(ctx context.Context, who tenant, from string, credentials remote.Access, passOn bool, limit int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	at, err := webURL(from)
	if err != nil {
		return nil, err
	}
	home := at
	for range maxHops {
		access := credentials
		if !passOn && !sameOrigin(home, at) {
			access = remote.Access{Proxy: credentials.Proxy, NoProxy: credentials.NoProxy}
		}
		if err := g.trust(who, at.String(), &access); err != nil {
			return nil, err
		}
		if access, err = g.config.Tokens.Fill(ctx, access); err != nil {
			return nil, explain(at, credentials, err)
		}
		body, next, err := g.hop(ctx, at, access, limit)
		if err != nil {
			return nil, explain(at, credentials, err)
		}
		if next == nil {
			return body, nil
		}
		if at.Scheme == "https" && next.Scheme != "https" {
			return nil, fmt.Errorf("%s://%s%s: a redirect from https to %.20s is not followed", at.Scheme, at.Host, at.Path, next.Scheme)
		}
		at = next
	}
	return nil, fmt.Errorf("%s://%s%s: too many redirects", home.Scheme, home.Host, home.Path)
}

// webURL reads a URL of the web. Credentials in it are not used and not told.
func webURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("the URL cannot be read")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("the scheme %.20q is not supported here: want https or http", u.Scheme)
	case u.Host == "":
		return nil, errors.New("the URL has no host")
	}
	return u, nil
}

func sameOrigin(a, b *url.URL) bool { return a.Scheme == b.Scheme && a.Host == b.Host }

// hop asks one host. It returns what is there, or where it says that it is.
func (g *Generator) hop(ctx context.Context, at *url.URL, access remote.Access, limit int64) ([]byte, *url.URL, error) {
	if at.User != nil && access.Password == "" && access.BearerToken == "" {
		access.Username = at.User.Username()
		access.Password, _ = at.User.Password()
	}
	transport, err := access.Transport(g.config.AllowLocal)
	if err != nil {
		return nil, nil, err
	}
	defer transport.CloseIdleConnections()
	clean := *at
	clean.User = nil
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, clean.String(), nil)
	if err != nil {
		return nil, nil, err
	}
	access.Authorize(req)
	resp, err := remote.Bounded{Next: transport, Limit: limit}.RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close() //nolint:errcheck // It was only read.
	switch resp.StatusCode {
	case http.StatusOK:
		body, err := io.ReadAll(resp.Body)
		return body, nil, err
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		next, err := resp.Location()
		if err != nil {
			return nil, nil, errors.New("a redirect that leads nowhere")
		}
		next, err = webURL(next.String())
		return nil, next, err
	case http.StatusUnauthorized:
		g.config.Tokens.Forget(access)
		return nil, nil, errors.New("authentication required, or the credentials are wrong")
	case http.StatusForbidden:
		return nil, nil, errors.New("access denied")
	case http.StatusNotFound:
		return nil, nil, errors.New("not found")
	}
	return nil, nil, fmt.Errorf("the server answers %d", resp.StatusCode)
}

// explain says what went wrong at a URL, without secrets. The error below is not passed on, but for a context's end.
func explain(at *url.URL, access remote.Access, err error) error {
	where := fmt.Sprintf("%s://%s%s", at.Scheme, at.Host, at.EscapedPath())
	if at.User != nil {
		access.Password, _ = at.User.Password()
	}
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%s: %w", where, context.Canceled)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s: it took too long: %w", where, context.DeadlineExceeded)
	}
	return fmt.Errorf("%s: %s", where, access.Scrub(err.Error()))
}
