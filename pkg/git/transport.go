// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
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
		return openFile(r.store.options.FileDirs, r.address.Path)
	}
	return r.sessionHTTP(ctx)
}

// sessionHTTP speaks HTTP by go-git, which follows redirects of the first request only, never from https to http, and takes
// the credentials off where they lead to another host.
func (r *Repository) sessionHTTP(ctx context.Context) (session, error) {
	web, err := r.webTransport()
	if err != nil {
		return nil, err
	}
	access, err := r.store.options.Tokens.Fill(ctx, r.access)
	if err != nil {
		return nil, err
	}
	client := githttp.NewClientWithOptions(&http.Client{Transport: sized{web, r}},
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
	return client.NewUploadPackSession(endpoint, webAuth{access})
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

// sized bounds answers: a list of refs by one limit, a pack by another. A token that is refused is not used again.
type sized struct {
	next http.RoundTripper
	of   *Repository
}

// RoundTrip implements http.RoundTripper.
func (s sized) RoundTrip(req *http.Request) (*http.Response, error) {
	limit := s.of.store.limits.Pack
	if req.Method == http.MethodGet {
		limit = s.of.store.limits.Refs
	}
	resp, err := remote.Bounded{Next: s.next, Limit: limit}.RoundTrip(req)
	if err == nil && resp.StatusCode == http.StatusUnauthorized {
		s.of.store.options.Tokens.Forget(s.of.access)
	}
	return resp, err
}

// webAuth gives the credentials to go-git.
type webAuth struct{ access remote.Access }

func (webAuth) Name() string                { return "http" }
func (webAuth) String() string              { return "http" }
func (a webAuth) SetAuth(req *http.Request) { a.access.Authorize(req) }

// errNoFiles is the same for what is there and what is not, so that nobody learns of it.
var errNoFiles = errors.New("file:// repositories are served from folders only that the administrator of the server allows (--application-repository-dirs)")

// below tells whether a path is one of some folders, or in one of them, as the paths are written.
func below(dirs []string, name string) bool {
	return slices.ContainsFunc(dirs, func(dir string) bool {
		relative, err := filepath.Rel(filepath.Clean(dir), name)
		return err == nil && filepath.IsLocal(relative)
	})
}

// openFile serves a repository of this machine in this process. Links may not lead out of the folders that are allowed.
func openFile(dirs []string, name string) (session, error) {
	if info, err := os.Stat(filepath.Join(name, ".git")); err == nil && info.IsDir() {
		name = filepath.Join(name, ".git")
	}
	name, err := filepath.EvalSymlinks(name)
	if err != nil {
		return nil, transport.ErrRepositoryNotFound
	}
	real := make([]string, 0, len(dirs))
	for _, dir := range dirs {
		if dir, err := filepath.EvalSymlinks(dir); err == nil {
			real = append(real, dir)
		}
	}
	if !below(real, name) {
		return nil, errNoFiles
	}
	server := gitserver.NewServer(gitserver.NewFilesystemLoader(osfs.New("/")))
	return server.NewUploadPackSession(&transport.Endpoint{Protocol: "file", Path: name}, nil)
}
