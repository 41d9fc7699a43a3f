// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"

	"github.com/go-git/go-git/v5/plumbing/transport"

	"argosy.dev/argosy/pkg/remote"
)

var (
	// ErrRevision says that a repository has no such revision.
	ErrRevision = errors.New("no such revision")
	// ErrCorrupt says that the store of a repository has lost objects. It is built anew by the next use: try again once.
	ErrCorrupt = errors.New("the store of the repository is damaged")
	// ErrOutside says that a symbolic link leads out of the tree, or in a circle.
	ErrOutside = errors.New("symbolic link leads out of the repository")
	// ErrTooLarge says that something exceeds a limit of the store.
	ErrTooLarge = errors.New("more than is allowed")
)

// explain makes an error of the transport one for people: it says which repository and what is wrong, has no credentials,
// and nothing that the other side wrote where that may be a page of HTML.
func (r *Repository) explain(err error) error {
	var dns *net.DNSError
	var web *url.Error
	why := ""
	switch {
	case err == nil:
		return nil
	case errors.Is(err, transport.ErrAuthenticationRequired):
		why = "authentication required, or the credentials are wrong"
	case errors.Is(err, transport.ErrAuthorizationFailed):
		why = "access denied"
	case errors.Is(err, transport.ErrRepositoryNotFound):
		why = "repository not found"
	case errors.Is(err, transport.ErrEmptyRemoteRepository):
		why = "the repository is empty"
	case errors.Is(err, context.DeadlineExceeded):
		why = "it took too long"
	case errors.Is(err, remote.ErrTooLarge), errors.Is(err, ErrTooLarge):
		return fmt.Errorf("%s: %w: %s", r.address, ErrTooLarge, r.access.Scrub(err.Error()))
	case errors.As(err, &dns):
		why = "host not found"
	case errors.As(err, &web):
		why = r.access.Scrub(web.Err.Error())
	default:
		why = r.access.Scrub(err.Error())
	}
	return &failure{fmt.Sprintf("%s: %s", r.address, why), err}
}

// failure has a text of its own; errors.Is sees what is below, and no format prints it.
type failure struct {
	text  string
	cause error
}

func (f *failure) Error() string { return f.text }

// Is tells whether the cause is an error that callers ask for. The cause itself stays hidden: it may contain secrets.
func (f *failure) Is(target error) bool {
	switch target {
	case context.Canceled, context.DeadlineExceeded, ErrCorrupt, ErrRevision,
		transport.ErrAuthenticationRequired, transport.ErrAuthorizationFailed, transport.ErrRepositoryNotFound:
		return errors.Is(f.cause, target)
	}
	return false
}
