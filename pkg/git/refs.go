// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/transport"
)

// Refs are the refs of a repository at one time. They must not be changed.
type Refs struct {
	// At is the time just before the repository was asked.
	At time.Time
	// Head is the commit of HEAD, empty if there is none. HeadRef is the branch, if the server tells.
	Head, HeadRef string
	// Commits are the refs by full name, such as refs/heads/main, with the commit that each leads to.
	Commits map[string]string
}

// refusalAge is how long a repository that could not be asked is not asked again by those who would take an older answer.
const refusalAge = 10 * time.Second

// asking is a request for refs under way. Its fields are set before done is closed.
type asking struct {
	at   time.Time
	done chan struct{}
	refs *Refs
	err  error
}

// Refs returns the refs, at most so old. Callers at the same time share one request, and 0 asks for an answer that is newer
// than the call.
func (r *Repository) Refs(ctx context.Context, age time.Duration) (*Refs, error) {
	called := r.store.options.Now()
	for {
		r.mu.Lock()
		if r.refs != nil && !r.refs.At.Before(called.Add(-age)) {
			defer r.mu.Unlock()
			return r.refs, nil
		}
		last := r.asked
		if last != nil && last.err != nil && finished(last) && !last.at.Before(called.Add(-min(age, refusalAge))) {
			r.mu.Unlock()
			return nil, last.err
		}
		if last == nil || finished(last) {
			last = &asking{at: r.store.options.Now(), done: make(chan struct{})}
			started := r.store.start(func(ctx context.Context) { r.ask(ctx, last) })
			if !started {
				r.mu.Unlock()
				return nil, errClosed
			}
			r.asked = last
		}
		r.mu.Unlock()
		select {
		case <-last.done:
		case <-ctx.Done():
			return nil, r.explain(ctx.Err())
		}
		// An answer from before the call is of use only as far as it is not too old.
		if !last.at.Before(called.Add(-age)) {
			return last.refs, last.err
		}
	}
}

var errClosed = errors.New("the store of Git repositories is closed")

func finished(a *asking) bool {
	select {
	case <-a.done:
		return true
	default:
		return false
	}
}

// ask requests the refs and answers those who wait.
func (r *Repository) ask(ctx context.Context, a *asking) {
	defer close(a.done)
	ctx, cancel := context.WithTimeout(ctx, r.store.limits.RefsTime)
	defer cancel()
	began := time.Now()
	a.refs, a.err = r.list(ctx, a.at)
	r.store.options.Asked(r.String(), "ls-remote", time.Since(began), a.err)
	r.count(func(c *Counters) { c.Lists++ })
	if a.err != nil {
		a.err = r.explain(a.err)
		return
	}
	r.remember(a.refs)
}

// remember keeps refs, unless newer ones are known.
func (r *Repository) remember(refs *Refs) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refs == nil || r.refs.At.Before(refs.At) {
		r.refs = refs
	}
}

func (r *Repository) list(ctx context.Context, at time.Time) (*Refs, error) {
	s, err := r.session(ctx)
	if err != nil {
		return nil, err
	}
	defer s.Close() //nolint:errcheck // Nothing more is wanted from it.
	adv, err := s.AdvertisedReferencesContext(ctx)
	if errors.Is(err, transport.ErrEmptyRemoteRepository) {
		return &Refs{At: at}, nil
	}
	if err != nil {
		return nil, err
	}
	return refsOf(adv, at), nil
}

// refsOf takes from an answer what we want to know of it.
func refsOf(adv *packp.AdvRefs, at time.Time) *Refs {
	refs := &Refs{At: at, Commits: make(map[string]string, len(adv.References))}
	for name, hash := range adv.References {
		if peeled, annotated := adv.Peeled[name]; annotated {
			hash = peeled
		}
		refs.Commits[name] = hash.String()
	}
	if adv.Head != nil {
		refs.Head = adv.Head.String()
	}
	for _, link := range adv.Capabilities.Get(capability.SymRef) {
		if target, found := strings.CutPrefix(link, "HEAD:"); found {
			refs.HeadRef = target
		}
	}
	if head, found := refs.Commits["HEAD"]; found && refs.Head == "" {
		refs.Head = head
	}
	if refs.Head == "" {
		refs.Head = refs.Commits[refs.HeadRef]
	}
	return refs
}

// wanted returns the object to ask for so as to get a commit: itself if the server says that it is at the tip of a ref, the
// annotated tag that leads to it, or nothing if it is neither.
func wanted(adv *packp.AdvRefs, commit plumbing.Hash) (plumbing.Hash, bool) {
	if adv.Head != nil && *adv.Head == commit {
		return commit, true
	}
	for _, hash := range adv.References {
		if hash == commit {
			return commit, true
		}
	}
	for name, hash := range adv.Peeled {
		if hash == commit {
			return adv.References[name], true
		}
	}
	return plumbing.ZeroHash, false
}
