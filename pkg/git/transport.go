// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	gitserver "github.com/go-git/go-git/v5/plumbing/transport/server"

	"argosy.dev/argosy/pkg/remote"
)

// session is one conversation with the upload-pack of a repository.
type session interface {
	AdvertisedReferencesContext(ctx context.Context) (*packp.AdvRefs, error)
	UploadPack(ctx context.Context, req *packp.UploadPackRequest) (*packp.UploadPackResponse, error)
	Close() error
}

// session opens a conversation. It lasts no longer than the context.
func (r *Repository) session(ctx context.Context) (session, error) {
	switch r.address.Scheme {
	case "ssh":
		return dialSSH(ctx, r)
	case "file":
		return openFile(r.address.Path)
	}
	return r.sessionHTTP()
}

// sessionHTTP speaks HTTP by go-git, which follows redirects of the first request only, never from https to http, and takes
// the credentials off where they lead to another host.
func (r *Repository) sessionHTTP() (session, error) {
	web, err := r.webTransport()
	if err != nil {
		return nil, err
	}
	client := githttp.NewClientWithOptions(&http.Client{Transport: sized{web, r.store.limits}},
		&githttp.ClientOptions{RedirectPolicy: githttp.FollowInitialRedirects})
	endpoint := &transport.Endpoint{Protocol: r.address.Scheme, Host: r.address.Host, Path: r.address.Path}
	if name, port, err := net.SplitHostPort(r.address.Host); err == nil {
		if endpoint.Port, err = strconv.Atoi(port); err != nil {
			return nil, err
		}
		endpoint.Host = name
		if strings.Contains(name, ":") {
			endpoint.Host = "[" + name + "]"
		}
	}
	return client.NewUploadPackSession(endpoint, webAuth{r.access})
}

func (r *Repository) webTransport() (*http.Transport, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.web == nil {
		web, err := r.access.Transport(r.store.options.AllowLocal)
		if err != nil {
			return nil, err
		}
		r.web = web
	}
	return r.web, nil
}

// sized bounds answers: a list of refs by one limit, a pack by another.
type sized struct {
	next   http.RoundTripper
	limits Limits
}

// RoundTrip implements http.RoundTripper.
func (s sized) RoundTrip(req *http.Request) (*http.Response, error) {
	limit := s.limits.Pack
	if req.Method == http.MethodGet {
		limit = s.limits.Refs
	}
	return remote.Bounded{Next: s.next, Limit: limit}.RoundTrip(req)
}

// webAuth gives the credentials to go-git.
type webAuth struct{ access remote.Access }

func (webAuth) Name() string                { return "http" }
func (webAuth) String() string              { return "http" }
func (a webAuth) SetAuth(req *http.Request) { a.access.Authorize(req) }

// openFile serves a repository of this machine in this process.
func openFile(path string) (session, error) {
	if info, err := os.Stat(filepath.Join(path, ".git")); err == nil && info.IsDir() {
		path = filepath.Join(path, ".git")
	}
	server := gitserver.NewServer(gitserver.NewFilesystemLoader(osfs.New("/")))
	return server.NewUploadPackSession(&transport.Endpoint{Protocol: "file", Path: path}, nil)
}
